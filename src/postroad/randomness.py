"""Random numbers keyed by (seed, purpose, block): neither order nor number of workers can matter.

Each stream is Philox4x64 keyed by a SHA-256 digest of seed and purpose; blocks lie 2^192 draws apart in its counter.
Uniforms are made from the raw 64-bit words, which NumPy promises to keep (the generator's own distributions may
change between versions), so the same seed gives the same bytes on every machine.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

BLOCK = 65_536
"""Rows of one block of work: draws for rows ``BLOCK*b`` onward come from block ``b``."""


def _philox(seed: int, purpose: str, block: int) -> np.random.Philox:
    digest = hashlib.sha256(f"{seed}\x1f{purpose}".encode()).digest()
    key = np.frombuffer(digest[:16], dtype="<u8")
    return np.random.Philox(key=key, counter=np.array([0, 0, 0, block], dtype=np.uint64))


def words(seed: int, purpose: str, block: int, count: int) -> NDArray[np.uint64]:
    """Return ``count`` raw 64-bit words of a block."""
    return np.asarray(_philox(seed, purpose, block).random_raw(count), dtype=np.uint64)


def uniforms(seed: int, purpose: str, block: int, count: int) -> NDArray[np.float64]:
    """Return ``count`` numbers in the open interval (0, 1) of a block, the midpoints of 2^52 equal steps."""
    return ((words(seed, purpose, block, count) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def integers(seed: int, purpose: str, block: int, count: int, below: int) -> NDArray[np.int64]:
    """Return ``count`` whole numbers in [0, below) of a block."""
    return np.floor(uniforms(seed, purpose, block, count) * below).astype(np.int64)


def shuffled(seed: int, purpose: str, count: int) -> NDArray[np.int64]:
    """Return 0..count-1 in a random order that depends on seed and purpose only."""
    return np.argsort(words(seed, purpose, 0, count), kind="stable").astype(np.int64)


def generator(seed: int, purpose: str, block: int = 0) -> np.random.Generator:
    """Return a NumPy generator on a stream, for draws whose bytes need not outlive a NumPy version."""
    return np.random.Generator(_philox(seed, purpose, block))
