"""Township offices that hand over for all firms: hands, hours and shelves, and people who fetch there (P56).

The parcels of one county, all of them and no others, go through its rounds four times with the same luck: as designed,
with offices that have hands, hours and shelves; when people fetch a share there; and with more hands on top.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import Fault, UsageError
from postroad.evaluate.part import Part
from postroad.parallel import Shares
from postroad.results import Result, Stamp
from postroad.simulate.day import simulate_day
from postroad.travel.speeds import parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.demand import Demand
    from postroad.network import Network
    from postroad.parallel import Progress
    from postroad.simulate.day import Run

DAYS = 365.25
CASES = ("rounds", "offices", "fetched", "more_hands")
SOURCE = "rule-township"
WARM, TAIL, DAY_MIN = 2, 6, 1440
HAND_OVER_H, LEAST_SHELF = 4.0, 60
"""Hours in which hands see a usual day's pieces through, and the least a shelf holds; assumed."""
NAMES = ("manual_sort_rate", "sorter_wage", "round_station_opens", "round_station_closes", "township_node_day_cost")


@dataclass(frozen=True)
class Office:
    """A township office: hands that sort and hand over, pieces its shelves hold, share fetched there; assumed.

    Without ``hands`` there are as many as hand a usual day's pieces over in four hours; without ``shelf_pieces`` the
    shelves hold a usual day's pieces.
    """

    hands: int | None = None
    shelf_pieces: float | None = None
    fetched_percent: float = 40.0
    more_hands: int = 1

    def check(self) -> None:
        """Raise ``UsageError`` with everything that makes no office."""
        faults = []
        if (self.hands is not None and self.hands < 1) or self.more_hands < 0:
            faults.append(Fault.of("township.hands", value=self.hands, other=self.more_hands))
        if self.shelf_pieces is not None and self.shelf_pieces < 1:
            faults.append(Fault.of("township.shelf", value=self.shelf_pieces))
        if not 0 <= self.fetched_percent <= 100:
            faults.append(Fault.of("township.fetched", value=self.fetched_percent))
        if faults:
            raise UsageError(faults)


@dataclass(frozen=True)
class Sized:
    """Hands and shelf of each office, in the order of the townships."""

    towns: list[str]
    hands: list[int]
    shelf_pieces: list[float]

    @classmethod
    def of(cls, towns: list[str], office: Office, handed: pl.DataFrame, usual: float, rate: float) -> Sized:
        """Return the sizes by the pieces that came to each office on a day, ``usual`` times as many on a usual one."""
        came = dict(handed.group_by("place_id").len().iter_rows())
        pieces = [usual * came.get(town, 0) for town in towns]
        hands = [office.hands or max(1, math.ceil(n / rate / HAND_OVER_H)) for n in pieces]
        return cls(towns, hands, [office.shelf_pieces or max(LEAST_SHELF, math.ceil(n)) for n in pieces])

    def more(self, hands: int) -> Sized:
        """Return the same with more hands in each office."""
        return dataclasses.replace(self, hands=[held + hands for held in self.hands])


def within(demand: Demand, county_id: str) -> Part:
    """Return the parcels that begin or end in a county, and no others; ``UsageError`` when it has none."""
    part = Part.of(demand, (pl.col("origin_id") == county_id) | (pl.col("destination_id") == county_id))
    if part.flows.is_empty():
        raise UsageError.of("township.no_parcels", value=county_id)
    return part


def township(
    network: Network, demand: Demand, county_id: str, office: Office | None = None, *, day: str = "peak",
    seed: int = 0, progress: Callable[[Progress], None] | None = None, stop: Callable[[], bool] | None = None,
    **assumed: Any,
) -> Result:  # fmt: skip
    """Return tables ``measures`` by case, ``offices`` by case and township, and ``half_hours`` of every office.

    The network has the county's rounds and a trunk timetable. ``UsageError`` when no round of the county starts in a
    township, or the office is none.
    """
    office = office or Office()
    office.check()
    towns = _towns(network, county_id)
    wanted, held = within(demand, county_id), parameters(network, list(NAMES))
    figures = {name: held[name][0] for name in NAMES}
    made: dict[str, list[pl.DataFrame]] = {"measures": [], "offices": [], "half_hours": []}
    usual = float(wanted.flows["pieces"].sum()) / DAYS / wanted.pieces(day)
    sized = Sized(towns, [1] * len(towns), [0.0] * len(towns))
    listen = Shares(progress, len(CASES))
    for listen.begun, case in enumerate(CASES):
        share = office.fetched_percent if case in ("fetched", "more_hands") else 0.0
        sized = sized.more(office.more_hands) if case == "more_hands" else sized
        changed = network if case == "rounds" else with_offices(network, sized, share, figures)
        run = simulate_day(changed, wanted, day=day, warm_days=WARM, tail_days=TAIL, seed=seed,
                           progress=listen.told, stop=stop, **assumed)  # fmt: skip
        halves, parcels = _half_hours(run, towns), _handed(run, towns)
        told = _measures(run, halves, parcels, _cost(network, county_id, sized.hands, figures))
        if case == "rounds":
            sized = Sized.of(towns, office, parcels, usual, figures["manual_sort_rate"])
        tables = {"measures": told, "offices": _offices(halves, parcels, towns), "half_hours": halves}
        for name, table in tables.items():
            made[name].append(table.select(pl.lit(case).alias("case"), pl.all()))
    asked = {"county_id": county_id, **dataclasses.asdict(office), "day": day, "year": demand.year,
             "scenario": demand.scenario, **assumed}  # fmt: skip
    stamp = Stamp.now("township", network.fingerprint, asked, seed)
    return Result(stamp, {name: pl.concat(tables, how="vertical_relaxed") for name, tables in made.items()})


