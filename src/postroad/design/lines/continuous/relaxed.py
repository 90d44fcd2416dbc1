"""The relaxation: which path, and in which slot each of its services leaves; every slot's vehicles are shared.

A load may leave in a slot when its window meets it, and may go on to a slot that ends after it could arrive. Waiting
for the others of a slot is not seen, so the program's bound holds for every plan, and grows as slots are split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.design.program import Columns, Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.continuous.instance import Instance
    from postroad.design.lines.continuous.paths import Paths
    from postroad.design.lines.continuous.slots import Slots


@dataclass(frozen=True)
class Relaxed:
    """The program, and its choices: cell ``cell[n]`` leaves in slot ``key[n]``, decided by column ``column[n]``.

    A cell with one slot is decided by the column of its path. Choices of cell ``c`` are ``first[c]:first[c + 1]``.
    Slots are numbered over all services; ``low`` and ``high`` bound the slot of each.
    """

    program: Program
    uses: Columns
    vehicles: Columns
    cell: NDArray[np.int64]
    column: NDArray[np.int64]
    first: NDArray[np.int64]
    key: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    shared: NDArray[np.int64]


def ragged(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each of the counted things its owner and its number within the owner."""
    owner = np.repeat(np.arange(counts.size), counts)
    return owner, np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)


def relaxed(
    instance: Instance, ways: Paths, slots: Slots, *, whole: bool, open_: NDArray[np.bool_] | None = None
) -> Relaxed:
    """Return the relaxation over the slots; ``whole`` asks for whole numbers, ``open_`` says which paths there are."""
    starts, cuts = slots.flat(instance.tail.size)
    ends = np.append(cuts[1:], np.inf)
    ends[starts[1:][np.diff(starts) > 0] - 1] = np.inf
    first_slot, last_slot = _met(ways, starts, cuts)
    counts = last_slot - first_slot + 1
    cell, nth = ragged(counts)
    key = first_slot[cell] + nth
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    own = counts > 1
    column = np.where(own[cell], ways.count + np.cumsum(own[cell]) - 1, ways.path[cell])
    load = ways.load[ways.path][cell]
    alone = np.ceil(instance.quantity[load] / instance.capacity[ways.arc[cell]] - 1e-9)
    program = Program()
    shared, paid = _shared(key, load)
    cost = np.concatenate([ways.cost, np.zeros(int(own[cell].sum()))])
    np.add.at(cost, column[~paid], (alone * instance.fixed[ways.arc[cell]])[~paid])
    high = np.ones(cost.size)
    if open_ is not None:
        high[: ways.count] = open_
    uses = program.columns("uses", cost.size, cost=cost, high=high, integer=whole)
    total = np.bincount(np.searchsorted(shared, key[paid]), _first_of(key, load, paid, instance), shared.size)
    arc = np.searchsorted(starts, shared, side="right") - 1
    most = np.ceil(total / instance.capacity[arc] - 1e-9)
    vehicles = program.columns("vehicles", shared.size, cost=instance.fixed[arc], high=most, integer=whole)
    made = Relaxed(program, uses, vehicles, cell, column, first, key, cuts[key], ends[key], shared)
    _choose(instance, ways, made, own)
    _go_on(instance, ways, made)
    _share(instance, made, load, alone, paid, arc)
    return made


