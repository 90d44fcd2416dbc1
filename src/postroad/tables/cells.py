"""Cells as people type them, made into values of the column's type: what can be mended is mended and noted.

Serves the readers. A whole column is done at once with polars expressions; cells that a plain cast takes never meet
the repairs. What cannot be mended becomes a finding, never an empty cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import polars as pl

from postroad.tables.findings import Finding, Note, note, positions
from postroad.tables.schema import Column, Table
from postroad.tables.units import spellings

_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {"\u3000": " "}
_WIDE_ALNUM = {wide: narrow for wide, narrow in _WIDE.items() if narrow.isalnum()}
SPACES = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
_SPACE_CLASS = r"[\s\u00a0\u3000\u200b-\u200d\u2060\ufeff]"
_SUSPECT = rf"^{_SPACE_CLASS}|{_SPACE_CLASS}$|^$|[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"
_SUSPECT_KEYED = rf"^{_SPACE_CLASS}|{_SPACE_CLASS}$|^$|[\uff01-\uff5e\u3000]"
_BLANKS = ("-", "--", "—", "——", "－", "/", "n/a", "na", "null", "none", "#n/a", "…", "...", "无", "缺")
_TRUE = ("true", "1", "1.0", "yes", "y", "t", "是", "对", "√", "✓", "有")
_FALSE = ("false", "0", "0.0", "no", "n", "f", "否", "错", "×", "✗", "无", "没有")
_POWERS = {"十": 1, "百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "十亿": 9, "百亿": 10}
_POWERS |= {"千亿": 11, "万亿": 12}
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_NUMERAL = rf"^([¥$])?\s*({_NUMBER})\s*({'|'.join(sorted(_POWERS, key=len, reverse=True))})?\s*(.*)$"
_DAY = (
    r"^(\d{4})(?:\s*年\s*|[-/.])(\d{1,2})(?:\s*月\s*|[-/.])(\d{1,2})\s*(?:日|号)?"
    r"(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?$"
)
_SERIAL = r"^[2-7]\d{4}(?:\.0+)?$"
_EPOCH = pl.date(1899, 12, 30)
_CONTROL = r"[\x00-\x08\x0a-\x1f\x7f\u2028\u2029]"

Cleaned = tuple[pl.Series, list[Finding], list[Note]]


def clean(series: pl.Series, table: str, column: Column, keyed: bool) -> Cleaned:
    """Return a column of text cells as its type, with what could not be read and what was mended.

    ``keyed`` says that the column names rows (a key or a reference), so that full-width signs in it are narrowed too.
    """
    text = series.cast(pl.String)
    if column.type in ("text", "category"):
        maker = _words if column.type == "text" else _choices
        return maker(text, table, column, keyed)
    return _MAKERS[column.type](text, table, column)


def _stripped(text: pl.Series) -> pl.Series:
    bare = text.str.strip_chars(SPACES)
    return bare.replace({"": None})


def _words(text: pl.Series, table: str, column: Column, keyed: bool) -> Cleaned:
    suspect = text.str.contains(_SUSPECT_KEYED if keyed else _SUSPECT)
    if not suspect.any():
        return text, [], []
    rows = positions(suspect)
    some, notes = _tidied(text.gather(rows), table, column, keyed)
    return text.scatter(rows, some), [], notes


def _tidied(some: pl.Series, table: str, column: Column, keyed: bool) -> tuple[pl.Series, list[Note]]:
    bare = _stripped(some)
    narrow = bare.str.replace_many(_WIDE if keyed else _WIDE_ALNUM)
    notes = _noted(some, bare, "tables.mended_spaces", table, column)
    return narrow, notes + _noted(bare, narrow, "tables.mended_width", table, column)


def _choices(text: pl.Series, table: str, column: Column, _: bool) -> Cleaned:
    """Return the cells as choices where spaces, width or case alone are wrong; others stay as they are."""
    listed = pl.Series(column.choices, dtype=pl.String)
    known = text.is_in(listed.implode())
    if known.all(ignore_nulls=True):
        return text, [], []
    rows = positions(~known)
    some = text.gather(rows)
    narrow, notes = _tidied(some, table, column, True)
    folded = {choice.casefold(): choice for choice in column.choices}
    meant = narrow.str.to_lowercase().replace_strict(folded, default=None, return_dtype=pl.String)
    mended = pl.select(
        pl.when(narrow.is_in(listed.implode())).then(narrow).otherwise(meant.fill_null(narrow))
    ).to_series()
    notes += _noted(narrow, mended, "tables.mended_case", table, column)
    # Nothing is copied when nothing was mended: wrong choices are told by the rules.
    return (text if mended.equals(some) else text.scatter(rows, mended)), [], notes


def _noted(before: pl.Series, after: pl.Series, key: str, table: str, column: Column) -> list[Note]:
    # An empty cell and a missing one are the same thing in a file of text; only a change of content is told.
    changed = int((before.ne_missing(after) & (before != "")).sum())
    return [note(key, table, column.name, changed)] if changed else []


def _plain(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    bare = _stripped(text).str.replace_many(_WIDE).str.strip_chars(SPACES)
    blank = bare.str.to_lowercase().is_in(pl.Series(_BLANKS, dtype=pl.String).implode()).fill_null(False)
    return pl.select(pl.when(~blank).then(bare)).to_series(), blank


def _numbers(text: pl.Series, table: str, column: Column) -> Cleaned:
    quick = text.cast(column.dtype, strict=False)
    quick = quick if column.type == "integer" else quick.replace([float("inf"), float("-inf")], None).fill_nan(None)
    left = quick.is_null() & text.is_not_null() & (text != "")
    if not left.any():
        return quick, [], []
    rows = positions(left)
    some = text.gather(rows)
    plain, blank = _plain(some)
    value, wrong = _parsed(plain, column)
    notes = [note("tables.mended_blank", table, column.name, n)] if (n := int(blank.sum())) else []
    fine = int(value.is_not_null().sum()) - int((some.str.strip_chars(SPACES) == "").sum())
    if fine > 0:
        notes.append(note("tables.mended_number", table, column.name, fine, example=_first(some, value.is_not_null())))
    findings = []
    for key, mask in wrong.items():
        if mask.any():
            at = positions(mask)
            facts = {"unit": column.unit or "1"}
            near = _whole(plain.gather(at)) if key == "tables.not_whole" else None
            findings.append(Finding(key, column.name, rows[at], some.gather(at), near, facts))
    return quick.scatter(rows, value), findings, notes


def _whole(text: pl.Series) -> list[int | None]:
    values = text.cast(pl.Float64, strict=False).to_list()
    return [round(v) if v is not None and abs(v) < 2**53 else None for v in values]


def _first(series: pl.Series, mask: pl.Series) -> str:
    return str(series.filter(mask.fill_null(False))[0])


def _parsed(plain: pl.Series, column: Column) -> tuple[pl.Series, Mapping[str, pl.Series]]:
    """Return the numbers read, and per kind of fault the cells that are not what the column holds."""
    written = r"^(?:" + "|".join(re.escape(s.casefold()) for s in spellings(column.unit)) + r")$"
    unit_like = r"^[^\d\s,.+\-]{1,8}[23]?$"
    parts = plain.str.extract_groups(_NUMERAL).struct.rename_fields(["mark", "digits", "power", "tail"])
    frame = parts.struct.unnest().with_columns(plain.alias("plain"))
    tail, mark, power = pl.col("tail").str.strip_chars(), pl.col("mark"), pl.col("power")
    digits = (
        pl.col("digits").str.replace_all(",", "")
        + pl.lit("e")
        + power.replace_strict({k: str(v) for k, v in _POWERS.items()}, default="0", return_dtype=pl.String)
    )
    # Powers of ten are joined to the text, not multiplied: 0.6135亿 is then 61350000 exactly.
    scientific = pl.col("digits").str.contains("[eE]")
    value = pl.when(scientific).then(pl.when(power.is_null()).then(pl.col("digits"))).otherwise(digits)
    value = value.cast(pl.Float64, strict=False)
    marks = [m for m in ("¥", "$") if m in spellings(column.unit)]
    right_unit = (tail.fill_null("") == "") | (
        tail.str.to_lowercase().str.contains(written) if column.unit else pl.lit(False)
    )
    right_mark = mark.is_null() | mark.is_in(marks)
    right_power = power.is_null() | pl.lit(column.magnitude)
    read = value.is_not_null() & value.is_finite()
    whole = (value == value.round(0)) & (value.abs() <= 2**53) if column.type == "integer" else pl.lit(True)
    strange_unit = read & (~right_unit | ~right_mark) & (tail.str.contains(unit_like) | (tail == ""))
    frame = frame.select(
        good=read & right_unit & right_mark & right_power & whole,
        wrong_unit=strange_unit,
        wrong_power=read & right_unit & right_mark & ~right_power,
        not_whole=read & right_unit & right_mark & right_power & ~whole,
        value=value,
        present=pl.col("plain").is_not_null(),
    ).with_columns(pl.col("good", "wrong_unit", "wrong_power", "not_whole").fill_null(False))
    told = {"tables.wrong_unit": "wrong_unit", "tables.wrong_power": "wrong_power", "tables.not_whole": "not_whole"}
    frame = frame.with_columns(
        not_number=pl.col("present") & ~pl.any_horizontal("good", *told.values()),
        value=pl.when("good").then("value").cast(column.dtype),
    )
    told["tables.not_number"] = "not_number"
    return frame["value"], {key: frame[mask] for key, mask in told.items()}


def _dates(text: pl.Series, table: str, column: Column) -> Cleaned:
    quick = text.str.to_date("%Y-%m-%d", strict=False)
    if not text.str.contains(r"^\d{4}-\d{2}-\d{2}$").all(ignore_nulls=True):
        # The parser takes more than it should (-2020-01-1); midnight is how a workbook writes a day.
        iso = text.str.contains(r"^\d{4}-\d{2}-\d{2}(?: 00:00:00)?$")
        plain = pl.select(pl.when(iso).then(text.str.head(10))).to_series()
        quick = plain.str.to_date("%Y-%m-%d", strict=False)
    left = quick.is_null() & text.is_not_null() & (text != "")
    if not left.any():
        return quick, [], []
    rows = positions(left)
    some = text.gather(rows)
    plain, blank = _plain(some)
    compact = plain.str.replace(r"^(\d{4})(\d{2})(\d{2})$", "$1-$2-$3")
    parts = compact.str.extract_groups(_DAY).struct.rename_fields(["y", "m", "d"]).struct.unnest()
    joined = parts.select(pl.format("{}-{}-{}", "y", pl.col("m").str.zfill(2), pl.col("d").str.zfill(2)))
    value = joined.to_series().str.to_date("%Y-%m-%d", strict=False)
    serial = pl.select(
        pl.when(plain.str.contains(_SERIAL)).then(plain.cast(pl.Float64, strict=False).cast(pl.Int32, strict=False))
    ).to_series()
    since = pl.select(_EPOCH + pl.duration(days=pl.lit(serial))).to_series().cast(pl.Date)
    value = value.fill_null(since)
    notes = [note("tables.mended_blank", table, column.name, n)] if (n := int(blank.sum())) else []
    if fine := int(value.is_not_null().sum()):
        notes.append(note("tables.mended_date", table, column.name, fine, example=_first(some, value.is_not_null())))
    wrong = positions(value.is_null() & plain.is_not_null())
    findings = []
    if len(wrong):
        near = [_last_day(t) for t in plain.gather(wrong).to_list()]
        findings.append(Finding("tables.not_date", column.name, rows[wrong], some.gather(wrong), near))
    return quick.scatter(rows, value), findings, notes


def _last_day(text: str) -> str | None:
    """Return the last day of the month a text names, when it names one."""
    found = re.match(r"^(\d{4})(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})?", text)
    if not found or not (1 <= int(found[2]) <= 12) or int(found[1]) == 0:
        return None
    first = pl.date(int(found[1]), int(found[2]), 1)
    day = first.dt.month_start() if not found[3] else first.dt.month_end()
    return str(pl.select(day).item())


def _booleans(text: pl.Series, table: str, column: Column) -> Cleaned:
    plain = _stripped(text).str.replace_many(_WIDE).str.strip_chars(SPACES).str.to_lowercase()
    table_of = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    value = plain.replace_strict(table_of, default=None, return_dtype=pl.Boolean)
    canonical = text.is_in(pl.Series(["true", "false"]).implode())
    mended = value.is_not_null() & ~canonical
    notes = []
    if mended.any():
        notes.append(note("tables.mended_boolean", table, column.name, int(mended.sum()), example=_first(text, mended)))
    wrong = positions(value.is_null() & plain.is_not_null())
    findings = []
    if len(wrong):
        findings.append(Finding("tables.not_boolean", column.name, wrong, text.gather(wrong)))
    return value, findings, notes


_MAKERS: Mapping[str, Callable[[pl.Series, str, Column], Cleaned]] = {
    "integer": _numbers,
    "number": _numbers,
    "date": _dates,
    "boolean": _booleans,
}


def in_order(frame: pl.DataFrame, table: Table) -> set[str]:
    """Return the columns of text that need neither repair nor another look: one question to all of them at once."""
    asked = {}
    for name, dtype in frame.schema.items():
        column = table.columns.get(name)
        if dtype == pl.String and column is not None and column.type == "category":
            asked[name] = pl.col(name).is_in(list(column.choices)).all(ignore_nulls=True)
        elif dtype == pl.String and column is not None and column.type == "text":
            suspect = _SUSPECT_KEYED if column.name in table.key or column.references else _SUSPECT
            asked[name] = ~pl.col(name).str.contains(f"{suspect}|{_CONTROL}").any()
    if not asked or not frame.height:
        return set()
    return {name for name, fine in zip(asked, frame.select(**asked).row(0), strict=True) if fine}


def broken_text(text: pl.Expr) -> pl.Expr:
    """Return where a text holds a line break or another control character."""
    return text.str.contains(_CONTROL)
