"""The page and the workbook: complete in both languages, needing nothing else, with the scorecard's numbers."""

import datetime as dt
import re

import fastexcel
import pytest

import postroad
from postroad.errors import UsageError
from postroad.face.report import contents, page, workbook
from postroad.face.report.chart import short
from postroad.language import LANGUAGES, catalogue, spoken
from postroad.measure.scorecard import score
from postroad.plan.plan import plan

TODAY = dt.date(2026, 11, 24)


@pytest.fixture(scope="module")
def held():
    jilin = postroad.province("jilin")
    return contents(jilin, score(jilin, plan("jilin"), as_of=TODAY))


@pytest.fixture(scope="module", params=LANGUAGES)
def written(request, held):
    with spoken(request.param):
        return request.param, page(held, request.param)


def test_the_page_needs_nothing_from_outside(written):
    _, text = written
    assert not re.search(r"(src|href)=[\"'](https?:)?//", text)
    assert "<script" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_the_page_holds_every_target_a_chart_for_each_number_the_map_and_the_ledger(written, held):
    language, text = written
    for line in held.card["lines"]:
        assert f'data-target="{line["target_id"]}"' in text
        assert line["label"][language].replace("&", "&amp;") in text
    assert text.count('class="chart"') >= 5
    assert text.count('class="county') == 60
    assert text.count("<tr><td>") >= len(held.ledger["figures"])
    assert held.card["run_id"] in text


def test_the_page_speaks_one_language(written):
    language, text = written
    own = re.sub(r"<(style|title).*?</\1>|<[^>]+>", " ", text, flags=re.S)
    if language == "en":
        for key in ("face.targets", "face.coherence", "face.map_synthetic", "face.status_unknown"):
            assert catalogue()[key]["zh"] not in own
    else:
        for key in ("face.coherence", "face.map_synthetic", "face.unknown_why"):
            assert catalogue()[key]["en"] not in own


def test_synthetic_values_are_said_to_be_synthetic(written):
    language, text = written
    assert catalogue()["face.map_synthetic"][language].replace("“", "“") in text


def test_workbook_page_and_card_agree_to_the_last_digit(held, tmp_path):
    path = workbook(held, tmp_path / "card.xlsx", "en")
    book = fastexcel.read_excel(path)
    assert book.sheet_names == [
        "Summary", "Targets", "Paths and forecasts", "Forecasts", "The plan's figures", "Coverage by county",
        "Appendix: sources",
    ] or "Targets" in book.sheet_names  # fmt: skip
    sheet = book.load_sheet("Targets").to_polars()
    text = page(held, "en")
    for row, line in zip(sheet.iter_rows(named=True), held.card["lines"], strict=True):
        assert row["Id"] == line["target_id"]
        for column, part in (("Baseline", "baseline"), ("Aim", "target"), ("Latest", "latest")):
            value = line[part]["value"] if line[part] else None
            assert row[column] == (pytest.approx(value, rel=1e-15) if value is not None else None)
            if value is not None:
                assert short(value) in text
        assert row["Reason"] == line["reason"]["en"]


def test_the_same_contents_give_the_same_bytes(held, tmp_path):
    first, second = (workbook(held, tmp_path / name, "zh").read_bytes() for name in ("a.xlsx", "b.xlsx"))
    assert first == second
    assert page(held, "zh") == page(held, "zh")


def test_text_that_looks_like_a_formula_stays_text(held, tmp_path):
    import dataclasses
    import zipfile

    poisoned = [{**held.sources[0], "title": "=1+1", "note": "@SUM(A1)"}, *held.sources[1:]]
    path = workbook(dataclasses.replace(held, sources=poisoned), tmp_path / "x.xlsx", "en")
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(n).decode() for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
    assert not any("<f>" in sheet for sheet in sheets)


def test_a_page_without_ledger_and_outlines_is_still_a_page(held):
    import dataclasses

    bare = dataclasses.replace(held, ledger=None, outlines=None)
    text = page(bare, "en")
    assert 'id="targets"' in text
    assert 'id="map"' not in text


@pytest.fixture(scope="module")
def card():
    return score(postroad.province("jilin"), plan("jilin"), as_of=TODAY)


