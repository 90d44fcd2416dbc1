"""The state of one search: the best answer so far, its limits and counts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.hubs.arrays import NONE
from postroad.errors import Stopped
from postroad.parallel import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.design.hubs.arrays import Single
    from postroad.design.hubs.problem import HubProblem
    from postroad.design.program import Limits


@dataclass
class Hunt:
    """The state of one solve: best answer so far, limits and counts.

    ``since`` counts steps since an answer was tried, ``candidates`` is how many hubs were left when the search last
    began.
    """

    problem: HubProblem
    limits: Limits
    began: float
    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None
    cost: float = NONE
    allocation: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    nodes: int = 0
    steps: int = 0
    since: int = 0
    seed: int = 0
    candidates: int = 0
    _told: float = 0.0

    @property
    def tolerance(self) -> float:
        """How far below the best answer another must lie to count."""
        return self.limits.gap * abs(self.cost) if self.cost < NONE else 0.0

    @property
    def left_s(self) -> float:
        """Seconds of the limit that are left."""
        return self.limits.time_s - (time.monotonic() - self.began)

    def left(self) -> bool:
        """Whether there is time left; tells progress and raises ``Stopped`` when asked to stop."""
        now = time.monotonic()
        if self.progress and now - self._told > 1.0:
            self._told = now
            self.progress(Progress(int(now - self.began), int(self.limits.time_s)))
        if self.stop and self.stop():
            raise Stopped.of("errors.stopped", done=self.nodes, total=self.nodes + 1)
        return self.left_s > 0

    def take(self, s: Single, a: NDArray[np.int64], cost: float) -> bool:
        """Keep an answer given in candidate numbers when it is the best so far."""
        if cost >= self.cost - 1e-12 * abs(cost):
            return False
        self.cost, self.allocation = cost, s.hub[a]
        return True
