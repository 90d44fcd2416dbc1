"""The next 72 hours: volume against capacity by hub and half hour, what breaks first, and what helps.

Every parcel (or a sample, with capacities cut alike) of three days is carried through the trunk. A hub breaks when more
than an hour's work waits before it. For the hub that breaks first, actions are tried in the same world: the same
parcels, the same luck; what an action spares is the difference.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from postroad.demand import Demand, demand
from postroad.design.lines.baseline import baseline
from postroad.errors import InfeasibleError
from postroad.parallel import Progress, Shares
from postroad.results import Result, Stamp
from postroad.simulate.day import Disruption, Run, simulate_day

if TYPE_CHECKING:
    from postroad.network import Network

HOURS = 72
DAYS = 3
SLOT_H = 0.5
SPARE_H = 6
"""Hours after the break in which another hub's spare capacity is looked for."""
MORE_HANDS = 0.25
"""By how much a hub sorts, or its vehicles carry, more with further hands. Assumed."""


@dataclass(frozen=True)
class Ahead:
    """What is looked at: the first day, growth, weather, and how much more than expected may come."""

    first: dt.date
    scenario: str = "base"
    weather: Literal["ordinary", "snow"] = "ordinary"
    extra_percent: float = 0.0
    scale: float = 0.005
    seed: int = 0
    plants_year: int | None = None


def outlook(
    network: Network, ahead: Ahead, *,
    progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
) -> Result:  # fmt: skip
    """Return ``days``, ``hubs`` (by half hour), ``departures``, ``breaks`` (with who acts) and ``actions``.

    The trunk is the network's, as a design wrote it, else the rule's. With ``plants_year`` hubs keep the rate that
    year needed.
    """
    wanted = demand(network, ahead.first.year, ahead.scenario, seed=ahead.seed)
    built = _tightened(_built(network, wanted, ahead), ahead.extra_percent)
    listen = Shares(progress, 4)

    def carried(on: Network, struck: list[Disruption]) -> Run:
        run = simulate_day(
            on, wanted, day=ahead.first, days=DAYS, seed=ahead.seed, scale=ahead.scale, weather=ahead.weather,
            disruptions=struck, progress=listen.told, stop=stop,
        )  # fmt: skip
        listen.begun += 1
        return run

    run = carried(built, [])
    factor = (1.0 + ahead.extra_percent / 100.0) / ahead.scale
    hubs = _hubs(run, factor)
    breaks = breaks_of(hubs, network)
    rows = []
    if breaks.height:
        first = breaks.row(0, named=True)
        for name, on, struck, via in _actions(built, first):
            try:
                rows.append(_told(name, via, run, carried(on, struck), factor))
            except InfeasibleError:
                # Every way on from there may lead back through the hub that is to be relieved.
                rows.append({"action": name, "via_place_id": via, "possible": False})
                listen.begun += 1
    tables = {"days": _days(run, factor), "hubs": hubs, "departures": _departures(run, factor),
              "breaks": breaks, "actions": pl.DataFrame(rows, schema=ACTION)}  # fmt: skip
    asked = {"first": ahead.first.isoformat(), "hours": HOURS, "scenario": ahead.scenario, "weather": ahead.weather,
             "extra_percent": ahead.extra_percent, "scale": ahead.scale, "plants_year": ahead.plants_year}  # fmt: skip
    stamp = Stamp.now("outlook", built.fingerprint, asked, ahead.seed)
    facts = {"first_day": ahead.first.isoformat(), "breaks": breaks.height, "late_percent": _late_percent(run),
             "planned": network["line_hauls"].height > 0}  # fmt: skip
    return Result(stamp, tables, facts)


def _built(network: Network, wanted: Demand, ahead: Ahead) -> Network:
    built = network if network["line_hauls"].height else baseline(network, wanted)
    if ahead.plants_year is None or ahead.plants_year == ahead.first.year:
        return built
    then = baseline(network, demand(network, ahead.plants_year, ahead.scenario, seed=ahead.seed))["hub_plants"]
    rates = then.select("place_id", "kind", rate="sort_rate_pieces_h", gates="docks").unique(["place_id", "kind"])
    plants = built["hub_plants"].join(rates, on=["place_id", "kind"], how="left", maintain_order="left")
    kept = plants.with_columns(
        sort_rate_pieces_h=pl.coalesce("rate", "sort_rate_pieces_h"), docks=pl.coalesce("gates", "docks")
    )
    return built.with_(hub_plants=kept.drop("rate", "gates"))


