"""Figures of a plan's text: texts of our own, the known hard numbers in other words, and generated provinces."""

import os

import pytest

from postroad.errors import DataError, UsageError
from postroad.network import pack_folder
from postroad.plan.figures import ledger_of_text, printed_ledger, read_ledger
from tests.plan.figures.provinces import province_text

# The numbers of the reference plan in sentences of our own, their points lost.
HARD = """“十四五”规划文本
（一）发展现状。
１行业规模。２０２０年甲省邮政业业务总量１２２１９亿元，是“十二五”末的３４倍，年均增
长２７７３％。行业业务收入１００１４亿元，是“十二五”末的２３倍，年均增长１８１３％。快递业务量４４７亿件，是
“十二五”末的５倍，年均增长３７９７％；快递业务收入６０７３亿元，是“十二五”末的３６倍，年均增长２９２％。
支撑网络零售额８０亿元。企业１４６７家，从业人员５３万人，年服务用户１９７８亿人次，人均快件６１件。
２网络。园区１２个，占地面积２７３７７万平方米。最高日处理量８４５万件。
３服务。制造业项目业务量１８４０３万件，服务产值４５亿元。
４民生。产品外销２６２５万吨，受益人口１７００余人，增收４５２９万元。瘦身胶带比例９５５６％；不再二次包装率８７４７％；
中转袋使用率９７７９％。运送物资７吨、６８８万件。减税降费５７１８２６万元。
（二）发展目标。日均服务用户超过９００万人次。
"""
TRUE = {
    "12219亿元": 122.19, "10014亿元": 100.14, "447亿件": 4.47, "6073亿元": 60.73, "53万人": 5.3, "1978亿人次": 19.78,
    "61件": 61, "845万件": 845, "27377万平方米": 273.77, "18403万件": 1840.3, "45亿元": 4.5, "2625万吨": 26.25,
    "4529万元": 452.9, "688万件": 68.8, "571826万元": 5718.26, "9556%": 95.56, "8747%": 87.47, "9779%": 97.79,
}  # fmt: skip


@pytest.fixture(scope="module")
def hard():
    return ledger_of_text(HARD, population=24_073_453)


def figure(ledger, printed):
    return next(f for f in ledger.amounts if f.mention.printed == printed)


@pytest.mark.parametrize("printed", TRUE)
def test_every_hard_number_is_right_or_said_to_be_ambiguous(hard, printed):
    found = figure(hard, printed)
    assert TRUE[printed] in found.candidates
    if found.verdict in ("certain", "probable"):
        assert found.chosen == TRUE[printed]
    else:
        assert found.verdict == "ambiguous"
        assert TRUE[printed] in found.survivors


def test_the_retail_figure_is_implausible_as_printed_and_left_alone(hard):
    found = figure(hard, "80亿元")
    assert (found.verdict, found.chosen) == ("implausible", 80)


def test_growth_and_multiple_prove_each_other(hard):
    for printed, value in (("2773%", 27.73), ("34倍", 3.4), ("1813%", 18.13), ("23倍", 2.3), ("3797%", 37.97),
                           ("292%", 29.2), ("36倍", 3.6)):  # fmt: skip
        found = figure(hard, printed)
        assert (found.verdict, found.chosen) == ("certain", value)
        assert any(link.kind == "growth" and link.passed for link in found.links)


def test_without_the_population_links_per_head_are_said_to_be_unchecked():
    ledger = ledger_of_text(HARD)
    assert figure(ledger, "61件").verdict == "ambiguous"
    assert any("人口" in note["zh"] for note in ledger.to_dict()["notes"])


def test_every_figure_knows_its_line_and_column(hard):
    assert (figure(hard, "12219亿元").line, figure(hard, "12219亿元").column) == (3, 21)
    lines = HARD.splitlines()
    for found in hard.amounts:
        character = lines[found.line - 1][found.column - 1]
        assert character.isdigit()


def test_headings_years_and_document_numbers_are_no_amounts():
    text = """（一）发展现状。
１行业规模扩大。２０２０年收入３亿元。
２市场环境改善。按照国办发〔２０１８〕１号、第１６号令，推行“１＋Ｎ＋Ｘ”机制。
专栏１　网络工程
—１４—
建成网点２５１个。"""
    kinds = {(f.mention.printed, f.mention.kind) for f in ledger_of_text(text).figures}
    assert ("1", "heading") in kinds
    assert ("2020年", "year") in kinds
    assert ("2018", "document") in kinds
    assert ("16", "document") in kinds
    amounts = [f.mention.printed for f in ledger_of_text(text).amounts]
    assert amounts == ["3亿元", "251个"]


def test_a_number_broken_over_lines_is_one_number():
    assert [f.mention.printed for f in ledger_of_text("（一）现状。收入１２\n\n３亿元。").amounts] == ["123亿元"]


