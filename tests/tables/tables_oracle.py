"""An oracle for the fuzzing: what the readers should make of a grid of text, in plain Python, row by row.

Written apart from the readers (no polars, decimal arithmetic, one cell at a time), so that the two can disagree.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

BAD = object()
SPACES = " \t\r\n\v\f\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
TOTALS = {"合计", "总计", "小计", "共计", "总和", "汇总", "全省合计", "total", "grand total", "subtotal", "sum"}
POWER = {
    "十": 1,
    "百": 2,
    "千": 3,
    "万": 4,
    "十万": 5,
    "百万": 6,
    "千万": 7,
    "亿": 8,
    "十亿": 9,
    "百亿": 10,
    "千亿": 11,
    "万亿": 12,
}
UNITS = {
    "degree": {"degree", "degrees", "deg", "°", "度"},
    "persons": {"person", "persons", "people", "人"},
    "%": {"%", "percent", "per cent", "百分比"},
}
NOTHING = {"-", "--", "—", "——", "/", "n/a", "na", "null", "none", "#n/a", "…", "...", "无", "缺"}
YES = {"true", "1", "1.0", "yes", "y", "t", "是", "对", "√", "✓", "有"}
NO = {"false", "0", "0.0", "no", "n", "f", "否", "错", "×", "✗", "无", "没有"}


@dataclass
class Verdict:
    """What should become of a table's rows: values of the good ones, numbers of the bad, count of the left out."""

    good: list = field(default_factory=list)
    numbers: list = field(default_factory=list)
    bad: set = field(default_factory=set)
    skipped: int = 0


def half(text, everything):
    made = ""
    for ch in text:
        wide = 0xFF01 <= ord(ch) <= 0xFF5E
        narrow = chr(ord(ch) - 0xFEE0) if wide else (" " if ch == "\u3000" and everything else ch)
        made += narrow if not wide or everything or narrow.isalnum() else ch
    return made


def value(text, column, keyed):
    """Return the value of a cell, ``None`` when empty, ``BAD`` when it cannot be one."""
    if text is None or not text.strip(SPACES):
        return None
    text = text.strip(SPACES)
    if column.type == "text":
        text = half(text, keyed)
        return BAD if any(is_control(ch) for ch in text) else text
    if column.type == "category":
        text = half(text, True)
        same = [c for c in column.choices if c.casefold() == text.lower()]
        return text if text in column.choices else (same[0] if same else BAD)
    text = half(text, True).strip(SPACES)
    if column.type == "boolean":
        return True if text.lower() in YES else False if text.lower() in NO else BAD
    if text.lower() in NOTHING:
        return None
    return day(text) if column.type == "date" else number(text, column)


def is_control(ch):
    return (unicodedata.category(ch) == "Cc" and ch != "\t" and ord(ch) < 0x80) or ch in "\u2028\u2029"


def day(text):
    if re.fullmatch(r"[0-9]{8}", text):
        parts = (text[:4], text[4:6], text[6:])
    elif re.fullmatch(r"[2-7][0-9]{4}(\.0+)?", text):
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(float(text)))
    else:
        found = re.fullmatch(
            r"([0-9]{4})(?:\s*年\s*|[-/.])([0-9]{1,2})(?:\s*月\s*|[-/.])([0-9]{1,2})\s*[日号]?"
            r"(?:[ T]0{1,2}:00(:00(\.0+)?)?)?",
            text,
        )
        if not found:
            return BAD
        parts = found.groups()[:3]
    try:
        return dt.date(*map(int, parts))
    except ValueError:
        return BAD


def number(text, column):
    found = re.fullmatch(r"([¥$])?\s*([-+]?[0-9.,]+(?:[eE][-+]?[0-9]{1,3})?)\s*([十百千万亿]*)\s*(.*)", text)
    if not found or found[1]:
        return BAD
    digits, power, unit = found[2], found[3], found[4].strip().lower()
    whole = re.split(r"[.eE]", digits)[0].lstrip("+-")
    if "," in digits and not (
        re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+", whole) and "," not in digits.replace(whole, "", 1)
    ):
        return BAD
    try:
        amount = Decimal(digits.replace(",", ""))
    except InvalidOperation:
        return BAD
    if power and (power not in POWER or not column.magnitude or "e" in digits.lower()):
        return BAD
    if unit and unit not in UNITS.get(column.unit, {column.unit}):
        return BAD
    amount = amount.scaleb(POWER.get(power, 0)) if power else amount
    if abs(amount) > Decimal("1e300"):
        return BAD
    if column.type == "integer":
        return int(amount) if amount == amount.to_integral_value() and abs(amount) <= 2**63 - 1 else BAD
    return float(amount)


