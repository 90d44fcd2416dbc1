"""Why a hub location problem has no answer: rules and places in the way, and what would have to give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postroad.design.hubs.rules import LATEST, ROOM, conflict
from postroad.errors import Fault, InfeasibleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.problem import HubProblem


def why(problem: HubProblem) -> tuple[Fault, ...]:
    """Return what rules the problem out at first sight: every reason at once; empty when none is seen."""
    return (*_number(problem), *_capacity(problem), *_time(problem))


def ensure_possible(problem: HubProblem) -> None:
    """Raise ``InfeasibleError`` with every reason that is seen at once."""
    faults = why(problem)
    if faults:
        raise InfeasibleError(faults)


def no_answer(problem: HubProblem) -> InfeasibleError:
    """Return the error for a problem that a whole search has shown to be impossible: its rules, and what would do.

    What would do is the cheapest relief of the rules' program; for a latest arrival in a problem too large for that,
    the limit that a single hub keeps.
    """
    found = conflict(problem)
    relief = found.relief if found else ()
    faults = []
    if problem.within is not None:
        late = [given.amount for given in relief if given.rule.rows == LATEST]
        least = round(problem.within + late[0] + 0.005, 2) if late else _least_within(problem)
        if late or not relief:
            faults.append(Fault.of("design.hub_none_in_time", within=problem.within, least=least))
    short = [given for given in relief if given.rule.rows == ROOM]
    if problem.capacity is not None and (short or not relief):
        faults.append(Fault.of("design.hub_none_with_capacity", hubs=problem.hubs or 0))
    for given in short:
        faults.append(Fault.of("design.hub_more_room", hub=given.rule.label, amount=round(given.amount, 3)))
    return InfeasibleError(faults or [Fault.of("design.hub_none")])


def _number(problem: HubProblem) -> list[Fault]:
    there = int(problem.may_be_hub.sum())
    if problem.size == 0 or there == 0:
        return [Fault.of("design.hub_no_candidates")]
    if problem.hubs is not None and not 1 <= problem.hubs <= there:
        return [Fault.of("design.hub_too_many", asked=problem.hubs, there=there)]
    return []


def _capacity(problem: HubProblem) -> list[Fault]:
    if problem.capacity is None:
        return []
    able = np.where(problem.may_be_hub, problem.capacity, 0.0)
    largest = np.sort(able)[::-1]
    room = float(largest[: problem.hubs].sum()) if problem.hubs else float(able.sum())
    needed = float(problem.sent.sum())
    faults = []
    if room < needed * (1 - 1e-12):
        count = problem.hubs or int(problem.may_be_hub.sum())
        facts = {"room": round(room, 3), "needed": round(needed, 3), "missing": round(needed - room, 3)}
        faults.append(Fault.of("design.hub_capacity_short", hubs=count, **facts))
    for place in np.flatnonzero(problem.sent > float(largest[0]) * (1 + 1e-12)):
        faults.append(
            Fault.of(
                "design.hub_place_too_big",
                place=problem.name(int(place)),
                sent=round(float(problem.sent[place]), 3),
                room=round(float(largest[0]), 3),
            )
        )
    return faults


def quickest(problem: HubProblem) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return for every two places the least time over any two candidate hubs, and the first of these."""
    hub = np.flatnonzero(problem.may_be_hub)
    if problem.time is None or problem.transfer_time is None:
        raise ValueError("the problem has no times")
    reach = problem.time[:, hub]
    inward = (reach[:, :, None] + problem.transfer_time[np.ix_(hub, hub)][None]).min(1)
    through = inward[:, None, :] + reach[None]
    return through.min(2), hub[through.argmin(2)]


def _time(problem: HubProblem) -> list[Fault]:
    if problem.within is None:
        return []
    least, via = quickest(problem)
    late = np.argwhere(np.triu(least > problem.within + 1e-9))
    faults = []
    for i, j in late[np.argsort(-least[late[:, 0], late[:, 1]], kind="stable")][:20]:
        faults.append(
            Fault.of(
                "design.hub_too_far",
                place=problem.name(int(i)),
                other=problem.name(int(j)),
                hub=problem.name(int(via[i, j])),
                least=round(float(least[i, j]), 2),
                within=problem.within,
                count=len(late),
            )
        )
    return faults


def _least_within(problem: HubProblem) -> float:
    """A limit that is surely enough: the best single hub, everything passing through it."""
    if problem.time is None or problem.transfer_time is None:
        return 0.0
    hub = np.flatnonzero(problem.may_be_hub)
    radius = problem.time[:, hub].max(0)
    return round(float((2 * radius + np.diag(problem.transfer_time)[hub]).min()), 2)
