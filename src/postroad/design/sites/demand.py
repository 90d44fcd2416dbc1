"""A question of where sites go over several years: who needs one, where one may stand, money, floors, capacities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from postroad.errors import DataError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.sites.equity import Minutes


@dataclass(frozen=True)
class Question:
    """Needs (rows) that sites (columns) meet: ``reach[i, j]`` is set when site ``j`` meets need ``i``.

    ``persons`` weighs a need, ``area`` is its county by number. A site costs ``yuan``; ``opened`` ones cost nothing
    and stay (no net loss). ``budgets`` are yuan for each year, money left over is kept for the next. ``floors`` is
    the share of each area's persons that must be met in the end, ``must`` marks needs that have to be met whatever
    else. ``capacity`` is how many persons a site can serve; without it there is no limit. ``load`` is what a need takes
    of it, by default its persons. ``minutes`` holds limits on how far people go.
    """

    reach: sparse.csr_array
    persons: NDArray[np.float64]
    area: NDArray[np.int64]
    yuan: NDArray[np.float64]
    opened: NDArray[np.bool_]
    budgets: tuple[float, ...]
    need_names: tuple[str, ...]
    site_names: tuple[str, ...]
    area_names: tuple[str, ...]
    floors: NDArray[np.float64] | None = None
    must: NDArray[np.bool_] | None = None
    capacity: NDArray[np.float64] | None = None
    load: NDArray[np.float64] | None = None
    minutes: Minutes | None = None

    def __post_init__(self) -> None:
        needs, sites = self.reach.shape
        sizes = {
            "persons": (self.persons.size, needs),
            "area": (self.area.size, needs),
            "need_names": (len(self.need_names), needs),
            "yuan": (self.yuan.size, sites),
            "opened": (self.opened.size, sites),
            "site_names": (len(self.site_names), sites),
        }
        faults = [
            Fault.of("sites.wrong_size", column=name, value=found, wanted=wanted)
            for name, (found, wanted) in sizes.items()
            if found != wanted
        ]
        for name, values in (("persons", self.persons), ("yuan", self.yuan), ("budgets", np.array(self.budgets))):
            if not np.isfinite(values).all() or (values < 0).any():
                faults.append(Fault.of("sites.bad_amount", column=name))
        if not self.budgets:
            faults.append(Fault.of("sites.no_year", column="budgets"))
        if faults:
            raise DataError(faults)

    @property
    def years(self) -> int:
        """How many years the money is for."""
        return len(self.budgets)

    def met(self, built: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which needs the built sites meet, capacities apart."""
        return np.asarray(self.reach[:, np.flatnonzero(built)].sum(axis=1)).ravel() > 0
