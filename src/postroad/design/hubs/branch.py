"""Divide and bound, for single and multiple allocation alike: depth first, until no part can hold a better answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.design.hubs.hunt import Hunt

ROOT_STEPS, CHILD_STEPS = 1500, 60


class Bounded(Protocol):
    """A part of the answers with a bound that none of them undercuts."""

    bound: float


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
        part = stack.pop()
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