def test_a_text_with_its_points_is_read_as_printed():
    text = HARD.replace("１２２１９", "122.19").replace("１００１４", "100.14").replace("４４７亿", "4.47亿")
    ledger = ledger_of_text(text)
    assert not ledger.points_lost
    assert figure(ledger, "122.19亿元").chosen == 122.19
    assert all(len(f.candidates) == 1 for f in ledger.amounts)


def test_a_sign_without_a_name_between_digits_is_a_point_the_growth_links_prove():
    glyph = "\ue010"
    text = f"“十四五”规划。（一）现状。2020年快递业务量4{glyph}47亿件，是“十二五”末的5倍，年均增长37{glyph}97%。"
    found = figure(ledger_of_text(text), "4.47亿件")
    assert (found.verdict, found.chosen) == ("certain", 4.47)
    assert found.candidates == (447.0, 44.7, 4.47)
    assert found.links[0].kind == "glyph"
    alone = ledger_of_text(text, glyphs=False)
    assert figure(alone, "447亿件").candidates == (447.0, 44.7, 4.47)
    assert figure(alone, "3797%").chosen == 37.97


def test_a_glyph_that_nothing_proves_is_only_probable():
    found = ledger_of_text("（一）现状。收入4\ue01047亿元。").amounts[0]
    assert (found.verdict, found.chosen) == ("probable", 4.47)


def test_a_leading_zero_stands_before_a_point():
    found = ledger_of_text("（一）现状。快递业务量０８２亿件。").amounts[0]
    assert (found.candidates, found.verdict) == ((0.82,), "certain")


def test_a_part_cannot_exceed_its_whole():
    ledger = ledger_of_text("（一）现状。货物１２３４万吨，其中农产品４５６万吨。")
    part = figure(ledger, "456万吨")
    assert any(link.kind == "part" for link in part.links)


def test_contradictions_orphans_and_loose_words_are_listed():
    text = HARD + "（三）发展目标。快递业务量增速年均１５％以上，业务收入翻番。相邻城市间２４小时送达，体系基本形成。"
    ledger = ledger_of_text(text, 24_073_453)
    found = {c.id.split("-")[0]: c for c in ledger.contradictions}
    assert found["growth"].values["growth_needed_on_trend"] == pytest.approx(0.266, abs=0.002)
    assert found["growth"].values["growth_needed_flat_price"] == pytest.approx(0.185, abs=0.002)
    assert {"users", "peak", "implausible", "promise", "wording"} <= set(found)
    assert found["users"].values["multiple"] == pytest.approx(900e4 / (19.78e8 / 365))


def test_the_shipped_list_agrees_with_the_reference_values():
    ledger = printed_ledger(pack_folder("jilin") / "figures.toml", 24_073_453)
    assert ledger.summary.get("implausible") == 1
    for printed, value in (("122.19亿元", 122.19), ("4.5亿元", 4.5), ("26.25万吨", 26.25), ("68.8万件", 68.8)):
        assert figure(ledger, printed).chosen == value
    assert figure(ledger, "4.5亿元").by_links == "ambiguous"


def proportion(seeds, share):
    right = wrong = open_ = 0
    for seed in seeds:
        text, truth, people = province_text(seed)
        ledger = ledger_of_text(text, people)
        for found in ledger.amounts:
            if found.mention.printed in truth:
                certain = found.verdict == "certain"
                ok = found.chosen == truth[found.mention.printed]
                right, wrong, open_ = right + (certain and ok), wrong + (certain and not ok), open_ + (not certain)
    assert wrong == 0
    assert right / (right + open_) > share


def test_two_thousand_generated_provinces_are_never_certain_and_wrong():
    proportion(range(2_000), share=0.6)


def test_gb18030_and_utf16_files_are_read(tmp_path):
    for encoding in ("gb18030", "utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.txt"
        path.write_bytes("（一）发展现状。业务收入１２亿元。".encode(encoding))
        assert read_ledger(path).amounts[0].mention.printed == "12亿元"


def test_a_wrong_path_an_empty_file_and_a_picture_are_refused(tmp_path):
    with pytest.raises(UsageError):
        read_ledger(tmp_path / "nothing.txt")
    for name, content in (("empty.txt", b""), ("blank.txt", b" \n"), ("picture.png", bytes(range(256)) * 20)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError):
            read_ledger(tmp_path / name)


def test_the_real_text_when_it_is_at_hand():
    path = os.environ.get("POSTROAD_JILIN_PLAN_TEXT")
    if not path:
        pytest.skip("POSTROAD_JILIN_PLAN_TEXT does not name the plan's text")
    ledger = read_ledger(path, 24_073_453, glyphs=False)
    for printed, value in TRUE.items():
        found = figure(ledger, printed)
        assert found.chosen == value or (found.verdict == "ambiguous" and value in found.survivors)
    assert figure(ledger, "80亿元").verdict == "implausible"
    assert len(read_ledger(path, 24_073_453).amounts) == len(ledger.amounts)
