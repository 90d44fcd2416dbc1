"""Many bytes looked at with one instruction: what compiled code asks of the processor, in terms every processor has.

The compiler makes of these whatever the machine at hand can do best; none of them looks whether the bytes are there.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 64
"""Bytes that ``within`` looks at."""
SIDE_BY_SIDE = 16
"""Texts that ``compress_lanes`` hashes at once."""
_BYTE, _WORD = ir.IntType(8), ir.IntType(64)
_WORDS = ir.VectorType(ir.IntType(32), SIDE_BY_SIDE)
ROUND_WORDS = (
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
)  # fmt: skip


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Where in memory the element of an array stands that the first two arguments name."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


def _spread(builder: Any, value: Any) -> Any:
    """A byte in every lane."""
    kind = ir.VectorType(_BYTE, LANES)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), None))


def _eight(kinds: Any, data: Any, at: Any) -> Any:
    """Return the eight bytes that begin at a place as one number, the first of them lowest."""

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.bitcast(_place(context, builder, signature, args), _WORD.as_pointer())
        return builder.load(place, align=1)

    return types.uint64(data, types.int64), made


def _put_eight(kinds: Any, data: Any, at: Any, held: Any) -> Any:
    """Write eight bytes to a place on, the lowest first."""

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.bitcast(_place(context, builder, signature, args), _WORD.as_pointer())
        builder.store(args[2], place, align=1)
        return context.get_dummy_value()

    return types.void(data, types.int64, types.uint64), made


def _within(kinds: Any, data: Any, at: Any, low: Any, span: Any) -> Any:
    """Return a bit for each of the 64 bytes that begin at a place: whether it is ``low`` to ``low + span``."""

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.VectorType(_BYTE, LANES)
        place = builder.bitcast(_place(context, builder, signature, args), kind.as_pointer())
        above = builder.sub(builder.load(place, align=1), _spread(builder, args[2]))
        found = builder.icmp_unsigned("<=", above, _spread(builder, args[3]))
        return builder.bitcast(found, _WORD)

    return types.uint64(data, types.int64, types.uint8, types.uint8), made


def _lowest(kinds: Any, bits: Any) -> Any:
    """Return the number of the lowest bit that is set; 64 when none is."""

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), made


def _set_bits(kinds: Any, bits: Any) -> Any:
    """Return how many bits are set."""

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), made


def _swapped(kinds: Any, value: Any) -> Any:
    """Return eight bytes in the other order."""

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bswap(args[0])

    return types.uint64(types.uint64), made


def _compress_lanes(kinds: Any, state: Any, words: Any) -> Any:
    """Take a block of SHA-256 (FIPS 180-4, section 6.2.2) into sixteen states at once.

    ``state`` has eight rows and ``words`` sixteen, of sixteen lanes each.
    """

    def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rows = [_rows(context, builder, kind, arg) for kind, arg in zip(signature.args, args, strict=True)]
        begun = [builder.load(_row(builder, rows[0], n), align=4) for n in range(8)]
        w = [builder.load(_row(builder, rows[1], n), align=4) for n in range(16)]
        made = list(begun)
        for n, constant in enumerate(ROUND_WORDS):
            if n >= 16:
                one, two = w[n - 15], w[n - 2]
                early = _xor(builder, _turn(builder, one, 7), _turn(builder, one, 18), _down(builder, one, 3))
                late = _xor(builder, _turn(builder, two, 17), _turn(builder, two, 19), _down(builder, two, 10))
                w.append(_sum(builder, w[n - 16], early, w[n - 7], late))
            made = _round(builder, made, _sum(builder, w[n], _every(constant)))
        for n, (old, new) in enumerate(zip(begun, made, strict=True)):
            builder.store(builder.add(old, new), _row(builder, rows[0], n), align=4)
        return context.get_dummy_value()

    return types.void(state, words), made


def _round(builder: Any, state: list[Any], word: Any) -> list[Any]:
    a, b, c, d, e, f, g, h = state
    choice = builder.xor(g, builder.and_(e, builder.xor(f, g)))
    most = builder.or_(builder.and_(a, b), builder.and_(c, builder.or_(a, b)))
    one = _sum(builder, h, _xor(builder, *(_turn(builder, e, n) for n in (6, 11, 25))), choice, word)
    two = builder.add(_xor(builder, *(_turn(builder, a, n) for n in (2, 13, 22))), most)
    return [builder.add(one, two), a, b, c, builder.add(d, one), e, f, g]


def _every(value: int) -> Any:
    """A number in every lane."""
    return ir.Constant(_WORDS, [value] * SIDE_BY_SIDE)


def _down(builder: Any, value: Any, by: int) -> Any:
    return builder.lshr(value, _every(by))


def _turn(builder: Any, value: Any, by: int) -> Any:
    return builder.or_(_down(builder, value, by), builder.shl(value, _every(32 - by)))


def _xor(builder: Any, *values: Any) -> Any:
    return reduce(builder.xor, values)


def _sum(builder: Any, *values: Any) -> Any:
    return reduce(builder.add, values)


def _rows(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """An array of rows of lanes as a list of rows."""
    return builder.bitcast(context.make_array(kind)(context, builder, array).data, _WORDS.as_pointer())


def _row(builder: Any, rows: Any, number: int) -> Any:
    return builder.gep(rows, [ir.Constant(ir.IntType(32), number)])


# The decorator's own types are those of a call while compiling.
eight: Any = intrinsic(_eight)
put_eight: Any = intrinsic(_put_eight)
within: Any = intrinsic(_within)
lowest: Any = intrinsic(_lowest)
set_bits: Any = intrinsic(_set_bits)
swapped: Any = intrinsic(_swapped)
compress_lanes: Any = intrinsic(_compress_lanes)