def _tightened(built: Network, extra_percent: float) -> Network:
    """More pieces on the same means are the same pieces on smaller means."""
    if not extra_percent:
        return built
    by = 1.0 + extra_percent / 100.0
    return built.with_(
        hub_plants=built["hub_plants"].with_columns(pl.col("sort_rate_pieces_h") / by),
        line_hauls=built["line_hauls"].with_columns(pl.col("capacity_pieces") / by),
    )


def _hubs(run: Run, factor: float) -> pl.DataFrame:
    held = run["facilities"].filter(pl.col("kind") == "hub", pl.col("from_min").is_between(0, HOURS * 60 - 1))
    return (
        held.select(
            "place_id", "from_min", arrived_pieces=pl.col("arrived") * factor, sorted_pieces=pl.col("sorted") * factor,
            queue_pieces=pl.col("queue") * factor, capacity_pieces=pl.col("capacity_pieces") * factor,
            left_over_pieces=pl.col("left_over") * factor,
        )
        .with_columns(load_percent=100.0 * pl.col("sorted_pieces") / pl.col("capacity_pieces"))
        .with_columns(pl.col(pl.Float64).round(1))
        .sort("place_id", "from_min")
    )  # fmt: skip


def breaks_of(hubs: pl.DataFrame, network: Network) -> pl.DataFrame:
    """Return the hubs before which more than an hour's work waits, the first to break first, and who acts there."""
    waiting = pl.col("queue_pieces") > pl.col("capacity_pieces") / SLOT_H
    found = (
        hubs.filter(waiting, pl.col("capacity_pieces") > 0)
        .group_by("place_id")
        .agg(
            pl.col("from_min").min(), until_min=pl.col("from_min").max() + 30, worst_min=pl.col("from_min").get(
                pl.col("queue_pieces").arg_max()), worst_queue_pieces=pl.col("queue_pieces").max(),
            work_h=(SLOT_H * pl.col("queue_pieces") / pl.col("capacity_pieces")).max().round(2),
        )
    )  # fmt: skip
    with_spare = found.with_columns(
        pl.struct("place_id", "from_min").map_elements(lambda one: _spare(hubs, one), return_dtype=_SPARE).alias("via")
    ).unnest("via")
    acting = _acting(network, found["place_id"].to_list())
    return with_spare.join(acting, on="place_id", how="left").sort("from_min", "place_id")


_SPARE = pl.Struct({"spare_place_id": pl.String, "spare_pieces": pl.Float64})


def _spare(hubs: pl.DataFrame, one: dict[str, Any]) -> dict[str, Any]:
    """Return the hub with most capacity to spare in the hours after another breaks."""
    begun = int(one["from_min"])
    rates = hubs.group_by("place_id").agg(room=pl.col("capacity_pieces").max())
    within = hubs.filter(pl.col("from_min").is_between(begun, begun + 60 * SPARE_H - 1))
    used = within.group_by("place_id").agg(used=pl.col("sorted_pieces").sum(), queue=pl.col("queue_pieces").max())
    slots = SPARE_H / SLOT_H
    held = rates.join(used, on="place_id", how="left").with_columns(
        spare=slots * pl.col("room") - pl.col("used").fill_null(0.0) - pl.col("queue").fill_null(0.0)
    )
    best = held.filter(pl.col("place_id") != one["place_id"]).sort(["spare", "place_id"], descending=[True, False])
    if not best.height or best["spare"][0] is None or best["spare"][0] <= 0:
        return {"spare_place_id": None, "spare_pieces": None}
    return {"spare_place_id": best["place_id"][0], "spare_pieces": round(float(best["spare"][0]), 0)}


