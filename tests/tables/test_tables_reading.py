"""What the readers mend, what they refuse, and what they say about it."""

import codecs
import datetime as dt
import io
import zipfile

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tables_mutator
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from postroad import tables
from postroad.errors import DataError, UsageError
from postroad.tables import reading as reading_room
from postroad.tables.datum import gcj02, to_wgs84

SCHEMA = tables_mutator.SCHEMA
SOURCES = b"source_id,title,origin,source\ns1,census,observed,s1\n"
HEAD = "place_id,name_zh,level,parent_id,lon,lat,population_persons,origin,source\n"
ROW = "22,吉林省,province,,125.3,43.9,24073453,observed,s1\n"


def read(places=HEAD + ROW, sites=None, **more):
    files = {"sources.csv": SOURCES, "places.csv": places.encode() if isinstance(places, str) else places}
    if sites is not None:
        files["sites.csv"] = sites.encode()
    return tables.read({**files, **more}, SCHEMA)


def cell(value, column="population_persons"):
    """Read one place with a value in a column; return (value read, fault keys, note keys)."""
    row = {"place_id": "22", "name_zh": "吉林省", "level": "province", "lon": "125.3", "lat": "43.9", column: value}
    names = [*row, "origin", "source"]
    reading = read(",".join(names) + "\n" + ",".join(f'"{v}"' for v in [*row.values(), "observed", "s1"]) + "\n")
    got = reading.frames["places"][column].to_list()
    return (got[0] if got else None), [f.key for f in reading.faults], [n.text.key for n in reading.notes]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("24073453", 24073453), ("24,073,453", 24073453), ("２４０７", 2407), ("2407.3453万", 24073453),
        ("0.24亿", 24000000), ("120人", 120), (" 7 ", 7), ("1.0", 1), ("1，234", 1234), ("—", None), ("", None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(written, meant):
    value, faults, _ = cell(written)
    assert value == meant
    assert faults == []


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("1,23", "tables.not_number"), ("12km", "tables.wrong_unit"), ("5%", "tables.wrong_unit"),
        ("abc", "tables.not_number"),
        ("1.5", "tables.not_whole"), ("-1", "tables.too_low"), ("3亿", "tables.too_high"), ("NaN", "tables.not_number"),
        ("9" * 25, "tables.not_whole"),
    ],
)  # fmt: skip
def test_numbers_that_are_none_are_refused(written, key):
    value, faults, _ = cell(written)
    assert value is None
    assert faults == [key]


def test_a_power_of_ten_only_where_the_column_allows_it():
    assert cell("1万", "lon")[1] == ["tables.wrong_power"]


@pytest.mark.parametrize(
    "written",
    ["2020-11-11", "2020年11月11日", "2020/11/11", "２０２０年１１月１１日", "44146", "20201111", "2020.11.11"],
)
def test_dates_as_people_write_them(written):
    sites = f"site_id,place_id,opened_on,origin,source\na,22,{written},observed,s1\n"
    reading = read(sites=sites)
    assert reading.faults == []
    assert reading.frames["sites"]["opened_on"].to_list() == [dt.date(2020, 11, 11)]


def test_a_day_that_does_not_exist_is_told_with_the_last_that_does():
    reading = read(sites="site_id,place_id,opened_on,origin,source\na,22,2021-02-30,observed,s1\n")
    (fault,) = reading.faults
    assert (fault.key, fault.row, fault.nearest) == ("tables.not_date", 1, "2021-02-28")


def test_a_day_whose_month_is_unclear_is_refused():
    reading = read(sites="site_id,place_id,opened_on,origin,source\na,22,11/12/2020,observed,s1\n")
    assert [f.key for f in reading.faults] == ["tables.not_date"]


