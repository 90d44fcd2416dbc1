"""A user's own waybills and the public last-mile set: read in bounded memory, nothing lost, reasons given."""

import resource
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import postroad
from postroad.demand.lade import COLUMNS, read_lade
from postroad.demand.waybills import fit_waybills, keys
from postroad.errors import DataError, UsageError


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


ROWS = {
    "origin": ["220112", "延吉", "220112001", "nowhere", "X-YIWU", "220112", "220112", "220112"],
    "destination": ["222401", "珲春市", "220112", "220112", "220182", "nowhere", "220182", "220182"],
    "time": ["2020-11-11 09:30:00", "2020-11-11 10:00:00", "2020-11-11 09:59:59", "2020-11-11 09:00:00",
             "2020-11-12T21:00:00", "2020-11-11 09:00:00", "soon", "2020-11-11 09:00:00"],
    "weight_kg": ["1.0", "2.0", "0.5", "1", "4", "1", "1", "-3"],
}  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_are_taken_or_set_aside_with_their_reason(jilin, tmp_path, form):
    path = tmp_path / f"waybills.{form}"
    getattr(pl.DataFrame(ROWS), f"write_{form}")(path)
    fitted = fit_waybills(path, jilin, tmp_path / "aside.parquet")
    assert (fitted.rows, fitted.taken) == (8, 4)
    assert fitted.quarantined == {"unknown_origin": 1, "unknown_destination": 1, "bad_time": 1, "bad_weight": 1}
    flows = {row[:2]: row[2] for row in fitted.flows.iter_rows()}
    assert flows == {("220112", "222401"): 1, ("222401", "222404"): 1, ("220112", "220112"): 1, ("X-YIWU", "220182"): 1}
    assert dict(fitted.hours.iter_rows()) == {9: 2, 10: 1, 21: 1}
    assert fitted.weight_mean_kg == pytest.approx(7.5 / 4)
    assert fitted.weight_sigma == pytest.approx(np.std(np.log([1, 2, 0.5, 4]), ddof=1))
    aside = pl.read_parquet(tmp_path / "aside.parquet")
    assert aside["reason"].to_list() == ["unknown_origin", "unknown_destination", "bad_time", "bad_weight"]
    assert aside["row"].to_list() == [4, 6, 7, 8]
    assert aside["origin"].to_list()[0] == "nowhere"


def test_own_column_names_may_be_given_and_missing_ones_are_named(jilin, tmp_path):
    path = tmp_path / "w.csv"
    pl.DataFrame(ROWS).rename({"origin": "寄出地"}).write_csv(path)
    with pytest.raises(DataError) as refused:
        fit_waybills(path, jilin)
    assert "origin" in refused.value.say("en")
    assert fit_waybills(path, jilin, columns={"origin": "寄出地"}).taken == 4


def test_wrong_paths_and_tables_without_a_usable_row_are_refused(jilin, tmp_path):
    with pytest.raises(UsageError):
        fit_waybills(tmp_path / "none.csv", jilin)
    bad = pl.DataFrame({name: ["?"] for name in ROWS})
    bad.write_csv(tmp_path / "bad.csv")
    with pytest.raises(DataError):
        fit_waybills(tmp_path / "bad.csv", jilin)


def test_a_name_that_several_places_share_is_no_key(jilin):
    known = keys(jilin)
    assert known["called"].is_unique().all()
    assert dict(known.iter_rows())["长春经济技术开发区"] == "220171"


@pytest.mark.slow
def test_four_million_waybills_stay_within_bounded_memory(jilin, tmp_path):
    """Fitting runs in a process of its own; its peak stays far below the size of the rows held as objects."""
    units = jilin.places.filter(level="county")["place_id"].to_list()
    rng = np.random.default_rng(1)
    n = 4_000_000
    frame = pl.DataFrame(
        {
            "origin": pl.Series(units)[rng.integers(0, len(units), n)],
            "destination": pl.Series(units)[rng.integers(0, len(units), n)],
            "time": pl.Series(["2020-11-11 09:30:00", "2020-11-11 20:10:00"])[rng.integers(0, 2, n)],
            "weight_kg": rng.lognormal(0, 0.5, n),
        }
    )
    frame.write_parquet(tmp_path / "big.parquet")
    script = (
        "import sys, resource, postroad\n"
        "from postroad.demand.waybills import fit_waybills\n"
        "f = fit_waybills(sys.argv[1], postroad.province('jilin'))\n"
        "print(f.taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "big.parquet")]
    taken, peak_kb = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert int(taken) == n
    assert int(peak_kb) < 2.2 * 2**20
    assert resource.RUSAGE_SELF is not None


def lade(tmp_path, **changed):
    rows = {column: ["1", "1", "1", "1"] for column in COLUMNS}
    rows |= {
        "courier_id": ["a", "a", "b", "b"],
        "accept_time": ["10-22 08:10:00", "10-22 08:50:00", "10-22 09:00:00", "10-22 09:00:00"],
        "delivery_time": ["10-22 09:10:00", "10-22 11:50:00", "10-22 10:00:00", "10-22 08:00:00"],
        "ds": ["1022"] * 4,
        **changed,
    }
    path = tmp_path / "delivery_jl.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


def test_the_public_set_gives_hours_waits_and_couriers(tmp_path):
    found = read_lade(lade(tmp_path))
    assert (found.rows, found.set_aside) == (4, 1)
    assert found.accepted.filter(pl.col("pieces") > 0).rows() == [(8, 2), (9, 1)]
    assert found.delivered.filter(pl.col("pieces") > 0).rows() == [(9, 1), (10, 1), (11, 1)]
    assert found.minutes_median == 60
    assert found.pieces_per_courier_day == 1.5


def test_a_file_of_another_kind_is_refused(tmp_path):
    pl.DataFrame({"order_id": ["1"]}).write_csv(tmp_path / "x.csv")
    with pytest.raises(DataError):
        read_lade(tmp_path / "x.csv")
    with pytest.raises(DataError):
        read_lade(lade(tmp_path, accept_time=["never"] * 4))
