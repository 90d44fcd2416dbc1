"""What a hub location method answers: hubs, who joins them, cost and bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class HubAnswer:
    """Hubs and allocation with their cost, and a bound that no answer can undercut.

    ``hubs`` are places in ascending order; ``allocation[i]`` is the hub of place ``i`` (with multiple allocation the
    hub most of its own pieces leave through). ``status`` is ``optimal`` (bound within the gap asked for) or
    ``feasible`` (stopped before). ``nodes`` counts the parts the search fell into, ``steps`` the bounds computed.
    """

    objective: float
    bound: float
    hubs: tuple[int, ...]
    allocation: NDArray[np.int64]
    status: str
    seconds: float
    nodes: int = 0
    steps: int = 0

    @property
    def gap(self) -> float:
        """Distance from objective to bound as a share of the objective."""
        return max(0.0, self.objective - self.bound) / max(1e-12, abs(self.objective))
