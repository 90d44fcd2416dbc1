"""The compiled moves of the search: times of groups, taking a load off, putting it on."""

from __future__ import annotations

import numpy as np
from numba import njit

LABELS = 48
ANSWERS = 160
SWEEPS = 1000


@njit(cache=True)
def propagate(held, state):  # type: ignore[no-untyped-def]
    """Bring every group's earliest and latest moment up to date; false when some load would be late."""
    for g in range(state.early.size):
        state.early[g], state.late[g] = -1e18, 1e18
    moved, sweep = 1, 0
    while moved > 0:
        moved = _forward(held, state)
        sweep += 1
        if moved < 0 or sweep > SWEEPS:
            return False  # a load is late, or loads wait for each other in a circle
    while _backward(held, state):
        pass
    return True


@njit(cache=True)
def _forward(held, state):  # type: ignore[no-untyped-def]
    """One pass of earliest moments along all paths: how many groups moved, -1 when a load is late."""
    moved = 0
    for k in range(state.path.size):
        p = state.path[k]
        if p < 0:
            continue
        now, begin = held.release[k], held.first[p]
        for step in range(held.first[p + 1] - begin):
            g = state.group[k, step]
            if state.early[g] < now:
                state.early[g] = now
                moved += 1
            now = state.early[g] + held.minutes[held.arc[begin + step]]
        if now > held.deadline[k] + 1e-9:
            return -1
    return moved


@njit(cache=True)
def _backward(held, state):  # type: ignore[no-untyped-def]
    """One pass of latest moments back along all paths: whether any group moved."""
    moved = False
    for k in range(state.path.size):
        p = state.path[k]
        if p < 0:
            continue
        now, begin = held.deadline[k], held.first[p]
        for step in range(held.first[p + 1] - begin - 1, -1, -1):
            g = state.group[k, step]
            now -= held.minutes[held.arc[begin + step]]
            if state.late[g] > now:
                state.late[g] = now
                moved = True
            now = state.late[g]
    return moved


@njit(cache=True)
def remove(held, state, k):  # type: ignore[no-untyped-def]
    """Take a load off its groups; empty groups are given back."""
    p = state.path[k]
    begin = held.first[p]
    for step in range(held.first[p + 1] - begin):
        g = state.group[k, step]
        state.group_quantity[g] -= held.quantity[k]
        state.group_size[g] -= 1
        if state.group_size[g] == 0:
            arc = state.group_arc[g]
            for n in range(state.count[arc]):
                if state.on[arc, n] == g:
                    state.count[arc] -= 1
                    state.on[arc, n] = state.on[arc, state.count[arc]]
                    break
            state.spare[state.spares[0]] = g
            state.spares[0] += 1
    state.path[k] = -1


@njit(cache=True)
def put(held, state, k, p, taken):  # type: ignore[no-untyped-def]
    """Put a load on a path with the groups taken; -1 opens a new one."""
    state.path[k] = p
    begin = held.first[p]
    for step in range(held.first[p + 1] - begin):
        g = taken[step]
        if g < 0:
            state.spares[0] -= 1
            g = state.spare[state.spares[0]]
            arc = held.arc[begin + step]
            state.group_arc[g], state.group_quantity[g], state.group_size[g] = arc, 0.0, 0
            state.on[arc, state.count[arc]] = g
            state.count[arc] += 1
        state.group_quantity[g] += held.quantity[k]
        state.group_size[g] += 1
        state.group[k, step] = g


@njit(cache=True)
def _keep(costs, times, picks, count, cost, time, source, step, g):  # type: ignore[no-untyped-def]
    """Add a label unless another is no dearer and no later; drop those it beats. Returns how many there are."""
    for n in range(count):
        if costs[n] <= cost and times[n] <= time:
            return count
    n = 0
    while n < count:
        if cost <= costs[n] and time <= times[n]:
            count -= 1
            costs[n], times[n] = costs[count], times[count]
            picks[n] = picks[count]
        else:
            n += 1
    if count < LABELS:
        costs[count], times[count] = cost, time
        picks[count] = source
        picks[count, step] = g
        count += 1
    return count


@njit(cache=True)
def _label(held, state, k, p, noise, costs, times, picks):  # type: ignore[no-untyped-def]
    """Labels at the end of a path: returns which half of the arrays holds them and how many."""
    begin = held.first[p]
    now, count = 0, 1
    costs[0, 0], times[0, 0] = held.cost[p], held.release[k]
    for step in range(held.first[p + 1] - begin):
        arc = held.arc[begin + step]
        latest, fixed, room = held.latest[begin + step], held.fixed[arc], held.capacity[arc]
        own = fixed * np.ceil(held.quantity[k] / room - 1e-9)
        after, made = 1 - now, 0
        for n in range(count):
            cost, time, source = costs[now, n], times[now, n], picks[now, n]
            dearer = own * (1.0 + noise * np.random.random())
            there = time + held.minutes[arc]
            made = _keep(costs[after], times[after], picks[after], made, cost + dearer, there, source, step, -1)
            for m in range(state.count[arc]):
                g = state.on[arc, m]
                if time > state.late[g] or state.early[g] > latest:
                    continue
                more = np.ceil((state.group_quantity[g] + held.quantity[k]) / room - 1e-9)
                more -= np.ceil(state.group_quantity[g] / room - 1e-9)
                there = max(time, state.early[g]) + held.minutes[arc]
                made = _keep(
                    costs[after], times[after], picks[after], made, cost + fixed * more, there, source, step, g
                )
        now, count = after, made
    return now, count


@njit(cache=True)
def insert(held, state, k, noise, low, high):  # type: ignore[no-untyped-def]
    """Put a load on the cheapest of the paths from low to high with the groups that fit; false when none does."""
    steps = state.group.shape[1]
    costs, times = np.empty((2, LABELS)), np.empty((2, LABELS))
    picks = np.full((2, LABELS, steps), np.int64(-1))
    answer_cost, answer_path = np.empty(ANSWERS), np.empty(ANSWERS, np.int64)
    answer = np.empty((ANSWERS, steps), np.int64)
    count = 0
    for p in range(low, high):
        half, found = _label(held, state, k, p, noise, costs, times, picks)
        for n in range(found):
            if count < ANSWERS:
                answer_cost[count], answer_path[count] = costs[half, n], p
                answer[count] = picks[half, n]
                count += 1
    for n in np.argsort(answer_cost[:count]):
        put(held, state, k, answer_path[n], answer[n])
        if propagate(held, state):
            return True
        remove(held, state, k)
        propagate(held, state)
    return False
