"""Post by block train: consolidation to a train of fixed capacity by several rules, and clearance before it (P77).

The parcels of one place abroad are simulated alone, all of them, on many days: by the lines there are, then by a train
from one exchange office that leaves by calendar, when it fills, or when it fills but at the latest after some days; and
once more with the pack's levers for customs. Parcels, roads and luck are the same every time.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.errors import Fault, UsageError
from postroad.evaluate.part import Part
from postroad.evaluate.passage import HOURS, Passage, passages
from postroad.parallel import Shares
from postroad.plan.levers import apply
from postroad.results import Result, Stamp
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from postroad.demand import Demand
    from postroad.network import Network
    from postroad.parallel import Progress
    from postroad.plan.levers import Lever

RULES = ("as_is", "calendar", "filled", "filled_or_late", "quicker_customs")
"""As the network has it; one weekday; when it fills; or after ``hold_days`` at the latest; the last with levers."""
LINE, SOURCE = "BLOCK-TRAIN", "rule-block-train"
KM_PER_DEGREE = 111.195
RAIL_KMH, BORDER_H = 35.0, 24.0
"""A block train's pace with its stops, and the hours at the border for papers and the other gauge; assumed."""
WARM, DAYS, TAIL = 7, 10, 7


@dataclass(frozen=True)
class Train:
    """A block train from an exchange office to a place abroad; all figures are assumed unless given.

    The post has ``containers`` of 40 feet on it. It may leave on ``days`` at ``depart_min``; by calendar it leaves on
    ``calendar`` days whatever waits, by fill once ``least_share`` of its room waits.
    """

    from_place_id: str
    to_place_id: str
    containers: int = 1
    container_m3: float = 67.0
    container_kg: float = 26_000.0
    stowed: float = 0.8
    least_share: float = 0.8
    hold_days: float = 5.0
    days: str = "1234567"
    calendar: str = "5"
    depart_min: float = 1200.0
    duration_h: float | None = None

    def pieces(self, network: Network) -> int:
        """Return how many mean international pieces the train holds, by room or by weight."""
        goods = network["products"].filter(pl.col("flow_class") == "international")
        share = goods["share"] / goods["share"].sum()
        m3, kg = (float((goods[column] * share).sum()) for column in ("volume_mean_m3", "weight_mean_kg"))
        return int(self.containers * min(self.container_m3 * self.stowed / m3, self.container_kg / kg))


def bound(demand: Demand, place_id: str, times: float) -> Part:
    """Return the parcels to a place, ``times`` as many; ``UsageError`` when there are none."""
    part = Part.of(demand, pl.col("destination_id") == place_id, times)
    if part.flows.is_empty() or times <= 0:
        raise UsageError.of("block_train.no_parcels", value=place_id)
    return part


def block_train(
    network: Network, demand: Demand, train: Train, *, day: str = "2020-09-07", times: float = 1.0,
    levers: Sequence[Lever] = (), seed: int = 0, progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None, **assumed: Any,
) -> Result:  # fmt: skip
    """Return tables ``rules`` (measures by rule), ``trains`` (every departure and its fill) and ``hours`` (spreads).

    Ten days from ``day`` on are measured, after a week like them. ``times`` multiplies the parcels. ``UsageError``
    when the place of departure has no exchange office, or the destination is not abroad or gets nothing.
    """
    _check(network, train)
    wanted, room = bound(demand, train.to_place_id, times), train.pieces(network)
    asked = {**dataclasses.asdict(train), "capacity_pieces": room, "day": day, "times": times, "year": demand.year,
             "scenario": demand.scenario, "levers": [lever.id for lever in levers], **assumed}  # fmt: skip
    made: dict[str, list[pl.DataFrame]] = {"rules": [], "trains": [], "hours": []}
    rules = RULES if levers else RULES[:-1]
    listen = Shares(progress, len(rules))
    for listen.begun, rule in enumerate(rules):
        changed = network if rule == "as_is" else with_train(network, train, rule)
        if rule == "quicker_customs":
            changed = apply(changed, levers, dt.date(9999, 1, 1), tables=("hub_plants", "parameters")).network
        run = simulate_day(changed, wanted, day=day, days=DAYS, warm_days=WARM, tail_days=TAIL, seed=seed,
                           progress=listen.told, stop=stop, **assumed)  # fmt: skip
        passed = passages(run.parcels(), train.to_place_id)
        trips = _trips(run["trips"], changed, train.to_place_id, passed.offices)
        held = {"rules": _measures(passed, trips), "trains": trips, "hours": _hours(passed)}
        for name, table in held.items():
            made[name].append(table.select(pl.lit(rule).alias("rule"), pl.all()))
    return Result(
        Stamp.now("block_train", network.fingerprint, asked, seed), {k: pl.concat(v) for k, v in made.items()}
    )


