"""The rounds of one county under the four ways of serving it, for any share of its parcels.

Tier 1 goes from the county centre to the townships in the morning and fetches what was collected; tier 2 goes
from each township to its villages once the pieces are there. A coalition of operators with a share of the parcels runs
both tiers for that share; every operator alone, and all of them together, are its two ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from postroad.design.rounds.days import CONSISTENCY, WEEK, of_day, only, possible
from postroad.design.rounds.even import evened
from postroad.design.rounds.feeding import NEVER_MIN, Feeding, feed
from postroad.design.rounds.previous import again
from postroad.design.rounds.routing import Day, Ground, Round, total_yuan

if TYPE_CHECKING:
    from postroad.design.rounds.county import County, Township

GRAIN_MIN = 5.0
"""Ready times are rounded up to so many minutes: shares whose vans arrive together need one search."""


@dataclass(frozen=True)
class Local:
    """Tier 2 of a township for a share of the parcels: rounds by weekday, in rows of the township's own ground."""

    ground: Ground
    week: tuple[tuple[Round, ...], ...]
    template_yuan: float
    fresh_yuan: float
    left_out: tuple[int, ...]
    kept: bool = False
    """Whether rounds that stood are driven on, as far as they still do."""

    @property
    def yuan(self) -> float:
        """Cost of a week."""
        return sum(total_yuan(day) for day in self.week)


def _quiet() -> None:
    """Nobody listens: counties in processes of their own are stopped from outside."""


BEAT: ContextVar[Callable[[], None]] = ContextVar("BEAT", default=_quiet)
"""Called before every search, so that a county designed in this process shows life and can be stopped midway."""

By = tuple[tuple[str, tuple[int, ...] | None], ...]
"""What buses bring, by township: some of its villages, or, where there is ``None``, everything."""


@dataclass
class Pricing:
    """Solves tiers for shares of a county's parcels, each only once."""

    county: County
    feedings: dict[tuple[float, By], Feeding] = field(default_factory=dict)
    locals: dict[tuple[str, float, float, tuple[int, ...]], Local] = field(default_factory=dict)

    def feeding(self, share: float, by_bus: By = ()) -> Feeding:
        """Return tier 1 for a share, leaving out what buses bring."""
        key = (round(share, 9), by_bus)
        if key not in self.feedings:
            BEAT.get()()
            self.feedings[key] = feed(self.county, share, dict(by_bus))
        return self.feedings[key]

    def local(self, township: Township, share: float, ready_min: float, without: tuple[int, ...] = ()) -> Local:
        """Return tier 2 of a township for a share, without villages that the bus serves."""
        ready = float(np.ceil(ready_min / GRAIN_MIN - 1e-9) * GRAIN_MIN)
        key = (township.place_id, round(share, 9), ready, without)
        if key not in self.locals:
            BEAT.get()()
            self.locals[key] = _serve(self.county, township, share, ready, set(without))
        return self.locals[key]

    def shared_yuan(self, share: float, brands: int) -> float:
        """Return the week's cost of a group of brands with this share that do everything together."""
        terms, county = self.county.terms, self.county
        feeding = self.feeding(share)
        cost = feeding.yuan
        for township in county.townships:
            cost += self.local(township, share, feeding.ready[township.place_id]).yuan
        pieces = share * county_pieces(county)
        if brands == 1:
            fixed = terms.branch_day_yuan + terms.agent_day_yuan * len(county.townships)
            return cost + WEEK * (fixed + terms.hand_sort_yuan(pieces))
        fixed, sort = shared_fixed(county, brands, pieces)
        return cost + WEEK * (fixed + sort)


def shared_fixed(county: County, brands: int, pieces: float) -> tuple[float, float]:
    """Return the day's cost of centre and nodes, and of sorting, of brands that share: the cheaper form of each.

    A few brands may keep branches and hand sorting when a machine or a joint node costs more.
    """
    terms = county.terms
    node = min(terms.node_day_yuan, brands * terms.agent_day_yuan) * len(county.townships)
    machine = terms.centre_day_yuan + terms.machine_sort_yuan(pieces)
    hand = brands * terms.branch_day_yuan + terms.hand_sort_yuan(pieces)
    if machine <= hand:
        return node + terms.centre_day_yuan, terms.machine_sort_yuan(pieces)
    return node + brands * terms.branch_day_yuan, terms.hand_sort_yuan(pieces)


def county_pieces(county: County) -> float:
    """Pieces of a mean day, both ways, in villages that can be served."""
    return float(sum(t.deliver.sum() + t.collect.sum() for t in county.townships))


def local_day(county: County, township: Township, share: float, ready: float) -> Day:
    """Return what a township has to do on a day on which every village is served."""
    ground = county.ground.take([township.node, *township.rows])
    deliver, collect = township.visit(share)
    terms = county.terms
    # A village too far to be reached by then gets its own van, which goes straight there.
    opens = np.array([ground.opened(row, terms)[0] for row in range(len(ground.place_ids))])
    first = np.maximum(ready + terms.load_min + ground.minutes[0], opens) + 1.0
    wanted = np.array([NEVER_MIN, *(county.latest(row) for row in township.rows)])
    return Day(ground, np.r_[0.0, deliver], np.r_[0.0, collect], ready, terms, terms.village_min,
               np.maximum(wanted, first))  # fmt: skip


def _serve(county: County, township: Township, share: float, ready: float, without: set[int]) -> Local:
    whole = local_day(county, township, share, ready)
    week_rows = [
        frozenset(k + 1 for k, days in enumerate(township.weekdays) if day in days and k not in without)
        for day in range(WEEK)
    ]
    every = frozenset().union(*week_rows)
    template, left = possible(whole, every, county.seed)
    if share >= 1.0:  # brands on their own stand for comparison, and are as cheap as can be
        template = evened(whole, template, every - left, county.seed, county.service.even)
    old = None
    if township.before:
        old = again(whole, township.before, every - left, lambda rows: only(whole, rows, county.seed))
    stays = old is not None and total_yuan(old) <= (1 + CONSISTENCY) * total_yuan(template)
    if stays and old is not None:
        template = old
    kept: dict[frozenset[int], tuple[Round, ...]] = {}
    template_yuan = fresh_yuan = 0.0
    for rows in week_rows:
        if rows not in kept:
            kept[rows], costs = of_day(whole, template, rows - left, county.seed)
            template_yuan, fresh_yuan = template_yuan + costs[0], fresh_yuan + costs[1]
    return Local(whole.ground, tuple(kept[rows] for rows in week_rows), template_yuan, fresh_yuan,
                 tuple(sorted(row - 1 for row in left)), stays)  # fmt: skip