def test_percent_and_yes_are_read_and_noted():
    reading = read(
        sites="site_id,place_id,open,share,origin,source\na,22,是,58.5%,observed,s1\nb,22,否,7,observed,s1\n"
    )
    assert reading.faults == []
    assert reading.frames["sites"]["open"].to_list() == [True, False]
    assert reading.frames["sites"]["share"].to_list() == [58.5, 7.0]
    told = {n.text.key: n.count for n in reading.notes if n.table == "sites"}
    assert told == {"tables.mended_boolean": 2, "tables.mended_number": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-be"])
def test_encodings(encoding):
    reading = read((HEAD + ROW).encode(encoding))
    assert reading.faults == []
    assert reading.frames["places"]["name_zh"].to_list() == ["吉林省"]
    assert any(n.text.key == "tables.note_encoding" for n in reading.notes) == (encoding != "utf-8")


def test_gb18030_that_could_pass_for_utf8_is_not_misread():
    places = HEAD + ROW.replace("吉林省", "5元")
    reading = read(places.encode("gb18030"))
    assert reading.frames["places"]["name_zh"].to_list() == ["5元"]
    assert next(n.text.key for n in reading.notes if n.table == "places") == "tables.note_encoding"
    for name in ("Jílín", "Гродеково"):
        assert read((HEAD + ROW.replace("吉林省", name)).encode()).frames["places"]["name_zh"].to_list() == [name]


def test_bytes_in_no_encoding_are_refused():
    reading = read(codecs.BOM_UTF8 + b"place_id\n\xff\xff\xff\n")
    assert "tables.encoding" in [f.key for f in reading.faults]


def test_headers_in_either_language_with_unit_title_blank_and_total():
    text = (
        "吉林省行政区划表,,,,,\n地点编码,Level,经度（度）,Latitude (degree),来历,来源\n"
        "22,province,125.3,43.9,observed,s1\n"
        ",,,,,\n合计,,,,,\n"
    )
    reading = read(text)
    assert reading.faults == []
    assert reading.frames["places"].height == 1
    assert reading.tally["places"] == tables.Tally(rows=3, taken=1, quarantined=0, skipped=2)
    assert {n.text.key for n in reading.notes} >= {
        "tables.note_title_rows",
        "tables.note_blank_rows",
        "tables.note_total_rows",
    }


def test_a_header_in_another_unit_is_refused():
    reading = read("地点编码,级别,经度（米）,来历,来源\n22,province,125.3,observed,s1\n")
    (fault,) = reading.faults
    assert (fault.key, fault.column, fault.value, fault.nearest) == ("tables.header_unit", "lon", "米", "degree")


def test_all_faults_at_once_with_row_value_nearest_and_remedy_in_both_languages():
    rows = (
        "2201,长春市,prefectur,22,125.3,43.9,1,observed,s1\n"
        "2202,吉林市,prefecture,23,125.3,60,1,observed,s9\n"
        "2203,四平市,prefecture,22,43.1,124.3,1,,s1\n"
    )
    reading = read(HEAD + ROW + rows)
    told = {(f.key, f.column, f.row): (f.value, f.nearest) for f in reading.faults}
    assert told == {
        ("tables.not_a_choice", "level", 2): ("prefectur", "prefecture"),
        ("tables.dangling", "parent_id", 3): ("23", "22"),
        ("tables.too_high", "lat", 3): (60.0, 54.0),
        ("tables.dangling", "source", 3): ("s9", "s1"),
        ("tables.swapped", "lon", 4): ("43.1, 124.3", "124.3, 43.1"),
        ("tables.missing_value", "origin", 4): (None, None),
    }
    for fault in reading.faults:
        for spoken in ("zh", "en"):
            assert fault.say(spoken)
            assert fault.remedy(spoken)
    assert reading.frames["places"]["place_id"].to_list() == ["22"]
    assert reading.quarantine["places"]["row"].to_list() == [2, 3, 4]


def test_duplicate_ids_fall_together_but_an_exact_copy_is_only_told():
    other = ROW.replace("24073453", "1")
    assert read(HEAD + ROW + other).frames["places"].height == 0
    twice = read(HEAD + ROW + ROW)
    assert twice.frames["places"].height == 1
    assert [(f.key, f.row) for f in twice.faults] == [("tables.repeated_row", 2)]


def test_what_a_fallen_row_carried_falls_with_it():
    rows = "2201,长春市,prefecture,22,999,43.9,1,observed,s1\n220101,南关区,county,2201,125.3,43.9,1,observed,s1\n"
    reading = read(HEAD + ROW + rows, sites="site_id,place_id,origin,source\na,220101,observed,s1\n")
    assert [f.key for f in reading.faults] == ["tables.too_high", "tables.fallen", "tables.fallen"]
    assert reading.frames["sites"].height == 0
    assert tables.check(reading.frames, SCHEMA) == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("2201,长春市,prefecture\n", "tables.torn_row"),
        (ROW.strip() + ",x\n", "tables.torn_row"),
        ('2201,"长"春市,prefecture,22,125.3,43.9,1,observed,s1\n', "tables.broken_quotes"),
        ('"2201","长春市","prefecture","22","125.3","43.9","1","observed","s1"\x0b"2202"\n', "tables.broken_quotes"),
        ('2201,"长\n春",prefecture,22,125.3,43.9,1,observed,s1\n', "tables.line_break"),
    ],
)
def test_torn_rows_are_set_aside_whole(line, key):
    reading = read(HEAD + ROW + line)
    assert [(f.key, f.row) for f in reading.faults] == [(key, 2)]
    assert reading.quarantine["places"].height == 1
    assert reading.frames["places"].height == 1


