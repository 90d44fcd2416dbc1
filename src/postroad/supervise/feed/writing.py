"""Writing the rehearsal's files: one a kind, operator and day, in the form asked for, and the truth beside them."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from postroad.errors import Stopped, UsageError
from postroad.parallel import Progress
from postroad.supervise.feed.acceptances import acceptances
from postroad.supervise.feed.faults import Faults
from postroad.supervise.feed.journeys import Day, deliveries, drawn, journey, scans
from postroad.supervise.feed.world import world

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.demand import Demand

CLOCKS = {"acceptances": "accepted_at", "scans": "event_at", "deliveries": "delivered_at"}
FORMS = ("csv", "parquet", "jsonl")
TIMES = ("opened_at", "xray_at")
NO_TIME = "2026-99-99 00:00:00"


@dataclass(frozen=True)
class Order:
    """What a feed is to be like.

    ``pieces`` is the parcels of a day, the demand's own number when not given. ``cut`` leaves out what happens after
    the last day, so that pieces are on their way when the feed ends.
    """

    pieces: int | None = None
    faults: Faults = field(default_factory=Faults)
    seed: int = 0
    form: str = "csv"
    cut: bool = False
    workers: int = 1


@dataclass
class Feed:
    """What was written: the files in the order in which an operator would send them, and the truth."""

    folder: Path
    files: list[Path]
    parcels: int
    records: int
    truth: dict[str, Any]


def write_feed(
    folder: str | Path,
    made: Demand,
    first_day: dt.date,
    days: int = 1,
    order: Order | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Feed:
    """Write the operators' files of some days and return what was written and planted.

    The same order gives the same files at any number of workers.
    """
    order = order or Order()
    if order.form not in FORMS:
        raise UsageError.of("ledger.no_such_form", path=order.form, known=", ".join(FORMS))
    if days < 1:
        raise UsageError.of("ledger.days_wanted", value=days)
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError.of("ledger.folder_not_empty", path=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    faults, seed = order.faults, order.seed
    dates = [first_day + dt.timedelta(days=n) for n in range(days)]
    sizes = [made.pieces(day) if order.pieces is None else order.pieces for day in dates]
    lay = world(made, made.drawer(dates[0]), max(sizes), faults, dates[0].isoformat(), seed)
    out = _Out(folder, order.form, dates[-1] if order.cut else None)
    planted: Counter[str] = Counter()
    total = sum(sizes)
    try:
        for number, (day, size) in enumerate(zip(dates, sizes, strict=True)):
            held = Day(lay, faults, day, number, seed, number == days - 1 and days > 1)
            for b, block in enumerate(made.parcels(day, seed, pieces=size, workers=order.workers)):
                if stop and stop():
                    raise Stopped.of("errors.stopped", done=out.parcels, total=total)
                planted.update(_block(block, held, b, out))
                out.parcels += len(block)
                if progress:
                    progress(Progress(out.parcels, total))
    finally:
        out.close()
    lay.outlets.write_csv(folder / "outlets.csv")
    lay.machine_table.write_csv(folder / "machines.csv")
    truth = {"origin": "synthetic", "seed": seed, "first_day": first_day.isoformat(), "days": days,
             "parcels": out.parcels, "records": out.records, "chosen": lay.planted,
             "planted": dict(sorted(planted.items())), "shares": faults.as_dict()}  # fmt: skip
    (folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")
    files = [folder / "outlets.csv", folder / "machines.csv", *out.in_order()]
    return Feed(folder, files, out.parcels, out.records, truth)


def _block(block: Any, held: Day, number: int, out: _Out) -> dict[str, int]:
    """Write the records of one block of parcels; return what was planted."""
    draw = drawn(held.seed, held.day, number)
    made = journey(block, held, draw)
    taken, planted = acceptances(block, made, held, draw)
    handed, more = deliveries(made, held, draw)
    planted |= more | {"lost": int((made.gone_after < 10).sum())}
    planted |= {"leaked": made.leaked, "missing_departures": int(made.unseen.sum())}
    tables = {"acceptances": taken, "scans": scans(made, held, draw), "deliveries": handed}
    for kind, frame in tables.items():
        planted |= out.add(kind, frame, held.faults, draw)
    return planted


@dataclass
class _Out:
    """Open files, one a kind, operator and day; corrections and repeats go to files of their own, sent later."""

    folder: Path
    form: str
    last: dt.date | None
    parcels: int = 0
    records: int = 0
    held: dict[str, Any] = field(default_factory=dict)

    def add(self, kind: str, frame: pl.DataFrame, faults: Faults, draw: np.random.Generator) -> dict[str, int]:
        """Write some records of a kind; return the faults of form that were planted in them."""
        clock = CLOCKS[kind]
        times = [name for name in TIMES if name in frame.columns]
        frame = frame.with_columns(pl.from_epoch("at", time_unit="s").alias(clock), pl.lit("synthetic").alias("origin"))
        frame = frame.with_columns(pl.from_epoch(name, time_unit="s") for name in times)
        if self.last is not None:
            frame = frame.filter(pl.col(clock).dt.date() <= self.last)
        frame = frame.with_columns(pl.col(clock).dt.date().cast(pl.String).alias("day|")).drop("at")
        frame = frame.with_columns(pl.col(n).dt.strftime("%Y-%m-%d %H:%M:%S") for n in (clock, *times))
        if self.last is not None and times:
            # What is stamped after the feed ends is not known yet.
            end = f"{self.last} 24"
            frame = frame.with_columns(pl.when(pl.col(n) < end).then(pl.col(n)).alias(n) for n in times)
        n = frame.height
        self.records += n
        lot = draw.random((3, n))
        broken = pl.Series(lot[0] < faults.malformed)
        frame = frame.with_columns(pl.when(broken).then(pl.lit(NO_TIME)).otherwise(pl.col(clock)).alias(clock))
        again = frame.filter(pl.Series(lot[1] < faults.repeated) & ~broken)
        told = {f"malformed_{kind}": int(broken.sum()), f"repeated_{kind}": again.height, f"corrected_{kind}": 0}
        later = [again]
        if kind == "acceptances":
            wrong = frame.filter(pl.Series(lot[2] < faults.corrected) & ~broken & ~pl.Series(lot[1] < faults.repeated))
            # A millimetre less: a correction must not make or mend a fault, or the planted number would be wrong.
            later.append(wrong.with_columns(pl.col("tape_mm") - 1))
            told[f"corrected_{kind}"] = wrong.height
        self._put(kind, frame, "")
        self._put(kind, pl.concat(later), "-later")
        return told

    def _put(self, kind: str, frame: pl.DataFrame, label: str) -> None:
        for (operator, day), part in frame.partition_by(
            "operator_id", "day|", as_dict=True, maintain_order=True
        ).items():
            self._append(f"{kind}-{operator}-{day}{label}", part.drop("day|"))

    def _append(self, name: str, part: pl.DataFrame) -> None:
        path = self.folder / f"{name}.{self.form}"
        if self.form == "parquet":
            table = part.to_arrow()
            if name not in self.held:
                self.held[name] = pq.ParquetWriter(path, table.schema)
            self.held[name].write_table(table)
            return
        fresh = name not in self.held
        if fresh:
            self.held[name] = path.open("wb")
        if self.form == "csv":
            part.write_csv(self.held[name], include_header=fresh)
        else:
            part.write_ndjson(self.held[name])

    def close(self) -> None:
        """Close every file."""
        for held in self.held.values():
            held.close()

    def in_order(self) -> list[Path]:
        """Return the files by day, those sent later last."""

        def when(name: str) -> tuple[bool, str, str]:
            bare = name.removesuffix("-later")
            return name.endswith("-later"), bare[-10:], bare

        return [self.folder / f"{name}.{self.form}" for name in sorted(self.held, key=when)]
