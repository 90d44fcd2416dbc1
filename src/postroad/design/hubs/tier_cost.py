# mypy: disable-error-code="no-untyped-def,assignment"
"""What a day of a three-tier layout costs, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from postroad.design.hubs.arrays import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.hubs.tier_problem import TierProblem

PULL = 1.3
"""How much a piece's onward way weighs against its feeder when units choose hubs by rule; found by trial."""


class Trunk(NamedTuple):
    """The arrays of a ``TierProblem`` as kernels take them; ``join`` is what a unit's feeders cost a day."""

    flow: NDArray[np.float64]
    out: NDArray[np.float64]
    back: NDArray[np.float64]
    join: NDArray[np.float64]
    own: NDArray[np.int64]
    truck: NDArray[np.float64]
    semi: NDArray[np.float64]
    far: NDArray[np.float64]
    truck_room: float
    semi_room: float
    sort: float


def trunk_arrays(p: TierProblem) -> Trunk:
    """Return the kernel's arrays; joining a unit costs whole feeders for the heavier of its two directions."""
    up = p.flow.sum(1) + p.sent_out.sum(1)
    down = p.flow.sum(0) + p.taken_in.sum(1)
    feeders = np.maximum(1.0, np.maximum(up, down) / p.room[0])
    join = 2 * feeders[:, None] * p.run_unit
    return Trunk(
        np.ascontiguousarray(p.flow),
        np.ascontiguousarray(p.sent_out),
        np.ascontiguousarray(p.taken_in),
        np.ascontiguousarray(join),
        np.ascontiguousarray(p.own),
        np.ascontiguousarray(p.run[1]),
        np.ascontiguousarray(p.run[2]),
        np.ascontiguousarray(p.run_outside),
        float(p.room[1]),
        float(p.room[2]),
        float(p.sort_yuan),
    )


@njit(cache=True)
def round_trips(there, back, room):
    """Round trips a day of the vehicle: at least one, and enough for the heavier direction."""
    return max(1.0, max(there, back) / room)


@njit(cache=True)
def _worths(t, tier, above):
    """What a piece costs from each hub to where an average piece goes; sets the hub above each hub on the way.

    An average piece goes to the places outside in their shares, and otherwise to the first-tier hub.
    """
    c, far = t.semi.shape[0], t.far.shape[1]
    top = np.flatnonzero(tier == 1)[0]
    pieces = t.out.sum() + t.back.sum() + t.flow.sum() + 1e-12
    worth = np.full(c, NONE)
    for k in np.flatnonzero((tier == 1) | (tier == 2)):
        worth[k] = t.flow.sum() / pieces * t.semi[k, top] / t.semi_room
        for x in range(far):
            worth[k] += (t.out[:, x].sum() + t.back[:, x].sum()) / pieces * t.far[k, x] / t.semi_room
        above[k] = top
    for k in np.flatnonzero(tier == 3):
        for m in np.flatnonzero((tier == 1) | (tier == 2)):
            price = worth[m] + t.truck[k, m] / t.truck_room + t.sort
            if price < worth[k]:
                worth[k], above[k] = price, m
    return worth


@njit(cache=True)
def arrange(t, tier):
    """Choose by simple rules the hub above each hub and the hub of each unit; -1 where there is none."""
    n, c = t.join.shape
    hub, above = np.full(n, -1, np.int64), np.full(c, -1, np.int64)
    worth = _worths(t, tier, above)
    hubs = np.flatnonzero(tier > 0)
    for i in range(n):
        if t.own[i] >= 0 and tier[t.own[i]] > 0:
            hub[i] = t.own[i]
            continue
        pieces = t.flow[i].sum() + t.flow[:, i].sum() + t.out[i].sum() + t.back[i].sum()
        least = NONE
        for k in hubs:
            price = t.join[i, k] + PULL * pieces * worth[k]
            if price < least:
                least, hub[i] = price, k
    return hub, above


@njit(cache=True)
def _gathered(t, tier, hub, above):
    """Flows between hubs of tiers 1 and 2 with all below them, their flows outside, and what tier 3 passes up."""
    n, c = t.join.shape
    upper = np.empty(n, np.int64)
    for i in range(n):
        upper[i] = above[hub[i]] if tier[hub[i]] == 3 else hub[i]
    between, out, back = np.zeros((c, c)), np.zeros((c, t.out.shape[1])), np.zeros((c, t.out.shape[1]))
    up, down, sorted_ = np.zeros(c), np.zeros(c), 0.0
    for i in range(n):
        for x in range(t.out.shape[1]):
            out[upper[i], x] += t.out[i, x]
            back[upper[i], x] += t.back[i, x]
            if tier[hub[i]] == 3:
                up[hub[i]] += t.out[i, x]
                down[hub[i]] += t.back[i, x]
            sorted_ += t.out[i, x] + t.back[i, x]
            if tier[hub[i]] == 3:
                sorted_ += t.out[i, x] + t.back[i, x]
        for j in range(n):
            f = t.flow[i, j]
            if hub[i] == hub[j]:
                sorted_ += f
                continue
            sorted_ += 2 * f
            if tier[hub[i]] == 3:
                up[hub[i]] += f
                sorted_ += f * (upper[i] != hub[j])
            if tier[hub[j]] == 3:
                down[hub[j]] += f
                sorted_ += f * (upper[j] != hub[i])
            if upper[i] != upper[j]:
                between[upper[i], upper[j]] += f
            elif tier[hub[i]] == 3 and tier[hub[j]] == 3:
                sorted_ -= f
    return between, out, back, up, down, sorted_


