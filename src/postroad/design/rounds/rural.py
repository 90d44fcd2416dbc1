"""Rounds for every county of a province: cases made, run in parallel with a cache, and gathered into one result."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.demand import demand
from postroad.design.rounds.answer import CountyPlan, design_county
from postroad.design.rounds.county import BusTrip, County, Given, Service, Unserved, build
from postroad.design.rounds.hours import Hours, hours
from postroad.design.rounds.loads import shares, village_loads
from postroad.design.rounds.previous import standing
from postroad.design.rounds.terms import Terms
from postroad.design.rounds.ways import BEAT
from postroad.design.rounds.writing import network_tables, result_tables
from postroad.errors import DataError, Fault, InfeasibleError, Stopped, UsageError
from postroad.parallel import Progress, Work, map_cases
from postroad.results import Result, Stamp
from postroad.shown import Shown
from postroad.timetable import buses
from postroad.timetable.feed import Feed, minutes
from postroad.timetable.services import HOLDS, running
from postroad.travel import RoadEngine
from postroad.travel.place import called, find

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from postroad.network import Network


@dataclass(frozen=True)
class RuralOptions:
    """What rounds are designed for: year and growth, season, operators' shares (equal by default), counties (all).

    With ``every_village`` a village that cannot be served is an error; otherwise it is named in the answer. Villages
    are reached by the hour ``arrive_by_h``, with ``None`` before they close; with ``evening`` what was collected is at
    the county centre the same day; ``even`` is how much dearer a township may be, as a share, for even work.
    """

    year: int = 2020
    scenario: str = "base"
    season: str = "winter"
    shares: Mapping[str, float] | None = None
    counties: tuple[str, ...] = ()
    seed: int = 0
    every_village: bool = False
    arrive_by_h: float | None = 13.0
    evening: bool = True
    even: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the options as plain values."""
        told: dict[str, Any] = {"year": self.year, "scenario": self.scenario, "season": self.season}
        told |= {"shares": dict(self.shares) if self.shares else None, "counties": list(self.counties)}
        told |= {"every_village": self.every_village, "arrive_by_h": self.arrive_by_h, "evening": self.evening}
        told["even"] = self.even
        return told


@dataclass(frozen=True)
class RuralDesign(Shown):
    """Rounds of a province: a network with the tables ``rounds``, ``round_stops`` and ``bus_holds``, and the result.

    ``objective`` is the cost of a week in yuan; no bound is known (``bound`` is ``None``).
    """

    network: Network
    result: Result
    plans: tuple[CountyPlan, ...]
    bound: float | None = field(default=None)

    @property
    def objective(self) -> float:
        """The cost of a week under the chosen ways, in yuan."""
        return float(self.result.facts["yuan_week"])

    @cached_property
    def unserved(self) -> dict[str, Fault]:
        """Every village that is not served, with what stops it and the cheapest repair."""
        lost = [one for plan in self.plans for one in plan.unserved]
        return dict(zip((one.place_id for one in lost), _faults(self.network, lost), strict=True))

    @property
    def untimed(self) -> list[Fault]:
        """Every bus line without times, which carries nothing, with what would make it carry parcels."""
        latest = self.plans[0].county.terms.bus_latest_min / 60.0
        lines = self.result["bus_lines"].filter(pl.col("note") != "")
        names = called(self.network, lines["township_id"].to_list())
        return [
            Fault.of(
                note, table="bus_lines", value=town, town=names[town], latest=f"{latest:g}",
                fee="?" if fee is None else f"{fee:.2f}",
            )
            for town, note, fee in lines.select("township_id", "note", "van_yuan_piece").iter_rows()
        ]  # fmt: skip

    def why(self, village_id: str | None = None) -> list[Fault]:
        """Return why a village is not served, with the cheapest repair; without a village all of them. Empty: served.

        ``DataError`` when no village of that name was to be served.
        """
        if village_id is None:
            return list(self.unserved.values())
        if village_id in self.unserved:
            return [self.unserved[village_id]]
        if village_id not in set(self.result["villages"]["village_id"]):
            raise DataError.of("rounds.no_such_village", table="places", value=village_id)
        return []


