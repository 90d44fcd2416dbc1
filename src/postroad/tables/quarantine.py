"""The quarantine: every row that could not be taken, as it was written, with its number and every reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from postroad.language import LANGUAGES, Language, say
from postroad.tables.findings import closest_words
from postroad.tables.intake import Taken
from postroad.tables.writing import write_csv_text

ROW, REASON_ZH, REASON_EN, RAW = "row", "reason_zh", "reason_en", "raw"


def set_aside(taken: Taken, good: np.ndarray) -> pl.DataFrame:
    """Return the rows that are not good: ``row``, ``reason_zh``, ``reason_en``, the cells as written, ``raw``.

    ``raw`` holds the line of rows that could not even be parted into cells.
    """
    lost = np.flatnonzero(~good)
    unread = taken.sheet.unread
    if not len(lost) and not unread:
        return pl.DataFrame()
    reasons = {spoken: _reasons(taken, spoken) for spoken in LANGUAGES}
    numbers = taken.sheet.numbers
    cells = taken.sheet.frame[lost].select(_written(name, dtype) for name, dtype in taken.sheet.frame.schema.items())
    rows = numbers.gather(lost).cast(pl.Int64) if numbers is not None else pl.Series(lost + 1, dtype=pl.Int64)
    frame = pl.DataFrame({ROW: rows}).with_columns(
        pl.Series(REASON_ZH, [reasons["zh"][i] for i in lost.tolist()], dtype=pl.String),
        pl.Series(REASON_EN, [reasons["en"][i] for i in lost.tolist()], dtype=pl.String),
        *cells.get_columns(),
    )
    torn = pl.DataFrame(
        {
            ROW: [number for number, _, _ in unread],
            REASON_ZH: [fault.say("zh") for _, _, fault in unread],
            REASON_EN: [fault.say("en") for _, _, fault in unread],
            RAW: [text for _, text, _ in unread],
        },
        schema={ROW: pl.Int64, REASON_ZH: pl.String, REASON_EN: pl.String, RAW: pl.String},
    )
    return pl.concat([frame, torn], how="diagonal").sort(ROW)


def _written(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    # A table may itself have a column called row or raw; the cells then keep their name with a mark.
    alias = f"{name}_" if name in (ROW, REASON_ZH, REASON_EN, RAW) else name
    if dtype == pl.Binary or dtype.is_nested() or dtype == pl.Object:
        return pl.lit(str(dtype)).alias(alias)
    return column.cast(pl.String, strict=False).alias(alias)


def _reasons(taken: Taken, spoken: Language) -> dict[int, str]:
    told: dict[int, list[str]] = {}
    for finding in taken.findings:
        near = finding.nearest
        listed = isinstance(near, (list, tuple, pl.Series))
        values = finding.values
        place = {"table": taken.table.name, "column": finding.column, "count": 1}
        place |= {**finding.words(taken.table), **finding.facts}
        for at, row in enumerate(finding.rows.tolist()):
            closest = near[at] if listed else near
            ending = closest_words(closest)
            text = say(finding.key, spoken, **place, value=values[at], nearest=closest, closest=ending)
            told.setdefault(row, []).append(f"{finding.column}: {text}")
    return {row: " ".join(texts) for row, texts in told.items()}


def write_quarantine(quarantine: Mapping[str, pl.DataFrame], folder: str | Path) -> list[Path]:
    """Write ``<table>.csv`` for each table with rows set aside and return the files; nothing is written when none."""
    folder = Path(folder)
    files = []
    for name, frame in quarantine.items():
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.csv"
        write_csv_text(frame, file)
        files.append(file)
    return files
