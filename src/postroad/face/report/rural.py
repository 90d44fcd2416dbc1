"""The rural design as a report in Markdown with maps: what serving every village costs, and who pays what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.design.rounds.answer import WAYS
from postroad.face.report.map import outlines_of
from postroad.face.report.village_map import village_map
from postroad.language import Language, say
from postroad.naming import names_of

if TYPE_CHECKING:
    from postroad.design.rounds import RuralDesign
    from postroad.network import Network

FETCH_CUTS = (5.0, 10.0, 15.0, 20.0, 30.0)
HOUR_CUTS = (9.0, 11.0, 13.0, 15.0, 17.0)
COST_CUTS = (0.3, 0.5, 0.7, 1.0, 1.5)
SHOWN = 15


def summary(made: RuralDesign) -> dict[str, Any]:
    """Return the design in single figures."""
    towns, villages = made.result["townships"], made.result["villages"]
    ways = {}
    for way in WAYS:
        own = towns.filter(way=way)
        pieces = max(float(own["pieces_week"].sum()), 1e-9)
        ways[way] = {
            "yuan_week": round(float(own["yuan_week"].sum())),
            "yuan_piece": round(float(own["yuan_week"].sum()) / pieces, 3),
            "km_piece": round(float(own["km_week"].sum()) / pieces, 4),
            "co2e_g_piece": round(1000 * float(own["co2e_kg_week"].sum()) / pieces, 1),
            "vehicle_days_week": round(float(own["vehicle_days"].sum())),
            "townships_chosen": int(own["chosen"].sum()),
        }
    buses = made.result["bus_lines"]
    couriers = made.result["couriers"]
    return {
        "run_id": made.result.run_id,
        "counties": len(made.plans),
        "townships": towns["township_id"].n_unique(),
        "villages": villages.height,
        "unserved": len(made.unserved),
        "from_another_township": villages.height - int(villages["own_township"].sum()) if villages.height else 0,
        "served_daily": villages.filter(pl.col("days_a_week") == 7).height,
        "pieces_week": round(float(towns.filter(way="shared_round")["pieces_week"].sum())),
        "ways": ways,
        "bus_lines_worth_opening": buses.filter(pl.col("saving_yuan_week") > 0).height,
        "bus_lines_without_times": [fault.value for fault in made.untimed],
        "bus_saving_yuan_week": round(float(buses["saving_yuan_week"].sum())),
        "worked_min_p10_p50_p90": [round(float(couriers["worked_min"].quantile(q) or 0)) for q in (0.1, 0.5, 0.9)],
        "longest_by_mean": round(_spread(couriers), 3),
        "promises": promises(made),
        "arrive_min": _mean(villages, "arrive_min"),
        "one_courier_share": round(villages.filter(pl.col("couriers") <= 1).height / max(1, villages.height), 4),
        "bound": made.bound,
    }


def _spread(couriers: pl.DataFrame) -> float:
    """Return how long a township's longest day is beside its mean, where it has several rounds; 1 where none has."""
    own = couriers.filter(tier=2).group_by("depot_place_id", "weekday")
    told = own.agg(part=pl.col("worked_min").max() / pl.col("worked_min").mean(), count=pl.len())
    return _mean(told.filter(pl.col("count") > 1), "part") or 1.0


def _mean(rows: pl.DataFrame, column: str) -> float | None:
    found: float | None = rows.select(pl.col(column).mean()).item()
    return found


def promises(made: RuralDesign) -> list[dict[str, Any]]:
    """Return the hours by which villages could be reached, with what they cost and give, over all counties."""
    pieces = pl.col("pieces_week")
    own = made.result["promises"].group_by("arrive_by_min").agg(
        pl.col("chosen").any(), pl.col("yuan_week", "evening_yuan_week", "pieces_week").sum(),
        *((pl.col(name) * pieces).sum() / pieces.sum() for name in ("arrive_min", "before_noon", "before_three")),
    )  # fmt: skip
    return own.sort("arrive_by_min", descending=True, nulls_last=False).to_dicts()


