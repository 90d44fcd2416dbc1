"""What a simulated day says of the trunk's ends: when pieces reach the first dock, and their way from the last.

The day runs over the timetable by rule, so that what is learned belongs to collection, couriers and places outside,
not to the timetable that is designed with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.design.lines.baseline import baseline
from postroad.design.lines.ends import Door, Ends
from postroad.design.lines.fluid import SLOT_MIN, SLOTS
from postroad.design.lines.terms import Terms
from postroad.measure.promise.certificate import units_of
from postroad.simulate.day import simulate_day
from postroad.simulate.day.arrays import VISITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.network import Network
    from postroad.parallel import Progress

SURE = 0.9
"""Docks and roads are counted on as nine in ten pieces find them; assumed."""
LUCKS_READY, LUCKS_DOOR = 5, 20
"""So many equally likely pieces stand for the luck of collection, and of the way to the door."""
PLANNED = 3
"""Lines are laid out for the fourth of the five; shares in time count all of them."""
LEAST_SEEN, LEAST_SLOT, LEAST_START = 40, 5, 0.05
"""Fewer pieces say nothing of a place by itself; a start of couriers with a smaller share of pieces is no round."""
SAME_SHARE = 0.1
"""Starts whose shares differ by less serve the same pieces; assumed."""
SURELY = 0.5
"""A start of couriers elsewhere is one here too if so many of the few pieces that could go then did; assumed."""
NEVER_MIN = 1e6
DAY = 1440.0


def learned(
    network: Network, demand: Demand, day: str, *, scale: float = 0.02, seed: int = 0,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Ends:  # fmt: skip
    """Return the ends that a simulated sample of a day shows on the timetable by rule."""
    ruled = baseline(network, demand)
    run = simulate_day(ruled, demand, day=day, scale=scale, seed=seed, progress=progress, stop=stop)
    return ends(ruled, run["parcels"], run["trips"], f"{day}, {100 * scale:g} %, {run.run_id}")


def ends(network: Network, parcels: pl.DataFrame, trips: pl.DataFrame, source: str) -> Ends:
    """Return the ends from the parcels and trips of a simulated day."""
    terms = Terms.of(network)
    told = _milestones(network, parcels).with_columns(
        first=pl.col("ready_min") - pl.col("accepted_min") - terms.county_handling_min
    )
    inside = told.filter(~pl.col("from_outside"))
    outside = told.filter("from_outside").drop_nulls("first")
    waits = (outside["first"] + terms.county_handling_min).to_numpy()
    spread = _by_half_hour(inside.drop_nulls("first"))
    if waits.size:
        lucks = np.tile(_lucks(waits, LUCKS_READY), (SLOTS, 1))
        spread |= dict.fromkeys(outside["origin"].unique().sort().to_list(), lucks)
    first = {place: lucks[:, PLANNED] for place, lucks in spread.items()}
    there = told.filter(~pl.col("to_outside")).drop_nulls(["there_min", "out_min"])
    last = (there["loaded_min"] - there["there_min"]).quantile(SURE) or terms.county_handling_min
    assumed = Ends.of(terms)
    doors = {**_inside_doors(there, _visits(network, parcels)), **_outside_doors(told)}
    late = max(0.0, last - terms.county_handling_min)
    return Ends(assumed.usual_first_min, assumed.usual_door, first, spread, doors, late, _luck(trips), source)


def _visits(network: Network, parcels: pl.DataFrame) -> pl.DataFrame:
    """Every wait for couriers at the last centre, second tries too: the place, loaded from when, and when they left."""
    units = dict(units_of(network).select("place_id", "unit_id").iter_rows())
    place = pl.col("destination_id").cast(pl.String).replace(units)
    parts = []
    for k in range(1, VISITS + 1):
        here = pl.col(f"stop{k}_place_id").cast(pl.String) == place
        on = pl.col(f"stop{k + 1}_place_id").cast(pl.String) if k < VISITS else pl.lit(None, pl.String)
        own = parcels.filter(here, on.is_null() | (on == place))
        parts.append(own.select(destination=place, loaded_min=pl.col(f"stop{k}_ready_s") / 60,
                                out_min=pl.col(f"stop{k}_depart_s") / 60))  # fmt: skip
    return pl.concat(parts).drop_nulls().with_columns(start=_start(pl.col("out_min")))


def _start(out_min: pl.Expr) -> pl.Expr:
    """The minute of the day at which couriers left, to the nearest five."""
    return (out_min % DAY / 5).round() * 5 % DAY


def _milestones(network: Network, parcels: pl.DataFrame) -> pl.DataFrame:
    """Each parcel's ends in minutes: accepted, ready at its first stop, at the last centre, out, delivered."""
    units = dict(units_of(network).select("place_id", "unit_id").iter_rows())
    away = network["places"].filter(pl.col("level") == "external")
    home = set(away.filter(pl.col("country").fill_null("CN") == "CN")["place_id"])
    abroad = set(away["place_id"]) - home
    ends = [pl.col(f"{end}_id").cast(pl.String).replace(units).alias(end) for end in ("origin", "destination")]
    home_again = pl.col("origin") == pl.col("destination")
    at_end = [pl.when(pl.col(f"stop{k}_place_id").cast(pl.String) == pl.col("destination"), pl.lit(k > 1) | home_again)
              for k in range(1, VISITS + 1)]  # fmt: skip
    made = parcels.with_columns(ends).with_columns(
        there_min=pl.coalesce([one.then(f"stop{k}_arrive_s") for k, one in enumerate(at_end, 1)]) / 60,
        loaded_min=pl.coalesce([one.then(f"stop{k}_ready_s") for k, one in enumerate(at_end, 1)]) / 60,
    )
    return made.filter(~pl.col("destination").is_in(abroad)).select(
        "origin", "destination", "there_min", "loaded_min", accepted_min=pl.col("accepted_s") / 60,
        ready_min=pl.col("stop1_ready_s") / 60, out_min=pl.col("out_s") / 60, door_min=pl.col("delivered_s") / 60,
        from_outside=pl.col("origin").is_in(home), to_outside=pl.col("destination").is_in(home),
    )  # fmt: skip


