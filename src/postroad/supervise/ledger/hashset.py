"""A set of 64-bit hashes, asked for many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postroad.supervise.ledger import bytewise

if TYPE_CHECKING:
    from numpy.typing import NDArray


class HashSet:
    """Hashes to be met again; ``twice`` is whether one of them came twice.

    Two hashes of which one is zero may be taken for the same: what is met is looked at again.
    """

    def __init__(self, hashes: NDArray[np.uint64]) -> None:
        self._room = np.zeros(1 << (2 * len(hashes)).bit_length(), np.uint64)
        self.twice = bool(bytewise.put(hashes, self._room))

    def met(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which of these are in the set."""
        found = np.empty(len(hashes), np.bool_)
        bytewise.among(hashes, self._room, found)
        return found
