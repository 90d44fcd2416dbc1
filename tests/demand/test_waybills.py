"""Waybills of one's own: counted by hand, fitted back to the model they were drawn from, nothing lost."""

import datetime as dt
import subprocess
import sys

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import postroad
from postroad.demand import demand
from postroad.demand.fitting import classed, fitted
from postroad.demand.unitname import unit_names
from postroad.demand.waybills import count
from postroad.errors import DataError, Stopped, UsageError

HAND = """origin,destination,time,weight
220102,220104,2020-11-11 09:10:00,1
南关区,长春市朝阳区,2020-11-11 09:50:00,3
220102,延吉市,2020/11/12 10:00,
nanguanqu,上海,2020-11-12 23:59:59,2
首尔,220102,2020-11-12 08:00:00,2
"""


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


def written(folder, text, name="waybills.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_five_waybills_by_hand(jilin, tmp_path):
    counted = count(jilin, written(tmp_path, HAND))
    assert (counted.rows, counted.taken, counted.reasons, counted.unreadable) == (5, 5, {}, 0)
    pairs = {(a, b): n for a, b, n in counted.pairs.iter_rows()}
    assert pairs == {("220102", "220104"): 2, ("220102", "222401"): 1, ("220102", "X-SHANGHAI"): 1,
                     ("X-SEOUL", "220102"): 1}  # fmt: skip
    assert dict(counted.days.iter_rows()) == {dt.date(2020, 11, 11): 2, dt.date(2020, 11, 12): 3}
    assert dict(counted.hours.iter_rows()) == {8: 1, 9: 2, 10: 1, 23: 1}
    n, mean, sigma = counted.weighed
    logs = np.log([1, 3, 2, 2])
    assert (n, mean) == (4, 2.0)
    assert sigma == pytest.approx(logs.std(), abs=1e-5)
    classes = dict(classed(jilin, counted.pairs).group_by("flow_class").agg(pl.col("pieces").sum()).iter_rows())
    assert classes == {"same_city": 2, "intra_province": 1, "inter_province": 1, "inbound": 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize(("mark", "end"), [(",", "\n"), ("\t", "\r\n"), (";", "\n")])
def test_encodings_delimiters_and_line_ends_change_nothing(jilin, tmp_path, encoding, mark, end):
    text = HAND.replace(",", mark).replace("\n", end)
    plain = count(jilin, written(tmp_path, HAND))
    other = count(jilin, written(tmp_path, text, "other.csv", encoding))
    assert other.pairs.equals(plain.pairs)
    assert other.weighed == plain.weighed


def test_parquet_in_chinese_columns_grams_and_world_time(jilin, tmp_path):
    moments = [dt.datetime(2020, 11, 11, 20, 30, tzinfo=dt.UTC)] * 2  # half past four next morning
    frame = pl.DataFrame(
        {"始发地": [220102, 220102], "目的地": [220104, 220106], "时间": moments, "weight_g": [500, 1500]}
    )
    frame.write_parquet(tmp_path / "w.parquet")
    counted = count(jilin, tmp_path / "w.parquet")
    assert counted.days["day"].to_list() == [dt.date(2020, 11, 12)]
    assert counted.hours["hour"].to_list() == [4]
    assert counted.weighed[:2] == (2, 1.0)


BAD = """origin,destination,time,weight
220102,220104,2020-11-11 09:10:00,1
火星,220104,2020-11-11 09:10:00,1
火星,220104,2020-11-11 09:10:00,1
220102,,2020-11-11 09:10:00,1
长春,220104,2020-11-11 09:10:00,1
220102,通化,2020-11-11 09:10:00,1
上海,北京,2020-11-11 09:10:00,1
220102,220104,yesterday,1
220102,220104,2020-11-11 09:10:00,-1
220102,220104,2020-11-11 09:10:00,nan
220102,220104,2020-11-11 09:10:00,heavy
220102,220104
220102,220104,2020-11-11 09:10:00,1,2
"""


def test_rows_that_cannot_be_used_are_set_aside_and_counted(jilin, tmp_path):
    counted = count(jilin, written(tmp_path, BAD), aside=tmp_path / "aside")
    assert counted.rows == 13
    assert counted.taken == 1
    assert counted.reasons == {"unknown_origin": 2, "unknown_destination": 1, "coarse_origin": 1,
                               "ambiguous_destination": 1, "outside_both": 1, "bad_time": 1,
                               "bad_weight": 3}  # fmt: skip
    assert counted.unreadable == 2
    assert counted.places.row(0) == ("unknown_origin", "火星", 2)
    aside = pl.read_parquet(tmp_path / "aside" / "set_aside.parquet")
    assert aside.height == 10
    assert set(aside.columns) == {"set_aside_row", "set_aside_because", "origin", "destination", "time", "weight"}
    assert aside["set_aside_row"].to_list() == list(range(2, 12))
    assert aside["time"].to_list()[6] == "yesterday"
    lines = pl.read_csv(tmp_path / "aside" / "unreadable.csv")
    assert lines["line"].to_list() == [13, 14]


def test_columns_of_any_name_and_paths_like_patterns_do_no_harm(jilin, tmp_path):
    text = "reason,day,origin,destination,hour,time,grams,c0,_from\nx,1,220102,220104,7,2020-11-11 09:10,5,y,z\n"
    text += "x,1,火星,220104,7,2020-11-11 09:10,5,y,z\n"
    counted = count(jilin, written(tmp_path, text, "way*[1].csv"), aside=tmp_path / "aside")
    assert counted.file == "way*[1].csv"
    assert (counted.taken, counted.reasons) == (1, {"unknown_origin": 1})
    row = pl.read_parquet(tmp_path / "aside" / "set_aside.parquet").row(0, named=True)
    assert (row["set_aside_because"], row["reason"], row["hour"], row["c0"]) == ("unknown_origin", "x", "7", "y")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(["220102", "上海", "长春", "火星", "", " 220104 "])] * 2,
                          st.sampled_from(["2020-01-01 01:00:00", "x", ""]), st.sampled_from(["1", "", "-1", "a,b"])),
                min_size=1, max_size=12))  # fmt: skip
