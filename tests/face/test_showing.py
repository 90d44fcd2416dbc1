"""Every kind of result shows itself: title, chart and map in both languages, from one mechanism."""

import ast
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import postroad
from postroad.errors import UsageError
from postroad.face.report.pick import CHARTS, MAPS
from postroad.language import LANGUAGES, catalogue, spoken
from postroad.results import Result, Stamp

SOURCE = Path(postroad.__file__).parent
FORMS = {"svg": b"<svg", "html": b"<!DOCTYPE html>", "png": b"\x89PNG", "pdf": b"%PDF"}


def shipped_kinds() -> set[str]:
    """Every kind that the package stamps a result with, read from its source."""
    kinds = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
                first = node.args[0]
                if (
                    isinstance(called, ast.Name)
                    and called.id == "Stamp"
                    and isinstance(first, ast.Constant)
                    and isinstance(first.value, str)
                ):
                    kinds.add(first.value)
    return kinds


KINDS = sorted(shipped_kinds())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_result_has_a_title_in_both_languages(kind):
    words = catalogue()[f"console.kind_{kind}"]
    assert all(words[language] for language in LANGUAGES)


def test_what_is_picked_for_a_kind_is_a_kind_that_there_is():
    assert len(KINDS) > 25
    assert set(CHARTS) | set(MAPS) <= set(KINDS)


def test_counties_are_coloured_pairs_are_lines_and_few_places_are_bubbles(tmp_path):
    jilin = postroad.province("jilin")
    counties = jilin["places"].filter(level="county")["place_id"]
    hours = pl.DataFrame({"county_id": counties, "mean_h": [float(k % 9) for k in range(counties.len())]})
    ends = pl.DataFrame({"from_place_id": ["2201", "2202"], "to_place_id": ["2202", "X-BEIJING"], "pieces": [7.0, 3.0]})
    hubs = pl.DataFrame({"place_id": ["2201", "2202"], "needed": [10.0, -4.0], "word": ["x", "y"]})
    held = Result(Stamp.now("nothing known", "abc"), {"hours": hours, "ends": ends, "hubs": hubs})
    coloured, lines, bubbles = (held.map("en", table=name) for name in held.tables)
    assert coloured.svg.count("<path") >= 60
    assert "Changchun – Jilin: 7" in lines.svg
    assert "Jilin – Beijing: 3" in lines.svg
    assert "吉林" in held.map("zh", table="ends").svg
    assert "Changchun 10" in bubbles.svg
    assert 'fill="none"' in bubbles.svg, "what is below nought is hollow"
    for picture in (coloured, lines, bubbles, held.chart("hubs")):
        for form, magic in FORMS.items():
            assert picture.save(tmp_path / f"p.{form}").read_bytes().startswith(magic)
    assert held.run_id in held.chart(spoken="en").svg


def test_bars_have_every_name_and_value_and_lines_every_series():
    rows = pl.DataFrame({"leg": ["a", "b", "c"], "cost_yuan": [1234.5, 0.25, -7.0]})
    times = pl.DataFrame({"from_min": [0, 30, 60] * 2, "plant": ["one"] * 3 + ["two"] * 3, "queue": [1, 2, 3, 4, 5, 6]})
    held = Result(Stamp.now("nothing known", "abc"), {"rows": rows, "times": times})
    bars, lines = held.chart("rows", spoken="en").svg, held.chart("times", spoken="en").svg
    assert all(f">{text}</text>" in bars for text in ("a", "b", "c", "1,234", "0.25", "-7"))
    assert lines.count('fill="none"') == 2
    assert all(f">{text}</text>" in lines for text in ("one", "two", "00:00", "01:00"))


def test_what_cannot_be_drawn_says_what_can():
    held = Result(Stamp.now("nothing known", "abc"), {"words": pl.DataFrame({"word": ["a"]})})
    for asked in (held.chart, held.map):
        with pytest.raises(UsageError):
            asked()
    assert held.run_id in held._repr_html_(), "a notebook still shows it"
    with pytest.raises(UsageError, match="cost_yuan"):
        Result(held.stamp, {"rows": pl.DataFrame({"leg": ["a"], "cost_yuan": [1.0]})}).chart("rows", "weight_kg")
    with pytest.raises(UsageError, match="pptx"):
        held.report("x.pptx")


def _made() -> dict[str, object]:
    """One real value of each kind that is made in seconds, by the verbs a user has."""
    from postroad.demand import demand
    from postroad.measure.access import access
    from postroad.measure.difference import difference

    jilin = postroad.province("jilin")
    tiers = jilin.design("hubs", time_s=3.0)
    written = tiers.written(jilin)
    return {
        "demand": demand(jilin, 2020, "base"),
        "access": access(jilin),
        "simulate_day": jilin.simulate("2020-06-10", scale=0.001, seed=7),
        "trunk tiers": tiers,
        "difference": difference(jilin, written),
    }


@pytest.fixture(scope="module")
def made():
    return _made()


@pytest.mark.slow
def test_real_results_show_themselves_and_name_what_they_show(made, tmp_path):
    for kind, value in made.items():
        told = value.told()
        assert told.stamp.kind == kind
        for language in LANGUAGES:
            for picture in (value.chart(spoken=language), value.map(language)):
                assert picture.save(tmp_path / "p.png").read_bytes().startswith(FORMS["png"])
            with spoken(language):
                shown = value._repr_html_()
            assert told.run_id in shown
            assert "<svg" in shown


@pytest.mark.slow
def test_the_four_forms_hold_the_same_numbers_to_the_last_digit(made, tmp_path, monkeypatch):
    import docx
    import fastexcel
    import typst

    from postroad.face.report.result_sheet import cell

    handed = []
    compiled = typst.compile

    def watched(path, **named):
        held = Path(path).with_name("held.json")
        handed.extend([held.read_text("utf-8")] if held.exists() else [])
        return compiled(path, **named)

    monkeypatch.setattr(typst, "compile", watched)
    for kind, value in made.items():
        told = value.told()
        small = Result(told.stamp, {name: frame.head(25) for name, frame in told.tables.items()}, told.facts)
        paths = {form: small.report(tmp_path / f"r.{form}", "zh") for form in ("html", "xlsx", "docx", "pdf")}
        page, paper = paths["html"].read_text("utf-8"), handed[-1]
        words = {c.text for table in docx.Document(str(paths["docx"])).tables for c in table._cells}
        book = fastexcel.read_excel(paths["xlsx"])
        for name, frame in small.tables.items():
            sheet = book.load_sheet(name[:31], header_row=None, skip_rows=2).to_polars() if frame.height else None
            rows = sheet.iter_rows() if sheet is not None else ()
            held = np.array([v for row in rows for v in row if isinstance(v, float)])
            for column, values in ((c, frame[c].drop_nulls()) for c in frame.columns if frame[c].dtype.is_float()):
                for number in values:
                    text = cell(number)
                    assert f">{text}<" in page or f">{text}</td>" in page, (kind, name, column, number)
                    assert text in words, (kind, name, column, number)
                    assert f'"{text}"' in paper, (kind, name, column, number)
                    assert np.isclose(held, number, rtol=1e-15, atol=0).any(), (kind, name, column, number)