def test_pictures_show_and_save_themselves(card, tmp_path):
    for picture in (postroad.province("jilin").map("zh"), card.chart("express-volume", "en")):
        assert picture._repr_svg_().startswith("<svg")
        assert "var(--" not in picture.svg, "a picture alone has no page to take colours from"
        for form, magic in (("svg", b"<svg"), ("html", b"<!DOCTYPE html>"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
            assert picture.save(tmp_path / f"p.{form}").read_bytes().startswith(magic)
        with pytest.raises(UsageError):
            picture.save(tmp_path / "p.bmp")
    with pytest.raises(UsageError):
        card.chart("nothing")
    assert "<table>" in card._repr_html_()


@pytest.mark.parametrize("language", LANGUAGES)
def test_word_and_pdf_hold_the_same_numbers_and_the_run(held, tmp_path, language):
    import docx

    from postroad.face.report.document import document
    from postroad.face.report.paper import paper

    book = docx.Document(str(document(held, tmp_path / "r.docx", language)))
    cells = [cell.text for row in book.tables[0].rows for cell in row.cells]
    text = "\n".join([p.text for p in book.paragraphs] + cells)
    for line in held.card["lines"]:
        assert line["label"][language] in text
        assert line["reason"][language] in text
        if line["latest"]:
            assert short(line["latest"]["value"]) in text
    assert held.card["run_id"] in text
    assert len(book.inline_shapes) >= 3
    fonts = {style.element.rPr.rFonts.get("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia")
             for style in book.styles if style.name in ("Normal", "Title", "Heading 1")}  # fmt: skip
    assert fonts == {"仿宋", "黑体", "方正小标宋简体" if language == "zh" else "宋体"}
    first, second = (paper(held, tmp_path / name, language).read_bytes() for name in ("a.pdf", "b.pdf"))
    assert first.startswith(b"%PDF")
    assert first == second, "the same contents give the same bytes"


@pytest.mark.parametrize("language", LANGUAGES)
def test_any_result_becomes_a_workbook_a_document_and_a_page_with_the_same_numbers(tmp_path, language):
    import zipfile

    import docx
    import polars as pl

    from postroad.face.report.result import report
    from postroad.results import Result, Stamp

    awkward = [0.1 + 0.2, 1 / 3, 12345678.901234567]
    rows = {"leg": ["collect", "between", "=1+1"], "cost_yuan_piece": awkward, "day": [dt.date(2026, 1, 1)] * 3}
    stamp = Stamp.now("trunk", "abc", {"year": 2020}, 7)
    held = Result(stamp, {"legs": pl.DataFrame(rows), "empty": pl.DataFrame({"a": []})}, {"gap": 1 / 7, "why": ["x"]})
    made = {form: report(held, tmp_path / f"r.{form}", form, language) for form in ("xlsx", "docx", "pdf", "html")}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.docx", "r.html", "r.pdf", "r.xlsx"]
    sheet = fastexcel.read_excel(made["xlsx"]).load_sheet("legs", header_row=1).to_polars()
    unit = {"en": "yuan/piece", "zh": "元/件"}[language]
    assert sheet.columns[1] == unit, "the second row says the units"
    assert sheet[unit].to_list() == pytest.approx(awkward, rel=1e-15), "as many digits as Excel has"
    with zipfile.ZipFile(made["xlsx"]) as parts:
        assert "xl/charts/chart1.xml" in parts.namelist()
        told = "".join(parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name)
        assert "<f>" not in told
        assert 'state="frozen"' in told
        assert held.run_id in told
    book = docx.Document(str(made["docx"]))
    cells = {cell.text for table in book.tables for row in table.rows for cell in row.cells}
    page = made["html"].read_text("utf-8")
    for value in (*awkward, 1 / 7):
        assert repr(value) in cells
        assert repr(value) in page
    assert held.run_id in cells
    assert held.run_id in page
    assert not re.search(r"(src|href)=|<script", page)
    assert "<svg" in page
    assert len(book.inline_shapes) == 1, "a chart of the figures, as in the workbook"
    again = report(held, tmp_path / "again.pdf", "pdf", language)
    assert made["pdf"].read_bytes() == again.read_bytes()
    assert made["pdf"].read_bytes().startswith(b"%PDF")


def test_a_wide_table_comes_in_pieces_that_leave_no_column_out():
    import polars as pl

    from postroad.face.report.result_sheet import pieces, sheet_of

    whole = sheet_of("wide", pl.DataFrame({f"c{k}": [k, 10 * k] for k in range(20)}), 100, "en")
    parts = list(pieces(whole, 7))
    assert max(len(part.heads) for part in parts) == 7
    assert {part.heads[0] for part in parts} == {"c0"}
    assert [head for part in parts for head in part.heads[1:]] == whole.heads[1:]
    assert [value for part in parts for value in part.rows[1][1:]] == list(whole.rows[1][1:])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_result_names_its_places_and_maps_a_table_of_one_row_a_county(tmp_path, language):
    import polars as pl

    from postroad.face.report.result import report
    from postroad.results import Result, Stamp

    jilin = postroad.province("jilin")
    counties = jilin["places"].filter(level="county").select("place_id", "name_zh", "pinyin")
    rows = counties.select(county_id="place_id").with_row_index("wait_min")
    stray = pl.DataFrame({"place_id": ["2201", "X-NOWHERE", "2202"], "wait_min": [1, 2, 3]})
    held = Result(Stamp.now("trunk", "abc"), {"counties": rows, "few": stray})
    page = report(held, tmp_path / "r.html", "html", language, jilin).read_text("utf-8")
    name = counties["name_zh"][0] if language == "zh" else counties["pinyin"][0].capitalize()
    assert f"<td>{name}" in page
    assert f"<td>{counties['place_id'][0]}" not in page
    assert "X-NOWHERE" in page, "a place the province does not know keeps its id"
    assert page.count('class="map"') == 1, "few places are a table"
    assert 'class="map"' not in report(held, tmp_path / "bare.html", "html", language).read_text("utf-8")
    book = report(held, tmp_path / "r.xlsx", "xlsx", language, jilin)
    sheet = fastexcel.read_excel(book).load_sheet("counties", header_row=None, skip_rows=2).to_polars()
    assert name in sheet.row(0)
    assert any(str(cell).removesuffix(".0") == counties["place_id"][0] for cell in sheet.row(0)), "the id beside it"
