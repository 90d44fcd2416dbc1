"""Check and load a table of many rows, against pandera and dataframely doing the same checks.

The checks: types, required values, bounds of four columns, four categories, uniqueness of the key, two references
(each row to one of 13,000 places, and to a source). Every contender starts from the same files, must accept the clean
table, and must find the same number of bad rows in a table where one row in ten thousand is bad.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import Options, Row, alone, register

_PLACES = 13_000
_KINDS = ("hub", "county_centre", "park", "village_post_station", "locker_group")
_LEVELS = ("county", "township", "village")
_ORIGINS = ("observed", "derived", "assumed", "synthetic")
_MODULES = {"dataframely": "dataframely", "pandera": "pandera.polars"}
_LABELS = {"zh": "表", "en": "Table"}


def our_schema() -> Any:
    """Return the schema of the three tables as postroad keeps it."""
    from postroad.tables import build_schema

    def column(**entry: Any) -> dict[str, Any]:
        return {**_LABELS, "means_zh": "列", "means_en": "A column", **entry}

    about = {**_LABELS, "about_zh": "表", "about_en": "A table"}
    sources = {"source_id": column(type="text", required=True), "title": column(type="text")}
    places = {
        "place_id": column(type="text", required=True),
        "level": column(type="category", choices=_LEVELS, required=True),
    }
    stops = {
        "stop_id": column(type="text", required=True),
        "place_id": column(type="text", required=True, references="places.place_id"),
        "kind": column(type="category", choices=_KINDS, required=True),
        "lon": column(type="number", low=119.0, high=132.0, required=True),
        "lat": column(type="number", low=40.0, high=47.0, required=True),
        "volume_pieces": column(type="integer", low=0, high=1_000_000),
        "duration_min": column(type="number", low=0.0, high=10_000.0),
        "opened_on": column(type="date"),
        "open": column(type="boolean", required=True),
    }
    # Label per column: two columns with one label would be one column.
    for columns in (sources, places, stops):
        for name, entry in columns.items():
            entry |= {"zh": name, "en": name}
    return build_schema(
        {
            "bench": {
                "sources": {**about, "zh": "a", "en": "a", "key": ["source_id"], "columns": sources},
                "places": {**about, "zh": "b", "en": "b", "key": ["place_id"], "columns": places},
                "stops": {**about, "zh": "c", "en": "c", "key": ["stop_id"], "columns": stops},
            }
        }
    )


def make(folder: str, rows: int, bad: bool) -> None:
    """Write the three tables as CSV and Parquet; when ``bad``, one row in ten thousand breaks one rule."""
    rng = np.random.default_rng(20)
    provenance = {"origin": "observed", "source": "s1"}
    sources = pl.DataFrame({"source_id": ["s1"], "title": ["census"], **provenance})
    ids = [f"22{i:07d}" for i in range(_PLACES)]
    places = pl.DataFrame({"place_id": ids, "level": ["village"] * _PLACES, **provenance})
    order = rng.permutation(rows)
    stops = pl.DataFrame(
        {
            "stop_id": pl.Series(order).cast(pl.String).str.zfill(9),
            "place_id": pl.Series(ids).gather(rng.integers(0, _PLACES, rows)),
            "kind": pl.Series(_KINDS).gather(rng.integers(0, len(_KINDS), rows)),
            "lon": np.round(rng.uniform(121.6, 131.3, rows), 5),
            "lat": np.round(rng.uniform(40.8, 46.3, rows), 5),
            "volume_pieces": rng.integers(0, 5_000, rows),
            "duration_min": np.round(rng.uniform(0, 600, rows), 1),
            "opened_on": (np.datetime64("2010-01-01") + rng.integers(0, 5_000, rows)).astype("datetime64[D]"),
            "open": rng.random(rows) < 0.9,
            "origin": pl.Series(_ORIGINS).gather(rng.integers(0, 4, rows)),
            "source": pl.Series(["s1"]).new_from_index(0, rows),
        }
    ).with_columns(pl.col("opened_on").cast(pl.Date))
    if bad:
        stops = _spoilt(stops)
    for name, frame in (("sources", sources), ("places", places), ("stops", stops)):
        for form in ("csv", "parquet"):
            Path(folder, form).mkdir(exist_ok=True)
        frame.write_csv(Path(folder, "csv", f"{name}.csv"))
        frame.write_parquet(Path(folder, "parquet", f"{name}.parquet"))


def _spoilt(stops: pl.DataFrame) -> pl.DataFrame:
    """Break rules in rows 0, 10000, 20000 ... in turn: bounds, category, reference, required, key."""
    every, nth = pl.int_range(pl.len()) % 10_000 == 0, pl.int_range(pl.len()) // 10_000 % 5
    return stops.with_columns(
        lat=pl.when(every & (nth == 0)).then(90.0).otherwise("lat"),
        kind=pl.when(every & (nth == 1)).then(pl.lit("hubb")).otherwise("kind"),
        place_id=pl.when(every & (nth == 2)).then(pl.lit("999999999")).otherwise("place_id"),
        open=pl.when(every & (nth == 3)).then(None).otherwise("open"),
        stop_id=pl.when(every & (nth == 4)).then(pl.col("stop_id").shift(-1)).otherwise("stop_id"),
    )


def ours(folder: str) -> dict[str, int]:
    """Load and check with postroad; return the rows taken and the rows at fault."""
    from postroad import tables

    reading = tables.read(folder, our_schema())
    return {"rows": reading.frames["stops"].height, "bad": reading.tally["stops"].quarantined}


_DTYPES = {
    "stop_id": pl.String(), "place_id": pl.String(), "kind": pl.String(), "lon": pl.Float64(), "lat": pl.Float64(),
    "volume_pieces": pl.Int64(), "duration_min": pl.Float64(), "opened_on": pl.Date(), "open": pl.Boolean(),
    "origin": pl.String(), "source": pl.String(),
}  # fmt: skip


def _loaded(folder: str) -> dict[str, pl.DataFrame]:
    names = ("sources", "places", "stops")
    if Path(folder, "stops.parquet").exists():
        return {name: pl.read_parquet(Path(folder, f"{name}.parquet")) for name in names}
    small = {name: pl.read_csv(Path(folder, f"{name}.csv"), infer_schema=False) for name in names[:2]}
    return {**small, "stops": pl.read_csv(Path(folder, "stops.csv"), schema=_DTYPES)}


def with_dataframely(folder: str) -> dict[str, int]:
    """Load with polars and check with a dataframely collection; return the rows taken and the rows at fault."""
    import dataframely as dy

    class Sources(dy.Schema):
        source_id = dy.String(primary_key=True)
        title = dy.String(nullable=True)
        origin = dy.Enum(list(_ORIGINS), nullable=False)
        source = dy.String(nullable=False)

    class Places(dy.Schema):
        place_id = dy.String(primary_key=True)
        level = dy.Enum(list(_LEVELS), nullable=False)
        origin = dy.Enum(list(_ORIGINS), nullable=False)
        source = dy.String(nullable=False)

    class Stops(dy.Schema):
        stop_id = dy.String(primary_key=True)
        place_id = dy.String(nullable=False)
        kind = dy.Enum(list(_KINDS), nullable=False)
        lon = dy.Float64(min=119.0, max=132.0, nullable=False)
        lat = dy.Float64(min=40.0, max=47.0, nullable=False)
        volume_pieces = dy.Int64(min=0, max=1_000_000, nullable=True)
        duration_min = dy.Float64(min=0.0, max=10_000.0, nullable=True)
        opened_on = dy.Date(nullable=True)
        open = dy.Bool(nullable=False)
        origin = dy.Enum(list(_ORIGINS), nullable=False)
        source = dy.String(nullable=False)

    frames = _loaded(folder)
    sources, _ = Sources.filter(frames["sources"], cast=True)
    places, _ = Places.filter(frames["places"], cast=True)
    stops, _ = Stops.filter(frames["stops"], cast=True)
    # References by semi-joins, as dataframely's own collection filters are written.
    good = stops.join(places, on="place_id", how="semi").join(
        sources, left_on="source", right_on="source_id", how="semi"
    )
    return {"rows": good.height, "bad": frames["stops"].height - good.height}


def with_pandera(folder: str) -> dict[str, int]:
    """Load with polars and check with pandera's polars backend, all faults at once; return rows taken and at fault."""
    import pandera.polars as pa

    frames = _loaded(folder)
    ids, sources = frames["places"]["place_id"].to_list(), frames["sources"]["source_id"].to_list()
    between = pa.Check.in_range
    schema = pa.DataFrameSchema(
        {
            "stop_id": pa.Column(pl.String, unique=True),
            "place_id": pa.Column(pl.String, pa.Check.isin(ids)),
            "kind": pa.Column(pl.String, pa.Check.isin(_KINDS)),
            "lon": pa.Column(pl.Float64, between(119.0, 132.0)),
            "lat": pa.Column(pl.Float64, between(40.0, 47.0)),
            "volume_pieces": pa.Column(pl.Int64, between(0, 1_000_000), nullable=True),
            "duration_min": pa.Column(pl.Float64, between(0.0, 10_000.0), nullable=True),
            "opened_on": pa.Column(pl.Date, nullable=True),
            "open": pa.Column(pl.Boolean),
            "origin": pa.Column(pl.String, pa.Check.isin(_ORIGINS)),
            "source": pa.Column(pl.String, pa.Check.isin(sources)),
        },
        strict=True,
    )
    try:
        schema.validate(frames["stops"], lazy=True)
    except pa.errors.SchemaErrors as found:
        # Like the others, it must hand over the rows that can be used.
        bad = found.failure_cases["index"].drop_nulls().unique()
        good = frames["stops"].filter(~pl.int_range(pl.len()).is_in(bad.implode()))
        return {"rows": good.height, "bad": bad.len()}
    return {"rows": frames["stops"].height, "bad": 0}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this subject."""
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--forms", default="csv,parquet")
    parser.add_argument("--peers", default="dataframely,pandera")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each; the median counts")


def run(options: Options) -> list[Row]:
    """Return a row per form, per state of the data and per peer; raises when two do not find the same bad rows."""
    rows = []
    for bad in (False, True):
        with tempfile.TemporaryDirectory(prefix="postroad-bench-") as folder:
            alone("benchmarks.tables:make", folder, options.rows, bad)
            for form in options.forms.split(","):
                rows += _compared(str(Path(folder, form)), form, bad, options)
    return rows


def _compared(folder: str, form: str, bad: bool, options: Options) -> list[Row]:
    mine = _median("benchmarks.tables:ours", "postroad.tables", folder, options.repeats)
    rows = []
    for peer in options.peers.split(","):
        other = _median(f"benchmarks.tables:with_{peer}", _MODULES[peer], folder, options.repeats)
        note = "one row in 10,000 bad" if bad else "clean"
        if mine["result"] != other["result"]:
            note += f"; peer found {other['result']['bad']} bad rows, ours {mine['result']['bad']}"
        size = f"{options.rows:,} rows, {form}"
        times = (round(mine["seconds"], 3), round(other["seconds"], 3))
        rows.append(Row("tables", size, peer, *times, round(mine["peak_mb"]), round(other["peak_mb"]), note))
    return rows


def _median(function: str, module: str, folder: str, repeats: int) -> dict[str, Any]:
    runs = sorted((alone(function, folder, imports=[module]) for _ in range(repeats)), key=lambda one: one["seconds"])
    return runs[len(runs) // 2]


register("tables", run, arguments)
