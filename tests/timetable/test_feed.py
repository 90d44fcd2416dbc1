"""Feeds in and out: nothing lost, faults found all at once, no archive too large, no crash on damage."""

import random
import zipfile
from contextlib import suppress

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from postroad.errors import DataError, PostroadError, UsageError
from postroad.timetable import Feed, check, read_gtfs, sound, write_gtfs
from postroad.timetable.feed import clock, minutes
from postroad.timetable.trains import table


def small() -> Feed:
    """Two trips over three stops, one of them past midnight, one by headway."""
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    return Feed(
        {
            "agency": table(["agency_id", "agency_name", "agency_url", "agency_timezone"],
                            [("A", "客运", "https://example.org", "Asia/Shanghai")]),
            "stops": table(["stop_id", "stop_name", "stop_lat", "stop_lon", "parent_station"],
                           [("a", "甲", "43.1", "125.1", ""), ("b", "乙, 东", "43.2", "125.2", "a"),
                            ("c", '丙 "站"', "43.3", "125.3", "")]),
            "routes": table(["route_id", "agency_id", "route_type", "route_color"], [("r", "A", "3", "0B5C4A")]),
            "trips": table(["route_id", "service_id", "trip_id", "own_column"],
                           [("r", "week", "t1", "x"), ("r", "week", "t2", ""), ("r", "week", "t3", "")]),
            "stop_times": table(["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"], [
                ("t1", "08:00:00", "08:00:00", "a", "1"), ("t1", "08:30:00", "08:31:00", "b", "5"),
                ("t1", "09:00:00", "09:00:00", "c", "9"), ("t2", "23:50:00", "23:50:00", "a", "0"),
                ("t2", "", "", "b", "1"), ("t2", "25:10:00", "25:10:00", "c", "2"),
                ("t3", "06:00:00", "06:00:00", "c", "1"), ("t3", "06:40:00", "06:40:00", "a", "2")]),
            "calendar": table(["service_id", *days, "start_date", "end_date"],
                              [("week", *"1111100", "20200101", "20301231")]),
            "calendar_dates": table(["service_id", "date", "exception_type"],
                                    [("week", "20201001", "2"), ("week", "20201003", "1")]),
            "frequencies": table(["trip_id", "start_time", "end_time", "headway_secs"],
                                 [("t3", "06:00:00", "07:00:00", "1200")]),
            "own_table": table(["anything"], [("",), ("kept",)]),
        },
        {"licence.md": b"free\r\n"},
    )  # fmt: skip


def same(a: Feed, b: Feed) -> None:
    assert set(a.tables) == set(b.tables)
    for name in a.tables:
        assert_frame_equal(a[name], b[name])
    assert dict(a.others) == dict(b.others)


@pytest.mark.parametrize("form", ["feed", "feed.zip"])
def test_a_feed_comes_back_as_it_was(tmp_path, form):
    same(read_gtfs(write_gtfs(small(), tmp_path / form)), small())


def test_the_same_feed_gives_the_same_bytes(tmp_path):
    first, second = (write_gtfs(small(), tmp_path / name).read_bytes() for name in ("a.zip", "b.zip"))
    assert first == second


cell = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["stops", "x", "trips"]), st.integers(0, 4), min_size=1),
    st.data(),
)
def test_any_table_of_text_survives_the_round_trip(tmp_path, sizes, data):
    tables = {}
    for name, height in sizes.items():
        columns = data.draw(st.lists(cell.filter(lambda c: c.strip() != ""), min_size=1, max_size=3, unique=True))
        rows = [tuple(data.draw(cell) for _ in columns) for _ in range(height)]
        tables[name] = table(columns, rows)
    path = tmp_path / "any.zip"
    same(read_gtfs(write_gtfs(Feed(tables), path)), Feed(tables))


def test_bom_crlf_and_quotes_are_read(tmp_path):
    (tmp_path / "stops.txt").write_bytes('\ufeffstop_id,stop_name\r\n"a","x, ""y"""\r\n'.encode())
    assert read_gtfs(tmp_path)["stops"].rows() == [("a", 'x, "y"')]


def test_a_clean_feed_has_no_fault():
    assert check(small()) == []
    assert sound(small()).tables


def edit(name, column, row, value):
    def change(feed):
        values = feed[name][column].to_list()
        values[row] = value
        return feed.with_(**{name: feed[name].with_columns(pl.Series(column, values))})

    return change