def test_text_in_parquet_that_is_no_utf8_is_a_fault(tmp_path):
    names = pa.array([b"s1"], pa.large_binary())
    broken = pa.array([b"\xff\xfe"], pa.large_binary())
    text = [pa.Array.from_buffers(pa.large_string(), 1, one.buffers()) for one in (names, broken, names, names)]
    pq.write_table(pa.table(dict(zip(("source_id", "title", "origin", "source"), text, strict=True))),
                   tmp_path / "sources.parquet")  # fmt: skip
    faults = tables.read(tmp_path, SCHEMA).faults
    assert ("tables.parquet_unreadable", "sources") in [(f.key, f.table) for f in faults]


@given(st.lists(st.booleans(), max_size=40), st.sampled_from([0, 1, 1000]))
def test_good_rows_are_the_same_as_views_and_as_a_copy(good, shortest):
    frame = pl.DataFrame({"a": range(len(good))}, schema={"a": pl.Int64})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading_room, "SHORTEST_RUN", shortest)
        kept = reading_room._rows(frame, np.array(good, dtype=bool))
    assert kept["a"].to_list() == [at for at, one in enumerate(good) if one]


def test_a_torn_header_is_not_replaced_by_its_repeat_further_down():
    torn = '"place_id"\x0b"name_zh"' + HEAD[HEAD.index(",level") :]
    reading = read(torn + ROW + HEAD + ROW)
    assert [f.key for f in reading.faults] == ["tables.no_header"]


@pytest.mark.parametrize(
    ("head", "key"),
    [
        (HEAD.replace("name_zh", "nam_zh"), "tables.unknown_column"),
        (HEAD.replace("level", "name_en"), "tables.missing_column"),
        (HEAD.replace("lat", "lon"), "tables.column_twice"),
        (HEAD.replace("lat", ""), "tables.unnamed_column"),
        ("甲,乙,丙\n", "tables.no_header"),
    ],
)
def test_wrong_columns(head, key):
    assert key in [f.key for f in read(head + ROW).faults]


def test_missing_and_strange_tables_are_told_with_the_closest_name():
    reading = tables.read({"sources.csv": SOURCES, "place.csv": b"x\n1\n"}, SCHEMA)
    told = {(f.key, f.table): f.nearest for f in reading.faults}
    assert told == {("tables.unknown_table", "place"): "places", ("tables.missing_table", "places"): None}


def test_wrong_paths(tmp_path):
    for path, key in ((tmp_path / "no", "tables.no_such_pack"), (tmp_path, "tables.empty_folder")):
        with pytest.raises(UsageError) as told:
            tables.read(path, SCHEMA)
        assert told.value.faults[0].key == key
    (tmp_path / "old.xls").write_bytes(b"x")
    with pytest.raises(UsageError):
        tables.read(tmp_path / "old.xls", SCHEMA)


def test_a_file_that_may_not_be_opened_is_a_fault(tmp_path, monkeypatch):
    (tmp_path / "sources.csv").write_bytes(SOURCES)
    (tmp_path / "places.csv").write_text(HEAD + ROW, "utf-8")

    def closed(file, *mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "open", closed)
    assert [f.key for f in tables.read(tmp_path, SCHEMA).faults][:2] == ["tables.file_unreadable"] * 2


def test_gcj02_declared_in_the_pack_or_by_row():
    # Beijing's Tiananmen in both grids, as published by map services: they lie about 560 m apart.
    lon, lat = gcj02(np.array([116.3913]), np.array([39.9075]))
    assert 0.005 < lon[0] - 116.3913 < 0.007
    assert 0.001 < lat[0] - 39.9075 < 0.002
    row = f"22,,province,,{lon[0]},{lat[0]},,observed,s1\n"
    declared = read(HEAD + row, **{"pack.toml": b'[coordinates]\ndatum = "GCJ-02"\n'})
    by_row = read(HEAD.replace("lat,", "lat,datum,") + row.replace(f"{lat[0]},", f"{lat[0]},高德,"))
    for reading in (declared, by_row):
        assert reading.faults == []
        place = reading.frames["places"].row(0, named=True)
        assert (place["lon"], place["lat"]) == pytest.approx((116.3913, 39.9075), abs=1e-8)
        assert "tables.mended_datum" in [n.text.key for n in reading.notes]
    assert [f.key for f in read(**{"pack.toml": b'datum = "GCJ-02"\n'}).faults] == ["tables.datum_place"]
    assert [f.key for f in read(**{"pack.toml": b'[coordinates]\ndatum = "X"\n'}).faults] == ["tables.unknown_datum"]


def test_the_inverse_shift_is_exact_to_a_millimetre_all_over_jilin():
    lon, lat = (a.ravel() for a in np.meshgrid(np.linspace(121, 132, 60), np.linspace(40, 47, 60)))
    back = to_wgs84(*gcj02(lon, lat), "GCJ-02")
    assert np.abs(back[0] - lon).max() < 1e-8
    assert np.abs(back[1] - lat).max() < 1e-8


