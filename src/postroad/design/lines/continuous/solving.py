"""The two sides of a design in continuous time, in turn until they meet: ever better plans, ever higher bounds."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.lines.continuous import search
from postroad.design.lines.continuous.kernel import propagate
from postroad.design.lines.continuous.paths import Paths, paths
from postroad.design.lines.continuous.plan import Plan, cost, dispatches
from postroad.design.lines.continuous.refine import chosen_keys, chosen_paths, refine
from postroad.design.lines.continuous.relaxed import Relaxed, relaxed
from postroad.design.lines.continuous.slots import Slots
from postroad.design.program import Limits, solve
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.lines.continuous.instance import Instance

SHARE = 0.3
"""A choice of the linear relaxation counts as taken from this part on, when slots are split."""
FINAL_GAP = 1e-6
INSIDE = 0.98
"""What is proven lies a little inside the gap asked for, so that rounding does not take it out again."""
LOOSE = 0.002
"""A relaxed answer so near its bound will do to split slots by."""
ROUNDS = 150


@dataclass
class Talk:
    """Clock, progress and stop of a run; ``room`` is what is left of the time."""

    limit_s: float
    progress: Callable[[Progress], None] | None
    stop: Callable[[], bool] | None
    began: float = field(default_factory=time.monotonic)

    @property
    def room(self) -> float:
        """Seconds left."""
        return self.limit_s - (time.monotonic() - self.began)

    def tell(self, note: str = "") -> None:
        """Say how far the clock is, and end the run when asked to."""
        spent = int(time.monotonic() - self.began)
        if self.progress:
            self.progress(Progress(spent, math.ceil(self.limit_s), note))
        if self.stop and self.stop():
            raise Stopped.of("errors.stopped", done=spent, total=math.ceil(self.limit_s))


class _Run:
    """The state of a design: the best plan so far, the best bound, and what there is to improve them."""

    def __init__(self, instance: Instance, talk: Talk, gap: float, seed: int) -> None:
        self.instance, self.talk, self.target, self.seed = instance, talk, gap, seed
        self.ways: Paths = paths(instance, talk.stop)
        self.world = search.world(instance, self.ways)
        self.slots = Slots(self.ways)
        # Every cost is paid in full by the vehicles and units the loads cannot do without.
        self.bound = float(np.minimum.reduceat(self.ways.cost, self.ways.of_load[:-1]).sum())
        self.best = search.filled(self.world, self._ready)
        self.objective = float(search.total(self.world, self.best))
        self.turn = 0
        self.open = np.ones(self.ways.count, np.bool_)

    @property
    def needed(self) -> float:
        """The bound that proves the gap asked for: plans above it need not be told apart."""
        return self.objective - INSIDE * max(self.target, FINAL_GAP) * abs(self.objective)

    @property
    def done(self) -> bool:
        return self.objective - self.bound <= max(self.target, FINAL_GAP) * abs(self.objective) or self.talk.room <= 0

    def _ready(self) -> bool:
        self.talk.tell()
        return self.talk.room > 0

    def look(self, chunks: int) -> None:
        """Look for a better plan from the best one, cooling down; ends early when time does."""
        state = search.copied(self.best)
        for chunk in range(chunks):
            if self.done:
                return
            self.talk.tell()
            self.turn += 1
            warm, cold = (7e-4 * self.objective * (1 - (chunk + k) / chunks) for k in (0, 1))
            most = (12, 20, 40)[self.turn % 3]
            found, best = search.improve(self.world, state, self.seed + self.turn, ROUNDS, (warm, cold), most)
            if found < self.objective - 1e-9:
                self.objective, self.best = found, best

    def adopt(self, made: Relaxed, values: NDArray[np.float64]) -> None:
        """Take a relaxed answer for a plan, its departures too when they keep the windows, if it is better."""
        path = chosen_paths(self.ways, values)
        state = search.from_groups(self.world, path, chosen_keys(self.ways, made, values, path))
        if state is None:
            state = search.from_paths(self.world, path, self.seed)
        if (state.path < 0).any():
            return
        found, best = search.improve(self.world, state, self.seed, ROUNDS, (0.0, 0.0), 8)
        if found < self.objective - 1e-9:
            self.objective, self.best = found, best

    def raise_bound(self) -> bool:
        """Solve the linear relaxation and split its slots; false when it has nothing more to say."""
        made = relaxed(self.instance, self.ways, self.slots, whole=False, open_=self.open)
        limits = Limits(max(0.01, self.talk.room))
        answer = solve(made.program, limits, progress=self.talk.progress, stop=self.talk.stop)
        if answer.status != "optimal":
            self.talk.tell()
            if answer.status == "infeasible":
                self._raise(self.needed)
            return False
        before = self.bound
        self._raise(answer.bound, whole=bool(self.open.all()))
        self._close(made, answer.row_duals, answer.bound)
        values = answer[made.uses]
        whole = bool((np.abs(values - values.round()) < 1e-6).all())
        if whole:
            self.adopt(made, values)
        split = 0 if self.done else refine(self.instance, self.ways, self.slots, made, values, SHARE)
        return split > 0 and (self.bound > before + 2e-4 * abs(self.bound) or self.turn == 0)

    def prove(self, seconds: float) -> bool:
        """Look for a relaxed answer in whole numbers that the bound needed excludes; split its slots; false at the end.

        When there is none the gap is proven. One that is found says where slots are too long.
        """
        made = relaxed(self.instance, self.ways, self.slots, whole=True, open_=self.open)
        limits = Limits(max(0.01, min(seconds, self.talk.room)), LOOSE)
        answer = solve(
            made.program, limits, cutoff=self.needed, progress=self.talk.progress, stop=self.talk.stop
        )  # fmt: skip
        self.talk.tell()
        if answer.status == "infeasible":
            self._raise(self.needed)
            return False
        if np.isfinite(answer.bound):
            self._raise(answer.bound)
        if not answer.answered or self.done:
            return not self.done
        values = answer[made.uses]
        self.adopt(made, values)
        cuts = refine(self.instance, self.ways, self.slots, made, values, 0.5)
        return cuts > 0 or answer.status != "optimal"

    def _raise(self, bound: float, *, whole: bool = False) -> None:
        """Raise the bound; with paths closed or plans cut off nothing is known beyond the bound needed."""
        known = self._rounded(bound)
        self.bound = max(self.bound, known if whole else min(known, self._rounded(self.needed, 0.0)))

    def _close(self, made: Relaxed, duals: NDArray[np.float64], bound: float) -> None:
        """Close the paths that every answer below the bound needed goes without, by their reduced cost."""
        cost = made.program.whole("cost") - made.program.matrix().T @ duals
        reduced = cost[made.uses.slice][: self.ways.count]
        self.open &= bound + reduced < self.needed + 1e-6 * abs(self.objective)

    def _rounded(self, bound: float, slack: float = 1e-6) -> float:
        """Costs that are whole numbers make the next whole number a bound; ``slack`` is what a solver may be off."""
        parts = (self.instance.fixed, self.instance.variable, self.instance.quantity)
        whole = all(np.array_equal(part, np.round(part)) for part in parts)
        return min(self.objective, math.ceil(bound - slack * max(1.0, abs(bound))) if whole else bound)

    def plan(self) -> Plan:
        """Return the best plan with its times."""
        propagate(self.world, self.best)
        made = dispatches(self.instance, self.ways, self.best.path, self.best.group, self.best.early)
        objective = cost(self.instance, made)
        bound = min(self.bound, objective)
        status = "optimal" if objective - bound <= max(self.target, FINAL_GAP) * abs(objective) else "feasible"
        ways = tuple(tuple(self.ways.arc[self.ways.first[p] : self.ways.first[p + 1]].tolist()) for p in self.best.path)
        return Plan(objective, bound, status, time.monotonic() - self.talk.began, made, ways)


def design(
    instance: Instance,
    *,
    time_s: float = 60.0,
    gap: float = 0.01,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Plan:
    """Return the best plan found within the time, and a bound that no plan can beat.

    It ends as soon as the gap is proven. ``InfeasibleError`` names every load that cannot be in time whatever is done,
    ``Stopped`` ends it when asked. The same seed gives the same plan unless the time, or a slice of it given to the
    program in whole numbers, runs out.
    """
    run = _Run(instance, Talk(time_s, progress, stop), gap, seed)
    run.talk.tell()
    run.look(20)
    while not run.done and run.raise_bound():
        run.look(10)
    seconds = 10.0
    while not run.done:
        run.look(40)
        if run.done or not run.prove(seconds):
            break
        seconds *= 1.5
    return run.plan()
