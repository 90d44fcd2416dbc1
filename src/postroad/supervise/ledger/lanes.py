"""Many bytes looked at with one instruction: what compiled code asks of the processor, in terms every processor has.

The compiler makes of these whatever the machine at hand can do best; none of them looks whether the bytes are there.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 64
"""Bytes that ``within`` looks at."""
_BYTE, _WORD = ir.IntType(8), ir.IntType(64)


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


# The decorator's own types are those of a call while compiling.
eight: Any = intrinsic(_eight)
within: Any = intrinsic(_within)
lowest: Any = intrinsic(_lowest)
set_bits: Any = intrinsic(_set_bits)
