"""The page of a drill draws what it has: half hours in which nothing waits on a calm day have no row."""

import polars as pl

from postroad.face.report.drill import page
from postroad.network import province
from postroad.results import Result, Stamp
from postroad.simulate.drill import script

GRADED = {"run": "struck", "who": "", "cost_yuan": 0.0, "late_pieces": 9.0, "late_percent": 0.1,
          "displaced_pieces": 0.0, "relief_delivered": 100.0, "relief_mean_h": None, "recovery_h": 1.0,
          "first_break_place_id": None,
          "first_break_min": None, "grade": "A", "spared_pieces": 0.0, "yuan_per_piece": None}  # fmt: skip


def test_a_half_hour_without_a_row_on_the_calm_day_counts_as_empty():
    network = province("jilin")
    made = script("hub-fire-siping", network)
    timeline = pl.DataFrame({"run": ["calm", "struck", "struck"], "from_min": [0, 0, 30], "waiting": [10, 20, 30]})
    tables = {"timeline": timeline, "relief": pl.DataFrame({"hour": [], "delivered_percent": [], "run": []}),
              "grades": pl.DataFrame([GRADED])}  # fmt: skip
    told = page(Result(Stamp("drill", "inputs", {"year": 2020, "scale": 0.01}), tables), made, network, "en")
    assert "NaN" not in told
    assert told.count("<path") == 1
