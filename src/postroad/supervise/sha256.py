"""SHA-256 over many short texts at once (FIPS 180-4), for pseudonyms and for the leaves of the log.

The standard library hashes one text in half a microsecond and cannot be called for a column; a peak day has millions of
acceptances. Tests hold every function here against ``hashlib`` and ``hmac``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.lib as pa
from numba import njit

from postroad.supervise.lanes import SIDE_BY_SIDE, compress_lanes, eight, swapped

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_START = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], dtype=np.uint32
)
BLOCK_BYTES = 64
DIGEST_BYTES = 32
LEAF, NODE = 0, 1
"""First byte of what is hashed for a leaf and for a node (RFC 6962, section 2.1)."""


_LOW = np.uint64(0xFFFFFFFF)
_BARE: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
"""Nothing is allocated in what is compiled, and so no references need be counted."""


@njit(**_BARE)
def _compress(state, words):  # type: ignore[no-untyped-def]
    """Take a block into the state of every lane; both have a row for each word and a column for each lane."""
    compress_lanes(state, words)


@njit(forceinline=True, **_BARE)
def _put(words, row, lane, held):  # type: ignore[no-untyped-def]
    """Lay eight bytes, the first of them lowest, into two words, whose first byte is the highest."""
    turned = swapped(held)
    words[row, lane] = turned >> np.uint64(32)
    words[row + 1, lane] = turned & _LOW


@njit(**_BARE)
def _edge(data, at, size, first, prefix):  # type: ignore[no-untyped-def]
    """Eight bytes of a message where it begins or ends: its prefix, its text, the bit behind it, and nothing."""
    held = np.uint64(0)
    for i in range(8):
        place = first + i
        sign = np.uint64(0)
        if place == -1:
            sign = np.uint64(prefix)
        elif 0 <= place < size:
            sign = np.uint64(data[at + place])
        elif place == size:
            sign = np.uint64(0x80)
        held |= sign << np.uint64(8 * i)
    return held


@njit(forceinline=True, **_BARE)
def _laid(data, at, size, block, prefix, words, lane):  # type: ignore[no-untyped-def]
    """Lay a block of a message into a lane."""
    more = np.int64(prefix >= 0)
    for row in range(0, 16, 2):
        first = block * BLOCK_BYTES + 4 * row - more
        inside = first >= 0 and first + 8 <= size
        _put(words, row, lane, eight(data, np.int64(at + first)) if inside else _edge(data, at, size, first, prefix))


@njit(forceinline=True, **_BARE)
def _told(state, lane, out):  # type: ignore[no-untyped-def]
    """Write the digest of a lane."""
    for row in range(8):
        word = state[row, lane]
        for i in range(4):
            out[4 * row + i] = np.uint8((word >> np.uint32(24 - 8 * i)) & np.uint32(0xFF))


@njit(**_BARE)
def _hashes(data, offsets, begin, before, prefix, state, words, blocks, out):  # type: ignore[no-untyped-def]
    """Hash texts that follow one another, each behind ``prefix`` (a byte; none when negative).

    ``begin`` is a state that has taken ``before`` bytes already; the next three are room to work in.
    """
    more = np.int64(prefix >= 0)
    for start in range(0, offsets.size - 1, SIDE_BY_SIDE):
        lanes = min(SIDE_BY_SIDE, offsets.size - 1 - start)
        most = np.int64(0)
        for lane in range(lanes):
            size = offsets[start + lane + 1] - offsets[start + lane] + more
            blocks[lane] = (size + 8) // BLOCK_BYTES + 1
            most = max(most, blocks[lane])
        for row in range(8):
            for lane in range(SIDE_BY_SIDE):
                state[row, lane] = begin[row]
        for block in range(most):
            for lane in range(lanes):
                if block < blocks[lane]:
                    at = offsets[start + lane]
                    size = offsets[start + lane + 1] - at
                    _laid(data, at, size, block, prefix, words, lane)
                    if block + 1 == blocks[lane]:
                        words[14, lane], words[15, lane] = 0, 8 * (before + size + more)
            _compress(state, words)
            for lane in range(lanes):
                if block + 1 == blocks[lane]:
                    _told(state, lane, out[start + lane])


def _buffers(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of a column of text and where each text begins; an empty cell counts as an empty text."""
    held: Any = texts.fill_null("").to_arrow()
    held = held.cast(pa.large_string()) if held.type != pa.large_string() else held
    _, offsets, data = held.buffers()
    where = np.frombuffer(offsets, np.int64)[held.offset : held.offset + len(held) + 1]
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8), where


def _hash(data: NDArray[np.uint8], offsets: NDArray[np.int64], begin: NDArray[np.uint32], before: int,
          prefix: int) -> NDArray[np.uint8]:  # fmt: skip
    out = np.empty((len(offsets) - 1, DIGEST_BYTES), np.uint8)
    state, words = np.empty((8, SIDE_BY_SIDE), np.uint32), np.zeros((16, SIDE_BY_SIDE), np.uint32)
    _hashes(data, offsets, begin, before, prefix, state, words, np.zeros(SIDE_BY_SIDE, np.int64), out)
    return out


def leaves(texts: pl.Series) -> NDArray[np.uint8]:
    """Return the leaf hash, SHA-256 of a zero byte and the text, of every text: an array of 32 bytes each."""
    return _hash(*_buffers(texts), _START, 0, LEAF)


def macs(key: bytes, texts: pl.Series) -> NDArray[np.uint8]:
    """Return HMAC-SHA256 (RFC 2104) of every text under a key: an array of 32 bytes each."""
    padded = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\x00")
    inner, outer = (_after(bytes(sign ^ mask for sign in padded)) for mask in (0x36, 0x5C))
    middle = _hash(*_buffers(texts), inner, BLOCK_BYTES, -1)
    return _hash(middle.reshape(-1), _evenly(len(texts), DIGEST_BYTES), outer, BLOCK_BYTES, -1)


def _after(block: bytes) -> NDArray[np.uint32]:
    """The state after one block."""
    words = np.frombuffer(block, ">u4").astype(np.uint32)
    state = np.repeat(_START[:, None], SIDE_BY_SIDE, axis=1)
    _compress(state, np.repeat(words[:, None], SIDE_BY_SIDE, axis=1))
    return np.ascontiguousarray(state[:, 0])


def _evenly(count: int, size: int) -> NDArray[np.int64]:
    return np.arange(0, (count + 1) * size, size, dtype=np.int64)


def pair_up(nodes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the next level of a Merkle tree: the hash of each pair of nodes; an odd last one moves up as it is."""
    out = _hash(nodes.reshape(-1), _evenly(len(nodes) // 2, 2 * DIGEST_BYTES), _START, 0, NODE)
    return np.concatenate([out, nodes[-1:]]) if len(nodes) % 2 else out
