"""Divide and bound, for single and multiple allocation alike, until no part can hold a better answer.

The part of least bound goes first, so that time running out leaves a good bound; depth first while no answer is known
or when the parts at hand grow large.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from postroad.design.hubs.arrays import NONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.hubs.hunt import Hunt

ROOT_STEPS, CHILD_STEPS = 1500, 60
MOST_BYTES = 4e8
"""Prices of all parts at hand beyond which the search goes depth first."""


class Bounded(Protocol):
    """A part of the answers with a bound that none of them undercuts."""

    bound: float

    @property
    def weight(self) -> int:
        """Bytes its prices take."""


Part = TypeVar("Part", bound=Bounded)


def branch(
    hunt: Hunt,
    root: Part,
    raised: Callable[[Hunt, Part, int], tuple[bool, Part]],
    divided: Callable[[Hunt, Part], list[Part]],
) -> tuple[float, bool]:
    """Return the bound of all answers, and whether it proves the best answer of the hunt.

    ``raised`` lifts the bound of a part in so many steps and says whether it stays open; ``divided`` gives its pieces,
    the most likely last.
    """
    stack: _Stack[Part] = _Stack()
    stack.put(root)
    while stack:
        part = stack.take(deep=hunt.cost >= NONE)
        if part.bound >= hunt.cost - hunt.tolerance:
            continue
        hunt.nodes += 1
        stays, part = raised(hunt, part, ROOT_STEPS if hunt.nodes == 1 else CHILD_STEPS)
        if not stays:
            continue
        if not hunt.left():
            stack.put(part)
            break
        for piece in divided(hunt, part):
            stack.put(piece)
    return min([hunt.cost - hunt.tolerance, *stack.bounds()]), not stack


class _Stack(Generic[Part]):
    """Parts at hand, to be taken by least bound (the last of equals first) or the last first."""

    def __init__(self) -> None:
        self._held: dict[int, Part] = {}
        self._least: list[tuple[float, int]] = []
        self._weight = 0
        self._serial = 0

    def __len__(self) -> int:
        return len(self._held)

    def bounds(self) -> list[float]:
        return [part.bound for part in self._held.values()]

    def put(self, part: Part) -> None:
        self._serial += 1
        self._held[self._serial] = part
        self._weight += part.weight
        heapq.heappush(self._least, (part.bound, -self._serial))

    def take(self, *, deep: bool) -> Part:
        """Take the last part where ``deep`` or too much is held, else that of least bound."""
        if deep or self._weight > MOST_BYTES:
            serial = next(reversed(self._held))
        else:
            serial = -heapq.heappop(self._least)[1]
            while serial not in self._held:  # taken as the last one before
                serial = -heapq.heappop(self._least)[1]
        part = self._held.pop(serial)
        self._weight -= part.weight
        return part