def with_offices(network: Network, sized: Sized, fetched_percent: float, figures: dict[str, float]) -> Network:
    """Return the network with an office in each of these townships."""
    stamp = {"origin": "assumed", "source": SOURCE}
    rows = [
        {"plant_id": f"TN-{town}", "place_id": town, "kind": "township_node", "staff": float(hands),
         "sort_rate_pieces_h": hands * figures["manual_sort_rate"], "storage_pieces": float(shelf),
         "open_min": 60.0 * figures["round_station_opens"], "close_min": 60.0 * figures["round_station_closes"],
         "fetched_percent": fetched_percent, **stamp}
        for town, hands, shelf in zip(sized.towns, sized.hands, sized.shelf_pieces, strict=True)
    ]  # fmt: skip
    plants = network["hub_plants"]
    fresh = pl.DataFrame(rows, schema={name: plants.schema[name] for name in rows[0]})
    kept = plants.filter(~pl.col("place_id").is_in(sized.towns))
    told = {"source_id": SOURCE, "title": "township offices: assumed"}
    return network.with_source(told, hub_plants=pl.concat([kept, fresh], how="diagonal"))


def _towns(network: Network, county_id: str) -> list[str]:
    """The townships of a county where rounds start."""
    own = network["rounds"].filter(pl.col("county_id") == county_id, pl.col("depot_place_id") != county_id)
    towns = sorted(set(own["depot_place_id"]))
    if not towns:
        raise UsageError.of("township.no_rounds", value=county_id)
    return towns


def _half_hours(run: Run, towns: list[str]) -> pl.DataFrame:
    of_day = pl.col("from_min").is_between(0, DAY_MIN * (TAIL + 1), closed="left")
    table = run["facilities"].filter(of_day, pl.col("place_id").is_in(towns), kind="hub").sort("place_id", "from_min")
    return table.select("place_id", "from_min", "arrived", "sorted", "queue", "stored", "storage_pieces", "kept_out",
                        "utilisation")  # fmt: skip


def _handed(run: Run, towns: list[str]) -> pl.DataFrame:
    """Pieces that came to an office: which, when, how long until ready, whether fetched, late."""
    parts = []
    facts = run.parcels()
    for k in range(1, 9):
        place = pl.col(f"stop{k}_place_id").cast(pl.String)
        parts.append(
            facts.filter(place.is_in(towns)).select(
                place.alias("place_id"),
                ((pl.col(f"stop{k}_ready_s") - pl.col(f"stop{k}_arrive_s")) / 60).alias("hand_over_min"),
                (pl.col("status").cast(pl.String) == "at_office").alias("fetched"),
            )
        )
    return pl.concat(parts).collect()


def _offices(halves: pl.DataFrame, handed: pl.DataFrame, towns: list[str]) -> pl.DataFrame:
    by_place = handed.group_by("place_id").agg(
        pl.len().alias("pieces"), pl.col("fetched").sum(), pl.col("hand_over_min").median(),
        pl.col("hand_over_min").quantile(0.95).alias("hand_over_p95_min"),
    )  # fmt: skip
    house = halves.group_by("place_id").agg(
        pl.col("stored").max().alias("most_stored"), pl.col("storage_pieces").max(), pl.col("kept_out").sum(),
        pl.col("queue").max().alias("most_queue"), pl.col("utilisation").max().alias("busiest"),
    )  # fmt: skip
    all_towns = pl.DataFrame({"place_id": towns}, schema={"place_id": pl.String})
    return all_towns.join(by_place, on="place_id", how="left").join(house, on="place_id", how="left").sort("place_id")


def _measures(run: Run, halves: pl.DataFrame, handed: pl.DataFrame, yuan: dict[str, float]) -> pl.DataFrame:
    whole = run["summary"].filter(flow_class="all").row(0, named=True)
    pieces = max(1, handed.height)
    row: dict[str, Any] = {
        "parcels": whole["parcels"], "on_time_percent": 100 * whole["on_time_share"], "mean_h": whole["mean_h"],
        "office_pieces": handed.height, "fetched_percent": 100 * float(handed["fetched"].sum()) / pieces,
        "kept_out": int(halves["kept_out"].sum()), "most_stored": float(halves["stored"].max() or 0),  # type: ignore[arg-type]
        "hand_over_min": _number(handed["hand_over_min"].median()),
        "hand_over_p95_min": _number(handed["hand_over_min"].quantile(0.95)),
        **yuan,
    }  # fmt: skip
    row["yuan_piece"] = yuan["yuan_day"] / pieces
    return pl.DataFrame([row], schema_overrides={"hand_over_min": pl.Float64, "hand_over_p95_min": pl.Float64})


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _cost(network: Network, county_id: str, hands: list[int], figures: dict[str, float]) -> dict[str, float]:
    """Yuan a day: rounds by their weekdays, offices, and hands beyond the first through the opening hours."""
    rounds = network["rounds"].filter(county_id=county_id)
    driven = float((rounds["cost_yuan"].fill_null(0.0) * rounds["days"].str.len_chars()).sum()) / 7
    offices = len(hands) * figures["township_node_day_cost"]
    hours = figures["round_station_closes"] - figures["round_station_opens"]
    extra = (sum(hands) - len(hands)) * hours * figures["sorter_wage"]
    return {"rounds_yuan": driven, "offices_yuan": offices, "hands_yuan": extra, "yuan_day": driven + offices + extra}
