"""The events of a run's parcels as EPCIS 2.0 with the postal event codes (EMSEVT) beside each step, in bounded memory.

Codes are those of the UPU's EMSEVT standard: EMA posting, EMB arrival at and EMC departure from an office on the way
out, EMD arrival at an office on the way in, EMG arrival at the delivery office, EMH attempted, EMI delivered.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet

from postroad.errors import Stopped, UsageError
from postroad.simulate.day.arrays import VISITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ZONE = "+08:00"
DELIVERED = ("at_door", "at_station", "in_locker", "outside", "sent_back", "at_office")
FORMS = {"document": "epcis.json", "lines": "epcis.jsonl", "parquet": "epcis.parquet"}
"""How events are written, and to which file: one document, an event a line, or a table with a row for each."""
TRYING = "urn:postroad:step:delivering"
"""A step of our own: the vocabulary of the standard has no word for a try at the door."""
ROWS = 50_000
COLUMNS = (
    "day", "parcel", "origin_id", "destination_id", "accepted_s", "collected_s", "out_s", "delivered_s", "status",
    "at_place_id", "attempts", "stops",
    *(f"stop{k}_{part}" for k in range(1, VISITS + 1) for part in ("place_id", "arrive_s", "depart_s")),
)  # fmt: skip
parquet: Any = pyarrow.parquet


def write(
    folder: Path, first_day: dt.date, count: int, form: str, stop: Callable[[], bool] | None = None
) -> Path:  # fmt: skip
    """Write the events of the first ``count`` parcels of a run's folder, of all of them where it is negative.

    Parcels are read and events written part by part. ``UsageError`` when there is no such form.
    """
    if form not in FORMS:
        raise UsageError.of("simulate.event_form", value=form, known=", ".join(FORMS))
    path = folder / FORMS[form]
    parts = _parts(folder, count, stop)
    if form == "parquet":
        _table(path, parts, first_day)
        return path
    head, between, tail = ("", "\n", "\n")
    if form == "document":
        head, between, tail = _head(first_day), ",\n", "\n]}}\n"
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        begun = False
        for part in parts:
            told = as_json(events(part, first_day))
            if told.len():
                file.write((between if begun else "") + between.join(told))
                begun = True
        file.write(tail if begun or form == "document" else "")
    return path


def _parts(folder: Path, count: int, stop: Callable[[], bool] | None) -> Iterator[pl.DataFrame]:
    left = count
    for file in sorted((folder / "parcels").glob("*.parquet")):
        for batch in parquet.ParquetFile(file).iter_batches(ROWS, columns=list(COLUMNS)):
            if stop and stop():
                raise Stopped.of("errors.stopped", done=0, total=1)
            frame = pl.DataFrame(pl.from_arrow(batch))
            part = frame if left < 0 else frame.head(left)
            left -= part.height if left > 0 else 0
            yield part
            if left == 0:
                return


def _table(path: Path, parts: Iterator[pl.DataFrame], first_day: dt.date) -> None:
    writer = None
    try:
        for part in parts:
            table = events(part, first_day).to_arrow()
            writer = writer or parquet.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def _head(first_day: dt.date) -> str:
    """The document up to its first event."""
    told = {
        "@context": [CONTEXT, {"emsevt": "https://www.upu.int/emsevt/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": dt.datetime.combine(first_day, dt.time()).isoformat() + ZONE,
    }
    return json.dumps(told, ensure_ascii=False)[:-1] + ', "epcisBody": {"eventList": [\n'


def events(parcels: pl.DataFrame, first_day: dt.date) -> pl.DataFrame:
    """Return one row an event, in order of parcel and step: epc, time, step, disposition, place and code."""
    texts = ["origin_id", "destination_id", "at_place_id", "status", "day"]
    texts += [f"stop{k}_place_id" for k in range(1, VISITS + 1)]
    known = parcels.with_columns(pl.col(texts).cast(pl.String)).with_row_index("row")
    frames = [
        known.filter(when).select(
            "row",
            pl.lit(order, pl.UInt8).alias("order"),
            pl.concat_str(pl.lit("urn:postroad:parcel:"), "day", pl.lit(":"), "parcel").alias("epc"),
            second.cast(pl.Int64).alias("second"),
            step.alias("biz_step"),
            disposition.alias("disposition"),
            place.fill_null("").alias("place_id"),
            code.alias("emsevt_code"),
        )
        for order, (when, second, step, disposition, place, code) in enumerate(_steps())
    ]
    midnight = pl.lit(dt.datetime.combine(first_day, dt.time())).cast(pl.Datetime("ms"))
    moment = midnight + pl.duration(seconds=pl.col("second"))
    table = pl.concat(frames).sort("row", "order")
    return table.select("epc", moment.alias("event_time"), "biz_step", "disposition", "place_id", "emsevt_code")


def _steps() -> Iterator[tuple[pl.Expr, ...]]:
    """When an event is, its second, step, disposition, place and code, in the order in which they can happen."""
    word, held = pl.lit, pl.col
    origin, stops = held("origin_id"), pl.min_horizontal(held("stops"), pl.lit(VISITS))
    accepted, collected = held("accepted_s"), held("collected_s")
    yield accepted.is_not_null(), accepted, word("commissioning"), word("active"), origin, word("EMA")
    yield collected.is_not_null(), collected, word("picking"), word("in_progress"), origin, word("EMA")
    for k in range(1, VISITS + 1):
        place, arrives, leaves = held(f"stop{k}_place_id"), held(f"stop{k}_arrive_s"), held(f"stop{k}_depart_s")
        there, last = place.is_not_null() & (stops >= k), stops == k
        came = pl.when(last).then(word("EMG")).otherwise(word("EMB" if k == 1 else "EMD"))
        went = pl.when(last).then(word("EMG")).otherwise(word("EMC"))
        yield there & arrives.is_not_null(), arrives, word("arriving"), word("in_progress"), place, came
        yield there & leaves.is_not_null(), leaves, word("departing"), word("in_transit"), place, went
    done, kept = held("delivered_s"), held("status").is_in(DELIVERED)
    yield (
        done.is_not_null(), done, pl.when(kept).then(word("accepting")).otherwise(word("shipping")),
        pl.when(kept).then(word("completeness_verified")).otherwise(word("in_transit")),
        pl.coalesce("at_place_id", "destination_id"), pl.when(kept).then(word("EMI")).otherwise(word("EMC")),
    )  # fmt: skip
    tried = done.is_null() & (held("attempts") > 0) & held("out_s").is_not_null()
    yield tried, held("out_s"), word(TRYING), word("in_progress"), held("at_place_id"), word("EMH")


def as_json(table: pl.DataFrame) -> pl.Series:
    """Return events as EPCIS object events, one JSON object each."""
    action = pl.when(pl.col("biz_step") == "commissioning").then(pl.lit("ADD")).otherwise(pl.lit("OBSERVE"))
    time = pl.col("event_time").dt.strftime("%Y-%m-%dT%H:%M:%S")
    pieces = (
        '{"type": "ObjectEvent", "action": "', action, '", "eventTime": "', time, ZONE, '", "eventTimeZoneOffset": "',
        ZONE, '", "epcList": ["', pl.col("epc"), '"], "bizStep": "', pl.col("biz_step"), '", "disposition": "',
        pl.col("disposition"), '", "readPoint": {"id": "urn:postroad:place:', pl.col("place_id"),
        '"}, "emsevt:code": "', pl.col("emsevt_code"), '"}',
    )  # fmt: skip
    return table.select(pl.concat_str(pl.lit(p) if isinstance(p, str) else p for p in pieces)).to_series()
