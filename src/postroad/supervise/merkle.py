"""Merkle trees as in RFC 6962: root, inclusion proof, consistency proof, and their verification.

A level pairs neighbours and lets an odd last node move up unchanged, which gives the tree of the RFC (the left subtree
holds the largest power of two below the size). Verification needs nothing but hashlib.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from postroad.supervise.sha256 import DIGEST_BYTES, LEAF, NODE, pair_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(bytes([LEAF]) + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(bytes([NODE]) + left + right).digest()


class Tree:
    """A tree over leaf hashes, given as 32 bytes each; all levels are kept, so that a proof costs nothing."""

    def __init__(self, hashes: NDArray[np.uint8] | Sequence[bytes]) -> None:
        if isinstance(hashes, np.ndarray):
            base = np.ascontiguousarray(hashes)
        else:
            base = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, DIGEST_BYTES)
        self.levels = [base]
        while len(self.levels[-1]) > 1:
            self.levels.append(pair_up(self.levels[-1]))

    def __len__(self) -> int:
        return len(self.levels[0])

    @property
    def root(self) -> bytes:
        """The hash at the top; that of nothing when there is no leaf."""
        return bytes(self.levels[-1][0].tobytes()) if len(self) else EMPTY

    def inclusion(self, index: int) -> list[bytes]:
        """Return the hashes that lead from a leaf to the root."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        path = []
        for level in self.levels[:-1]:
            other = index ^ 1
            if other < len(level):
                path.append(level[other].tobytes())
            index >>= 1
        return path

    def consistency(self, size: int) -> list[bytes]:
        """Return the hashes that show that the tree of the first ``size`` leaves is a beginning of this one."""
        if not 0 < size <= len(self):
            raise IndexError(size)
        return self._between(size, 0, len(self), True)

    def _between(self, size: int, first: int, last: int, whole: bool) -> list[bytes]:
        if size == last - first:
            return [] if whole else [self._subtree(first, last)]
        split = _split(last - first)
        if size <= split:
            return [*self._between(size, first, first + split, whole), self._subtree(first + split, last)]
        return [*self._between(size - split, first + split, last, False), self._subtree(first, first + split)]

    def _subtree(self, first: int, last: int) -> bytes:
        """The root of a subtree: a node of a level where it is complete, else put together."""
        height = (last - first - 1).bit_length()
        if last - first == 1 << height or last == len(self):
            return bytes(self.levels[height][first >> height].tobytes())
        split = _split(last - first)
        return node_hash(self._subtree(first, first + split), self._subtree(first + split, last))


class Growing:
    """The root of a tree that leaves are added to, from the roots of its whole subtrees alone."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[bytes] = []

    @classmethod
    def of(cls, leaves: Iterable[bytes]) -> Growing:
        """Return the tree of these leaf hashes."""
        made = cls()
        for leaf in leaves:
            made.add(leaf)
        return made

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash at the end."""
        made, count = leaf, self.size
        while count % 2:
            made, count = node_hash(self._whole.pop(), made), count // 2
        self._whole.append(made)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The hash at the top."""
        if not self._whole:
            return EMPTY
        made = self._whole[-1]
        for left in reversed(self._whole[:-1]):
            made = node_hash(left, made)
        return made


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf hash stands at an index of the tree of this size and root."""
    if not 0 <= index < size:
        return False
    made, last = leaf, size - 1
    left = list(path)
    while last > 0:
        if index % 2 or index < last:
            if not left:
                return False
            other = left.pop(0)
            made = node_hash(other, made) if index % 2 else node_hash(made, other)
        index, last = index >> 1, last >> 1
    return not left and made == root


def verify_consistency(old_size: int, new_size: int, old: bytes, new: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of ``old_size`` leaves is a beginning of that of ``new_size`` (RFC 9162, section 2.1.4.2)."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old == new
    left = list(path)
    if old_size & (old_size - 1) == 0:
        left.insert(0, old)
    if not left:
        return False
    fn, sn = old_size - 1, new_size - 1
    while fn % 2:
        fn, sn = fn >> 1, sn >> 1
    first = second = left[0]
    for other in left[1:]:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            first, second = node_hash(other, first), node_hash(other, second)
            while fn % 2 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, other)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old and second == new
