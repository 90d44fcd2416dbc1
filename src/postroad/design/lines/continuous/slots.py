"""Time slots of every service: in each, all loads that could leave in it could leave together.

The fewest such slots cut a service's time where a new clique of windows begins; splitting a slot makes the relaxation
see that a departure waits for its last load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.lines.continuous.paths import Paths


class Slots:
    """Cut times by service: slot ``s`` of a service runs from ``cuts[s]`` up to, not including, ``cuts[s + 1]``."""

    def __init__(self, ways: Paths) -> None:
        order = np.argsort(ways.arc, kind="stable")
        arcs, starts = np.unique(ways.arc[order], return_index=True)
        self.cuts: dict[int, list[float]] = {}
        for arc, cells in zip(arcs.tolist(), np.split(order, starts[1:]), strict=True):
            self.cuts[arc] = _cliques(ways.early[cells], ways.late[cells])

    def split(self, arc: int, at: float) -> bool:
        """Cut a service's time at a moment; false when there is a cut already."""
        cuts = self.cuts[arc]
        place = int(np.searchsorted(cuts, at))
        if place < len(cuts) and cuts[place] == at:
            return False
        cuts.insert(place, at)
        return True

    def flat(self, arcs: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return all cuts in one array, with where each service's begin."""
        counts = [len(self.cuts.get(arc, ())) for arc in range(arcs)]
        cuts = [at for arc in range(arcs) for at in self.cuts.get(arc, ())]
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.array(cuts)


def _cliques(early: NDArray[np.float64], late: NDArray[np.float64]) -> list[float]:
    """Cut where a window begins after another has ended since the last cut."""
    # At one moment beginnings come before ends: windows that touch can still leave together.
    events = sorted([(t, 0) for t in early.tolist()] + [(t, 1) for t in late.tolist()])
    cuts, ended = [-np.inf], False
    for at, ends in events:
        if ends:
            ended = True
        elif ended:
            cuts.append(at)
            ended = False
    return cuts
