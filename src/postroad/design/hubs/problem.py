"""The hub location problem as arrays: what flows, what each leg costs, what a hub costs and may carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.errors import Fault, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYMMETRY = 1e-9


@dataclass(frozen=True)
class HubProblem:
    """Places that send to each other through hubs; unit costs of the three legs, and what may restrict the choice.

    A unit from ``i`` to ``j`` over hubs ``k`` and ``l`` costs ``collect[i, k] + transfer[k, l] + distribute[l, j]``;
    ``transfer`` is symmetric. With ``multiple`` each pair takes its own cheapest hubs, otherwise each place has one hub
    and a hub its own. ``hubs`` fixes their number; ``fixed`` is the cost of each, ``allocation_cost[i, k]`` that of
    joining place ``i`` to hub ``k``, ``link_cost[k, l]`` that of running from hub to hub. ``capacity`` limits what a
    hub collects, its own included. With ``within``, for every two places (a place with itself too) ``time[i, k] +
    transfer_time[k, l] + time[j, l]`` may not be more: a hub waits for the last arrival before it sends.
    """

    flow: NDArray[np.float64]
    collect: NDArray[np.float64]
    transfer: NDArray[np.float64]
    distribute: NDArray[np.float64]
    hubs: int | None = None
    fixed: NDArray[np.float64] | None = None
    candidates: NDArray[np.bool_] | None = None
    capacity: NDArray[np.float64] | None = None
    allocation_cost: NDArray[np.float64] | None = None
    link_cost: NDArray[np.float64] | None = None
    time: NDArray[np.float64] | None = None
    transfer_time: NDArray[np.float64] | None = None
    within: float | None = None
    multiple: bool = False
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            value = getattr(self, name)
            if value is not None:
                held: NDArray[Any] = np.array(value, bool if name == "candidates" else float, order="C")
                held.flags.writeable = False
                object.__setattr__(self, name, held)
        faults = list(_faults(self))
        if faults:
            raise UsageError(faults)

    @property
    def size(self) -> int:
        """How many places there are."""
        return len(self.flow)

    @cached_property
    def may_be_hub(self) -> NDArray[np.bool_]:
        """Which places may be hubs."""
        return np.ones(self.size, bool) if self.candidates is None else self.candidates

    @cached_property
    def sent(self) -> NDArray[np.float64]:
        """What each place sends."""
        return np.asarray(self.flow.sum(1))

    @cached_property
    def joining(self) -> NDArray[np.float64]:
        """Cost of having place ``i`` at hub ``k``, apart from what passes between hubs; a hub's own fixed cost too."""
        received = self.flow.sum(0)
        cost = self.sent[:, None] * self.collect + received[:, None] * self.distribute.T
        cost = cost + np.diag(self.flow)[:, None] * np.diag(self.transfer)[None, :]
        if self.allocation_cost is not None:
            cost = cost + self.allocation_cost
        if self.fixed is not None:
            cost = cost + np.diag(self.fixed)
        return np.ascontiguousarray(cost)

    @cached_property
    def between(self) -> NDArray[np.float64]:
        """What two places send to each other, both ways together; nothing with itself."""
        both = self.flow + self.flow.T
        np.fill_diagonal(both, 0.0)
        return np.ascontiguousarray(both)

    def name(self, place: int) -> str:
        """Return the name of a place, or its number from 1."""
        return self.names[place] if self.names else str(place + 1)

    def but(self, **changed: Any) -> HubProblem:
        """Return the problem with some parts replaced."""
        return replace(self, **changed)


_ARRAYS = (
    "flow", "collect", "transfer", "distribute", "fixed", "candidates", "capacity", "allocation_cost", "link_cost",
    "time", "transfer_time",
)  # fmt: skip
_VECTORS = ("fixed", "candidates", "capacity")


def euclidean(
    flow: NDArray[np.float64], distance: NDArray[np.float64], factors: tuple[float, float, float], **more: Any
) -> HubProblem:
    """Return the field's usual problem: one distance table, times a factor each for collection, transfer, delivery."""
    collection, transfer, delivery = factors
    return HubProblem(flow, collection * distance, transfer * distance, delivery * distance, **more)


def _not_finite(problem: HubProblem, name: str, value: NDArray[np.float64]) -> Any:
    """Two places with an infinite cost between them cannot reach each other: name some; else count what is missing."""
    apart = np.argwhere(np.isinf(value)) if value.ndim == 2 else np.empty((0, 2), np.int64)
    for i, j in apart[apart[:, 0] <= apart[:, 1]][:10]:
        places = {"place": problem.name(int(i)), "other": problem.name(int(j))}
        yield Fault.of("design.hub_cut_off", part=name, count=len(apart), **places)
    if not len(apart[apart[:, 0] <= apart[:, 1]]):
        yield Fault.of("design.hub_not_a_number", part=name, count=int((~np.isfinite(value)).sum()))


def _faults(problem: HubProblem) -> Any:
    n = problem.flow.shape[0]
    for name in _ARRAYS:
        value = getattr(problem, name)
        if value is None:
            continue
        wanted = (n,) if name in _VECTORS else (n, n)
        if value.shape != wanted:
            yield Fault.of("design.hub_shape", part=name, shape=str(value.shape), wanted=str(wanted))
        elif name != "candidates" and not np.isfinite(value).all():
            yield from _not_finite(problem, name, value)
        elif name not in ("candidates", "fixed", "allocation_cost") and (value < 0).any():
            yield Fault.of("design.hub_negative", part=name, value=float(value.min()))
    if problem.transfer.shape == (n, n) and np.isfinite(problem.transfer).all():
        apart = float(np.abs(problem.transfer - problem.transfer.T).max()) if n else 0.0
        if apart > SYMMETRY * max(1.0, float(np.abs(problem.transfer).max())):
            yield Fault.of("design.hub_asymmetric", value=apart)
    if problem.names and len(problem.names) != n:
        yield Fault.of("design.hub_shape", part="names", shape=str((len(problem.names),)), wanted=str((n,)))
    if problem.within is not None and (problem.time is None or problem.transfer_time is None):
        yield Fault.of("design.hub_no_times")
    if problem.multiple and any(
        part is not None for part in (problem.capacity, problem.allocation_cost, problem.link_cost, problem.within)
    ):
        yield Fault.of("design.hub_single_only")
