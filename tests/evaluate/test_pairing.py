"""Two runs side by side: by hand on four parcels, and the whole loop of design, run and comparison on Jilin."""

from __future__ import annotations

import polars as pl
import pytest

import postroad as pr
from postroad.errors import UsageError
from postroad.evaluate.pairing import clustered, paired
from postroad.results import Stamp
from postroad.simulate.day import Run

SCALE = 0.0005


def run(hours: list[float | None], promise: float = 24.0, first: int = 0) -> Run:
    """Parcels from 长春 districts to 吉林 districts that took so many hours."""
    n = len(hours)
    late = [h is None or h > promise for h in hours]
    took = [round((h or 99.0) * 3600) for h in hours]
    table = pl.DataFrame(
        {"day": ["2020-06-10"] * n, "parcel": list(range(first, first + n)), "origin_id": ["220102"] * n,
         "destination_id": ["220202" if k % 2 else "220203" for k in range(n)], "product_id": ["EXP"] * n,
         "flow_class": ["intra_province"] * n, "accepted_s": [36000] * n,
         "delivered_s": [None if h is None else 36000 + t for h, t in zip(hours, took, strict=True)],
         "elapsed_s": took, "late_s": [int(was) for was in late],
         "reason": ["timetable" if was else "none" for was in late]}
    )  # fmt: skip
    return Run(Stamp.now("simulate_day", "x"), {"parcels": table}, {})


@pytest.fixture(scope="module")
def jilin():
    return pr.province("jilin")


@pytest.fixture(scope="module")
def today(jilin):
    return jilin.simulate("2020-11-12", scale=SCALE, seed=7)


def test_four_parcels_can_be_counted(jilin):
    both = paired(jilin, run([20.0, 30.0, 30.0, None]), run([20.0, 20.0, 30.0, 20.0]))
    row = both["classes"].row(0, named=True)
    assert (row["before_percent"], row["after_percent"], row["change"]) == (25.0, 75.0, 50.0)
    assert (row["spared"], row["harmed"]) == (2, 0)
    assert both["reasons"].rows() == [("timetable", 3, 1)]
    # 220203 got parcels 0 and 2 (25 h before and after, on average), 220202 parcels 1 and 3, of which 3 never came.
    hours = {place: (before, after) for place, before, after in
             both["counties"].select("place_id", "before_h", "after_h").iter_rows()}  # fmt: skip
    assert hours == {"220202": (30.0, 20.0), "220203": (25.0, 25.0)}


def test_the_interval_of_two_clusters_is_the_one_worked_out_by_hand():
    # Means 0 and 1 in two clusters of two: residual sums -1 and 1, variance 2 / 1 * 2 / 16, t of one degree 12.706.
    low, high = clustered(pl.Series([0, 0, 1, 1]), pl.Series(["a", "a", "b", "b"]))
    assert (low, high) == (pytest.approx(0.5 - 12.7062 * 0.5, abs=1e-3), pytest.approx(0.5 + 12.7062 * 0.5, abs=1e-3))


def test_runs_of_other_parcels_are_refused(jilin):
    with pytest.raises(UsageError, match=r"2 before, 2 after, 0 in both|前 2 件，后 2 件，共有 0 件"):
        paired(jilin, run([20.0, 20.0]), run([20.0, 20.0], first=1))


def test_the_whole_loop_design_run_compare_against_the_plan(jilin, today, tmp_path):
    sooner = jilin.simulate(like=today, delivery_outside_h=1.0)
    assert sooner.stamp.seed == today.stamp.seed
    both = jilin.paired(today, sooner)
    # Quicker hands outside can only help, and nothing within the province moves.
    assert (both["classes"]["harmed"] == 0).all()
    assert both["classes"].filter(flow_class="inter_province")["change"].item() >= 0
    held = both.against()
    assert held["target"].drop_nulls().str.starts_with("24h-").all()
    assert (held["asked_percent"] > 0).all()
    assert both.map().save(tmp_path / "map.html").stat().st_size > 10_000
    assert both.report(tmp_path / "side by side.docx", "zh").stat().st_size > 5_000
    with pytest.raises(UsageError, match="pptx"):
        both.report(tmp_path / "x.pptx")
    assert repr(both).startswith(f"<Pairing paired_runs {both.run_id}: classes ")
    assert both.run_id in both._repr_html_()


def test_a_run_is_run_again_in_its_own_network_only(jilin, today):
    once_more = jilin.again(today)
    assert once_more.run_id == today.run_id
    assert once_more["summary"].equals(today["summary"])
    faster = jilin.with_(parameters=jilin["parameters"].with_columns(note=pl.lit("looked at again")))
    with pytest.raises(UsageError, match=today.run_id):
        faster.again(today)