def _promises(rows: list[dict[str, Any]], spoken: Language) -> list[str]:
    """Say what an earlier hour costs, with a table."""
    cells = []
    for row in rows:
        by = say("rounds.report_promise_none", spoken) if row["arrive_by_min"] is None else _clock(row["arrive_by_min"])
        yuan = row["yuan_week"] + row["evening_yuan_week"]
        line = [by, f"{yuan:,.0f}", f"{yuan / row['pieces_week']:.3f}", _clock(row["arrive_min"]),
                f"{100 * row['before_noon']:.1f} %", f"{100 * row['before_three']:.1f} %"]  # fmt: skip
        cells.append([f"**{cell}**" for cell in line] if row["chosen"] else line)
    evening = max((row["evening_yuan_week"] for row in rows if row["chosen"]), default=0.0)
    lead = say("rounds.report_promise_lead", spoken, evening=f"{evening:,.0f}",
               counted=say("rounds.yes" if evening else "rounds.no", spoken))  # fmt: skip
    return [lead, _table(say("rounds.report_promise_head", spoken), cells)]


def _clock(minute: float) -> str:
    hour, rest = divmod(round(minute), 60)
    return f"{hour}:{rest:02d}"


def pictures(network: Network, made: RuralDesign, spoken: Language) -> dict[str, str]:
    """Return the maps of a province with outlines: minutes to fetch a parcel, arrival before and after, cost."""
    outlines = outlines_of(network)
    if outlines is None:
        return {}
    at = network["places"].select("place_id", "lon", "lat")
    villages = made.result["villages"].join(at, left_on="village_id", right_on="place_id", how="left")
    lost = at.filter(pl.col("place_id").is_in(list(made.unserved))).select("lon", "lat")
    wanted = {
        "fetch-before": ("fetch_before_min", 1.0, FETCH_CUTS, "minutes"),
        "arrival-alone": ("arrive_alone_min", 60.0, HOUR_CUTS, "oclock"),
        "arrival-shared": ("arrive_min", 60.0, HOUR_CUTS, "oclock"),
        "cost": ("yuan_piece", 1.0, COST_CUTS, "yuan"),
    }
    made_pictures = {}
    for name, (column, unit, cuts, word) in wanted.items():
        dots = list(villages.select("lon", "lat", pl.col(column) / unit).iter_rows())
        dots += [(lon, lat, None) for lon, lat in lost.iter_rows()]
        words = (
            say(f"rounds.map_{name.replace('-', '_')}", spoken),
            say(f"rounds.unit_{word}", spoken),
            say("rounds.map_missing", spoken),
        )
        made_pictures[name] = village_map(outlines, dots, cuts, words)
    return made_pictures


def report(network: Network, made: RuralDesign, spoken: Language) -> str:
    """Return the report in a language, as Markdown."""
    told = summary(made)
    names = names_of(network, spoken)
    ways = [
        [say(f"rounds.{way}", spoken), f"{row['yuan_week']:,}", f"{row['yuan_piece']:.3f}", f"{row['km_piece']:.4f}",
         f"{row['co2e_g_piece']:.1f}", f"{row['vehicle_days_week']:,}", str(row["townships_chosen"])]
        for way, row in told["ways"].items()
    ]  # fmt: skip
    parts = [
        f"# {say('rounds.report_title', spoken, province=network.label(spoken))}",
        say("rounds.report_lead", spoken, **{k: v for k, v in told.items() if k not in ("ways", "promises")}),
        say("rounds.report_grouping", spoken, moved=told["from_another_township"]),
        say("rounds.report_synthetic", spoken),
        f"## {say('rounds.report_ways', spoken)}",
        _table(say("rounds.report_ways_head", spoken), ways),
        say("rounds.report_ways_note", spoken),
        f"## {say('rounds.report_promise', spoken)}",
        *_promises(told["promises"], spoken),
        f"## {say('rounds.report_counties', spoken)}",
        _table(say("rounds.report_counties_head", spoken), _counties(made, names)),
        f"## {say('rounds.report_buses', spoken)}",
        say("rounds.report_buses_lead", spoken, lines=told["bus_lines_worth_opening"],
            saving=f"{told['bus_saving_yuan_week']:,}"),
        _table(say("rounds.report_buses_head", spoken), _buses(made, names)),
        *(f"- {fault.say(spoken)}" for fault in made.untimed),
        f"## {say('rounds.report_work', spoken)}",
        say("rounds.report_work_lead", spoken, low=told["worked_min_p10_p50_p90"][0],
            middle=told["worked_min_p10_p50_p90"][1], high=told["worked_min_p10_p50_p90"][2],
            share=f"{100 * told['one_courier_share']:.1f}", spread=f"{told['longest_by_mean']:.2f}"),
        f"## {say('rounds.report_split', spoken)}",
        say("rounds.report_split_lead", spoken),
        _table(say("rounds.report_split_head", spoken), _splits(made, names)),
        f"## {say('rounds.report_left', spoken)}",
        "\n".join(f"- {fault.say(spoken)}" for fault in made.why()) or say("rounds.report_none_left", spoken),
    ]  # fmt: skip
    maps = [f"![{name}]({name}-{spoken}.svg)" for name in ("fetch-before", "arrival-alone", "arrival-shared", "cost")]
    if outlines_of(network):
        parts += [f"## {say('rounds.report_maps', spoken)}", say("rounds.report_maps_lead", spoken), *maps]
    return "\n\n".join([*parts, say("rounds.report_run", spoken, run_id=told["run_id"])]) + "\n"