def judge(grids, schema, skip=True, breaks=False):
    """Return the verdict per table on ``{table: (header, rows)}``, where the header holds column names.

    ``skip`` says that blank rows, totals and repeated headers are left out; ``breaks`` that line breaks are mended.
    """
    tables = {name: _own(grid, schema.tables[name], skip, breaks) for name, grid in grids.items()}
    for name, rows in tables.items():
        for row in rows:
            row["fails"] |= _dangles(row, schema.tables[name], tables)
    moved = True
    while moved:
        moved = False
        for name, rows in tables.items():
            for row in rows:
                if not row["fails"] and row["read"] and _fallen(row, schema.tables[name], tables):
                    row["fails"] = moved = True
    verdicts = {}
    for name, (_, raw) in grids.items():
        verdict = verdicts[name] = Verdict()
        verdict.skipped = len(raw) - len(tables[name])
        for row in tables[name]:
            if row["fails"]:
                verdict.bad.add(row["number"])
            else:
                verdict.good.append(row["values"])
                verdict.numbers.append(row["number"])
    return verdicts


def _own(grid, table, skip, breaks):
    header, raw = grid
    # A header written twice in a row is one header of two rows; the data begin below it.
    while skip and raw and len(raw[0]) == len(header) and _is_header(raw[0], header, table):
        raw.pop(0)
    while breaks and raw and not any(raw[-1]):  # a workbook has no empty cells below its last value
        raw.pop()
    blank = [not any((c or "").strip(SPACES) for c in row) for row in raw]
    total = [
        not b and _first(row).strip(" \t\u3000:：.。()（）").lower() in TOTALS
        for b, row in zip(blank, raw, strict=True)
    ]
    rows = []
    for i, row in enumerate(raw):
        if skip and (blank[i] or _is_total(i, row, header, table, blank, total) or _is_header(row, header, table)):
            continue
        one = {"number": i + 1, "fails": False, "read": True, "values": {}}
        rows.append(one)
        extra = row[len(header) :]
        if len(row) < len(header) or any((c or "").strip() for c in extra):
            one["fails"], one["read"] = True, False
            continue
        cells = dict(zip(header, row, strict=False))
        for name, column in table.columns.items():
            text = cells.get(name)
            text = re.sub(r"[\r\n\v\f]+", " ", text) if breaks and text else text
            keyed = name in table.key or bool(column.references)
            got = value(text, column, keyed) if name in cells else None
            one["fails"] |= got is BAD
            got = column.default if got is None else got
            one["values"][name] = None if got is BAD else got
            one["fails"] |= _breaks(one["values"][name], column)
    _twins(rows, table)
    return rows


def _first(row):
    return next((c for c in row if c and c.strip(SPACES)), "")


def _is_total(i, row, header, table, blank, total):
    if not total[i]:
        return False
    rest = all(b or t for b, t in zip(blank[i:], total[i:], strict=True))
    cells = dict(zip(header, row, strict=False))
    lacking = any(
        c.required and n in header and not (cells.get(n) or "").strip(SPACES) for n, c in table.columns.items()
    )
    return rest or lacking


def _is_header(row, header, table):
    cells = dict(zip(header, row, strict=False))
    return all(cells.get(n) in (n, table.columns[n].zh, table.columns[n].en) for n in header)


def _breaks(got, column):
    if got is None:
        return column.required
    if column.numeric:
        return (column.low is not None and got < column.low) or (column.high is not None and got > column.high)
    return False


def _twins(rows, table):
    groups = {}
    for row in rows:
        if row["read"]:
            key = tuple(row["values"][k] for k in table.key)
            if any(k is not None for k in key):
                groups.setdefault(key, []).append(row)
    for group in groups.values():
        if len(group) > 1:
            same = all(row["values"] == group[0]["values"] for row in group)
            for row in group[1:] if same else group:
                row["fails"] = True


def _dangles(row, table, tables):
    for name, column in table.columns.items():
        got = row["values"].get(name)
        if got is not None and column.references:
            target, wanted = column.references.split(".")
            if target in tables and got not in {r["values"].get(wanted) for r in tables[target] if r["read"]}:
                return True
    return False


def _fallen(row, table, tables):
    for name, column in table.columns.items():
        got = row["values"].get(name)
        if got is not None and column.references:
            target, wanted = column.references.split(".")
            if target in tables and got not in {r["values"].get(wanted) for r in tables[target] if not r["fails"]}:
                return True
    return False
