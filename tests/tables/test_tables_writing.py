"""What is written reads back the same in every form, runs no formula, and is whole or not there."""

import datetime as dt
import importlib
import zipfile

import fastexcel
import polars as pl
import pytest
import tables_mutator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroad import tables
from postroad.errors import UsageError
from postroad.tables import cells

SCHEMA = tables_mutator.SCHEMA
# The package exports the function of the same name, so the module is asked for by its path.
template = importlib.import_module("postroad.tables.template")
FORMS = {"csv": "pack", "parquet": "pack", "xlsx": "pack.xlsx", "duckdb": "pack.duckdb"}

# Text as the schema allows it: one line, no space at either end, full-width signs not in it, not empty.
_letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co"))
_words = st.text(_letters, min_size=1, max_size=12).filter(
    lambda t: t == t.strip(cells.SPACES).strip() and not any("\uff01" <= c <= "\uff5e" for c in t)
)
_places = st.lists(
    st.tuples(
        st.none() | _words,
        st.sampled_from(("province", "county")),
        st.none() | st.floats(73, 140).map(lambda v: round(v, 6)),
        st.none() | st.integers(0, 30_000_000),
    ),
    min_size=1,
    max_size=5,
)


def frames(rows):
    sources = pl.DataFrame({"source_id": ["s1"], "title": [None], "origin": ["assumed"], "source": ["s1"]})
    places = pl.DataFrame(
        [(f"22{i:02}", name, level, lon, people) for i, (name, level, lon, people) in enumerate(rows)],
        schema=["place_id", "name_zh", "level", "lon", "population_persons"],
        orient="row",
    )
    places = places.with_columns(origin=pl.lit("observed"), source=pl.lit("s1"), country=pl.lit("CN"))
    names = ("sources", "places")
    return {
        name: pl.DataFrame(
            {
                c.name: (frame[c.name] if c.name in frame.columns else pl.Series([None] * frame.height)).cast(c.dtype)
                for c in SCHEMA.tables[name].columns.values()
            }
        )
        for name, frame in zip(names, (sources, places), strict=True)
    }  # fmt: skip


