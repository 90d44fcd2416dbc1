"""Ruin and recreate over paths and departures: take related loads off, put each back where it costs least.

A group is a departure: loads that leave a service together. Its earliest moment follows from the loads' releases and
the groups before it, its latest from their deadlines. Putting a load on a path weighs, service by service, a departure
of its own against joining each group there (labels of cost and time); the first choice whose times hold is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from postroad.design.lines.continuous.kernel import insert, propagate, put, remove

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.lines.continuous.instance import Instance
    from postroad.design.lines.continuous.paths import Paths


class World(NamedTuple):
    """What does not change: services, loads, paths, the steps before and after each, and who could use a service."""

    minutes: Any
    fixed: Any
    capacity: Any
    quantity: Any
    release: Any
    deadline: Any
    of_load: Any
    first: Any
    arc: Any
    latest: Any
    cost: Any
    user_first: Any
    user: Any


class State(NamedTuple):
    """What changes: each load's path and groups; each group's service, quantity, size and times; groups by service."""

    path: Any
    group: Any
    group_arc: Any
    group_quantity: Any
    group_size: Any
    early: Any
    late: Any
    spare: Any
    spares: Any
    on: Any
    count: Any


def world(instance: Instance, ways: Paths) -> World:
    """Return the unchanging arrays of the search."""
    users = np.unique(np.column_stack([ways.arc, ways.load[ways.path]]), axis=0)
    user_first = np.searchsorted(users[:, 0], np.arange(instance.tail.size + 1)).astype(np.int64)
    services = [np.ascontiguousarray(x, np.float64) for x in (instance.minutes, instance.fixed, instance.capacity)]
    loads = [np.ascontiguousarray(x, np.float64) for x in (instance.quantity, instance.release, instance.deadline)]
    return World(
        services[0], services[1], services[2], loads[0], loads[1], loads[2], ways.of_load, ways.first, ways.arc,
        ways.late, ways.cost, user_first, np.ascontiguousarray(users[:, 1]),
    )  # fmt: skip


def empty(held: World) -> State:
    """Return the state in which no load is placed."""
    loads, steps = held.quantity.size, int(np.diff(held.first).max())
    size = (loads + 1) * steps
    # A service never carries more groups than loads, with one to spare while a load is being placed.
    on = np.zeros((held.minutes.size, int(np.diff(held.user_first).max()) + 2), np.int64)
    return State(
        np.full(loads, -1), np.full((loads, steps), -1), np.zeros(size, np.int64), np.zeros(size),
        np.zeros(size, np.int64), np.full(size, -1e18), np.full(size, 1e18), np.arange(size), np.array([size]), on,
        np.zeros(held.minutes.size, np.int64),
    )  # fmt: skip


def copied(state: State) -> State:
    """Return a state that shares nothing with the first."""
    return State(*(part.copy() for part in state))


def improve(
    held: World, state: State, seed: int, rounds: int, warmth: tuple[float, float], most: int
) -> tuple[float, State]:
    """Return the best cost and state found from a state, which is changed on the way.

    ``warmth`` is the temperature at the first and the last round, ``most`` how many loads are taken off at once.
    """
    best = copied(state)
    cost = _improve(held, state, best, seed, rounds, warmth[0], warmth[1], most)
    return float(cost), best


def filled(held: World, ready: Callable[[], bool]) -> State:
    """Return a state with every load placed, one after the other where it costs least; alone once time is over."""
    state = empty(held)
    for begin in range(0, state.path.size, 16):
        _fill(held, state, begin, min(begin + 16, state.path.size), ready())
    propagate(held, state)
    return state


def from_paths(held: World, chosen: NDArray[np.int64], seed: int) -> State:
    """Return a state with every load on the given path, each joined to others as it pays."""
    state = empty(held)
    _place(held, state, chosen, seed)
    return state


def from_groups(held: World, chosen: NDArray[np.int64], keys: list[list[int]]) -> State | None:
    """Return the state with every load on the given path and in the departures of the given keys; None when late."""
    state = empty(held)
    state.path[:] = chosen
    number: dict[int, int] = {}
    for k, p in enumerate(chosen.tolist()):
        for step, key in enumerate(keys[k]):
            arc = held.arc[held.first[p] + step]
            if key not in number:
                g = number[key] = len(number)
                state.group_arc[g] = arc
                state.on[arc, state.count[arc]] = g
                state.count[arc] += 1
            g = number[key]
            state.group[k, step] = g
            state.group_quantity[g] += held.quantity[k]
            state.group_size[g] += 1
    state.spares[0] = state.spare.size - len(number)
    state.spare[: state.spares[0]] = np.arange(len(number), state.spare.size)
    return state if propagate(held, state) else None


@njit(cache=True)
def total(held, state):  # type: ignore[no-untyped-def]
    """The cost of a state."""
    cost = 0.0
    for k in range(state.path.size):
        if state.path[k] >= 0:
            cost += held.cost[state.path[k]]
    for g in range(state.group_size.size):
        if state.group_size[g] > 0:
            arc = state.group_arc[g]
            cost += held.fixed[arc] * np.ceil(state.group_quantity[g] / held.capacity[arc] - 1e-9)
    return cost


@njit(cache=True)
def _copy(to, source):  # type: ignore[no-untyped-def]
    to.path[:] = source.path
    to.group[:] = source.group
    to.group_arc[:] = source.group_arc
    to.group_quantity[:] = source.group_quantity
    to.group_size[:] = source.group_size
    to.early[:] = source.early
    to.late[:] = source.late
    to.spare[:] = source.spare
    to.spares[:] = source.spares
    to.on[:] = source.on
    to.count[:] = source.count


@njit(cache=True)
def _place(held, state, chosen, seed):  # type: ignore[no-untyped-def]
    np.random.seed(seed)
    for k in np.random.permutation(state.path.size):
        insert(held, state, k, 0.0, chosen[k], chosen[k] + 1)


@njit(cache=True)
def _fill(held, state, begin, end, search):  # type: ignore[no-untyped-def]
    alone = np.full(state.group.shape[1], np.int64(-1))
    for k in range(begin, end):
        if search:
            insert(held, state, k, 0.0, held.of_load[k], held.of_load[k + 1])
        else:
            put(held, state, k, held.of_load[k], alone)


@njit(cache=True)
def _improve(held, state, best, seed, rounds, warm, cold, most):  # type: ignore[no-untyped-def]
    np.random.seed(seed)
    now = total(held, state)
    least = now
    _copy(best, state)
    kept = State(
        state.path.copy(), state.group.copy(), state.group_arc.copy(), state.group_quantity.copy(),
        state.group_size.copy(), state.early.copy(), state.late.copy(), state.spare.copy(), state.spares.copy(),
        state.on.copy(), state.count.copy(),
    )  # fmt: skip
    chosen, inside = np.empty(state.path.size, np.int64), np.zeros(state.path.size, np.bool_)
    for turn in range(rounds):
        temperature = warm + (cold - warm) * turn / rounds
        count = _related(held, state, chosen, inside, np.random.randint(2, most + 1))
        for n in range(count):
            remove(held, state, chosen[n])
        propagate(held, state)
        noise = 0.3 * np.random.random()
        placed = True
        for n in range(count):
            k = chosen[n]
            if not insert(held, state, k, noise, held.of_load[k], held.of_load[k + 1]):
                placed = False
                break
        after = total(held, state) if placed else np.inf
        if after < now - temperature * np.log(np.random.random()):
            now = after
            _copy(kept, state)
            if now < least - 1e-6:
                least = now
                _copy(best, state)
        else:
            _copy(state, kept)
    return least


@njit(cache=True)
def _related(held, state, chosen, inside, wanted):  # type: ignore[no-untyped-def]
    """Choose loads: some at random, mostly those that share a service with one chosen before."""
    inside[:] = False
    count, scattered, narrow = 0, np.random.random() < 0.15, np.random.random() < 0.7
    loads = state.path.size
    wanted = min(wanted, loads)
    for _ in range(50):
        if count >= wanted:
            break
        k = np.random.randint(loads)
        if scattered:
            if not inside[k]:
                inside[k] = True
                chosen[count] = k
                count += 1
            continue
        if count > 0 and narrow:
            k = chosen[np.random.randint(count)]
        p = state.path[k]
        if np.random.random() < 0.5:
            p = np.random.randint(held.of_load[k], held.of_load[k + 1])
        arc = held.arc[np.random.randint(held.first[p], held.first[p + 1])]
        count = _users(held, state, arc, chosen, inside, count, wanted)
    np.random.shuffle(chosen[:count])
    return count


@njit(cache=True)
def _users(held, state, arc, chosen, inside, count, wanted):  # type: ignore[no-untyped-def]
    """Add loads on a service, and a few that could be."""
    begin, size = held.user_first[arc], held.user_first[arc + 1] - held.user_first[arc]
    offset = np.random.randint(size)
    for n in range(size):
        k = held.user[begin + (n + offset) % size]
        if inside[k] or count >= wanted:
            continue
        here = False
        for cell in range(held.first[state.path[k]], held.first[state.path[k] + 1]):
            here = here or held.arc[cell] == arc
        if here or np.random.random() < 0.15:
            inside[k] = True
            chosen[count] = k
            count += 1
    return count
