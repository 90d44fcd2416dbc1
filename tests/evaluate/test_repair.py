"""Repairs: candidates read from late parcels by hand, put into a network, compared world by world."""

import polars as pl
import pytest

from postroad.demand import demand
from postroad.design.lines.baseline import baseline
from postroad.errors import UsageError
from postroad.evaluate.repair import Candidate, candidates, mend
from postroad.evaluate.repair.changing import changed
from postroad.evaluate.repair.trying import PAIR, _compared
from postroad.network import province
from postroad.simulate.day.arrays import VISITS
from tests.simulate.worlds import line, network


def late(count=4, cause="timetable"):
    """Parcels over a centre and a hub: at the hub from 10:00, ready at noon, off at six in the evening."""
    stops = {"place_id": pl.String, "arrive_s": pl.Int32, "ready_s": pl.Int32, "depart_s": pl.Int32}
    schema = {f"stop{k}_{name}": kind for k in range(1, VISITS + 1) for name, kind in stops.items()}
    times = {1: ("220101", 480, 500, 540), 2: ("2201", 600, 720, 1080), 3: ("220201", 1140, 1150, None)}
    row = {f"stop{k}_{name}": value if name == "place_id" or value is None else value * 60
           for k, held in times.items() for name, value in zip(stops, held, strict=True)}  # fmt: skip
    frame = pl.DataFrame([row] * count, schema=schema)
    return frame.with_columns(stops=pl.lit(3), cause=pl.lit(cause), at_place_id=pl.lit("2201"))


def test_candidates_say_where_late_parcels_wait_and_when_they_are_ready():
    found = {one.kind: one for one in candidates(late(), days=2.0)}
    assert found["departure"] == Candidate("departure", "2201", "220201", 720.0, 2.0)
    assert found["wave"] == Candidate("wave", "2201", "220201", 690.0, 2.0)
    assert found["direct"] == Candidate("direct", "220101", "220201", 525.0, 2.0)
    assert found["cutoff"] == Candidate("cutoff", "2201", "", 720.0)
    assert "sorter" not in found
    assert candidates(late(cause="sorter"), 1.0)[-1] == Candidate("sorter", "2201")


def test_an_earlier_wave_takes_its_departures_along():
    waves = [{"place_id": "2201", "wave": k + 1, "open_min": o, "cutoff_min": c, "release_min": c + 60}
             for k, (o, c) in enumerate(((0.0, 400.0), (400.0, 660.0)))]  # fmt: skip
    made = network(lines=[line("2201", "220201", 740, 60), line("2201", "220201", 900, 60)], waves=waves)
    after, yuan = changed(made, Candidate("cutoff", "2201", "", 720.0))
    assert yuan == 0.0
    assert after["sort_waves"].sort("wave")["cutoff_min"].to_list() == [400.0, 600.0]
    assert after["sort_waves"].sort("wave")["release_min"].to_list() == [460.0, 660.0]
    assert after["line_hauls"].sort("line_haul_id")["depart_min"].to_list() == [680.0, 900.0]
    plants = network(plants=[{"place_id": "220101", "sort_rate_pieces_h": 10.0}])
    assert changed(plants, Candidate("sorter", "2201")) is None


def test_the_cheapest_that_mends_is_told_and_worlds_are_paired():
    def world(shares):
        rows = [{**dict(zip(PAIR, ("core", "a", "b"), strict=True)), "world": w, "parcels": 100, "on_time": s}
                for w, s in enumerate(shares)]  # fmt: skip
        return pl.DataFrame(rows)

    runs = [world([80, 90]), world([95, 97]), world([96, 98]), world([81, 89])]
    prices = [(Candidate("departure", "x", "y"), 100.0), (Candidate("direct", "x", "y"), 50.0),
              (Candidate("sorter", "x"), 1.0)]  # fmt: skip
    wanted = pl.DataFrame({**dict(zip(PAIR, (["core"], ["a"], ["b"]), strict=True)), "asked": [95.0]})
    told = _compared(runs, prices, wanted, PAIR, {})
    assert told["gain"].to_list() == [11.0, 12.0, 0.0]
    # Two worlds, differences 15 and 7: half a width of 12.706 times 4.
    assert told["high"][0] - told["gain"][0] == pytest.approx(12.7062 * 4, abs=1e-3)
    assert not told["best"].any()
    runs = [world([80, 90, 85]), world([95, 97, 96]), world([94, 99, 96]), world([81, 91, 86])]
    told = _compared(runs, prices, wanted, PAIR, {})
    assert told.filter("best")["kind"].to_list() == ["direct"]  # half the price of the departure
    assert told["mends"].to_list() == [True, True, False]


@pytest.mark.slow
def test_repairs_of_jilin_are_tried_on_the_same_worlds(tmp_path):
    jilin = province("jilin")
    wanted = demand(jilin, 2020)
    ready = baseline(jilin, wanted)
    result = mend(ready, wanted, day="2020-05-12", worlds=2, most=1, scale=0.002, tail_days=3)
    pair = result["pairs"].row(0, named=True)
    assert result["trials"].height == result.facts["candidates"] > 1
    assert set(result["trials"]["promise_class"]) == {pair["promise_class"]}
    assert result["trials"]["before_percent"].n_unique() == 1
    with pytest.raises(UsageError):
        mend(ready, wanted, day="2020-05-12", worlds=1)