FAULTS = {
    "timetable.out_of_order": edit("stop_times", "arrival_time", 1, "07:30:00"),
    "timetable.bad_time": edit("stop_times", "arrival_time", 1, "8h30"),
    "timetable.bad_sequence": edit("stop_times", "stop_sequence", 1, "-1"),
    "timetable.no_end_time": edit("stop_times", "arrival_time", 5, ""),
    "timetable.dangling": edit("stop_times", "stop_id", 1, "nowhere"),
    "timetable.twice": edit("stops", "stop_id", 1, "a"),
    "timetable.empty": edit("stops", "stop_id", 2, ""),
    "timetable.bad_coordinate": edit("stops", "stop_lat", 0, "430"),
    "timetable.bad_route_type": edit("routes", "route_type", 0, "99"),
    "timetable.bad_timezone": edit("agency", "agency_timezone", 0, "Asia/Jilin"),
    "timetable.bad_colour": edit("routes", "route_color", 0, "green"),
    "timetable.bad_flag": edit("calendar", "monday", 0, "yes"),
    "timetable.bad_date": edit("calendar", "start_date", 0, "20201332"),
    "timetable.ends_before_start": edit("calendar", "end_date", 0, "20190101"),
    "timetable.bad_exception": edit("calendar_dates", "exception_type", 0, "3"),
    "timetable.bad_headway": edit("frequencies", "headway_secs", 0, "0"),
    "timetable.bad_span": edit("frequencies", "end_time", 0, "05:00:00"),
    "timetable.one_stop": lambda f: f.with_(stop_times=f["stop_times"].head(7)),
    "timetable.no_table": lambda f: Feed({k: v for k, v in f.tables.items() if k != "routes"}),
    "timetable.no_calendar": lambda f: Feed({k: v for k, v in f.tables.items() if not k.startswith("calendar")}),
    "timetable.no_column": lambda f: f.with_(trips=f["trips"].drop("service_id")),
    "timetable.no_rows": lambda f: f.with_(trips=f["trips"].clear()),
}


@pytest.mark.parametrize("key", FAULTS)
def test_each_rule_is_kept_and_says_what_to_do(key):
    faults = [fault for fault in check(FAULTS[key](small())) if fault.key == key]
    assert faults
    for language in ("zh", "en"):
        assert faults[0].say(language)
        assert faults[0].remedy(language)


def test_a_stop_out_of_order_names_trip_stop_and_row():
    fault = next(f for f in check(FAULTS["timetable.out_of_order"](small())) if f.key == "timetable.out_of_order")
    assert (fault.row, fault.value) == (2, "t1")
    assert "b" in fault.say("en")


def test_a_calendar_that_never_runs_is_named():
    idle = small()["calendar"].with_columns(pl.lit("0").alias(day) for day in ("monday", "tuesday", "wednesday",
                                                                               "thursday", "friday"))  # fmt: skip
    feed = small().with_(calendar=idle, calendar_dates=small()["calendar_dates"].head(1))
    assert any(fault.key == "timetable.never_runs" for fault in check(feed))


def test_all_faults_come_at_once():
    feed = small()
    for key in ("timetable.bad_coordinate", "timetable.bad_timezone", "timetable.dangling", "timetable.bad_headway"):
        feed = FAULTS[key](feed)
    assert len({fault.key for fault in check(feed)}) >= 4
    with pytest.raises(DataError):
        sound(feed)


def test_wrong_paths_and_archives_are_refused(tmp_path):
    with pytest.raises(UsageError):
        read_gtfs(tmp_path / "nothing")
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "empty").mkdir()
    for name in ("bad.zip", "empty"):
        with pytest.raises(DataError):
            read_gtfs(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stops.txt", "stop_id\n" + "a" * 50_000_000)
    with pytest.raises(DataError) as refused:
        read_gtfs(tmp_path / "bomb.zip")
    assert refused.value.faults[0].key == "timetable.zip_too_large"


def test_damaged_feeds_never_crash(tmp_path):
    """A thousand seeded damages to bytes: a fault, an error of ours, or a feed that reads."""
    rng = random.Random(5)
    clean = write_gtfs(small(), tmp_path / "clean")
    files = sorted(clean.glob("*.txt"))
    for _ in range(1000):
        file = rng.choice(files)
        original = file.read_bytes()
        damaged = bytearray(original)
        for _bite in range(rng.randint(1, 3)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randint(0, 2)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 2)))
        file.write_bytes(bytes(damaged))
        # Anything but our own error would escape here and fail the test.
        with suppress(PostroadError):
            check(read_gtfs(clean))
        file.write_bytes(original)


@given(st.integers(0, 48 * 3600))
def test_times_are_read_and_written_past_midnight(seconds):
    text = clock(seconds / 60)
    frame = pl.DataFrame({"t": [text]}).select(minutes("t").alias("t"))
    assert frame["t"][0] == pytest.approx(seconds / 60)