def cases(
    network: Network,
    options: RuralOptions,
    feed: Feed | None = None,
    loads: pl.DataFrame | None = None,
    work: Work | None = None,
) -> list[County]:
    """Return one case for each county with villages; ``DataError`` when there is none, or a county is unknown."""
    places = network["places"]
    own = shares(network, options.shares)
    counties = _counties(network, options.counties)
    service = _service(options)
    terms = Terms.of(network, options.season)
    if loads is None:
        loads = village_loads(demand(network, options.year, options.scenario, seed=options.seed))
    wanted = places.filter(kind="village").join(loads, on="place_id", how="left")
    wanted = wanted.with_columns(pl.col("deliver_pieces", "collect_pieces").fill_null(0.0))
    engine = RoadEngine(network, options.season)
    given = Given(
        bus_trips(feed or buses(network, options.seed), places),
        standing(network),
        hours(network, Hours(terms.opens_min, terms.closes_min)),
    )
    made = []
    for done, county in enumerate(counties):
        _tick(work or Work(), done, len(counties))
        villages = wanted.filter(county_id=county)
        there = villages.drop_nulls(["lon", "lat"])
        if villages.height:
            lost = villages.join(there, on="place_id", how="anti")["place_id"]
            built = build(county, there, engine, terms, own, given, options.seed).serving(service)
            nowhere = tuple(Unserved(place, "rounds.no_position") for place in lost)
            other = built.other and replace(built.other, unserved=(*built.other.unserved, *nowhere))
            made.append(replace(built, unserved=(*built.unserved, *nowhere), other=other))
    if not made:
        raise DataError.of("rounds.no_villages", table="places", column="kind")
    return made


def design_rounds(
    network: Network,
    options: RuralOptions | None = None,
    work: Work | None = None,
    feed: Feed | None = None,
    loads: pl.DataFrame | None = None,
) -> RuralDesign:
    """Return rounds for every village of a network; counties run apart, and finished ones are kept in ``work.cache``.

    Rounds the network already has are kept where they still do and cost at most 5 % more than fresh ones. ``feed`` is
    the bus timetable, by default the synthetic one; ``loads`` (place_id, deliver_pieces, collect_pieces of
    a mean day) replace those of the demand room. ``Stopped`` when asked to stop; ``InfeasibleError`` names every
    village that cannot be served when all of them must be.
    """
    options = options or RuralOptions()
    made = cases(network, options, feed, loads, work)
    watch = _Watch(work or Work())
    token = BEAT.set(watch)
    try:
        plans = map_cases(design_county, made, work=replace(watch.work, progress=watch.tell))
    finally:
        BEAT.reset(token)
    if options.every_village and any(plan.unserved for plan in plans):
        raise InfeasibleError(_faults(network, [one for plan in plans for one in plan.unserved]))
    tables = result_tables(network, plans)
    facts = {"yuan_week": float(tables["townships"].filter(way="shared_bus")["yuan_week"].sum())}
    facts |= {"counties": len(plans), "villages": tables["villages"].height}
    stamp = Stamp.now("rural-rounds", network.fingerprint, options.as_dict(), options.seed)
    designed = network.with_(**network_tables(plans, "winter" if options.season == "winter" else "any"))
    return RuralDesign(designed, Result(stamp, tables, facts), tuple(plans))


@dataclass
class _Watch:
    """Repeats the last progress and asks for a stop between the searches of a county."""

    work: Work
    last: Progress = field(default_factory=lambda: Progress(0, 0))

    def tell(self, told: Progress) -> None:
        """Pass progress on and remember it."""
        self.last = told
        if self.work.progress:
            self.work.progress(told)

    def __call__(self) -> None:
        """Show life, and raise ``Stopped`` when asked to stop."""
        self.tell(self.last)
        if self.work.stop and self.work.stop():
            raise Stopped.of("errors.stopped", done=self.last.done, total=self.last.total)


def _service(options: RuralOptions) -> Service:
    """Return what is asked beyond cheapness; ``UsageError`` names what is out of range."""
    by = options.arrive_by_h
    faults = [] if by is None or 9.0 <= by <= 24.0 else [Fault.of("rounds.bad_hour", value=by)]
    faults += [] if 0.0 <= options.even <= 1.0 else [Fault.of("rounds.bad_even", value=options.even)]
    if faults:
        raise UsageError(faults)
    return Service(float("inf") if by is None else 60.0 * by, options.evening, even=options.even)


