"""After a day: hand-made forecast and records, whose differences can be counted on fingers."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from postroad.errors import UsageError
from postroad.face.report.after_action import changes, review
from postroad.network import province
from postroad.results import Result, Stamp
from postroad.simulate.day import Run
from postroad.supervise.after_action import after_action
from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Counter, Ledger
from tests.supervise.ledger_world import KNOWN, acceptance, delivery, write

DAY = dt.date(2026, 3, 9)


def forecast(cities: dict[str, int], hours: float = 20.0) -> Run:
    """A run of so many parcels from each city, all accepted at 10:00 by YTO and delivered so many hours later."""
    origins = [f"{city}01" for city, n in cities.items() for _ in range(n)]
    parcels = pl.DataFrame(
        {"day": [DAY.isoformat()] * len(origins), "origin_id": origins, "destination_id": ["220102"] * len(origins),
         "operator_id": ["YTO"] * len(origins), "accepted_s": [10 * 3600] * len(origins),
         "delivered_s": [10 * 3600 + int(hours * 3600)] * len(origins), "elapsed_s": [int(hours * 3600)] * len(origins),
         "status": ["at_door"] * len(origins)}
    )  # fmt: skip
    return Run(Stamp.now("simulate_day", "x", {"scale": 0.5}), {"parcels": parcels}, {"first_day": DAY.isoformat()})


@pytest.fixture
def ledger(tmp_path):
    """120 acceptances at O1 in Changchun and 20 at O9 in Jilin, half of them delivered nine hours later."""
    where = {"operator_id": "YTO", "lon": 125.3, "lat": 43.9, "origin": "synthetic"}
    outlets = [{**where, "outlet_id": name, "city_id": city} for name, city in (("O1", "2201"), ("O9", "2202"))]
    sent = [acceptance(f"YT{n:012d}", outlet_id="O1" if n < 120 else "O9") for n in range(140)]
    done = [delivery(f"YT{n:012d}") for n in range(0, 140, 2)]
    files = [write(tmp_path / f"{kind}-YTO.csv", rows) for kind, rows in
             (("outlets", outlets), ("acceptances", sent), ("deliveries", done))]  # fmt: skip
    with Counter(tmp_path / "ledger", KeyRing.open(tmp_path / "keys")) as counter:
        for file in files:
            counter.take(file, known_at=KNOWN)
    return Ledger.open(tmp_path / "ledger")


def test_forecast_and_actual_stand_side_by_side(ledger):
    made = after_action(ledger, forecast({"2201": 50, "2202": 20}), DAY)
    cities = {row["city_id"]: row for row in made["cities"].iter_rows(named=True)}
    assert (cities["2201"]["forecast"], cities["2201"]["actual"], cities["2201"]["ratio"]) == (100.0, 120, 1.2)
    assert (cities["2202"]["forecast"], cities["2202"]["actual"], cities["2202"]["ratio"]) == (40.0, 20, 0.5)
    # Garwood's interval of a count of 20, over 40 expected.
    assert cities["2202"]["low"] == pytest.approx(12.2165 / 40, abs=1e-4)
    assert cities["2202"]["high"] == pytest.approx(30.8884 / 40, abs=1e-4)
    service = {row["measure"]: row for row in made["service"].iter_rows(named=True)}
    assert (service["within_24_h"]["forecast"], service["within_24_h"]["actual"]) == (1.0, 1.0)
    assert (service["median_h"]["forecast"], service["median_h"]["actual"]) == (20.0, 9.0)


def test_what_departs_is_told_and_what_does_not_is_left_alone(ledger):
    made = after_action(ledger, forecast({"2201": 50, "2202": 20}), DAY)
    # The province came as forecast (140 of 140); both cities depart from it, one up and one down.
    assert made["changes"].select("change", "what").rows() == [("city", "2202")]
    calm = after_action(ledger, forecast({"2201": 60, "2202": 10}), DAY)
    assert calm["changes"].is_empty()
    half = after_action(ledger, forecast({"2201": 60, "2202": 10}, hours=30.0), DAY, share=0.5)
    told = {row["change"]: row for row in half["changes"].iter_rows(named=True)}
    assert (told["total"]["forecast"], told["total"]["actual"]) == (70.0, 140.0)
    assert (told["service"]["what"], told["service"]["forecast"], told["service"]["actual"]) == (
        "within_24_h",
        0.0,
        1.0,
    )


def test_the_review_names_places_and_says_what_is_synthetic(ledger):
    jilin = province("jilin")
    made = after_action(ledger, forecast({"2201": 50, "2202": 20}), DAY)
    assert changes(made, jilin, "zh") == ["- 吉林市另按 0.50 倍安排：随全省折算应为 40 件，实际 20 件。"]
    zh, en = (review(made, jilin, tongue) for tongue in ("zh", "en"))
    assert "合成" in zh
    assert "synthetic" in en
    assert "| 长春市 | 100 | 120 | 1.20 (0.99–1.43) |" in zh


def test_a_drill_says_what_its_actions_did(ledger):
    grades = pl.DataFrame({"run": ["struck", "earlier"], "who": ["", "hub"], "cost_yuan": [0.0, 50.0],
                           "spared_pieces": [0.0, 100.0], "yuan_per_piece": [None, 0.5]})  # fmt: skip
    drill = Result(Stamp.now("drill", "x"), {"grades": grades})
    made = after_action(ledger, forecast({"2201": 60, "2202": 10}), DAY, drill=drill)
    assert made["actions"]["run"].to_list() == ["earlier"]
    assert "Earlier wave" in review(made, province("jilin"), "en", {"earlier": "Earlier wave"})


def test_what_cannot_be_compared_is_refused(ledger):
    run = forecast({"2201": 1})
    other = dt.date(2026, 3, 10)
    with pytest.raises(UsageError, match="2026-03-09"):
        after_action(ledger, run, other)
    with pytest.raises(UsageError, match="2026-03-10"):
        after_action(ledger, Run(run.stamp, run.tables, {"first_day": other.isoformat()}), other)
    with pytest.raises(UsageError, match=r"1\.5"):
        after_action(ledger, run, DAY, share=1.5)
    with pytest.raises(UsageError, match="simulate_day"):
        after_action(ledger, run, DAY, drill=run)
