"""Modes of service: read and checked, rules inside and outside their days, reports, and a day with and without one."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest

from postroad.errors import DataError, UsageError
from postroad.evaluate.mode import modes, tried
from postroad.evaluate.mode.reading import read
from postroad.evaluate.mode.service import as_toml
from postroad.network import pack_folder
from postroad.supervise.regulation import regulation


@pytest.fixture(scope="module")
def held():
    return {mode.id: mode for mode in modes("jilin")}


def content():
    return tomllib.loads((pack_folder("jilin") / "modes.toml").read_text("utf-8"))


def test_days_hold_at_both_ends_and_over_the_new_year(held):
    peak = held["peak-season"]
    assert peak.days(2025) == (dt.date(2025, 11, 1), dt.date(2025, 11, 20))
    assert peak.begun(dt.date(2025, 11, 20)) == peak.days(2025)
    with pytest.raises(UsageError, match="2025-11-21"):
        peak.begun(dt.date(2025, 11, 21))
    (winter,) = read(
        {"modes": [{"id": "w", "zh": "冬", "en": "w", "rows": ["P20"], "first": "12-20", "last": "01-10"}]}
    )
    assert winter.begun(dt.date(2026, 1, 5)) == (dt.date(2025, 12, 20), dt.date(2026, 1, 10))
    with pytest.raises(UsageError):
        winter.begun(dt.date(2026, 1, 11))


def test_rules_are_raised_within_its_days_and_nowhere_else(held):
    rules = held["peak-season"].regulation(2025)
    inside, outside = (rules.on("hazard_deadline", dt.date(2025, 11, day)) for day in (1, 21))
    assert (inside.cite, inside["major_days"], inside["recurrence_days"]) == ("hazard_deadline@20251101", 3, 365)
    assert outside == regulation().on("hazard_deadline", dt.date(2025, 11, 21))
    assert rules.on("complaint_firm", dt.date(2025, 11, 5)) == regulation().on("complaint_firm", dt.date(2025, 11, 5))


def test_its_rules_written_are_the_rules_an_office_reads(held, tmp_path):
    for mode in held.values():
        file = tmp_path / f"{mode.id}.toml"
        file.write_text(as_toml(mode.raised(2025)), "utf-8")
        read_back = regulation(file)
        for rule in mode.raised(2025):
            assert read_back.cited(rule.cite) == rule


def test_every_report_falls_due_at_its_hours(held):
    calendar = held["major-event"].calendar(2025)
    assert calendar.height == 15 * (4 + 1 + 1)
    assert calendar.row(0) == (dt.date(2025, 3, 1), "08:00", "emergency.late")
    assert calendar["day"].max() == dt.date(2025, 3, 15)


def broken():
    """Every way of spoiling one mode, with the key of the fault it must give."""
    spoiled = {
        "mode.missing": lambda mode: mode.pop("en"),
        "mode.stranger": lambda mode: mode.update(colour="red"),
        "mode.bad_day": lambda mode: mode.update(first="02-29"),
        "mode.bad_part": lambda mode: mode.update(rules="all"),
        "mode.no_rule": lambda mode: mode["rules"].append({"id": "coffee", "values": {}}),
        "mode.bad_value": lambda mode: mode["rules"][0]["values"].update(major_days="soon"),
        "mode.no_view": lambda mode: mode["reports"].append({"view": "hazard.open", "at": ["09:00"]}),
        "mode.bad_hour": lambda mode: mode["reports"][0].update(at=["25:00"]),
        "levers.no_such_table": lambda mode: mode["changes"][0].update(table="planets"),
        "levers.no_such_column": lambda mode: mode["changes"][0].update(column="colour"),
    }
    return list(spoiled.items())


@pytest.mark.parametrize(("key", "spoil"), broken(), ids=lambda part: part if isinstance(part, str) else "")
def test_what_is_wrong_is_named(key, spoil):
    told = content()
    spoil(told["modes"][0])
    with pytest.raises(DataError) as refused:
        read(told)
    assert [fault.key for fault in refused.value.faults] == [key]


def test_all_faults_come_at_once_and_names_are_unique():
    told = content()
    together = ("mode.missing", "mode.stranger", "mode.bad_day", "mode.no_rule", "mode.no_view", "mode.bad_hour")
    for key in together:
        dict(broken())[key](told["modes"][0])
    told["modes"][1]["id"] = told["modes"][2]["id"]
    with pytest.raises(DataError) as refused:
        read(told)
    assert sorted(fault.key for fault in refused.value.faults) == sorted((*together, "mode.twice"))


@pytest.mark.slow
def test_more_capacity_makes_no_parcel_later_and_less_no_parcel_sooner(held):
    up = tried("jilin", held["peak-season"], worlds=3, scale=0.004)
    told = {row["measure"]: row for row in up["measures"].iter_rows(named=True)}
    assert told["mean_h"]["change"] < 0 < told["on_time_share"]["change"]
    assert told["on_time_share"]["change"] == pytest.approx(-told["late_share"]["change"])
    assert (up["staff"]["staff_with"] / up["staff"]["staff"]).to_list() == pytest.approx([1.3] * up["staff"].height)
    again = tried("jilin", held["peak-season"], worlds=3, scale=0.004)
    assert again["measures"].equals(up["measures"])
    assert again.run_id == up.run_id
    with pytest.raises(UsageError):
        tried("jilin", held["major-event"])
