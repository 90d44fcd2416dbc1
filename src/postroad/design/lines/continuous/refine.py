"""Split the slots in which a relaxed answer leaves before its last load could be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.continuous.instance import Instance
    from postroad.design.lines.continuous.paths import Paths
    from postroad.design.lines.continuous.relaxed import Relaxed
    from postroad.design.lines.continuous.slots import Slots


def chosen_paths(ways: Paths, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the path of each load with the largest value in a relaxed answer."""
    spans = zip(ways.of_load[:-1].tolist(), ways.of_load[1:].tolist(), strict=True)
    return np.array([begin + int(np.argmax(values[begin:end])) for begin, end in spans], np.int64)


def chosen_keys(ways: Paths, made: Relaxed, values: NDArray[np.float64], path: NDArray[np.int64]) -> list[list[int]]:
    """Return for each load on its path the slot of every service with the largest value."""
    held = []
    for p in path.tolist():
        spans = [
            (int(made.first[c]), int(made.first[c + 1])) for c in range(int(ways.first[p]), int(ways.first[p + 1]))
        ]
        held.append([int(made.key[a + int(np.argmax(values[made.column[a:b]]))]) for a, b in spans])
    return held


def refine(
    instance: Instance, ways: Paths, slots: Slots, made: Relaxed, values: NDArray[np.float64], share: float
) -> int:
    """Cut slots at the moment their last load comes, where choices count from ``share`` on; returns how many cuts.

    Moments follow the choices along the paths: each waits for the latest of its slot. A cut is made where that moment
    lies inside the slot and more than one load is in it.
    """
    taken = values[made.column] >= share
    if not taken.any():
        return 0
    _, group = np.unique(made.key, return_inverse=True)
    moment = _moments(ways.first, ways.load, instance.release, instance.minutes, ways.arc, made.first, taken, group,
                      made.low, int(group.max()) + 1)  # fmt: skip
    members = np.zeros(moment.size, np.int64)
    np.add.at(members, group[taken], 1)
    when = moment[group]
    inside = taken & (members[group] > 1) & (when > made.low) & (when < made.high)
    arcs = ways.arc[made.cell[inside]]
    cuts = np.unique(np.column_stack([arcs, when[inside]]), axis=0)
    return sum(slots.split(int(arc), float(at)) for arc, at in cuts)


@njit(cache=True)
def _moments(path_first, load, release, minutes, arc, first, taken, group, low, groups):  # type: ignore[no-untyped-def]
    moment = np.full(groups, -np.inf)
    changed, sweeps = True, 0
    while changed and sweeps < 60:
        changed = False
        sweeps += 1
        for p in range(load.size):
            now = release[load[p]]
            for cell in range(path_first[p], path_first[p + 1]):
                onward = np.inf
                for n in range(first[cell], first[cell + 1]):
                    if taken[n]:
                        own = max(now, low[n])
                        if moment[group[n]] < own:
                            moment[group[n]] = own
                            changed = True
                        onward = min(onward, moment[group[n]] + minutes[arc[cell]])
                if onward == np.inf:
                    break
                now = onward
    return moment
