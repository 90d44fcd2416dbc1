"""Find the numbers of a text and say what each one is: unit, subject, role, and which known quantity it speaks of.

Years, document numbers, headings, page numbers and labels such as 1+N are set aside by their form. What remains is a
figure: digits, scale and unit, the clause it stands in, and the noun before it.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from postroad.plan.figures.reading import PlainText

SCALES = {"": 1.0, "十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12}
_UNITS = (
    "平方公里|平方千米|平方米|立方米|公里|千米|米|人次|元|件|人|家|个|处|条|组|吨|公斤|辆|台|架|位|名|倍|番|%|百分点|"
    "小时|分钟|天|日|年|周年|项|户|所|次|套|村|亩|公顷|座|批|期|类|市|省|县|网"
)
_NUMBER = re.compile(
    rf"(?P<digits>\d+(?:\.\d+)?)(?P<more>余|多)?(?P<scale>万亿|千万|百万|亿|万|千|百|十)?(?:余|多)?(?P<unit>{_UNITS})?"
)
COUNTED = frozenset("人家个处条组位名项户所套村座批期类次年天日辆台架市省县网")
_WORDS_TOO = frozenset("网市省县期次类村名位户处座批项所")
_STOP = "，。；：、！？,;:!?（）()《》“”\"'‘’"
_HARD_STOP = "。；！？;!?"
_LIST = re.compile(r"[“”\"\s]")
_BASE_YEARS = {"十": 2005, "十一": 2010, "十二": 2015, "十三": 2020, "十四": 2025, "十五": 2030, "十六": 2035}


@dataclass(frozen=True)
class Mention:
    """One number of the text: what is printed, where, and how it is read.

    ``kind`` is value, growth, multiple, percent, rank, or one of the set-aside kinds year, document, heading, label,
    duration. ``concept`` names the quantity when it is one that the limits know.
    """

    start: int
    end: int
    printed: str
    digits: str
    scale: str
    unit: str
    kind: str
    subject: str
    concept: str
    role: str
    sentence: int
    clause: int
    before: str
    after: str

    @property
    def factor(self) -> float:
        """What one of the printed number stands for."""
        return SCALES[self.scale]


@cache
def concepts() -> list[dict[str, Any]]:
    """Return the known quantities: name, unit, and the words that speak of them."""
    text = files("postroad.plan.figures").joinpath("limits.toml").read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["concepts"]
    return found


def find(source: PlainText) -> list[Mention]:
    """Return every number of the text in order, the set-aside kinds included."""
    text = source.text
    sentences = _starts(text, _HARD_STOP)
    clauses = _starts(text, _STOP.replace("、", ""))
    sections = _sections(source)
    found: list[Mention] = []
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        begin, finish = _around(text, start, end)
        sentence, clause = _index(sentences, start), _index(clauses, start)
        before, after = text[begin:start], text[end:finish]
        kind = _kind(source, match, before, after)
        subject = _subject(text, start, begin, found, sentence)
        unit = match["unit"] or ""
        concept = _concept(subject, before, after, unit, kind)
        role = _role(sections, start, before, after)
        found.append(
            Mention(start, end, match.group(), match["digits"], match["scale"] or "", unit, kind, subject, concept,
                    role, sentence, clause, before, after)
        )  # fmt: skip
    return found


def base_year(words: str) -> int | None:
    """Return the year that words such as “十二五”末 or 2015年 name as the base of a comparison."""
    period = re.search(r"[“\"]?(十[一二三四五六]?)五[”\"]?(?:末|期末|时期末)", words)
    if period and period[1] in _BASE_YEARS:
        return _BASE_YEARS[period[1]]
    year = re.search(r"((?:19|20)\d\d)年", words)
    return int(year[1]) if year else None


def _starts(text: str, stops: str) -> list[int]:
    return [0, *(k + 1 for k, c in enumerate(text) if c in stops)]


def _index(starts: list[int], at: int) -> int:
    return bisect.bisect_right(starts, at) - 1


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around a number, from the last stop before it to the first after it; quotes do not end a clause."""
    stops = set("，。；：！？,;:!?、")
    begin = start
    while begin > 0 and text[begin - 1] not in stops:
        begin -= 1
    finish = end
    while finish < len(text) and text[finish] not in stops:
        finish += 1
    return begin, finish