def test_no_row_is_lost(jilin, tmp_path_factory, rows):
    lines = [",".join(row) for row in [*rows, ("220102", "220104", "2020-01-01 01:00:00", "1")]]
    folder = tmp_path_factory.mktemp("rows")
    counted = count(jilin, written(folder, "origin,destination,time,weight\n" + "\n".join(lines) + "\n"), aside=folder)
    assert counted.rows == len(lines)
    assert counted.taken + sum(counted.reasons.values()) + counted.unreadable == len(lines)
    aside = pl.read_parquet(folder / "set_aside.parquet").height if counted.reasons else 0
    assert aside == sum(counted.reasons.values())


def test_columns_may_be_named(jilin, tmp_path):
    path = written(tmp_path, "a,b,c,d\n220102,220104,2020-11-11 09:10,500\n")
    own = {"origin": "a", "destination": "b", "time": "c"}
    assert count(jilin, path, columns={**own, "weight": "d"}).weighed[:2] == (1, 500.0)
    assert count(jilin, path, columns={**own, "weight_g": "d"}).weighed[:2] == (1, 0.5)
    with pytest.raises(DataError):
        count(jilin, path, columns={**own, "weight": "e"})
    with pytest.raises(UsageError) as refused:
        count(jilin, path, columns={**own, "wait": "d"})
    assert "weight_g" in refused.value.say("en")


def test_missing_columns_are_named_all_at_once(jilin, tmp_path):
    with pytest.raises(DataError) as refused:
        count(jilin, written(tmp_path, "origin,x\n1,2\n"))
    assert {fault.column for fault in refused.value.faults} == {"destination", "time"}
    assert "收件地" in refused.value.say("zh")


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("none.csv", None, UsageError),
        ("w.docx", "x", UsageError),
        ("empty.csv", "", DataError),
        ("twice.csv", "origin,origin\n1,2\n", DataError),
        ("w.parquet", "no parquet", DataError),
        ("head.csv", "origin,destination,time\n", DataError),
        ("bad.csv", "origin,destination,time\n火星,火星,2020-01-01\n", DataError),
    ],
)
def test_files_that_cannot_be_used_are_refused(jilin, tmp_path, name, text, kind):
    path = tmp_path / name if text is None else written(tmp_path, text, name)
    with pytest.raises(kind) as refused:
        count(jilin, path)
    assert refused.value.say("zh")
    assert refused.value.say("en")


def test_names_mean_one_unit_or_say_why_not(jilin):
    names = {text: (unit, doubt) for text, unit, doubt in unit_names(jilin).iter_rows()}
    assert names["220102"] == names["吉林省长春市南关区"] == names["南关"] == ("220102", None)
    assert names["长白"] == ("220623", None)
    assert names["x-shanghai"] == names["shanghai"] == ("X-SHANGHAI", None)
    assert names["长春市"] == names["2201"] == (None, "coarse")
    assert names["吉林"] == (None, "coarse")
    assert names["通化"] == (None, "ambiguous")