def _tick(work: Work, done: int, total: int) -> None:
    """Show life while cases are made, and stop when asked."""
    if work.progress:
        work.progress(Progress(0, total, f"{done}/{total}"))
    if work.stop and work.stop():
        raise Stopped.of("errors.stopped", done=done, total=total)


def _faults(network: Network, lost: Sequence[Unserved]) -> list[Fault]:
    """Return why each of these villages is left out, in words that name the places."""
    told = [dict[str, Any](one.facts) for one in lost]
    beside = [(facts, part) for facts in told for part in ("start", "town") if part in facts]
    names = called(network, [*(one.place_id for one in lost), *(facts[part] for facts, part in beside)])
    for facts, part in beside:
        facts[part] = names[facts[part]]
    return [
        Fault.of(one.reason, table="places", value=one.place_id, village=names[one.place_id], **facts)
        for one, facts in zip(lost, told, strict=True)
    ]


def bus_trips(feed: Feed, places: pl.DataFrame, day: dt.date | None = None) -> dict[str, tuple[BusTrip, ...]]:
    """Return the trips from a county seat to each township; a township with a line but no trip has an empty tuple."""
    import datetime as dt

    on = running(feed, day or dt.date(2024, 1, 3))
    kept = feed["trips"].filter(pl.col("service_id").is_in(on.implode()))["trip_id"]
    timed = (
        feed["stop_times"]
        .with_columns(order=pl.col("stop_sequence").cast(pl.Int64), at=minutes("arrival_time"))
        .sort("trip_id", "order")
    )
    seats = set(places.filter(level="county")["place_id"])
    towns = set(places.filter(level="township")["place_id"])
    route = dict(feed["trips"].select("trip_id", "route_id").iter_rows())
    hold = HOLDS["bus"]
    found: dict[str, list[BusTrip]] = defaultdict(list)
    back: dict[str, list[tuple[str, tuple[tuple[str, float], ...]]]] = defaultdict(list)
    served = set(kept)
    for (trip,), rows in timed.group_by("trip_id", maintain_order=True):
        ends = rows["stop_id"][0], rows["stop_id"][-1]
        stops: Sequence[tuple[str, float]] = list(rows.select("stop_id", "at").drop_nulls().iter_rows())
        runs = trip in served and len(stops) > 1 and (stops[0][0], stops[-1][0]) == ends
        if ends[0] in towns and ends[1] in seats and runs:
            back[route[str(trip)]].append((str(trip), tuple(stops)))
        if ends[0] in seats and ends[1] in towns:
            line = found[ends[1]]
            if runs:
                line.append(BusTrip(str(trip), stops[0][1], tuple(stops[1:]), float(hold.capacity_pieces),
                                    hold.cost_yuan_per_piece, hold.handover_min))  # fmt: skip
    return {town: tuple(sorted((_with_back(trip, back[route[trip.trip_id]]) for trip in trips),
                               key=lambda t: (t.depart_min, t.trip_id))) for town, trips in found.items()}  # fmt: skip


def _with_back(trip: BusTrip, back: Sequence[tuple[str, tuple[tuple[str, float], ...]]]) -> BusTrip:
    """Return a trip with the line's next one back from its last stop, if one still goes that day."""
    town, arrives = trip.stops[-1]
    later = [(stops[0][1], name, stops) for name, stops in back if stops[0][0] == town and stops[0][1] >= arrives]
    if not later:
        return trip
    _, name, stops = min(later)
    return replace(trip, back_id=name, back=stops)


def _counties(network: Network, asked: tuple[str, ...]) -> list[str]:
    every = network["places"].filter(level="county").sort("place_id")
    if not asked:
        return every["place_id"].to_list()
    known = set(every["place_id"])
    found = {name: find(network, name) for name in asked}
    if strange := [name for name, place in found.items() if place not in known]:
        raise DataError(Fault.of("rounds.no_such_county", table="places", value=name) for name in strange)
    return sorted(set(found.values()))
