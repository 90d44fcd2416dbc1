"""What the records say of the plan's indicators, as rows of the statistics table a scorecard reads.

Values have the scope ``records`` and keep the origin of the rows they come from: a rehearsal stays synthetic.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.language import say
from postroad.supervise import centre, complaint, service
from postroad.supervise.inspection import standard
from postroad.supervise.records import Desk, audit
from postroad.supervise.register import of_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroad.network import Network
SCOPE = "records"
SOURCE = "case-records"
STOCKS = ("smart_lockers",)
"""Counts of what stands, which the plan follows by the year."""


def tally(desk: Desk, network: Network, region: str, period: str) -> list[dict[str, Any]]:
    """Return the statistics rows the records give for a period (2025-11 or 2025); a province's desk is needed.

    What the records do not hold gives no row. What was read stands in the audit log under the actor and the hour of
    the asking, though lateness is judged as of the newest act.
    """
    of_time(period)
    origins = {row["origin"] for table in ("outlets", "inspections") for row in desk.rows(table)}
    origin = "synthetic" if "synthetic" in origins else "derived"
    with desk.store.reading() as connection:
        latest = audit.last_act(connection)
    known_on = (latest or desk.now).date()  # the day the newest record was written down
    then = latest or desk.now
    past = Desk(desk.store, desk.actor, lambda: then, desk.rules, desk.made)  # what is late or out of date, as of then
    found = [*_of_visits(past, period), *_of_service(past, period), *_of_centres(past, network)]
    desk.take_looks(past)
    desk.note()
    return [
        {"region_id": region, "indicator": name, "period": period[:4] if name in STOCKS else period,
         "value": float(value), "unit": unit, "known_on": known_on, "scope": SCOPE, "note": note, "origin": origin,
         "source": SOURCE}
        for name, value, unit, note in found
    ]  # fmt: skip


Figure = tuple[str, float, str, str]
"""Indicator, value, unit, and what the value rests on."""


def _of_visits(desk: Desk, period: str) -> Iterator[Figure]:
    made = [r for r in desk.rows("inspections") if (r["visited_on"] or dt.date.min).isoformat().startswith(period)]
    draws = sorted({row["draw_id"] for row in made if row["draw_id"]})
    if draws:
        latest = max(draws, key=lambda name: sum(row["draw_id"] == name for row in made))
        rate = standard.rate(desk, latest)
        yield "outlet_standardisation", 100 * rate["rate"], "%", _interval(rate, latest)
        ban = standard.violations(desk, latest, "plastic_ban")
        yield "plastic_violation_rate", 100 * ban["rate"], "%", _interval(ban, latest)
    every = complaint.rates(desk, period)[-1]
    if every["valid_per_million"] is not None:
        note = f"{every['valid']} / {every['pieces']}"
        yield "valid_complaint_rate", every["valid_per_million"], "per million pieces", note


def _interval(rate: dict[str, Any], name: str) -> str:
    return f"{name}: 95 % {100 * rate['low']:.1f}-{100 * rate['high']:.1f}, n={rate['visited']}"


def _of_service(desk: Desk, period: str) -> Iterator[Figure]:
    waves = [w for w in service.satisfaction(desk, "express")["waves"] if w["period"][:4] == period[:4]]
    if waves:
        yield "express_public_satisfaction_floor", waves[-1]["score"], "分", f"{waves[-1]['period']}"
    used = [row for row in service.lockers(desk, period) if row["prefecture_id"] == ""]
    if used:
        note = say("cases.note_lockers", lockers=used[0]["lockers"], days=used[0]["locker_days"])
        yield "locker_turnover", used[0]["deposits_per_cell_day"], "件/格日", note
        yield "locker_refused_share", 100 * used[0]["refused_share"], "%", note
    groups = [row for row in desk.rows("outlets", kind="locker") if row["state"] == "open"]
    if groups:
        yield "smart_lockers", len(groups), "组", say("cases.note_register")
    seen = service.cameras(desk, period)
    if seen["online_share"] is not None:
        yield "camera_online_share", 100 * seen["online_share"], "%", say("cases.note_sites", count=seen["sites"])


def _of_centres(desk: Desk, network: Network) -> Iterator[Figure]:
    centres = network["sites"].filter(pl.col("kind") == "safety_centre")["site_id"].sort().to_list()
    if centres and desk.rows("centre_conditions"):
        rows = centre.readiness(desk, centres)
        met = sum(row["state"] == "met" for row in rows)
        yield "safety_centre_readiness", 100 * met / len(rows), "%", f"{met} / {len(rows)}"


def filled(network: Network, rows: list[dict[str, Any]]) -> Network:
    """Return a network whose statistics hold these rows too, with their source."""
    if not rows:
        return network
    statistics = pl.concat([network["statistics"], pl.DataFrame(rows, schema=network["statistics"].schema)])
    synthetic = any(row["origin"] == "synthetic" for row in rows)
    source = {
        "source_id": SOURCE, "title": "Cases of the database of record", "version": rows[0]["known_on"].isoformat(),
        "licence": "own records", "digest": None, "note": None, "source": SOURCE,
        "origin": "synthetic" if synthetic else "observed",
    }  # fmt: skip
    sources = pl.concat([network["sources"], pl.DataFrame([source], schema=network["sources"].schema)])
    return network.with_(statistics=statistics, sources=sources)
