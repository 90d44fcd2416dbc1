"""Rows of text cells into typed records: what cannot be taken is told with every reason, nothing is guessed.

Unlike tables filled in by people, operators' files come from machines: a cell is right or its row goes to quarantine.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.supervise.identity import number_fits
from postroad.supervise.ledger import rulebook
from postroad.supervise.ledger.kinds import CLOCK, stored_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from postroad.tables import Column, Table

S10 = r"^[A-Z]{2}[0-9]{9}[A-Z]{2}$"
WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
LONGEST, RESIDENT_SIGNS = 64, 18
LOCAL = "Asia/Shanghai"
TORN = "line"
"""What stands for the column where the whole line is no record."""
BAD: dict[Any, Any] = {"line": pl.UInt32(), "column": pl.String(), "reason": pl.String(), "shape": pl.String()}
_PLAIN = r"^[\x21-\x7e]{1,64}$"
_PLAIN_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}$"
_ZONED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_STRANGE = r"[\x00-\x1f\x7f-\x{9f}\x{ad}\x{200b}-\x{200f}\x{2028}\x{2029}\x{feff}\x{fffd}]"
_TRUE, _FALSE = ["true", "1", "是"], ["false", "0", "否"]
_RESIDENT = r"[0-9]{6}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
_PERSON = rf"(^|\D)({_RESIDENT}|1[3-9][0-9]{{9}})($|\D)"
_MADE = "|made"


@dataclass(frozen=True)
class Judged:
    """A chunk judged: ``good`` has ``line`` and typed columns, ``bad`` line, column, reason and shape of the cell."""

    good: pl.DataFrame
    bad: pl.DataFrame


def judge(frame: pl.DataFrame, table: Table, known_at: dt.datetime) -> Judged:
    """Return the rows that can be taken, typed, and those that cannot, with each reason."""
    columns = [c for c in table.columns.values() if c.name != "source"]
    given = set(frame.columns)
    missing = [pl.lit(_default(c), pl.String).alias(c.name) for c in columns if c.name not in given]
    filled = [pl.col(c.name).fill_null(_default(c)) for c in columns if c.name in given and c.default is not None]
    frame = frame.with_columns(*missing, *filled)
    seen = _seen(frame, columns)
    held = frame.with_columns(_made(c, seen).alias(c.name + _MADE) for c in columns if _is_made(c))
    tests = [test for column in columns for test in _tests(column, frame[column.name], seen, known_at)]
    asked = held.select(expr.fill_null(False).alias(str(n)) for n, (_, _, expr) in enumerate(tests))
    broken = [n for n, name in enumerate(asked.columns) if asked[name].any()]
    typed = held.lazy().select(
        "line", *(pl.col(c.name + _MADE if _is_made(c) else c.name).alias(c.name) for c in columns)
    )
    if not broken:
        return Judged(typed.collect(), pl.DataFrame(schema=BAD))
    bad = pl.concat(
        frame.lazy().filter(asked[str(n)]).select(
            "line", pl.lit(tests[n][0]).alias("column"), pl.lit(tests[n][1]).alias("reason"),
            shape(pl.col(tests[n][0])).alias("shape"),
        )
        for n in broken
    )  # fmt: skip
    wrong = reduce(or_, (asked[str(n)] for n in broken))
    return Judged(typed.filter(~wrong).collect(), bad.sort("line", maintain_order=True).collect())


def _default(column: Column) -> str | None:
    return None if column.default is None else str(column.default).lower()


def _seen(frame: pl.DataFrame, columns: list[Column]) -> Mapping[str, bool]:
    """Return what may stand in the columns, asked at once: few files have anything but plain words and times."""
    asked: dict[str, pl.Expr] = {}
    for column in columns:
        here = pl.col(column.name)
        if column.unit == "time":
            asked[column.name + "|odd"] = (~here.str.contains(_PLAIN_TIME)).any()
            asked[column.name + "|T"] = here.str.contains("T", literal=True).any()
        elif column.unit == "waybill":
            asked[column.name + "|s10"] = here.str.contains(S10).any()
            asked[column.name + "|long"] = (here.str.len_bytes() == RESIDENT_SIGNS).any()
        elif column.type == "text":
            asked[column.name + "|odd"] = (~here.str.contains(_PLAIN)).any()
    return frame.select(**asked).row(0, named=True)


def torn(lines: list[tuple[int, str]]) -> pl.DataFrame:
    """Return the quarantine's rows for lines that are no record."""
    rows = [(line, TORN, reason, None) for line, reason in lines]
    return pl.DataFrame(rows, schema=BAD, orient="row")


def shape(cell: pl.Expr) -> pl.Expr:
    """Return a cell with its letters as A, digits as 9 and any other sign as *: enough to see what is wrong.

    A torn row may hold a person's number in any column, so no cell of a bad row is kept as it was.
    """
    bare = cell.str.slice(0, LONGEST).str.replace_all(r"[a-zA-Z]", "A").str.replace_all(r"[0-9]", "9")
    return bare.str.replace_all(r"[^A9 :.,/+\-]", "*")