def drawn(made, folder, pieces):
    """The parcels of days all over a year, as someone's waybills."""
    path = folder / "drawn.parquet"
    frames = []
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=5 * k) for k in range(73)]
    whole = sum(made.pieces(day) for day in days)
    for day in days:
        own = round(pieces * made.pieces(day) / whole)
        for block in made.parcels(day.isoformat(), seed=5, pieces=own):
            moment = pl.lit(dt.datetime.combine(day, dt.time())) + pl.duration(minutes=pl.col("accept_min"))
            frames.append(block.frame().select(origin="origin_id", destination="destination_id", time=moment,
                                               weight_g="weight_g"))  # fmt: skip
    pl.concat(frames).write_parquet(path)
    return path


def test_a_fit_finds_the_model_the_waybills_were_drawn_from(jilin, tmp_path):
    steep = {"same_city": 1 / 25, "intra_province": 1 / 90}
    path = drawn(demand(jilin, decay=steep), tmp_path, 400_000)
    fit = fitted(jilin, count(jilin, path))
    for name, wanted in steep.items():
        assert fit.decay_per_km[name] == pytest.approx(wanted, rel=0.1)
    assert fit.not_fitted == fit.kept == ()
    assert 0.9 < fit.weight_factor < 1.1
    for name in ("month", "weekday", "hour"):
        said = jilin.profiles.filter(profile=name).sort("step")["weight"].to_numpy()
        found = fit.profiles.filter(profile=name).sort("step")["weight"].to_numpy()
        assert found == pytest.approx(said / said.mean(), rel=0.1, abs=0.02)


def test_the_fitted_network_is_marked_and_makes_demand(jilin, tmp_path):
    path = drawn(demand(jilin), tmp_path, 60_000)
    fit = fitted(jilin, count(jilin, path))
    network = fit.applied(jilin)
    assert set(network.profiles["origin"]) == {"derived"}
    assert network.check() == []
    assert network.sources.filter(source_id="user-waybills")["title"].to_list() == ["drawn.parquet"]
    made = demand(network, decay=fit.decay_per_km)
    assert made.pieces("peak") == 8_450_000
    n, mean, _ = fit.counted.weighed
    assert n == fit.counted.taken
    assert mean * 1000 == pytest.approx(pl.read_parquet(path)["weight_g"].mean())


def test_dates_without_a_clock_and_few_rows_leave_the_pack_as_it_is(jilin, tmp_path):
    fit = fitted(jilin, count(jilin, written(tmp_path, "origin,destination,time\n220102,220104,2020-11-11\n")))
    assert fit.kept == ("month", "weekday", "hour")
    assert fit.not_fitted == ("same_city", "intra_province")
    assert fit.weight_factor == 1
    assert fit.applied(jilin).profiles.equals(jilin.profiles)


def test_a_stop_is_honoured(jilin, tmp_path, monkeypatch):
    monkeypatch.setattr("postroad.parallel.TICK_S", 1e-6)
    with pytest.raises(Stopped):
        count(jilin, written(tmp_path, HAND + HAND.split("\n", 1)[1] * 20_000), stop=lambda: True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_millions_of_rows_stay_in_bounded_memory(tmp_path, kind):
    """Six million rows with many unknown places, in a process of its own, under 700 MB."""
    path = tmp_path / f"many.{kind}"
    duckdb.sql(
        "COPY (SELECT CASE WHEN i % 10 = 0 THEN 'nowhere ' || i ELSE '220102' END AS origin, '220104' AS destination, "
        "TIMESTAMP '2020-01-01' + INTERVAL (i % 31000000) SECOND AS time, 1 + i % 7 AS weight "
        f"FROM range(6000000) t(i)) TO '{path}' (FORMAT {kind})"
    )
    code = (
        "import resource, sys, postroad\nfrom postroad.demand.waybills import count\nfrom pathlib import Path\n"
        "c = count(postroad.province('jilin'), Path(sys.argv[1]), memory_mb=200, aside=Path(sys.argv[1] + '.aside'))\n"
        "print(c.rows, c.reasons['unknown_origin'], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    rows, unknown, peak_mb = map(int, told.stdout.split())
    assert (rows, unknown) == (6_000_000, 600_000)
    assert peak_mb < 700
    assert pl.scan_parquet(f"{path}.aside/set_aside.parquet").select(pl.len()).collect().item() == 600_000
