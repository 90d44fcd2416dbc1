"""The evaluation report: same blocks in Word and HTML, blanks named, nothing known too early."""

import datetime as dt

import docx
import polars as pl
import pytest

from postroad.errors import UsageError
from postroad.face.report import evaluation as report
from postroad.face.report import official
from postroad.measure.evaluation import evaluate
from postroad.network import province
from postroad.plan.levers import levers
from postroad.plan.plan import plan
from postroad.results import Result, Stamp


@pytest.fixture(scope="module")
def held():
    made = plan("jilin")
    return province("jilin"), made, levers("jilin", made)


@pytest.fixture(scope="module")
def final(held):
    return evaluate(*held, "final", dt.date(2026, 11, 25))


def test_every_target_and_task_is_there_and_what_is_unknown_is_a_blank(final):
    assert len(final.card.lines) == 36
    assert len(final.tasks) == 54
    assert sum(final.counts().values()) == 54
    unknown = [line for line in final.card.lines if line.judgement.status == "unknown"]
    assert len([b for b in final.blanks if b.kind == "value"]) == len(unknown)
    assert {w.line.target.id for w in final.warnings} == {"postal-revenue"}


def test_word_and_html_hold_the_same_words(final, tmp_path):
    for spoken in ("zh", "en"):
        book = docx.Document(str(report.word(final, tmp_path / "r.docx", spoken)))
        # A long title is broken by a line's end.
        text = "\n".join(p.text if k else p.text.replace("\n", "") for k, p in enumerate(book.paragraphs))
        page = report.page(final, spoken)
        assert report.title(final, spoken) in text
        for block in report.blocks(final, spoken):
            if block.kind != "table":
                assert block.text in text
        assert page.count("<tr>") == sum(len(t.rows) for t in book.tables)
        # The two targets that were judged are drawn, in both.
        assert len(book.inline_shapes) == page.count("<figure>") == 2
        assert final.card.run_id in text
        assert final.card.run_id in page


def test_the_table_to_sign_stays_whole_and_long_ones_repeat_their_head(final, tmp_path):
    book = docx.Document(str(report.word(final, tmp_path / "r.docx", "en")))
    *_, blanks, _, signed = book.tables
    assert {row.cells[2].text for row in blanks.rows[1:]} == {"–", "Provincial postal administration"}
    assert [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in signed.rows] == [True] * 5 + [None]
    for table in book.tables:
        assert table.rows[0]._tr.trPr.xpath("./w:tblHeader")
        assert not table.rows[1]._tr.xpath("./w:trPr/w:cantSplit")
        assert all(row._tr.xpath("./w:trPr/w:cantSplit") for row in table.rows[2:])
        assert sum(cell.width.cm for cell in table.rows[0].cells) == pytest.approx(15.6, abs=0.01)


def test_columns_leave_room_for_their_longest_word_and_most_for_most_words():
    narrow, wide = official.fitted([("Payer", "Levers"), ("state", "Shared rounds in county, township and village")])
    assert narrow + wide == pytest.approx(official.TEXT_CM)
    assert narrow < wide
    least, _ = official.fitted([("a" * 40, "b " * 4000)])
    assert least >= 40 * 0.55 * official.WIDE_CM


def test_nothing_published_later_is_in_a_mid_term_report(held):
    made = evaluate(*held, "midterm", dt.date(2023, 6, 30))
    assert all(line.latest is None or line.latest.known_on <= dt.date(2023, 6, 30) for line in made.card.lines)
    assert all(case.on < dt.date(2023, 6, 30) for case in made.record.cases)


def test_a_final_report_before_the_end_and_an_unknown_kind_are_refused(held):
    with pytest.raises(UsageError, match="2025"):
        evaluate(*held, "final", dt.date(2024, 1, 1))
    with pytest.raises(UsageError, match="midterm"):
        evaluate(*held, "daily", dt.date(2024, 1, 1))


def test_measured_effects_become_remedies_cheapest_first(held):
    columns = ["lever", "measure", "target", "gain", "half_width", "cost_yuan", "share", "before", "after"]
    rows = [
        ("lockers", "locker_groups", "lockers", 100.0, 1.0, 1e6, 100.0, 1238.0, 1388.1),
        ("shared-stations", "locker_groups", "lockers", 50.0, 1.0, 1e5, 50.0, 1238.0, 1388.1),
        # A trace: less than a thousandth of the measure.
        ("electric-vans", "locker_groups", "lockers", 0.1, 0.01, 1e5, 0.1, 1238.0, 1388.1),
        ("transit-bags", "reusable_bag_rate", "reusable-bags", -1.0, 1.0, 1e5, -1.0, 58.0, 57.0),
        ("changchun-sorter", "on_time_core", "24h-core-cities", 5.0, 1.0, 7e6, 5.0, 14.0, 19.0),
    ]
    shares = pl.DataFrame(rows, schema=columns, orient="row")
    told = Result(Stamp.now("effect", "x", {"year": 2025, "worlds": 3}), {"shares": shares})
    made = evaluate(*held, "final", dt.date(2026, 11, 25), told)
    assert [r.lever.id for r in made.remedies] == ["shared-stations", "lockers", "changchun-sorter"]
    drawn = [block for block in report.blocks(made, "zh") if block.kind == "picture"]
    assert [block.text[:3] for block in drawn] == ["图1　", "图2　", "图3　"]
    assert "长春处理中心增加分拣线" in drawn[2].svg
    assert made.effects_run in "".join(block.text for block in report.blocks(made, "en"))