@njit(cache=True)
def cost_of(t, tier, hub, above, direct, direct_out):
    """Yuan a day of a layout; ``direct`` and ``direct_out`` become the direct lines that pay.

    Every piece pays its hubs' sorting. Each line runs at least once a day both ways, and often enough for its heavier
    direction. Between hubs of tiers 1 and 2, and from tier 2 to places outside, a direct line runs where it costs less
    than the way over the first-tier hub.
    """
    top = np.flatnonzero(tier == 1)[0]
    total = 0.0
    for i in range(hub.size):
        total += t.join[i, hub[i]]
    between, out, back, up, down, sorted_ = _gathered(t, tier, hub, above)
    for k in np.flatnonzero(tier == 3):
        total += 2 * round_trips(up[k], down[k], t.truck_room) * t.truck[k, above[k]]
    second = np.flatnonzero(tier == 2)
    to_top, from_top = between[:, top].copy(), between[top].copy()
    lines, passed = _across(t, second, top, between, to_top, from_top, direct)
    far_lines, far_passed = _outward(t, second, top, out, back, to_top, from_top, direct_out)
    for k in second:
        total += 2 * round_trips(to_top[k], from_top[k], t.semi_room) * t.semi[k, top]
    for x in range(t.far.shape[1]):
        total += 2 * round_trips(out[top, x], back[top, x], t.semi_room) * t.far[top, x]
    return total + lines + far_lines + (sorted_ + passed + far_passed) * t.sort


@njit(cache=True)
def _across(t, second, top, between, to_top, from_top, direct):
    """Second-tier hubs among themselves: own line, or over the first tier. Returns cost and pieces passed."""
    total, passed = 0.0, 0.0
    direct[:] = False
    for k in second:
        for m in second:
            if m >= k:
                continue
            both = between[k, m] + between[m, k]
            own = 2 * round_trips(between[k, m], between[m, k], t.semi_room) * t.semi[k, m]
            if own < both * ((t.semi[k, top] + t.semi[top, m]) / t.semi_room + t.sort):
                direct[k, m] = direct[m, k] = True
                total += own
            else:
                to_top[k] += between[k, m]
                from_top[k] += between[m, k]
                to_top[m] += between[m, k]
                from_top[m] += between[k, m]
                passed += both
    return total, passed


@njit(cache=True)
def _outward(t, second, top, out, back, to_top, from_top, direct_out):
    """Lines from second-tier hubs to places outside, likewise; what goes over the first tier is added to its own."""
    total, passed = 0.0, 0.0
    direct_out[:] = False
    for k in second:
        for x in range(t.far.shape[1]):
            both, heavy = out[k, x] + back[k, x], max(out[k, x], back[k, x])
            own = 2 * round_trips(out[k, x], back[k, x], t.semi_room) * t.far[k, x]
            if own < 2 * heavy * (t.semi[k, top] + t.far[top, x]) / t.semi_room + both * t.sort:
                direct_out[k, x] = True
                total += own
            else:
                to_top[k] += out[k, x]
                from_top[k] += back[k, x]
                out[top, x] += out[k, x]
                back[top, x] += back[k, x]
                passed += both
    return total, passed


@njit(cache=True)
def price(t, tier):
    """Cost of the layout with its hubs and units arranged by the rules."""
    c, far = t.semi.shape[0], t.far.shape[1]
    hub, above = arrange(t, tier)
    return cost_of(t, tier, hub, above, np.zeros((c, c), np.bool_), np.zeros((c, far), np.bool_))


@njit(cache=True)
def settle_units(t, tier, hub, above):
    """Move single units and tier-3 hubs to other hubs for as long as it pays; changes both, returns the cost."""
    best = _tried(t, tier, hub, above)
    hubs, upper = np.flatnonzero(tier > 0), np.flatnonzero((tier == 1) | (tier == 2))
    for _ in range(20):
        before = best
        for i in range(hub.size):
            if t.own[i] < 0 or tier[t.own[i]] == 0:
                best = _best_of(t, tier, hub, above, hub, i, hubs, best)
        for k in np.flatnonzero(tier == 3):
            best = _best_of(t, tier, hub, above, above, k, upper, best)
        if best >= before:
            break
    return best


@njit(cache=True)
def _tried(t, tier, hub, above):
    c = t.semi.shape[0]
    return cost_of(t, tier, hub, above, np.zeros((c, c), np.bool_), np.zeros((c, t.far.shape[1]), np.bool_))


@njit(cache=True)
def _best_of(t, tier, hub, above, choice, at, options, best):
    """Set ``choice[at]`` to the option of least cost and return that cost."""
    for k in options:
        old = choice[at]
        if k != old:
            choice[at] = k
            cost = _tried(t, tier, hub, above)
            if cost < best - 1e-9 * best:
                best = cost
            else:
                choice[at] = old
    return best