def _met(
    ways: Paths, starts: NDArray[np.int64], cuts: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and last slot that each cell's window meets, as numbers among all cuts."""
    low, high = np.empty(ways.arc.size, np.int64), np.empty(ways.arc.size, np.int64)
    for arc in np.unique(ways.arc).tolist():
        cells = np.flatnonzero(ways.arc == arc)
        own = cuts[starts[arc] : starts[arc + 1]]
        low[cells] = starts[arc] + np.searchsorted(own, ways.early[cells], side="right") - 1
        high[cells] = starts[arc] + np.searchsorted(own, ways.late[cells], side="right") - 1
    return low, high


def _shared(key: NDArray[np.int64], load: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Slots that more than one load could use, and which choices lie in them; the others pay for themselves."""
    pairs = np.unique(np.column_stack([key, load]), axis=0)
    keys, loads = np.unique(pairs[:, 0], return_counts=True)
    shared = keys[loads > 1]
    return shared, np.isin(key, shared)


def _first_of(
    key: NDArray[np.int64], load: NDArray[np.int64], paid: NDArray[np.bool_], instance: Instance
) -> NDArray[np.float64]:
    """The quantity of each load counted once a slot, at its first choice there."""
    _, once = np.unique(np.column_stack([key[paid], load[paid]]), axis=0, return_index=True)
    weight = np.zeros(int(paid.sum()))
    weight[once] = instance.quantity[load[paid][once]]
    return weight


def _choose(instance: Instance, ways: Paths, made: Relaxed, own: NDArray[np.bool_]) -> None:
    """Every load takes one path, and every service on it one slot."""
    paths = np.arange(ways.count)
    width = made.uses.count
    one = sparse.coo_array((np.ones(ways.count), (ways.load, paths)), shape=(instance.quantity.size, width))
    ends = zip(instance.origin.tolist(), instance.destination.tolist(), strict=True)
    names = [f"{k}: {instance.name(a)} > {instance.name(b)}" for k, (a, b) in enumerate(ends)]
    made.program.rows("one path", [(made.uses, one)], low=1.0, high=1.0, labels=names, relief=None)
    cells = np.flatnonzero(own)
    if not cells.size:
        return
    row = np.full(own.size, -1)
    row[cells] = np.arange(cells.size)
    held = own[made.cell]
    rows = np.concatenate([row[made.cell[held]], row[cells]])
    columns = np.concatenate([made.column[held], ways.path[cells]])
    values = np.concatenate([np.ones(int(held.sum())), -np.ones(cells.size)])
    made.program.rows("one slot", [(made.uses, _matrix(values, rows, columns, (cells.size, width)))], low=0.0, high=0.0)


def _go_on(instance: Instance, ways: Paths, made: Relaxed) -> None:
    """Leaving by slot ``s`` needs an arrival in time: no more leave a cell up to ``s`` than could be there by then."""
    path = ways.path
    before = np.flatnonzero(np.append(path[1:] == path[:-1], False))
    arrive = np.maximum(made.low, ways.early[made.cell]) + instance.minutes[ways.arc[made.cell]]
    counts = np.diff(made.first)
    after = before + 1
    # one row for each choice of the later cell but its last
    pair, nth = ragged(counts[after] - 1)
    choice = made.first[after[pair]] + nth
    n_before = counts[before[pair]]
    owner, m = ragged(n_before)
    feeding = made.first[before[pair[owner]]] + m
    fits = arrive[feeding] < made.high[choice[owner]]
    needed = np.bincount(owner, fits, choice.size) < n_before
    up, k = ragged(nth + 1)
    earlier = made.first[after[pair[up]]] + k
    row = np.cumsum(needed) - 1
    left, right = needed[up], needed[owner] & fits
    rows = np.concatenate([row[up[left]], row[owner[right]]])
    columns = np.concatenate([made.column[earlier[left]], made.column[feeding[right]]])
    values = np.concatenate([np.ones(int(left.sum())), -np.ones(int(right.sum()))])
    shape = (int(needed.sum()), made.uses.count)
    if shape[0]:
        made.program.rows("go on", [(made.uses, _matrix(values, rows, columns, shape))], high=0.0)


def _share(
    instance: Instance, made: Relaxed, load: NDArray[np.int64], alone: NDArray[np.float64], paid: NDArray[np.bool_],
    arc: NDArray[np.int64],
) -> None:  # fmt: skip
    """Vehicles of a slot: enough for each load in it by itself, and for all of them together."""
    if not made.shared.size:
        return
    slot = np.searchsorted(made.shared, made.key[paid])
    columns, loads = made.column[paid], load[paid]
    pairs, row = np.unique(np.column_stack([slot, loads]), axis=0, return_inverse=True)
    row = row.ravel()
    shape = (len(pairs), made.uses.count)
    each = _matrix(alone[paid], row, columns, shape)
    minus = -np.ones(len(pairs))
    cars = _matrix(minus, np.arange(len(pairs)), pairs[:, 0], (len(pairs), made.shared.size))
    made.program.rows("a vehicle", [(made.uses, each), (made.vehicles, cars)], high=0.0)
    total = np.bincount(pairs[:, 0], instance.quantity[pairs[:, 1]], made.shared.size)
    full = np.flatnonzero(total > instance.capacity[arc] + 1e-9)
    if not full.size:
        return
    at = np.full(made.shared.size, -1)
    at[full] = np.arange(full.size)
    inside = at[slot] >= 0
    weights = _matrix(instance.quantity[loads[inside]], at[slot[inside]], columns[inside], (full.size, made.uses.count))
    room = _matrix(-instance.capacity[arc[full]], np.arange(full.size), full, (full.size, made.shared.size))
    made.program.rows("room", [(made.uses, weights), (made.vehicles, room)], high=0.0)


def _matrix(
    values: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]
) -> sparse.coo_array:
    return sparse.coo_array((values, (rows, columns)), shape=shape)