def _lucks(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """So many equally likely values in rising order."""
    at = (np.arange(count) + 0.5) / count
    return np.quantile(values, at, method="inverted_cdf")


def _by_half_hour(told: pl.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Minutes from the middle of a half hour of acceptance to the dock, by place: half hours, and their luck."""
    slot = (pl.col("accepted_min") % DAY // SLOT_MIN).cast(pl.Int64)
    held = told.with_columns(slot=slot).with_columns(
        late=pl.col("first") + pl.col("accepted_min") % DAY - (pl.col("slot") + 0.5) * SLOT_MIN
    )
    every = _slots(held, 1)
    usual = np.median(np.stack(list(every.values())), axis=0)
    made = {}
    for (place,), own in sorted(held.partition_by("origin", as_dict=True).items()):
        known = {**every, **_slots(own, LEAST_SLOT)}
        made[str(place)] = np.maximum(0.0, np.stack([known.get(n, usual) for n in range(SLOTS)]))
    return made


def _slots(held: pl.DataFrame, least: int) -> dict[int, NDArray[np.float64]]:
    parts = held.select("slot", "late").sort("slot").partition_by("slot", as_dict=True)
    return {int(slot): _lucks(own["late"].to_numpy(), LUCKS_READY) for (slot,), own in parts.items()
            if own.height >= least}  # fmt: skip


def _inside_doors(there: pl.DataFrame, visits: pl.DataFrame) -> dict[str, tuple[Door, ...]]:
    """The doors of every place inside: whom each start of couriers serves, and how long they take."""
    seen = there.with_columns(start=_start(pl.col("out_min")),
                              after=(pl.col("door_min") - pl.col("out_min")).fill_null(NEVER_MIN))  # fmt: skip
    waits = {str(place): own for (place,), own in visits.partition_by("destination", as_dict=True).items()}
    places = sorted((str(place), own) for (place,), own in seen.partition_by("destination", as_dict=True).items())
    known = {place: own for place, own in places if own.height >= LEAST_SEEN}
    often = {place: _often(own) for place, own in known.items()}
    usual = sorted({start for starts in often.values() for start in starts})
    made = {place: _doors(own, _with_rare(waits.get(place), often[place], usual)) for place, own in known.items()}
    small = [place for place, _ in places if place not in known]
    return made | (dict.fromkeys(small, _doors(seen, _often(seen))) if small else {})


def _often(own: pl.DataFrame) -> list[float]:
    """The starts of couriers with which a fair share of pieces leaves."""
    counts = own.group_by("start").len().filter(pl.col("len") >= LEAST_START * own.height)
    return counts["start"].sort().to_list()


def _with_rare(waits: pl.DataFrame | None, starts: list[float], usual: list[float]) -> list[float]:
    """The starts of a place, with those that other places have and the few pieces that could leave then here took.

    Where no feeder comes in time for a start hardly any piece shows it; a design that knew only what pieces show
    would never send one.
    """
    if waits is None:
        return starts
    both = np.array(sorted({*starts, *usual}))
    loaded, start = waits["loaded_min"].to_numpy() % DAY, waits["start"].to_numpy()
    due = both[np.searchsorted(both, loaded, side="left") % both.size]
    took = {at: float((start[due == at] == at).mean()) for at in both if (due == at).sum() >= LEAST_SLOT}
    return sorted({*starts, *(at for at in usual if took.get(at, 0.0) >= SURELY)})


def _doors(own: pl.DataFrame, known: list[float]) -> tuple[Door, ...]:
    """Shares of a place's pieces by the starts of couriers that serve them; who is served late is served early too."""
    starts = np.array(known)
    loaded = own["loaded_min"].to_numpy() % DAY
    due = np.searchsorted(starts, loaded, side="left") % starts.size
    wait = (starts[due] - loaded) % DAY
    went = own["out_min"].to_numpy() - own["loaded_min"].to_numpy() <= wait + 5.0
    served = np.array([went[due == n].mean() if (due == n).sum() >= LEAST_SLOT else 1.0 for n in range(starts.size)])
    served /= max(served.max(), 1e-9)
    after, start = own["after"].to_numpy(), own["start"].to_numpy()
    made, rest = [], 0.0
    levels = np.unique(np.round(served[served >= SAME_SHARE] / SAME_SHARE) * SAME_SHARE).tolist()
    for level in [*levels[:-1], 1.0]:
        whom = served >= level - SAME_SHARE
        ridden = after[np.isin(start, starts[whom & (served <= level + SAME_SHARE)])]
        lucks = _lucks(ridden if ridden.size else after, LUCKS_DOOR)
        made.append(Door(round(level - rest, 6), tuple(starts[whom].tolist()), tuple(lucks.tolist())))
        rest = level
    return tuple(made)


def _outside_doors(told: pl.DataFrame) -> dict[str, tuple[Door, ...]]:
    """The door of places outside: from the dock on, whenever pieces come, as luck has it there."""
    held = told.filter("to_outside").drop_nulls("there_min")
    after = (held["door_min"] - held["there_min"]).fill_null(NEVER_MIN).to_numpy()
    if not after.size:
        return {}
    door = Door(1.0, (), tuple(_lucks(after, LUCKS_DOOR).tolist()))
    return dict.fromkeys(held["destination"].unique().sort(), (door,))


def _luck(trips: pl.DataFrame) -> float:
    """How much longer than planned roads take, as ``SURE`` of the vehicles with pieces find them."""
    moved = trips.filter(pl.col("mode") == "road", pl.col("loaded") > 0, pl.col("planned_min") >= SLOT_MIN)
    ratio: Any = ((moved["arrive_min"] - moved["depart_min"]) / moved["planned_min"]).quantile(SURE)
    return max(1.0, float(ratio)) if ratio is not None else 1.0
