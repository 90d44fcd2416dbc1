"""A plan as an answer of the relaxation, to begin the search in whole numbers from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.continuous.instance import Instance
    from postroad.design.lines.continuous.paths import Paths
    from postroad.design.lines.continuous.relaxed import Relaxed
    from postroad.design.lines.continuous.search import State


def start(instance: Instance, ways: Paths, made: Relaxed, state: State) -> NDArray[np.float64]:
    """Return values of all columns: the plan's paths, the slots its departures fall into, and the vehicles needed."""
    values = np.zeros(made.program.width)
    values[state.path] = 1.0
    used = np.zeros(ways.arc.size, bool)
    leaves = np.full(ways.arc.size, np.nan)
    for k, p in enumerate(state.path.tolist()):
        cells = slice(int(ways.first[p]), int(ways.first[p + 1]))
        used[cells] = True
        leaves[cells] = state.early[state.group[k, : cells.stop - cells.start]]
    when = leaves[made.cell]
    taken = used[made.cell] & (when >= made.low) & (when < made.high)
    values[made.column[taken]] = 1.0
    load = ways.load[ways.path][made.cell]
    inside = taken & np.isin(made.key, made.shared)
    at = np.searchsorted(made.shared, made.key[inside])
    quantity = np.bincount(at, instance.quantity[load[inside]], made.shared.size)
    alone = np.zeros(made.shared.size)
    arc = ways.arc[made.cell[inside]]
    np.maximum.at(alone, at, np.ceil(instance.quantity[load[inside]] / instance.capacity[arc] - 1e-9))
    room = np.ones(made.shared.size)
    room[at] = instance.capacity[arc]
    values[made.vehicles.slice] = np.maximum(np.ceil(quantity / room - 1e-9), alone)
    return values
