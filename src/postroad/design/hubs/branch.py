"""Divide and bound, for single and multiple allocation alike, until no part can hold a better answer.

The part of least bound goes first, so that time running out leaves a good bound; depth first while no answer is known
or when the parts at hand grow large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

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
    stack = [root]
    while stack:
        part = stack.pop(_next(hunt, stack))
        if part.bound >= hunt.cost - hunt.tolerance:
            continue
        hunt.nodes += 1
        stays, part = raised(hunt, part, ROOT_STEPS if hunt.nodes == 1 else CHILD_STEPS)
        if not stays:
            continue
        if not hunt.left():
            stack.append(part)
            break
        stack.extend(divided(hunt, part))
    return min([hunt.cost - hunt.tolerance, *(part.bound for part in stack)]), not stack


def _next(hunt: Hunt, stack: list[Part]) -> int:
    if hunt.cost >= NONE or sum(part.weight for part in stack) > MOST_BYTES:
        return len(stack) - 1
    return min(range(len(stack)), key=lambda at: (stack[at].bound, -at))