@pytest.mark.parametrize("form", list(FORMS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_places)
def test_what_is_written_reads_back_equal(tmp_path_factory, form, rows):
    made = frames(rows)
    assert tables.check(made, SCHEMA) == []
    path = tmp_path_factory.mktemp("round") / FORMS[form]
    assert tables.write(made, path, format=form, against=SCHEMA) == path
    reading = tables.read(path, SCHEMA)
    assert reading.faults == []
    for name, frame in made.items():
        assert reading.frames[name].equals(frame)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_to_the_faults(seed, order):
    dice = tables_mutator.random.Random(seed)
    grids, made = tables_mutator.world(), tables_mutator.Case("csv")
    for _ in range(4):
        tables_mutator._cell(dice, grids, made)

    def told():
        files = {
            f"{name}.csv": "\n".join(",".join(f'"{c}"' for c in row) for row in [header, *rows]).encode()
            for name, (header, rows) in grids.items()
        }
        reading = tables.read(files, SCHEMA)
        return sorted((f.key, f.table, f.column, str(f.value), str(f.nearest)) for f in reading.faults)

    if any(
        '"' in cell or cell in ("合计", "Total", "\x01") for _, rows in grids.values() for row in rows for cell in row
    ):
        return  # a total counts as one by its place, so there the order does matter
    first = told()
    for _, rows in grids.values():
        order.shuffle(rows)
    assert told() == first


@pytest.mark.parametrize("form", list(FORMS))
def test_text_that_looks_like_a_formula_stays_text(tmp_path, form):
    risky = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@sum(A1)", "'=x", "-5", "it's"]
    made = frames([(text, "county", None, None) for text in risky])
    path = tables.write(made, tmp_path / FORMS[form], format=form, against=SCHEMA)
    assert tables.read(path, SCHEMA).frames["places"]["name_zh"].to_list() == risky
    if form == "csv":
        cells = [line.split(",")[1].strip('"') for line in (path / "places.csv").read_text("utf-8").splitlines()[1:]]
        assert not any(cell[0] in "=+@" for cell in cells)
    if form == "xlsx":
        with zipfile.ZipFile(path) as packed:
            assert not any(b"<f>" in packed.read(name) for name in packed.namelist())


def test_the_same_tables_give_the_same_bytes(tmp_path):
    made = frames([("吉林省", "province", 125.3, 1)])
    for form in ("csv", "parquet", "xlsx"):
        one, two = (tables.write(made, tmp_path / n / FORMS[form], format=form, against=SCHEMA) for n in "ab")
        files = [(one, two)] if one.is_file() else [(f, two / f.name) for f in sorted(one.iterdir())]
        assert all(a.read_bytes() == b.read_bytes() for a, b in files)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    made = frames([("吉林省", "province", 125.3, 1)])
    for form, name in FORMS.items():
        path = tables.write(made, tmp_path / form / name, format=form, against=SCHEMA)
        before = {f: f.read_bytes() for f in sorted(path.parent.rglob("*")) if f.is_file()}
        more = {**made, "sites": SCHEMA.tables["sites"].empty()}
        with monkeypatch.context() as broken:
            for step in ("write_csv", "write_parquet", "to_arrow"):
                broken.setattr(pl.DataFrame, step, lambda *a, **k: 1 / 0)
            broken.setattr(template, "write_workbook", lambda *a: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                tables.write(more, path, format=form, against=SCHEMA)
        assert {f: f.read_bytes() for f in sorted(path.parent.rglob("*")) if f.is_file()} == before


def test_a_folder_changes_form_and_keeps_other_files(tmp_path):
    made = frames([("吉林省", "province", 125.3, 1)])
    (tmp_path / "pack.toml").write_text('name = "x"\n', "utf-8")
    tables.write(made, tmp_path, format="csv", against=SCHEMA)
    tables.write(made, tmp_path, format="parquet", against=SCHEMA)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["pack.toml", "places.parquet", "sources.parquet"]


def test_wrong_forms_and_places(tmp_path):
    made = frames([(None, "county", None, None)])
    (tmp_path / "file").write_text("x", "utf-8")
    for path, form in ((tmp_path / "x", "ods"), (tmp_path / "file", "csv"), (tmp_path / "file" / "x.xlsx", "xlsx")):
        with pytest.raises(UsageError):
            tables.write(made, path, format=form, against=SCHEMA)


@pytest.mark.parametrize("spoken", ["zh", "en"])
def test_the_template_reads_back_empty_and_full(tmp_path, spoken):
    path = tables.template(tmp_path / "form.xlsx", spoken, SCHEMA)
    reading = tables.read(path, SCHEMA)
    # Nothing but the absence of rows in required tables may be at fault: every header is understood.
    assert {f.key for f in reading.faults} == {"tables.missing_table"}
    assert set(reading.frames) == set(SCHEMA.tables)
    assert fastexcel.read_excel(path).sheet_names[1:] == list(SCHEMA.tables)
    with zipfile.ZipFile(path) as packed:
        sheet = packed.read("xl/worksheets/sheet3.xml").decode()
    assert "province,prefecture,county,township" in sheet  # the drop-down


def test_the_quarantine_file_can_be_opened_and_holds_row_and_reason(tmp_path):
    head = "place_id,name_zh,level,origin,source\n"
    files = {
        "sources.csv": b"source_id,origin,source\ns1,observed,s1\n",
        "places.csv": (head + "22,a,province,observed,s1\n23,=cmd(),x,observed,s1\n").encode(),
    }
    reading = tables.read(files, SCHEMA)
    (file,) = tables.write_quarantine(reading.quarantine, tmp_path / "aside")
    line = pl.read_csv(file).row(0, named=True)
    assert (line["row"], line["place_id"], line["name_zh"]) == (2, 23, "'=cmd()")
    assert "not one of the choices" in line["reason_en"]
    assert "可选值" in line["reason_zh"]
    assert tables.write_quarantine({}, tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_dates_and_booleans_keep_their_type_in_a_workbook(tmp_path):
    made = frames([("吉林省", "province", 125.3, 1)])
    site = {"site_id": "a", "place_id": "2200", "open": True, "opened_on": dt.date(2020, 11, 11), "share": 58.5}
    made["sites"] = pl.DataFrame([{**site, "origin": "observed", "source": "s1"}], schema=SCHEMA.tables["sites"].dtypes)
    path = tables.write(made, tmp_path / "pack.xlsx", against=SCHEMA)
    assert fastexcel.read_excel(path).load_sheet("sites").to_polars()["opened_on"].dtype in (pl.Date, pl.Datetime("ms"))
    reading = tables.read(path, SCHEMA)
    assert reading.faults == []
    assert reading.notes == []
    assert reading.frames["sites"].equals(made["sites"])