def _acting(network: Network, places: list[str]) -> pl.DataFrame:
    """Return, for each place, the safety centre of its prefecture."""
    above = dict(network["places"].select("place_id", "parent_id").iter_rows())
    centres = network["sites"].filter(pl.col("kind") == "safety_centre")
    names = {place: (site, name) for place, site, name in centres.select("place_id", "site_id", "name_zh").iter_rows()}
    rows = []
    for place in places:
        at: str | None = place
        while at is not None and at not in names:
            at = above.get(at)
        rows.append((place, *(names[at] if at is not None else (None, None))))
    schema = {"place_id": pl.String, "acting_site_id": pl.String, "acting_name_zh": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _actions(built: Network, first: dict[str, Any]) -> list[tuple[str, Network, list[Disruption], str | None]]:
    """Return what is tried for the first hub to break: a way by the hub with room, further hands, further vehicles."""
    place, via = first["place_id"], first["spare_place_id"]
    made: list[tuple[str, Network, list[Disruption], str | None]] = []
    if via is not None:
        way = Disruption(
            "divert", float(first["from_min"]), float(first["until_min"]), place_id=place, via_place_id=via
        )
        made.append(("divert", built, [way], via))
    more = 1.0 + MORE_HANDS
    quicker = built["hub_plants"].with_columns(
        sort_rate_pieces_h=pl.when(pl.col("place_id") == place)
        .then(pl.col("sort_rate_pieces_h") * more)
        .otherwise("sort_rate_pieces_h")
    )
    roomier = built["line_hauls"].with_columns(
        capacity_pieces=pl.when(pl.col("from_place_id") == place)
        .then(pl.col("capacity_pieces") * more)
        .otherwise("capacity_pieces")
    )
    return [
        *made,
        ("shift", built.with_(hub_plants=quicker), [], None),
        ("shift_vehicles", built.with_(hub_plants=quicker, line_hauls=roomier), [], None),
    ]


ACTION = {"action": pl.String, "via_place_id": pl.String, "possible": pl.Boolean, "late_pieces": pl.Float64,
          "spared_pieces": pl.Float64, "spared_percent": pl.Float64}  # fmt: skip


def _told(name: str, via: str | None, before: Run, after: Run, factor: float) -> dict[str, Any]:
    late = [float(_late(run)) for run in (before, after)]
    spared = late[0] - late[1]
    share = 100.0 * spared / late[0] if late[0] else 0.0
    return {"action": name, "via_place_id": via, "possible": True, "late_pieces": late[1] * factor,
            "spared_pieces": spared * factor, "spared_percent": share}  # fmt: skip


def _late(run: Run) -> int:
    held = run["summary"].filter(pl.col("flow_class") != "all")
    return sum(int(held[name].cast(pl.Int64).to_numpy().sum()) for name in ("late", "under_way"))


def _late_percent(run: Run) -> float:
    held = run["summary"].filter(pl.col("flow_class") != "all")
    return round(100.0 * _late(run) / max(1, int(held["parcels"].sum())), 2)


def _days(run: Run, factor: float) -> pl.DataFrame:
    late = (pl.col("late_s") > 0) | pl.col("delivered_s").is_null()
    made = (
        run.parcels()
        .group_by(pl.col("day").cast(pl.String))
        .agg(pieces=pl.len() * factor, late_pieces=late.sum() * factor)
        .with_columns(late_percent=100.0 * pl.col("late_pieces") / pl.col("pieces"))
        .sort("day")
    )
    return made.with_columns(pl.col(pl.Float64).round(1)).collect()


def _departures(run: Run, factor: float) -> pl.DataFrame:
    held = run["trips"].filter(
        pl.col("capacity_pieces").is_not_null(), pl.col("depart_min").is_between(0, HOURS * 60, closed="left"),
        pl.col("from_place_id") != pl.col("to_place_id"),
    )  # fmt: skip
    made = held.select(
        "line_haul_id", "from_place_id", "to_place_id", "mode", "depart_min", "planned_min", "arrive_min", "runs",
        loaded_pieces=pl.col("loaded") * factor, capacity_pieces=pl.col("capacity_pieces") * factor,
        left_over_pieces=pl.col("left_over") * factor,
    )  # fmt: skip
    return made.with_columns(pl.col(pl.Float64).round(0)).sort("depart_min", "line_haul_id")