def workbook(fill):
    """Return the bytes of a workbook with a good sources sheet and what ``fill`` writes on the places sheet."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sources = book.add_worksheet("来源表")
        sources.write_row(0, 0, ["source_id", "title", "origin", "source"])
        sources.write_row(1, 0, ["s1", "census", "observed", "s1"])
        fill(book, book.add_worksheet("地点"))
    return tables.read({"b.xlsx": out.getvalue()}, SCHEMA)


def test_a_workbook_with_title_merged_header_unit_row_numbers_and_total():
    def fill(book, sheet):
        sheet.merge_range(0, 0, 0, 6, "吉林省行政区划")
        for at, word in ((0, "地点编码"), (1, "级别"), (4, "人口"), (5, "来历"), (6, "来源")):
            sheet.merge_range(1, at, 2, at, word)
        sheet.merge_range(1, 2, 1, 3, "坐标")
        sheet.write_row(2, 2, ["经度", "纬度"])
        sheet.write_row(3, 2, ["度", "度", "人"])
        sheet.write_row(4, 0, [22, "province", 125.123456789012, 43.9, "2407.3万", "observed", "s1"])
        sheet.write_row(5, 0, ["合计", "", "", "", 24073000])

    reading = workbook(fill)
    # The heading over the coordinates names no column itself, and must not be mistaken for one.
    assert reading.faults == []
    assert reading.frames["places"].select("place_id", "lon", "population_persons").rows() == [
        ("22", 125.123456789012, 24073000)
    ]


def test_a_formula_gives_its_value_and_a_failed_one_a_fault():
    def fill(book, sheet):
        sheet.write_row(0, 0, ["place_id", "level", "lon", "origin", "source"])
        sheet.write_row(1, 0, ["22", "province", 125.3, "observed", "s1"])
        sheet.write_formula(1, 2, "=125+0.3", None, 125.3)
        sheet.write_row(2, 0, ["2201", "prefecture", "", "observed", "s1"])
        sheet.write_formula(2, 2, "=1/0", None, "#DIV/0!")

    reading = workbook(fill)
    assert [(f.key, f.column, f.row) for f in reading.faults] == [("tables.formula_error", "lon", 2)]
    assert reading.frames["places"]["lon"].to_list() == [125.3]


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    reading = tables.read({"b.xlsx": out.getvalue()}, SCHEMA)
    assert reading.faults[0].key == "tables.workbook_too_big"


def test_unreadable_files_are_faults(tmp_path):
    for name in ("b.xlsx", "b.duckdb", "places.parquet"):
        reading = tables.read({name: b"this is no such file" * 40}, SCHEMA)
        assert reading.faults[0].key.endswith("_unreadable"), name
        assert reading.frames == {}


def test_typed_files_are_converted_where_nothing_is_lost(tmp_path):
    frame = pl.DataFrame(
        {"place_id": [22], "level": pl.Series(["province"], dtype=pl.Categorical),
         "lon": pl.Series([125.5], dtype=pl.Float32),
         "population_persons": [2.0], "origin": ["observed"], "source": ["s1"]}
    )  # fmt: skip
    pl.read_csv(SOURCES).write_parquet(tmp_path / "sources.parquet")
    frame.write_parquet(tmp_path / "places.parquet")
    reading = tables.read(tmp_path, SCHEMA)
    assert reading.faults == []
    assert reading.frames["places"].select("place_id", "lon", "population_persons").rows() == [("22", 125.5, 2)]
    frame.with_columns(lon=pl.lit([1, 2])).write_parquet(tmp_path / "places.parquet")
    assert "tables.column_type" in [f.key for f in tables.read(tmp_path, SCHEMA).faults]


def test_more_faults_than_can_be_listed_are_counted():
    rows = "".join(f"x{i},,province,,999,43,,observed,s1\n" for i in range(10_050))
    reading = read(HEAD + rows)
    assert len(reading.faults) == 10_001
    assert next(f for f in reading.faults if f.key == "tables.and_more").count == 50
    assert reading.quarantine["places"].height == 10_050


def test_or_raise():
    assert set(read().or_raise()) == {"sources", "places"}
    with pytest.raises(DataError):
        read(HEAD + ROW + ROW).or_raise()


def test_the_world_of_the_tests_is_clean():
    made = {
        f"{n}.csv": (",".join(h) + "\n" + "\n".join(map(",".join, r)) + "\n").encode()
        for n, (h, r) in tables_mutator.world().items()
    }
    reading = tables.read(made, SCHEMA)
    assert (reading.faults, reading.notes, reading.quarantine) == ([], [], {})
