"""The short report of a simulated day or trial, in either language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.language import Language, say
from postroad.naming import names_of

if TYPE_CHECKING:
    from postroad.measure.promise import Certificate
    from postroad.network import Network
    from postroad.results import Result

MOST = 12
LEAST_DAYS = 10
"""Villages with parcels on fewer simulated days are not summed up."""
NATIONAL = {
    "origin": "stage_time_origin_processing", "transport": "stage_time_linehaul_transport",
    "destination": "stage_time_destination_processing", "delivery": "stage_time_delivery",
}  # fmt: skip


def day_report(run: Result, network: Network, tongue: Language) -> str:
    """Return the report of one run as Markdown: promises, stages beside the national ones, reasons, busiest places."""
    facts = run.facts
    parts = [
        "# " + say("simulate.title", tongue, place=network.label(tongue), days=", ".join(facts["days"])),
        say("simulate.counted", tongue, parcels=f"{facts['parcels']:,}", run_id=run.run_id,
            scale=f"{100 * float(run.stamp.options['scale']):g}"),
        "## " + say("simulate.promises", tongue),
        _promises(run["summary"], tongue),
        "## " + say("simulate.stages", tongue),
        _stages(run["stages"], network, tongue),
        "## " + say("simulate.reasons", tongue),
        _reasons(run["lateness"], network, tongue),
        "## " + say("simulate.busiest", tongue),
        _busiest(run["facilities"], network, tongue),
        say("simulate.assumed", tongue),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def trial_report(
    run: Result, promised: Certificate, network: Network, tongue: Language, tried: Result | None = None,
    steady: pl.DataFrame | None = None,
) -> str:  # fmt: skip
    """Return the report of a trial as Markdown: measure, certificate, worst pairs, villages, repairs tried."""
    told = run["measure"].row(0, named=True)
    scale = float(run.stamp.options["scale"])
    figures = {name: f"{told[name]:.4f}" for name in ("mean", "low", "high")} | {"level": f"{100 * told['level']:g}"}
    parts = [
        "# " + say("simulate.trial_title", tongue, place=network.label(tongue)),
        say("simulate.trial_measure", tongue, **figures, worlds=told["worlds"], run_id=run.run_id),
        say("simulate.sampled", tongue, scale=f"{100 * scale:g}"),
        "## " + say("simulate.certificate", tongue),
        _certificate(promised.classes, tongue),
        "## " + say("simulate.worst_pairs", tongue),
        _pairs(promised.pairs, network, tongue),
        *(_villages(steady, tongue) if steady is not None and steady.height else ()),
        *(_repairs(tried, network, tongue) if tried else ()),
        say("simulate.assumed", tongue),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _promises(summary: pl.DataFrame, tongue: Language) -> str:
    names = ("class", "parcels", "on_time", "late", "under_way", "mean", "p95")
    rows = [
        (_flow(row["flow_class"], tongue), f"{row['parcels']:,}", f"{100 * row['on_time_share']:.1f} %",
         f"{row['late']:,}", f"{row['under_way']:,}", _hours(row["mean_h"]), _hours(row["p95_h"]))
        for row in summary.iter_rows(named=True)
    ]  # fmt: skip
    return _table(names, rows, tongue)


def _stages(stages: pl.DataFrame, network: Network, tongue: Language) -> str:
    """Hours of the four stages between provinces, beside the national test's."""
    known = dict(network["parameters"].select("parameter", "value").iter_rows())
    rows = []
    for stage, parameter in NATIONAL.items():
        own = {row["flow_class"]: row["mean_h"] for row in stages.filter(stage=stage).iter_rows(named=True)}
        hours = [own.get(flow) for flow in ("inbound", "inter_province", "intra_province")]
        told = [_hours(value) for value in (*hours, known.get(parameter))]
        rows.append((say(f"simulate.stage_{stage}", tongue), *told))
    return _table(("stage", "inbound", "outbound", "inside", "national"), rows, tongue)


def _reasons(lateness: pl.DataFrame, network: Network, tongue: Language) -> str:
    names = names_of(network, tongue)
    total = max(1, int(lateness["parcels"].sum()))
    rows = [
        (say(f"simulate.reason_{row['reason']}", tongue), names.get(row["place_id"], row["place_id"] or "-"),
         f"{row['parcels']:,}", f"{100 * row['parcels'] / total:.1f} %")
        for row in lateness.head(MOST).iter_rows(named=True)
    ]  # fmt: skip
    return _table(("reason", "place", "parcels", "share"), rows, tongue)


def _busiest(facilities: pl.DataFrame, network: Network, tongue: Language) -> str:
    names = names_of(network, tongue)
    peak = facilities.group_by("place_id", "kind").agg(
        pl.col("queue").max(), pl.col("from_min").get(pl.col("queue").arg_max()), pl.col("sorted").sum(),
        pl.col("left_over").sum(),
    )  # fmt: skip
    rows = [
        (names.get(row["place_id"], row["place_id"]), f"{row['sorted']:,}", f"{row['queue']:,}",
         _clock(row["from_min"]), f"{row['left_over']:,}")
        for row in peak.sort(["queue", "place_id"], descending=[True, False]).head(MOST).iter_rows(named=True)
    ]  # fmt: skip
    return _table(("place", "sorted", "queue", "when", "left_over"), rows, tongue)


