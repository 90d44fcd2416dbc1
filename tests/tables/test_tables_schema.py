"""The schema: what it must hold, and that the package's own holds it."""

import copy
import tomllib
from pathlib import Path

import polars as pl
import pytest

from postroad import tables
from postroad.errors import DataError, UsageError

WORLD = Path(__file__).parent / "world"
ENTRIES = tomllib.loads((WORLD / "base.toml").read_text("utf-8"))


def broken(change):
    entries = copy.deepcopy(ENTRIES)
    change(entries)
    with pytest.raises(DataError) as told:
        tables.build_schema({"world": entries})
    return [f.key for f in told.value.faults]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda e: e["places"].pop("zh"), "tables.schema_missing"),
        (lambda e: e["places"]["columns"]["lon"].pop("means_en"), "tables.schema_missing"),
        (lambda e: e["places"]["columns"]["lon"].update(type="float"), "tables.schema_type"),
        (lambda e: e["places"]["columns"]["lon"].update(low=200.0), "tables.schema_bounds"),
        (lambda e: e["places"]["columns"]["name_zh"].update(magnitude=True), "tables.schema_bounds"),
        (lambda e: e["places"]["columns"]["level"].pop("choices"), "tables.schema_choices"),
        (lambda e: e["places"]["columns"]["lon"].update(units="m"), "tables.schema_stranger"),
        (lambda e: e["places"].update(keys=["x"]), "tables.schema_stranger"),
        (lambda e: e["places"].update(key=["id"]), "tables.schema_key"),
        (lambda e: e["places"]["columns"]["lon"].update(zh="纬度"), "tables.schema_label"),
        (lambda e: e["sites"]["columns"]["place_id"].update(references="place.place_id"), "tables.schema_reference"),
        (lambda e: e["sites"]["columns"]["place_id"].update(references="places.id"), "tables.schema_reference"),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused(change, key):
    assert broken(change) == [key]


def test_all_faults_of_a_schema_at_once():
    def change(entries):
        entries["places"].pop("en")
        entries["sites"].pop("about_zh")

    assert broken(change) == ["tables.schema_missing"] * 2


def test_a_table_in_two_themes_is_refused():
    with pytest.raises(DataError) as told:
        tables.build_schema({"one": ENTRIES, "two": {"places": ENTRIES["places"]}})
    assert [f.key for f in told.value.faults] == ["tables.schema_twice"]


def test_a_schema_file_that_is_no_toml(tmp_path):
    (tmp_path / "x.toml").write_text("[", "utf-8")
    with pytest.raises(DataError):
        tables.load_schema(tmp_path)


def test_every_table_has_provenance_and_types():
    for table in tables.load_schema(WORLD).tables.values():
        assert list(table.columns)[-2:] == ["origin", "source"]
        assert table.columns["source"].target == ("sources", "source_id")
        assert table.empty().schema == pl.Schema(table.dtypes)


def test_the_packages_own_schema_is_sound():
    own = tables.schema()  # raises when it is not
    assert own is tables.schema()


def test_an_unknown_table_is_told():
    with pytest.raises(UsageError):
        tables.empty("no such table")


def test_check_tells_types_and_columns_of_frames():
    schema = tables.load_schema(WORLD)
    place = {"place_id": [22], "level": ["county"], "lon": ["x"], "zz": [1], "origin": ["observed"]}
    faults = tables.check({"places": pl.DataFrame(place), "strange": pl.DataFrame()}, schema)
    assert {(f.key, f.column or f.table) for f in faults} == {
        ("tables.unknown_table", "strange"), ("tables.missing_table", "sources"), ("tables.column_type", "place_id"),
        ("tables.column_type", "lon"), ("tables.unknown_column", "zz"), ("tables.missing_column", "source"),
    }  # fmt: skip
    for fault in faults:
        assert fault.say("zh")
        assert fault.say("en")


def test_a_reference_to_a_table_that_is_not_there_is_told_once():
    schema = tables.load_schema(WORLD)
    site = {"site_id": ["a", "b"], "place_id": ["1", "2"], "origin": ["observed"] * 2, "source": ["s"] * 2}
    faults = tables.check({"sites": pl.DataFrame(site)}, schema)
    assert [(f.column, f.count) for f in faults if f.key == "tables.absent_target"] == [("place_id", 2), ("source", 2)]


def test_conform_fills_absent_columns_and_makes_types_right():
    frame = pl.DataFrame({"place_id": ["22"], "name_zh": ["吉林省"], "lon": [125], "extra": [1]})
    made = tables.conform(frame, "places")
    assert made.schema == pl.Schema(tables.schema()["places"].dtypes)
    assert made.row(0, named=True)["lon"] == 125.0
    assert made.row(0, named=True)["country"] == "CN"
    assert made.row(0, named=True)["mca_code"] is None
