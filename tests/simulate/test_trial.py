"""Trials on Jilin at a small scale: resume, same bytes at any number of workers, narrow intervals, paired worlds."""

import json
from functools import cache

import numpy as np
import polars as pl
import pytest

import postroad as pr
from postroad.demand import demand
from postroad.design.lines.baseline import baseline
from postroad.errors import UsageError
from postroad.parallel import Work
from postroad.simulate.day import simulate_day
from postroad.simulate.day.facts import STATUSES
from postroad.simulate.trial import Measure, Stretch, compare, runs, trial
from postroad.simulate.trial.runs import interval

SMALL = {"scale": 0.0002, "warm_days": 0, "tail_days": 5}
DAY = (Stretch("2020-05-12", 1),)


@cache
def jilin():
    network = pr.province("jilin")
    made = demand(network, 2020)
    return baseline(network, made), made


def refuses(case):
    raise AssertionError(f"ran again: {case}")


refuses.__module__, refuses.__qualname__ = runs.run.__module__, runs.run.__qualname__


def test_a_trial_stops_when_narrow_enough_and_resumes_from_its_cache(tmp_path, monkeypatch):
    network, made = jilin()
    work = Work(cache=tmp_path / "cases")
    asked = {"stretches": DAY, "worlds": 8, "seed": 3, "work": work, "facts": tmp_path / "facts", **SMALL}
    wide = Measure(half_width=0.5, least=4)
    run = trial(network, made, measure=wide, **asked)
    told = run["measure"].row(0, named=True)
    assert told["worlds"] == 4
    assert told["narrow_enough"]
    assert told["low"] < told["mean"] < told["high"]
    monkeypatch.setattr(runs, "run", refuses)
    again = trial(network, made, measure=wide, **asked)
    assert again["summary"].equals(run["summary"])
    assert again.run_id == run.run_id
    facts = run.facts_of_parcels().collect()
    assert sorted(facts["world"].unique()) == [3, 4, 5, 6]
    assert facts.height == run["summary"].filter(flow_class="all")["parcels"].sum()


def test_student_interval_by_hand():
    """Values 1, 2, 3: mean 2, standard error 1/sqrt(3), t at 2 degrees of freedom 4.302653."""
    mean, low, high = interval(np.array([1.0, 2.0, 3.0]), 0.95)
    assert mean == 2.0
    assert high - mean == pytest.approx(4.302653 / np.sqrt(3), rel=1e-6)
    assert mean - low == pytest.approx(high - mean)
    assert interval(np.array([1.0]), 0.95)[1:] == (-np.inf, np.inf)


def test_an_unknown_measure_is_refused():
    table = pl.DataFrame({"world": [0], "flow_class": ["all"], "parcels": [1], "late": [0], "delivered": [1],
                          "sent_back": [0], "mean_h": [1.0]})  # fmt: skip
    with pytest.raises(UsageError, match="on_time_share"):
        Measure("speed").values(table)
    with pytest.raises(UsageError, match="all"):
        Measure(flow_class="mail").values(table)


def test_every_parcel_of_jilin_is_delivered_or_somewhere(tmp_path):
    """Conservation, and the plan's peak day: 845万 parcels handled, here one in five thousand of them."""
    network, made = jilin()
    assert made.pieces("peak") == 8_450_000
    run = simulate_day(network, made, day="peak", seed=5, scale=0.0002, out=tmp_path / "run", events=3)
    parcels = run.parcels().collect()
    assert parcels.height == round(8_450_000 * 0.0002)
    counts = dict(parcels["status"].cast(str).value_counts().iter_rows())
    assert sum(counts.values()) == parcels.height
    assert set(counts) <= set(STATUSES)
    whole = run["summary"].filter(flow_class="all").row(0, named=True)
    assert whole["delivered"] + whole["sent_back"] + whole["under_way"] == parcels.height
    delivered = parcels.filter(pl.col("delivered_s").is_not_null())
    assert delivered.height == whole["delivered"] + whole["sent_back"]
    assert delivered.height > 0.95 * parcels.height
    assert (delivered["elapsed_s"] > 0).all()
    assert parcels.filter(pl.col("late_s") > 0)["reason"].cast(str).ne("none").all()
    assert run["lateness"]["parcels"].sum() == whole["late"]
    # What goes into a facility comes out of it or stands in its queue at the end.
    by = run["facilities"].group_by("facility_id").agg(pl.col("arrived", "sorted").sum(), pl.col("queue").last())
    assert (by["arrived"] - by["sorted"] >= 0).all()
    told = json.loads((run.facts["folder"] and (tmp_path / "run" / "epcis.json")).read_text())
    events = told["epcisBody"]["eventList"]
    assert len({event["epcList"][0] for event in events}) == 3
    assert [e["eventTime"] for e in events if e["epcList"] == events[0]["epcList"]] == sorted(
        e["eventTime"] for e in events if e["epcList"] == events[0]["epcList"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 16])
def test_the_number_of_workers_does_not_show(workers, tmp_path):
    network, made = jilin()
    asked = {"stretches": DAY, "worlds": 4, "seed": 1, **SMALL}
    here = trial(network, made, **asked)
    there = trial(network, made, work=Work(workers), facts=tmp_path, **asked)
    for name in here.tables:
        a, b = (run[name].write_ipc(None).getvalue() for run in (here, there))
        assert a == b


@pytest.mark.slow
def test_paired_worlds_see_slower_lines_through_their_common_luck():
    """Lines into the first hub take an hour longer; worlds differ by more than that does, and yet it shows."""
    network, made = jilin()
    into = pl.col("to_place_id") == "2201"
    longer = pl.when(into).then(pl.col("duration_min") + 60).otherwise(pl.col("duration_min"))
    slower = network.with_(line_hauls=network["line_hauls"].with_columns(duration_min=longer))
    found = compare(network, slower, made, stretches=DAY, worlds=4, measure=Measure("mean_h"), scale=0.001,
                    warm_days=0, tail_days=5)  # fmt: skip
    assert found.mean > 0.2
    assert found.low > 0
    assert found.variance_ratio > 1


def test_couriers_carry_what_a_usual_day_brings_and_riders_take_of_the_rest():
    network, made = jilin()
    asked = {"day": "peak", "scale": 0.0005, "tail_days": 4, "summary_only": True, "seed": 1}
    tight, crowd, wide = (simulate_day(network, made, **asked, **more) for more in (
        {"round_headroom": 0.8}, {"round_headroom": 0.8, "crowd_share": 0.5}, {"round_headroom": 1e6}))  # fmt: skip
    share = [run["summary"].filter(flow_class="all")["on_time_share"][0] for run in (tight, crowd, wide)]
    assert share[0] < share[1]
    assert share[0] < share[2]
    assert wide["rounds"]["left_over"].sum() == 0
    riders = crowd["rounds"].filter(pl.col("round_id").str.ends_with(":crowd"))
    assert 0 < riders["loaded"].sum() < crowd["rounds"]["loaded"].sum()
    assert not tight["rounds"].filter(pl.col("round_id").str.ends_with(":crowd")).height


def test_a_full_disk_is_named_by_a_trial(tmp_path, monkeypatch):
    network, made = jilin()

    def full(case):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "run", full)
    with pytest.raises(UsageError, match="No space left"):
        trial(network, made, stretches=DAY, worlds=1, facts=tmp_path / "facts", **SMALL)
