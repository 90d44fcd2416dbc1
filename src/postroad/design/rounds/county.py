"""One county as a case: its places and ways, loads and buses; small, frozen and picklable, so counties run anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.design.rounds.hours import EVERY_DAY, Hours
from postroad.design.rounds.previous import EVENING, Standing
from postroad.design.rounds.routing import Ground
from postroad.design.rounds.weekdays import assign, frequency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from postroad.design.rounds.terms import Terms
    from postroad.travel import RoadEngine


@dataclass(frozen=True)
class BusTrip:
    """A scheduled bus out of the county seat, its stops with minutes, and the next trip of the line back to the seat.

    ``back`` has the stops of that trip from the township on; it is empty when no bus goes back that day.
    """

    trip_id: str
    depart_min: float
    stops: tuple[tuple[str, float], ...]
    capacity: float
    fee_yuan: float
    handover_min: float
    back_id: str = ""
    back: tuple[tuple[str, float], ...] = ()

    def back_at(self, place_id: str) -> float | None:
        """Return when the bus back calls at a place, if it does."""
        return dict(self.back[:-1]).get(place_id)


@dataclass(frozen=True)
class Given:
    """What stands already: trips of each township's bus line, its rounds of an older plan, and stations' own hours."""

    trips: dict[str, tuple[BusTrip, ...]]
    before: dict[str, Standing]
    hours: dict[str, Hours] = field(default_factory=dict)


@dataclass(frozen=True)
class Township:
    """A township: its node, its villages (rows of the county's ground), their loads, weekdays and buses."""

    place_id: str
    node: int
    rows: tuple[int, ...]
    deliver: NDArray[np.float64]
    collect: NDArray[np.float64]
    weekdays: tuple[tuple[int, ...], ...]
    trips: tuple[BusTrip, ...]
    timetable: bool
    before: Standing = ()

    def visit(self, share: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pieces to and from each village at one visit, for a share of the parcels."""
        gathered = np.array([7.0 / len(days) for days in self.weekdays])
        return self.deliver * gathered * share, self.collect * gathered * share

    def weekly(self, share: float = 1.0, without: tuple[int, ...] = ()) -> NDArray[np.float64]:
        """Pieces to and from the township, a row a weekday, but for villages that something else serves."""
        deliver, collect = self.visit(share)
        served = np.array([[day in days for day in range(7)] for days in self.weekdays]).reshape(-1, 7)
        served[list(without)] = False
        return np.column_stack([deliver @ served, collect @ served])

    def heaviest(self, share: float = 1.0, without: tuple[int, ...] = ()) -> tuple[float, float]:
        """Pieces to and from the township on its heaviest weekday, but for villages that something else serves."""
        most = self.weekly(share, without).max(0, initial=0.0)
        return float(most[0]), float(most[1])


@dataclass(frozen=True)
class Service:
    """What rounds are to give beyond being cheap.

    Villages are reached by ``arrive_by_min`` where a van of their own can be there by then. With ``evening`` the
    townships' collected pieces come to the county centre the same day. ``feeder_by_min`` bounds tier 1's arrivals.
    ``even`` is how much dearer, as a share, a township's rounds may be so that couriers' days are alike.
    """

    arrive_by_min: float = float("inf")
    evening: bool = True
    feeder_by_min: float = float("inf")
    even: float = 0.0


@dataclass(frozen=True)
class Unserved:
    """A village that cannot be served: which rule stops it, and the facts of the cheapest repair."""

    place_id: str
    reason: str
    facts: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class County:
    """A county: ground (row 0 is the seat), townships, operators' shares, terms, and villages out of reach.

    ``other`` is the same county with border villages at the township that is nearer by road, where there are any.
    """

    place_id: str
    ground: Ground
    townships: tuple[Township, ...]
    shares: tuple[tuple[str, float], ...]
    terms: Terms
    unserved: tuple[Unserved, ...]
    seed: int
    other: County | None = None
    service: Service = Service()
    before: Standing = ()
    before_evening: Standing = ()

    def latest(self, row: int) -> float:
        """Return by when a place of the ground is to be reached."""
        return min(self.ground.opened(row, self.terms)[1], self.service.arrive_by_min)

    def serving(self, service: Service) -> County:
        """Return the county with another service, however villages are grouped."""
        other = self.other and replace(self.other, service=service)
        return replace(self, service=service, other=other)


NEARER_MIN = 5.0
"""A village may be served from another township of its county when that is nearer by at least so many minutes."""


def build(
    county_id: str,
    villages: pl.DataFrame,
    engine: RoadEngine,
    terms: Terms,
    shares: dict[str, float],
    given: Given,
    seed: int,
) -> County:
    """Return a county; ``villages`` has place_id, parent_id, lon, lat, deliver_pieces and collect_pieces."""
    villages = villages.sort("parent_id", "place_id")
    nodes = villages["parent_id"].unique().sort().to_list()
    ids = [county_id, *nodes, *villages["place_id"]]
    ways = engine.ways(ids, ids)
    hours = tuple(given.hours.get(place) for place in ids)
    ground = Ground(tuple(ids), np.asarray(ways.km, float), np.asarray(ways.minutes, float), hours)
    at = {place: row for row, place in enumerate(ids)}
    own = _Building(engine, ground, at, terms, shares, given, seed)
    county = own.county(county_id, nodes, villages)
    moved = villages.with_columns(parent_id=pl.Series(_nearest(ground, villages, at), dtype=pl.String))
    if moved["parent_id"].equals(villages["parent_id"]):
        return county
    return replace(county, other=own.county(county_id, nodes, moved))


def _nearest(ground: Ground, villages: pl.DataFrame, at: dict[str, int]) -> list[str]:
    """Return the township that serves each village: its own, or a clearly nearer one; none gives all its villages."""
    parents, rows = villages["parent_id"].to_list(), [at[place] for place in villages["place_id"]]
    nodes = sorted(set(parents))
    minutes = ground.minutes[np.ix_([at[node] for node in nodes], rows)]
    chosen = list(parents)
    for k, parent in enumerate(parents):
        best = int(np.argmin(minutes[:, k]))
        if minutes[best, k] + NEARER_MIN <= minutes[nodes.index(parent), k]:
            chosen[k] = nodes[best]
    empty = set(parents) - set(chosen)
    return [parent if parent in empty else new for parent, new in zip(parents, chosen, strict=True)]


@dataclass(frozen=True)
class _Building:
    """What townships are made from, whichever villages they serve."""

    engine: RoadEngine
    ground: Ground
    at: dict[str, int]
    terms: Terms
    shares: dict[str, float]
    given: Given
    seed: int

    def county(self, county_id: str, nodes: list[str], villages: pl.DataFrame) -> County:
        """Return the county whose villages are served from the townships under ``parent_id``."""
        places = self.engine.network["places"]["place_id", "lon", "lat"]
        position = {row[0]: (row[1], row[2]) for row in places.iter_rows()}
        unserved: list[Unserved] = []
        townships = []
        for node in nodes:
            own = villages.filter(parent_id=node)
            good = []
            for place, load in own.select("place_id", "deliver_pieces").iter_rows():
                fault = _out_of_reach(self.engine, self.ground, self.at, county_id, node, place, load, self.terms)
                if fault:
                    unserved.append(fault)
                else:
                    good.append(place)
            own = own.filter(pl.col("place_id").is_in(good))
            if own.height:
                townships.append(_township(node, own, self.at, position, self.terms, self.given))
        first, last = (self.given.before.get(key, ()) for key in (county_id, county_id + EVENING))
        return County(county_id, self.ground, tuple(townships), tuple(self.shares.items()), self.terms,
                      tuple(unserved), self.seed, before=first, before_evening=last)  # fmt: skip


def _township(
    node: str,
    own: pl.DataFrame,
    at: dict[str, int],
    position: dict[str, tuple[float, float]],
    terms: Terms,
    given: Given,
) -> Township:
    deliver, collect = (own[c].to_numpy().astype(float) for c in ("deliver_pieces", "collect_pieces"))
    lon, lat = position[node]
    angle = np.arctan2(own["lat"].to_numpy() - lat, own["lon"].to_numpy() - lon)
    days = frequency(deliver, terms)
    hours = [given.hours.get(place) for place in own["place_id"]]
    pattern = tuple(assign(days, deliver + collect, angle, [one.days if one else EVERY_DAY for one in hours]))
    rows = tuple(at[place] for place in own["place_id"])
    trips, before = given.trips.get(node, ()), given.before.get(node, ())
    return Township(node, at[node], rows, deliver, collect, pattern, trips, node in given.trips, before)


def _out_of_reach(
    engine: RoadEngine, ground: Ground, at: dict[str, int], seat: str, node: str, place: str, load: float, terms: Terms
) -> Unserved | None:
    """Return why a village cannot be on any round, with the cheapest repair, or None when it can."""
    row, depot = at[place], at[node]
    there = ground.minutes[0, depot] + ground.minutes[depot, row]
    if not np.isfinite(there):
        start = seat if not np.isfinite(ground.minutes[0, depot]) else node
        facts = engine.gap(start, place)
        return Unserved(place, "rounds.no_road", tuple(sorted(facts.items())))
    both = ground.minutes[depot, row] + ground.minutes[row, depot]
    whole = float(both + terms.load_min + terms.village_min + terms.piece_min * load)
    if whole > terms.shift_min:
        need = (("hours", round(whole / 60.0, 1)), ("shift", round(terms.shift_min / 60.0, 1)))
        return Unserved(place, "rounds.too_far", need)
    reach = max(van.range_km for van in terms.vans)
    km = float(ground.km[depot, row] + ground.km[row, depot])
    if km > reach:
        return Unserved(place, "rounds.out_of_range", (("km", round(km, 1)), ("range", round(reach, 1))))
    return None