def _kind(source: PlainText, match: re.Match[str], before: str, after: str) -> str:
    text, start, unit = source.text, match.start(), match["unit"] or ""
    digits = match["digits"]
    previous, following = text[start - 1 : start], text[match.end() : match.end() + 1]
    if previous in "〔[" or (following in "〕]" and len(digits) == 4):
        return "document"
    if following == "号" or (previous == "第" and unit not in ("位", "名", "")):
        return "document"
    if text[max(0, start - 2) : start] in ("专栏", "附件", "附表", "附图"):
        return "label"
    if _opens_heading(source, match):
        return "heading"
    if previous == "+" or following == "+" or (previous.isascii() and previous.isalpha()):
        return "label"
    if unit == "年" and len(digits) == 4 and digits[:2] in ("19", "20"):
        return "year"
    if not unit and not match["scale"]:
        return "label"
    return _kind_by_unit(unit, previous, before, after)


def _opens_heading(source: PlainText, match: re.Match[str]) -> bool:
    """A heading whose point is lost: a small number that opens a line, before a word that may begin like a unit."""
    start, unit = match.start(), match["unit"] or ""
    if start not in source.starts or len(match["digits"]) > 2 or match["scale"]:
        return False
    return not unit or (unit in _WORDS_TOO and (start == 0 or source.text[start - 1] in "。！；)）"))


def _kind_by_unit(unit: str, previous: str, before: str, after: str) -> str:
    if unit in ("小时", "分钟", "年", "天", "周年", "日"):
        return "duration"
    if unit == "位" and (previous == "第" or "位次" in before or "排名" in before):
        return "rank"
    if unit in ("倍", "番"):
        return "multiple"
    if unit in ("%", "百分点"):
        grows = re.search(r"(增长|增速|增幅|递增|下降|提高了?)[^，。；]*$", before) or after.startswith("的速度增长")
        return "growth" if grows else "percent"
    return "value"


_VERBS = re.compile(
    r"(已经|累计|共|总计|合计|分别|大约|近|约|将|力争|确保|实现|完成|建成|布放|建立|建设|覆盖|达到|达|超过|不低于|"
    r"不少于|为|是|至|到|约为|有|数量|突破|提升至|提高到|增至|的比例|比例)+$"
)


def _subject(text: str, start: int, begin: int, found: list[Mention], sentence: int) -> str:
    """The noun before a number; a clause that has none takes the subject of the figure before it in its sentence."""
    words = re.sub(r"\d{4}年|\d+(?:万|亿|千)?(?:元|件|人|家|个)?", "", text[begin:start])
    words = _LIST.sub("", words)
    for _ in range(3):
        words = _VERBS.sub("", words)
    comparing = re.search(r"(末的?|年的?|增长|增速|年均|其中)$|^(总量|总数)$", words) or base_year(text[begin:start])
    if len(words) >= 2 and not comparing:
        return words[-16:]
    for earlier in reversed(found):
        if earlier.sentence != sentence:
            break
        if earlier.kind in ("value", "percent", "rank") and earlier.subject:
            return earlier.subject
    return words[-16:]


def _concept(subject: str, before: str, after: str, unit: str, kind: str) -> str:
    if kind not in ("value", "rank", "percent"):
        return ""
    near = _LIST.sub("", before) or subject
    for concept in concepts():
        if unit not in concept["units"]:
            continue
        if concept.get("not") and re.search(concept["not"], near + after[:6]):
            continue
        if re.search(concept["words"], near) or (concept.get("after") and re.search(concept["after"], after[:12])):
            return str(concept["name"])
        # An empty clause before the number ("入驻企业50家" has one, ", 9210个" has none) looks at its subject.
        if len(near) < 2 and re.search(concept["words"], subject):
            return str(concept["name"])
    return ""


_SECTION = re.compile(
    r"[（(][一二三四五六七八九十]+[）)]([^。，；]{2,16})|(?:^|。)([一二三四五六七八九十]+)、([^。，；（]{2,20})"
)


def _sections(source: PlainText) -> list[tuple[int, str]]:
    roles = [(0, "")]
    for match in _SECTION.finditer(source.text):
        words = match[1] or match[3] or ""
        role = "target" if "目标" in words else "baseline" if re.search(r"现状|基础|成就|回顾|成效", words) else "task"
        roles.append((match.start(), role))
    return roles


def _role(sections: list[tuple[int, str]], start: int, before: str, after: str) -> str:
    role = next((role for at, role in reversed(sections) if at <= start), "")
    aims = re.search(r"力争|目标|期末|到20\d\d年|不低于|不少于", before) or re.match(r"以上|以内", after)
    if role != "baseline" and aims:
        return "target"
    return role