def _pairs(pairs: pl.DataFrame, network: Network, tongue: Language) -> str:
    """The pairs that are furthest from the share asked for: by how much, what binds, and when to hand in."""
    names = names_of(network, tongue)
    gap = pl.col("asked_percent") - pl.col("share_percent")
    rows = [
        (" – ".join(names.get(row[end], row[end]) for end in ("from_place_id", "to_place_id")),
         say(f"simulate.day_{row['kind']}", tongue),
         f"{row['share_percent']:.1f} % ({row['low_percent']:.1f}-{row['high_percent']:.1f})",
         _hours(row["slack_h"]), say(f"simulate.reason_{row['cause']}", tongue) if row["cause"] else "-",
         names.get(row["at_place_id"], row["at_place_id"] or "-"),
         "-" if row["worst_hour"] is None else f"{row['worst_hour']}:00")
        for row in pairs.sort(gap, descending=True).head(MOST).iter_rows(named=True)
    ]  # fmt: skip
    return _table(("pair", "kind", "on_time", "slack", "reason", "place", "worst_hour"), rows, tongue)


def _villages(steady: pl.DataFrame, tongue: Language) -> list[str]:
    """Villages on ordinary days: served of the days with parcels, and how far the hour of arrival spreads."""
    own = steady.filter(pl.col("days") >= LEAST_DAYS)
    figures = {
        "villages": f"{steady.height:,}", "known": f"{own.height:,}", "least": LEAST_DAYS,
        "visits": _short(steady["visit_days"].mean()), "few": f"{steady.filter(pl.col('visit_days') < 364).height:,}",
        "days": _short(own["served_year_days"].mean()), "worst": _short(own["served_year_days"].quantile(0.05)),
        "spread": _short(own["spread_h"].median()),
    }  # fmt: skip
    return ["## " + say("simulate.villages", tongue), say("simulate.villages_told", tongue, **figures)]


def _short(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else "-"


def _repairs(tried: Result, network: Network, tongue: Language) -> list[str]:
    """The best repair of each pair that was tried, and of each class: what it brings and costs."""
    names = names_of(network, tongue)
    rows = []
    for table in ("classes", "trials"):
        for row in tried[table].filter("best").iter_rows(named=True):
            ends = [names.get(row[c], row[c]) for c in ("from_place_id", "to_place_id")] if table == "trials" else []
            at = "" if row["at_min"] is None else _clock(row["at_min"])
            to = f" → {names.get(row['to_id'], row['to_id'])}" if row["to_id"] else ""
            rows.append((say(f"simulate.promise_{row['promise_class']}", tongue),
                         " – ".join(ends) or "-", say(f"repair.{row['kind']}", tongue),
                         f"{names.get(row['place_id'], row['place_id'])}{to} {at}".rstrip(),
                         f"{row['before_percent']:.1f} → {row['after_percent']:.1f} %",
                         f"{row['gain']:+.1f} ({row['low']:+.1f} … {row['high']:+.1f})", f"{row['yuan_day']:,.0f}",
                         say("repair.yes" if row["mends"] else "repair.no", tongue)))  # fmt: skip
    heads = [
        say(f"repair.h_{name}", tongue)
        for name in ("class", "pair", "repair", "where", "share", "gain", "yuan", "mends")
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *("| " + " | ".join(r) + " |" for r in rows)]
    worlds = {"worlds": tried.facts["worlds"], "candidates": tried.facts["candidates"], "run_id": tried.run_id}
    return ["## " + say("repair.title", tongue), say("repair.about", tongue, **worlds), "\n".join(lines)]


def _certificate(classes: pl.DataFrame, tongue: Language) -> str:
    rows = [
        (say(f"simulate.promise_{row['promise_class']}", tongue), say(f"simulate.day_{row['kind']}", tongue),
         f"{row['parcels']:,}", f"{row['share_percent']:.1f} %",
         f"{row['low_percent']:.1f}-{row['high_percent']:.1f} %", f"{row['asked_percent']:g} %", _hours(row["slack_h"]))
        for row in classes.iter_rows(named=True)
    ]  # fmt: skip
    return _table(("class", "kind", "parcels", "on_time", "interval", "asked", "slack"), rows, tongue)


def _table(names: tuple[str, ...], rows: list[tuple[Any, ...]], tongue: Language) -> str:
    head = [say(f"simulate.column_{name}", tongue) for name in names]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _flow(name: str, tongue: Language) -> str:
    return say("simulate.all", tongue) if name == "all" else say(f"demand.class_{name}", tongue)


def _hours(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _clock(minutes: int) -> str:
    day, rest = divmod(int(minutes), 1440)
    return f"D{day:+d} {rest // 60:02d}:{rest % 60:02d}"