def _is_made(column: Column) -> bool:
    return column.unit == "time" or column.type not in ("text", "category")


def _made(column: Column, seen: Mapping[str, bool]) -> pl.Expr:
    """What a column's texts stand for."""
    here = pl.col(column.name)
    if column.unit == "time":
        return _times(here, seen[column.name + "|odd"], seen[column.name + "|T"])
    if column.type == "boolean":
        low = here.str.to_lowercase()
        return pl.when(low.is_in(_TRUE)).then(pl.lit(True)).when(low.is_in(_FALSE)).then(pl.lit(False))
    if column.type == "date":
        plain = here.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        return pl.when(plain).then(here).str.to_date("%Y-%m-%d", strict=False)
    made = here.cast(stored_type(column), strict=False)
    return pl.when(made.is_finite()).then(made) if column.type == "number" else made


def _times(here: pl.Expr, odd: bool, with_t: bool) -> pl.Expr:
    """Texts as times of the country's clock: without an offset as they stand, with one converted."""
    bare = pl.when(here.str.contains(_PLAIN_TIME)).then(here) if odd else here
    bare = bare.str.replace("T", " ", literal=True) if with_t else bare
    made = bare.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    if not odd:
        return made
    full = pl.when(here.str.contains(_ZONED)).then(here).str.replace("T", " ", literal=True)
    full = full.str.replace(r"Z$", "+00:00").str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False)
    local = full.dt.convert_time_zone(LOCAL).dt.replace_time_zone(None).dt.truncate("1s")
    return pl.coalesce(made, local)


def _tests(
    column: Column, written: pl.Series, seen: Mapping[str, bool], known_at: dt.datetime
) -> Iterator[tuple[str, str, pl.Expr]]:
    """Yield (column, reason, where it is broken) for every rule of a column that these cells may break."""
    name, here, made = column.name, pl.col(column.name), pl.col(column.name + _MADE)
    if column.required and name != "origin":
        yield name, "missing", here.is_null()
    if written.null_count() == len(written):
        return
    if _is_made(column):
        yield name, "unreadable", here.is_not_null() & made.is_null()
    if name in CLOCK.values():
        yield name, "future", made > known_at + dt.timedelta(minutes=rulebook.value("late", "ahead_min"))
        yield name, "too_early", made < dt.datetime.fromisoformat(rulebook.value("late", "earliest"))
    if column.type == "category":
        yield name, "not_a_choice", ~here.is_in(list(column.choices))
    if column.low is not None:
        yield name, "too_low", made < column.low
    if column.high is not None:
        yield name, "too_high", made > column.high
    yield from _word_tests(column, written, seen)


def _word_tests(column: Column, written: pl.Series, seen: Mapping[str, bool]) -> Iterator[tuple[str, str, pl.Expr]]:
    """Yield what may be wrong with the wording of a text."""
    name, here = column.name, pl.col(column.name)
    if column.unit == "waybill":
        yield name, "not_a_waybill", ~here.str.contains(rulebook.value("waybill", "domestic"))
        if seen[name + "|long"] and (person := _whole_resident(written)).any():
            yield name, "personal_data", pl.lit(person)
        if seen[name + "|s10"]:
            yield name, "s10_check_digit", pl.lit(_s10_broken(written))
    if column.type != "text" or column.unit in ("time", "waybill", "identity"):
        return
    yield name, "personal_data", here.str.contains(_PERSON)
    if seen[name + "|odd"]:
        yield name, "strange_signs", here.str.contains(_STRANGE)
        yield name, "too_long", here.str.len_chars() > LONGEST
        yield name, "spaces", here.str.contains(r"^\s|\s$")


def _whole_resident(written: pl.Series) -> pl.Series:
    """Where a waybill is a resident's number, with its check character right: a column that slipped."""
    asked = written.str.len_bytes() == RESIDENT_SIGNS
    rows = asked.arg_true()
    found = pl.zeros(len(written), pl.Int8, eager=True)
    if not len(rows):
        return found.cast(pl.Boolean)
    some = written.gather(rows)
    fits = some.str.contains(rf"^{_RESIDENT}$") & number_fits(pl.repeat("resident_id", len(rows), eager=True), some)
    return found.scatter(rows.filter(fits), 1).cast(pl.Boolean)


def _s10_broken(written: pl.Series) -> pl.Series:
    """Where a text of the form of an S10 identifier has a wrong check digit."""
    s10 = written.str.contains(S10)
    some = written.filter(s10)
    digits = [some.str.slice(2 + n, 1).cast(pl.Int32) for n in range(9)]
    total = sum((digit * weight for digit, weight in zip(digits[:8], WEIGHTS, strict=True)), digits[0] * 0)
    check = 11 - total % 11
    right = digits[8] == check.replace({10: 0, 11: 5})
    rows = s10.arg_true().filter(~right)
    return pl.zeros(len(written), pl.Int8, eager=True).scatter(rows, 1).cast(pl.Boolean)