def with_train(network: Network, train: Train, rule: str) -> Network:
    """Return the network with the train on it, leaving by a rule, and the post for its destination sent that way."""
    room, calendar = float(train.pieces(network)), rule == "calendar"
    stamp = {"origin": "assumed", "source": SOURCE}
    row = {
        "line_haul_id": LINE, "from_place_id": train.from_place_id, "to_place_id": train.to_place_id, "mode": "rail",
        "depart_min": train.depart_min, "duration_min": 60.0 * _ride_h(network, train), "season": "any",
        "days": train.calendar if calendar else train.days, "capacity_pieces": room,
        "least_pieces": None if calendar else room * train.least_share,
        "hold_days": None if rule in ("calendar", "filled") else train.hold_days, **stamp,
    }  # fmt: skip
    lines = network["line_hauls"]
    above = network["allocations"].filter(pl.col("place_id") != train.to_place_id)
    way = {"place_id": train.to_place_id, "hub_place_id": train.from_place_id, **stamp}
    return network.with_source(
        {"source_id": SOURCE, "title": "block trains: assumed"},
        line_hauls=_with_row(lines, row),
        allocations=_with_row(above, way),
        routings=network["routings"].filter(pl.col("destination_place_id") != train.to_place_id),
    )


def _with_row(table: pl.DataFrame, row: dict[str, Any]) -> pl.DataFrame:
    fresh = pl.DataFrame([row], schema={name: table.schema[name] for name in row})
    return pl.concat([table, fresh], how="diagonal")


def _ride_h(network: Network, train: Train) -> float:
    """Hours under way: given, or by great circle, detour and the assumed pace, and the border."""
    if train.duration_h is not None:
        return train.duration_h
    lies = {p: (x, y) for p, x, y in network["places"].select("place_id", "lon", "lat").iter_rows()}
    (x, y), (east, north) = lies[train.from_place_id], lies[train.to_place_id]
    across = (x - east) * np.cos(np.radians((y + north) / 2))
    km = float(np.hypot(across, y - north)) * KM_PER_DEGREE
    detour = network["parameters"].filter(parameter="rail_detour_factor")["value"]
    return km * (float(detour[0]) if detour.len() else 1.0) / RAIL_KMH + BORDER_H


def _check(network: Network, train: Train) -> None:
    offices = network["hub_plants"].filter(kind="exchange_office")["place_id"].unique().sort()
    abroad = network["places"].filter(pl.col("level") == "external", pl.col("country") != "CN")["place_id"].sort()
    faults = []
    if train.from_place_id not in offices:
        faults.append(Fault.of("block_train.no_office", value=train.from_place_id, known=", ".join(offices)))
    if train.to_place_id not in abroad:
        faults.append(Fault.of("block_train.not_abroad", value=train.to_place_id, known=", ".join(abroad)))
    if train.containers < 1:
        faults.append(Fault.of("block_train.containers", value=train.containers))
    if not 0 < train.least_share <= 1:
        faults.append(Fault.of("block_train.least", value=train.least_share))
    if not 0 < train.hold_days <= TAIL - 1:
        faults.append(Fault.of("block_train.hold", value=train.hold_days, most=TAIL - 1))
    if faults:
        raise UsageError(faults)


def _trips(trips: pl.DataFrame, network: Network, place_id: str, offices: list[str]) -> pl.DataFrame:
    """Every departure to a place from the offices its pieces pass, held ones too, with its room and fill."""
    room = network["line_hauls"].select("line_haul_id", pl.col("capacity_pieces").alias("room_pieces"))
    own = trips.filter(pl.col("from_place_id").is_in(offices), to_place_id=place_id).join(
        room, on="line_haul_id", how="left"
    )
    return own.sort("depart_min", "line_haul_id").select(
        "line_haul_id", "from_place_id", "mode", "depart_min", "runs", "held", "room_pieces", "loaded",
        (pl.col("loaded") / pl.col("room_pieces")).alias("fill_share"), "left_over",
    )  # fmt: skip


def _measures(passed: Passage, trips: pl.DataFrame) -> pl.DataFrame:
    """One row: trains and their fill, hours of each part, and whether the room keeps up with what comes."""
    used = trips.filter(pl.col("depart_min").is_between(0, DAYS * 1440))
    went, comes = used.filter("runs"), passed.pieces / DAYS
    room = float(used["room_pieces"].sum()) / DAYS
    row: dict[str, Any] = {
        "pieces": passed.pieces, "gone": passed.gone, "opened_percent": 100 * passed.opened / max(1, passed.pieces),
        "departures": went.height, "held": used.filter("held").height,
        "fill_percent": 100 * float(went["loaded"].sum()) / max(1.0, float(went["room_pieces"].sum())),
        "least_fill_percent": 100 * _or_zero(went["fill_share"].min()),
        "most_left_over": int(_or_zero(went["left_over"].max())),
        "pieces_day": comes, "room_day": room, "short_day": max(0.0, comes - room),
    }  # fmt: skip
    for part, hours in passed.hours.items():
        for name, q in (("p50", 50), ("p95", 95)):
            row[f"{part}_{name}_h"] = float(np.percentile(hours, q)) if hours.size else None
        row[f"{part}_mean_h"] = float(hours.mean()) if hours.size else None
    return pl.DataFrame([row], schema_overrides={name: pl.Float64 for name in row if name.endswith("_h")})


def _or_zero(value: Any) -> float:
    return 0.0 if value is None else float(value)


def _hours(passed: Passage) -> pl.DataFrame:
    """Pieces by six hours of each part."""
    rows = []
    for part, hours in passed.hours.items():
        bins = np.bincount((hours // HOURS).astype(np.int64)) if hours.size else np.zeros(0, np.int64)
        rows += [{"part": part, "from_h": float(HOURS * k), "pieces": int(n)} for k, n in enumerate(bins) if n]
    return pl.DataFrame(rows, schema={"part": pl.String, "from_h": pl.Float64, "pieces": pl.Int64})
