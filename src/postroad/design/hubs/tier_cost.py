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


class Trunk(NamedTuple):
    """The arrays of a ``TierProblem`` as kernels take them; ``piece1`` and ``piece2`` are yuan per piece and run."""

    flow: NDArray[np.float64]
    out: NDArray[np.float64]
    back: NDArray[np.float64]
    join: NDArray[np.float64]
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
def arrange(t, tier):
    """Choose by simple rules the hub above each hub and the hub of each unit; -1 where there is none.

    A piece is worth what it costs from the hub to where an average piece of its unit goes: places outside, and the
    first-tier hub for the rest.
    """
    n, c = t.join.shape
    top = np.flatnonzero(tier == 1)[0]
    above, worth = np.full(c, -1, np.int64), np.full(c, NONE)
    total_out = t.out.sum() + t.back.sum()
    inside = t.flow.sum()
    share = np.zeros(t.out.shape[1])
    for x in range(share.size):
        share[x] = (t.out[:, x].sum() + t.back[:, x].sum()) / (total_out + inside + 1e-12)
    home = inside / (total_out + inside + 1e-12)
    for k in range(c):
        if tier[k] == 1 or tier[k] == 2:
            worth[k] = home * t.semi[k, top] / t.semi_room
            for x in range(share.size):
                worth[k] += share[x] * t.far[k, x] / t.semi_room
            above[k] = top
    for k in range(c):
        if tier[k] == 3:
            for m in range(c):
                if tier[m] == 1 or tier[m] == 2:
                    price = worth[m] + t.truck[k, m] / t.truck_room + t.sort
                    if price < worth[k]:
                        worth[k], above[k] = price, m
    hub = np.full(n, -1, np.int64)
    for i in range(n):
        pieces = t.flow[i].sum() + t.flow[:, i].sum() + t.out[i].sum() + t.back[i].sum()
        least = NONE
        for k in range(c):
            if tier[k] > 0:
                price = t.join[i, k] + 1.3 * pieces * worth[k]
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
    c, far = t.semi.shape[0], t.far.shape[1]
    top = np.flatnonzero(tier == 1)[0]
    total = 0.0
    for i in range(hub.size):
        total += t.join[i, hub[i]]
    between, out, back, up, down, sorted_ = _gathered(t, tier, hub, above)
    for k in range(c):
        if tier[k] == 3:
            total += 2 * round_trips(up[k], down[k], t.truck_room) * t.truck[k, above[k]]
    to_top, from_top = np.zeros(c), np.zeros(c)
    direct[:] = False
    direct_out[:] = False
    for k in range(c):
        if tier[k] != 2:
            continue
        to_top[k] += between[k, top]
        from_top[k] += between[top, k]
        for m in range(k):
            if tier[m] == 2:
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
                    sorted_ += both
        for x in range(far):
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
                sorted_ += both
    for k in range(c):
        if tier[k] == 2:
            total += 2 * round_trips(to_top[k], from_top[k], t.semi_room) * t.semi[k, top]
    for x in range(far):
        total += 2 * round_trips(out[top, x], back[top, x], t.semi_room) * t.far[top, x]
    return total + sorted_ * t.sort


@njit(cache=True)
def price(t, tier):
    """Cost of the layout with its hubs and units arranged by the rules."""
    c, far = t.semi.shape[0], t.far.shape[1]
    hub, above = arrange(t, tier)
    return cost_of(t, tier, hub, above, np.zeros((c, c), np.bool_), np.zeros((c, far), np.bool_))


@njit(cache=True)
def settle_units(t, tier, hub, above):
    """Move single units and tier-3 hubs to other hubs for as long as it pays; changes both, returns the cost."""
    n, c = t.join.shape
    direct, direct_out = np.zeros((c, c), np.bool_), np.zeros((c, t.far.shape[1]), np.bool_)
    best = cost_of(t, tier, hub, above, direct, direct_out)
    hubs = np.flatnonzero(tier > 0)
    for _ in range(20):
        before = best
        for i in range(n):
            for k in hubs:
                old = hub[i]
                if k != old:
                    hub[i] = k
                    cost = cost_of(t, tier, hub, above, direct, direct_out)
                    if cost < best - 1e-9 * best:
                        best = cost
                    else:
                        hub[i] = old
        for k in hubs:
            if tier[k] != 3:
                continue
            for m in hubs:
                old = above[k]
                if tier[m] != 3 and m != old:
                    above[k] = m
                    cost = cost_of(t, tier, hub, above, direct, direct_out)
                    if cost < best - 1e-9 * best:
                        best = cost
                    else:
                        above[k] = old
        if best >= before:
            break
    return best
