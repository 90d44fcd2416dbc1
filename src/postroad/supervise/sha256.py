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

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_K = np.array(
    [
        0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
        0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
        0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
        0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
        0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
        0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
        0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
        0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
    ],
    dtype=np.uint32,
)  # fmt: skip
_START = np.array(
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19], dtype=np.uint32
)
BLOCK_BYTES = 64
DIGEST_BYTES = 32
LEAF, NODE = 0, 1
"""First byte of what is hashed for a leaf and for a node (RFC 6962, section 2.1)."""


@njit(cache=True, inline="always")
def _turn(x, n):  # type: ignore[no-untyped-def]
    return np.uint32((x >> np.uint32(n)) | np.uint32(x << np.uint32(32 - n)))


@njit(cache=True, nogil=True)
def _compress(state, block, w):  # type: ignore[no-untyped-def]
    for i in range(16):
        j = 4 * i
        w[i] = (
            (np.uint32(block[j]) << np.uint32(24)) | (np.uint32(block[j + 1]) << np.uint32(16))
            | (np.uint32(block[j + 2]) << np.uint32(8)) | np.uint32(block[j + 3])
        )  # fmt: skip
    for i in range(16, 64):
        x, y = w[i - 15], w[i - 2]
        s0 = _turn(x, 7) ^ _turn(x, 18) ^ (x >> np.uint32(3))
        s1 = _turn(y, 17) ^ _turn(y, 19) ^ (y >> np.uint32(10))
        w[i] = np.uint32(w[i - 16] + s0 + w[i - 7] + s1)
    a, b, c, d, e, f, g, h = state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
    for i in range(64):
        # The compiler widens sums to 64 bits: each is cut back to 32 where it is made.
        t1 = np.uint32(h + (_turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25)) + ((e & f) ^ (~e & g)) + _K[i] + w[i])
        t2 = np.uint32((_turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)))
        h, g, f, e, d, c, b, a = g, f, e, np.uint32(d + t1), c, b, a, np.uint32(t1 + t2)
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h


@njit(cache=True, nogil=True)
def _text(state, prefix, before, data, first, length, block, w, out):  # type: ignore[no-untyped-def]
    """Hash ``prefix`` (a byte, or none when negative) and a text on a state that has taken ``before`` bytes already."""
    fill = 0
    total = before + length
    if prefix >= 0:
        block[0] = prefix
        fill = 1
        total += 1
    for i in range(length):
        block[fill] = data[first + i]
        fill += 1
        if fill == 64:
            _compress(state, block, w)
            fill = 0
    block[fill] = 0x80
    fill += 1
    if fill > 56:
        block[fill:] = 0
        _compress(state, block, w)
        fill = 0
    block[fill:56] = 0
    bits = np.uint64(total) * np.uint64(8)
    for i in range(8):
        block[63 - i] = np.uint8((bits >> np.uint64(8 * i)) & np.uint64(0xFF))
    _compress(state, block, w)
    for i in range(8):
        word = state[i]
        out[4 * i] = np.uint8(word >> np.uint32(24))
        out[4 * i + 1] = np.uint8((word >> np.uint32(16)) & np.uint32(0xFF))
        out[4 * i + 2] = np.uint8((word >> np.uint32(8)) & np.uint32(0xFF))
        out[4 * i + 3] = np.uint8(word & np.uint32(0xFF))


@njit(cache=True, nogil=True)
def _leaves(data, offsets, out):  # type: ignore[no-untyped-def]
    block, w, state = np.empty(64, np.uint8), np.empty(64, np.uint32), np.empty(8, np.uint32)
    for n in range(offsets.size - 1):
        state[:] = _START
        _text(state, LEAF, 0, data, offsets[n], offsets[n + 1] - offsets[n], block, w, out[n])


@njit(cache=True, nogil=True)
def _macs(data, offsets, inner, outer, out):  # type: ignore[no-untyped-def]
    block, w, state = np.empty(64, np.uint8), np.empty(64, np.uint32), np.empty(8, np.uint32)
    middle = np.empty(32, np.uint8)
    for n in range(offsets.size - 1):
        state[:] = inner
        _text(state, -1, 64, data, offsets[n], offsets[n + 1] - offsets[n], block, w, middle)
        state[:] = outer
        _text(state, -1, 64, middle, 0, 32, block, w, out[n])


@njit(cache=True, nogil=True)
def _level(nodes, out):  # type: ignore[no-untyped-def]
    block, w, state = np.empty(64, np.uint8), np.empty(64, np.uint32), np.empty(8, np.uint32)
    pair = np.empty(64, np.uint8)
    half = nodes.shape[0] // 2
    for n in range(half):
        pair[:32] = nodes[2 * n]
        pair[32:] = nodes[2 * n + 1]
        state[:] = _START
        _text(state, NODE, 0, pair, 0, 64, block, w, out[n])
    if nodes.shape[0] % 2:
        out[half] = nodes[-1]


def _buffers(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of a column of text and where each text begins; an empty cell counts as an empty text."""
    held: Any = texts.fill_null("").to_arrow()
    held = held.cast(pa.large_string()) if held.type != pa.large_string() else held
    _, offsets, data = held.buffers()
    where = np.frombuffer(offsets, np.int64)[held.offset : held.offset + len(held) + 1]
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8), where


def leaves(texts: pl.Series) -> NDArray[np.uint8]:
    """Return the leaf hash, SHA-256 of a zero byte and the text, of every text: an array of 32 bytes each."""
    out = np.empty((len(texts), DIGEST_BYTES), np.uint8)
    _leaves(*_buffers(texts), out)
    return out


def macs(key: bytes, texts: pl.Series) -> NDArray[np.uint8]:
    """Return HMAC-SHA256 (RFC 2104) of every text under a key: an array of 32 bytes each."""
    padded = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\x00")
    w = np.empty(64, np.uint32)
    states = []
    for mask in (0x36, 0x5C):
        state = _START.copy()
        _compress(state, np.frombuffer(padded, np.uint8) ^ np.uint8(mask), w)
        states.append(state)
    out = np.empty((len(texts), DIGEST_BYTES), np.uint8)
    _macs(*_buffers(texts), states[0], states[1], out)
    return out


def pair_up(nodes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the next level of a Merkle tree: the hash of each pair of nodes; an odd last one moves up as it is."""
    out = np.empty(((len(nodes) + 1) // 2, DIGEST_BYTES), np.uint8)
    _level(nodes, out)
    return out
