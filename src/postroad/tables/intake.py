"""From a sheet to a table: cells become values, coordinates WGS84, and the sheet's own rules are checked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from postroad.errors import Fault
from postroad.tables import cells, rules
from postroad.tables.datum import DATUMS, to_wgs84
from postroad.tables.findings import Finding, Note, note, positions
from postroad.tables.headers import DATUM
from postroad.tables.schema import Column, Table
from postroad.tables.sheet import Sheet


@dataclass
class Taken:
    """One table on its way in: the rows as written, the rows as values, and what is wrong with them."""

    sheet: Sheet
    frame: pl.DataFrame
    faults: list[Fault]
    findings: list[Finding]
    notes: list[Note] = field(default_factory=list)

    @property
    def table(self) -> Table:
        """The table of the schema."""
        return self.sheet.table

    def kept(self) -> np.ndarray:
        """Return where a row has no finding."""
        mask = np.ones(self.frame.height, dtype=bool)
        for finding in self.findings:
            mask[finding.rows] = False
        return mask


def take(sheet: Sheet, datum: str) -> Taken:
    """Return a sheet's rows as values with every fault of the sheet itself (references come later).

    ``datum`` is the one declared for the whole pack; a ``datum`` column overrides it row by row.
    """
    table = sheet.table
    made: list[pl.Series] = []
    found: list[Finding] = []
    notes = list(sheet.notes)
    faults = list(sheet.faults)
    settled = cells.in_order(sheet.frame, table)
    for column in table.columns.values():
        if column.name in settled:
            made.append(sheet.frame[column.name])
            continue
        if column.name not in sheet.frame.columns:
            made.append(
                pl.Series(column.name, [column.default], dtype=column.dtype).new_from_index(0, sheet.frame.height)
            )
            continue
        series, wrong, told, fault = _column(sheet.frame[column.name], table, column)
        made.append(series.alias(column.name))
        found += wrong
        notes += told
        faults += [fault] if fault else []
    frame = pl.DataFrame(made) if made else pl.DataFrame()
    frame, wrong, told = _defaults(frame, sheet, table)
    notes += told
    frame, wrong, told = _to_wgs84(frame, sheet, datum)
    found += wrong
    notes += told
    unreadable: dict[str, list[np.ndarray]] = {}
    for finding in found:
        unreadable.setdefault(finding.column, []).append(finding.rows)
    for finding in rules.findings(frame, table, settled):
        # A value that could not be read is told once, not again as missing.
        lost = unreadable.get(finding.column) if finding.key == "tables.missing_value" else None
        left = _without(finding, np.concatenate(lost)) if lost else finding
        if len(left.rows):
            found.append(left)
    return Taken(sheet, frame, faults, found, notes)


def _without(finding: Finding, rows: np.ndarray) -> Finding:
    stay = ~np.isin(finding.rows, rows)
    values = pl.Series(finding.values).filter(pl.Series(stay))
    return Finding(finding.key, finding.column, finding.rows[stay], values, finding.nearest, finding.facts)


def _column(
    series: pl.Series, table: Table, column: Column
) -> tuple[pl.Series, list[Finding], list[Note], Fault | None]:
    dtype = series.dtype
    keyed = column.name in table.key or bool(column.references)
    if dtype in (pl.Categorical, pl.Enum):
        series = series.cast(pl.String)
    if series.dtype == pl.String:
        return *cells.clean(series, table.name, column, keyed), None
    if dtype == pl.Null or dtype == column.dtype:
        return series.cast(column.dtype), [], [], None
    if rules.fits(dtype, column) and dtype.is_numeric():
        return _widened(series, column)
    if dtype.is_numeric() or dtype.is_decimal() or dtype == pl.Boolean or dtype.is_temporal():
        text = _as_text(series)
        made, wrong, notes = cells.clean(text, table.name, column, keyed)
        notes.append(
            note("tables.mended_type", table.name, column.name, series.len() - series.null_count(), held=str(dtype))
        )
        return made, wrong, notes, None
    facts = {"column": column.name, "value": str(dtype), "nearest": str(column.dtype)}
    lost = positions(series.is_not_null())
    held = Finding("tables.cell_type", column.name, lost, [str(dtype)] * len(lost), str(column.dtype))
    empty = pl.Series(column.name, [None], dtype=column.dtype).new_from_index(0, series.len())
    return empty, [held] if len(lost) else [], [], Fault.of("tables.column_type", table=table.name, **facts)


def _widened(series: pl.Series, column: Column) -> tuple[pl.Series, list[Finding], list[Note], Fault | None]:
    made = series.cast(column.dtype, strict=False)
    lost = positions(made.is_null() & series.is_not_null())
    wrong = [Finding("tables.not_number", column.name, lost, series.gather(lost), None, {"unit": column.unit or "1"})]
    return made, wrong if len(lost) else [], [], None


def _as_text(series: pl.Series) -> pl.Series:
    if series.dtype.is_float():
        whole = (series == series.round(0)) & (series.abs() < 2**53)
        digits = series.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.select(pl.when(whole).then(digits).otherwise(series.cast(pl.String))).to_series()
    if series.dtype == pl.Datetime:
        return series.dt.strftime("%Y-%m-%d %H:%M:%S%.f").str.replace(r"\.0*$", "")
    return series.cast(pl.String, strict=False)


def _defaults(frame: pl.DataFrame, sheet: Sheet, table: Table) -> tuple[pl.DataFrame, list[Finding], list[Note]]:
    """Fill the empty cells of columns that have a default."""
    notes = []
    for column in table.columns.values():
        if column.default is None or not frame.height:
            continue
        empty = frame[column.name].null_count() if column.name in sheet.frame.columns else frame.height
        if column.name not in sheet.frame.columns or empty:
            notes.append(note("tables.note_default", table.name, column.name, empty, value=column.default))
        if empty and column.name in sheet.frame.columns:
            # Cells that could not be read stay empty here too: their rows are set aside whatever they hold.
            frame = frame.with_columns(pl.col(column.name).fill_null(pl.lit(column.default, dtype=column.dtype)))
    return frame, [], notes


def _to_wgs84(frame: pl.DataFrame, sheet: Sheet, datum: str) -> tuple[pl.DataFrame, list[Finding], list[Note]]:
    table = sheet.table
    if not table.pairs or not frame.height:
        return frame, [], []
    if DATUM not in sheet.frame.columns and datum == "WGS84":
        return frame, [], []
    if DATUM in sheet.frame.columns:
        written = sheet.frame[DATUM].cast(pl.String).str.strip_chars().str.to_lowercase().replace({"": None})
        known = written.replace_strict(DATUMS, default=None, return_dtype=pl.String)
        wrong = positions(known.is_null() & written.is_not_null())
        declared = known.fill_null(datum)
    else:
        wrong = np.array([], dtype=np.int64)
        declared = pl.repeat(datum, frame.height, eager=True)
    found, notes = [], []
    if len(wrong):
        names = ", ".join(dict.fromkeys(DATUMS.values()))
        found.append(
            Finding("tables.unknown_datum", DATUM, wrong, sheet.frame[DATUM].gather(wrong), "WGS84", {"known": names})
        )
    for name in declared.unique().drop_nulls().sort().to_list():
        if name == "WGS84":
            continue
        here = (declared == name).to_numpy()
        for lon, lat in table.pairs:
            x, y = frame[lon].to_numpy().astype(float), frame[lat].to_numpy().astype(float)
            moved = here & ~np.isnan(x) & ~np.isnan(y)
            new_x, new_y = to_wgs84(x[moved], y[moved], name)
            x, y = x.copy(), y.copy()
            x[moved], y[moved] = np.round(new_x, 9), np.round(new_y, 9)
            frame = frame.with_columns(
                pl.when(pl.col(c).is_not_null()).then(pl.Series(c, v)).alias(c) for c, v in ((lon, x), (lat, y))
            )
            notes.append(note("tables.mended_datum", table.name, lon, int(moved.sum()), datum=name))
    return frame, found, notes
