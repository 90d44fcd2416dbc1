"""Fit the model to a user's own waybills: flows between units, hours of acceptance, weights, in bounded memory.

The table (CSV or Parquet) has origin, destination, time and weight; places are given by code (of any level) or by
name. DuckDB reads it without holding it. Rows that cannot be taken go to a quarantine file with the reason; none is
lost: rows = taken + quarantined.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from postroad.errors import DataError, UsageError

if TYPE_CHECKING:
    from postroad.network import Network

MEMORY = "1GB"
NEEDED = ("origin", "destination", "time", "weight_kg")
REASONS = ("unknown_origin", "unknown_destination", "bad_time", "bad_weight")
_ENDINGS = ("朝鲜族自治县", "满族自治县", "自治县", "市", "县", "区")


@dataclass(frozen=True)
class Fitted:
    """What waybills say: flows by unit, pieces by hour, weights (mean and spread of the logarithm), and the count."""

    flows: pl.DataFrame
    hours: pl.DataFrame
    weight_mean_kg: float
    weight_sigma: float
    rows: int
    taken: int
    quarantined: dict[str, int]


def fit_waybills(
    path: str | Path, network: Network, quarantine: Path | None = None, columns: dict[str, str] | None = None
) -> Fitted:
    """Return what a waybill table says; ``columns`` maps origin, destination, time, weight_kg to the table's own names.

    ``UsageError`` for a wrong path, ``DataError`` for columns that are missing or when no row can be taken. With
    ``quarantine``, rows that cannot be taken are written there as Parquet, with their number and reason.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError.of("demand.no_waybills", path=str(path))
    names = {**dict(zip(NEEDED, NEEDED, strict=True)), **(columns or {})}
    with duckdb.connect() as base:
        base.execute(f"SET memory_limit = '{MEMORY}'; SET preserve_insertion_order = true")
        quoted = "'" + str(path).replace("'", "''") + "'"
        source = f"read_parquet({quoted})" if path.suffix == ".parquet" else f"read_csv({quoted}, all_varchar = true)"
        held = _columns(base, source, path)
        missing = [name for name in names.values() if name not in held]
        if missing:
            raise DataError.of(
                "demand.waybill_columns", table=path.name, value=", ".join(missing), known=", ".join(held)
            )
        base.register("known_frame", keys(network).to_arrow())
        base.execute("CREATE TABLE known AS SELECT * FROM known_frame")
        base.execute(_judged(source, names))
        return _read(base, quarantine)


def keys(network: Network) -> pl.DataFrame:
    """Return what a place may be called (code or name) and the county, zone or outside place it means.

    A name that several units share is left out, since it would be a guess.
    """
    places = network["places"]
    unit = pl.when(pl.col("level") == "external").then("place_id").otherwise(pl.col("place_id").str.slice(0, 6))
    codes = places.filter(pl.col("place_id").str.len_chars() >= 6).select(called="place_id", unit=unit)
    named = places.filter(pl.col("level").is_in(["county", "external"])).select(called="name_zh", unit=unit)
    short = named.with_columns(called=_short(pl.col("called")))
    names = pl.concat([named, short]).unique()
    names = names.filter(pl.col("unit").n_unique().over("called") == 1)
    return pl.concat([codes, names]).unique("called")


def _short(name: pl.Expr) -> pl.Expr:
    for ending in _ENDINGS:
        name = pl.when(name.str.len_chars() > len(ending) + 1).then(name.str.strip_suffix(ending)).otherwise(name)
    return name


def _columns(base: Any, source: str, path: Path) -> list[str]:
    try:
        return [row[0] for row in base.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]  # noqa: S608
    except duckdb.Error as broken:
        raise DataError.of("demand.waybill_unreadable", table=path.name, detail=str(broken).splitlines()[0]) from broken


def _judged(source: str, names: dict[str, str]) -> str:
    """SQL of a view with each row's units, hour, weight and first reason against it; read anew by each query."""
    column = {role: '"' + name.replace('"', '""') + '"' for role, name in names.items()}
    numbered = f"SELECT row_number() OVER () AS row, * FROM {source}"  # noqa: S608 - quoted by the caller
    reason = (
        "CASE WHEN o.unit IS NULL THEN 'unknown_origin' WHEN d.unit IS NULL THEN 'unknown_destination' "
        "WHEN accepted_at IS NULL THEN 'bad_time' WHEN kg IS NULL OR NOT (kg > 0) OR kg > 1000 THEN 'bad_weight' END"
    )
    joins = " ".join(
        f"LEFT JOIN known {short} ON {short}.called = trim(CAST(w.{column[role]} AS VARCHAR))"
        for short, role in (("o", "origin"), ("d", "destination"))
    )
    return (
        f"CREATE TEMP VIEW waybills AS SELECT w.*, o.unit AS origin_id, d.unit AS destination_id, "  # noqa: S608
        f"try_cast(w.{column['time']} AS TIMESTAMP) AS accepted_at, try_cast(w.{column['weight_kg']} AS DOUBLE) AS kg, "
        f"{reason} AS reason FROM ({numbered}) w {joins}"
    )


def _read(base: Any, quarantine: Path | None) -> Fitted:
    rows, taken = base.execute("SELECT count(*), count(*) FILTER (reason IS NULL) FROM waybills").fetchone()
    counts = dict(base.execute("SELECT reason, count(*) FROM waybills WHERE reason IS NOT NULL GROUP BY 1").fetchall())
    if quarantine is not None and counts:
        quarantine.parent.mkdir(parents=True, exist_ok=True)
        part = quarantine.with_suffix(".part")
        target = "'" + str(part).replace("'", "''") + "'"
        shown = "* EXCLUDE (origin_id, destination_id, accepted_at, kg)"
        bad = f"SELECT {shown} FROM waybills WHERE reason IS NOT NULL ORDER BY row"  # noqa: S608 - no outside text
        base.execute(f"COPY ({bad}) TO {target} (FORMAT parquet)")
        part.replace(quarantine)
    if not taken:
        raise DataError.of("demand.no_waybill_taken", count=rows)
    base.execute("CREATE TEMP VIEW good AS SELECT * FROM waybills WHERE reason IS NULL")
    pairs = "SELECT origin_id, destination_id, count(*) AS pieces FROM good GROUP BY 1, 2 ORDER BY 1, 2"
    flows = _frame(base, pairs)
    hours = _frame(base, "SELECT hour(accepted_at) AS step, count(*) AS weight FROM good GROUP BY 1 ORDER BY 1")
    mean, sigma = base.execute("SELECT avg(kg), coalesce(stddev_samp(ln(kg)), 0) FROM good").fetchone()
    found = {reason: counts.get(reason, 0) for reason in REASONS}
    return Fitted(flows, hours, float(mean), float(sigma), int(rows), int(taken), found)


def _frame(base: Any, query: str) -> pl.DataFrame:
    result = base.execute(query)
    names = [column[0] for column in result.description]
    return pl.DataFrame(result.fetchall(), schema=names, orient="row")