def _table(head: str, rows: list[list[str]]) -> str:
    columns = head.count("|") + 1
    lines = [f"| {head} |", "|" + " --- |" * columns, *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def _counties(made: RuralDesign, names: dict[str, str]) -> list[list[str]]:
    """Counties with the four costs per piece, dearest under the chosen way first."""
    towns = made.result["townships"]
    sums = towns.group_by("county_id", "way").agg(pl.col("yuan_week", "pieces_week", "co2e_kg_week").sum())
    sums = sums.with_columns(piece=pl.col("yuan_week") / pl.col("pieces_week"))
    wide = sums.pivot("way", index="county_id", values="piece").sort("shared_bus", descending=True)
    villages = dict(made.result["villages"].group_by("county_id").len().iter_rows())
    rows = wide.select("county_id", *WAYS).iter_rows()
    return [[names.get(c) or c, str(villages.get(c, 0)), *(f"{v:.3f}" for v in values)] for c, *values in rows]


def _buses(made: RuralDesign, names: dict[str, str]) -> list[list[str]]:
    own = made.result["bus_lines"].filter(pl.col("saving_yuan_week") > 0).sort("saving_yuan_week", descending=True)
    return [
        [names.get(r["county_id"]) or "", names.get(r["township_id"]) or "", str(r["trips"]),
         "✓" if r["feeds"] else "", str(r["roadside_villages"]), f"{r['pieces_day']:.0f}",
         f"{r['saving_yuan_week']:.0f}", f"{r['worst_delay_min']:.1f}"]
        for r in own.head(SHOWN).iter_rows(named=True)
    ]  # fmt: skip


def _splits(made: RuralDesign, names: dict[str, str]) -> list[list[str]]:
    """Counties with what operators pay alone and together, the saving, and whether any group would leave."""
    splits = made.result["splits"]
    rows = (
        splits.group_by("county_id")
        .agg(
            alone=pl.col("alone_fen").sum(),
            together=pl.col("together_fen").first(),
            low=pl.col("nucleolus_fen").min(),
            high=pl.col("nucleolus_fen").max(),
            stable=pl.all_horizontal(pl.col("shapley_stable", "nucleolus_stable", "equal_profit_stable").all()),
        )
        .sort("county_id")
    )
    return [
        [names.get(r["county_id"]) or "", f"{r['alone'] / 100:,.2f}", f"{r['together'] / 100:,.2f}",
         f"{100 * (1 - r['together'] / r['alone']):.1f} %", f"{r['low'] / 100:,.2f}–{r['high'] / 100:,.2f}",
         "✓" if r["stable"] else "✕"]
        for r in rows.iter_rows(named=True)
    ]  # fmt: skip
