"""A trial: world after world until the interval of the chosen measure is narrow enough."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.special import stdtrit

from postroad.errors import UsageError
from postroad.parallel import Progress, Work, map_cases
from postroad.results import Result, Stamp
from postroad.simulate.trial.cases import Case, Stretch, frozen, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from postroad.demand import Demand
    from postroad.network import Network

BATCH = 4
"""Worlds added at a time; fixed, so that the number of workers cannot decide when a trial ends."""
MEASURES = ("on_time_share", "mean_h", "late_share", "delivered_share", "sent_back_share")


@dataclass(frozen=True)
class Measure:
    """What a trial is to know: a figure of a class of flow, and how narrow its interval must be (half its width)."""

    name: str = "on_time_share"
    flow_class: str = "all"
    half_width: float = 0.01
    level: float = 0.95
    least: int = 4

    def values(self, table: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return worlds in order and the figure of each, over all its days; ``UsageError`` for an unknown name."""
        if self.name not in MEASURES:
            raise UsageError.of("simulate.no_measure", value=self.name, known=", ".join(MEASURES))
        rows = table.filter(flow_class=self.flow_class)
        if not rows.height:
            raise UsageError.of("simulate.no_class", value=self.flow_class, known=", ".join(
                sorted(table["flow_class"].unique())))  # fmt: skip
        done = pl.col("delivered") + pl.col("sent_back")
        hours = (pl.col("mean_h").fill_null(0.0) * done).sum().alias("hours")
        whole = rows.group_by("world").agg(pl.col("parcels", "late", "delivered", "sent_back").sum(), hours)
        parts = {
            "on_time_share": 1 - pl.col("late") / pl.col("parcels"),
            "late_share": pl.col("late") / pl.col("parcels"),
            "delivered_share": pl.col("delivered") / pl.col("parcels"),
            "sent_back_share": pl.col("sent_back") / pl.col("parcels"),
            "mean_h": pl.col("hours") / done,
        }
        told = whole.sort("world").select("world", value=parts[self.name])
        return told["world"].to_numpy(), told["value"].to_numpy()


def interval(values: NDArray[np.float64], level: float) -> tuple[float, float, float]:
    """Return mean, low and high by Student's t over independent worlds; one world alone has no interval."""
    mean = float(np.mean(values))
    if values.size < 2:
        return mean, -np.inf, np.inf
    half = float(stdtrit(values.size - 1, (1 + level) / 2) * np.std(values, ddof=1) / np.sqrt(values.size))
    return mean, mean - half, mean + half


class Trial(Result):
    """Tables ``summary`` (world, stretch and class) and ``measure`` (mean, low, high, worlds, narrow enough)."""

    def facts_of_parcels(self) -> pl.LazyFrame:
        """Return what the 24-hour certificate reads, of every world; ``UsageError`` when the trial kept none."""
        files = [Path(self.facts["parcel_facts"]) / name for name in self.facts.get("files", ())]
        if not files or not all(file.is_file() for file in files):
            raise UsageError.of("simulate.no_parcel_facts", path=str(self.facts.get("parcel_facts") or ""))
        return pl.scan_parquet(files)


def trial(
    network: Network,
    demand: Demand,
    *,
    stretches: Sequence[Stretch],
    worlds: int = 20,
    seed: int = 0,
    measure: Measure | None = None,
    disruptions: Sequence[Any] = (),
    kind: str = "ordinary",
    facts: str | Path | None = None,
    work: Work | None = None,
    **options: Any,
) -> Trial:
    """Simulate stretches of days in up to ``worlds`` worlds, whose seeds are ``seed``, ``seed + 1`` and so on.

    With a ``measure`` the trial ends when its interval is narrow enough. Queues are warmed up by ``warm_days`` (two
    unless said) before every stretch. ``work`` says how many workers, and with its cache a killed trial resumes. The
    bytes of the tables do not depend on the workers. ``facts`` is a folder for what the certificate reads.
    """
    wanted = measure or Measure(half_width=0.0)
    chosen = {"warm_days": 2, **options}
    with tempfile.TemporaryDirectory() as scratch:
        base = _case(network, demand, chosen, tuple(disruptions), kind, facts, Path(scratch))
        try:
            table, files = _batches(base, stretches, worlds, seed, wanted, work or Work())
        except OSError as full:
            where = str(facts or (work and work.cache) or scratch)
            raise UsageError.of("simulate.cannot_write", path=where, detail=full.strerror or str(full)) from full
    _, values = wanted.values(table)
    mean, low, high = interval(values, wanted.level)
    told = pl.DataFrame(
        {"measure": [wanted.name], "flow_class": [wanted.flow_class], "mean": [mean], "low": [low], "high": [high],
         "level": [wanted.level], "worlds": [values.size], "narrow_enough": [(high - low) / 2 <= wanted.half_width]}
    )  # fmt: skip
    asked = {
        **chosen,
        "stretches": [str(stretch) for stretch in stretches],
        "worlds": worlds,
        "measure": str(wanted),
        "kind": kind,
        "year": demand.year,
        "scenario": demand.scenario,
        "disruptions": [str(item) for item in disruptions],
    }
    stamp = Stamp.now("trial", network.fingerprint, asked, seed)
    return Trial(stamp, {"summary": table, "measure": told}, {"parcel_facts": str(facts or ""), "files": files})


def _case(
    network: Network, demand: Demand, options: Mapping[str, Any], disruptions: tuple[Any, ...], kind: str,
    facts: str | Path | None, scratch: Path,
) -> Case:  # fmt: skip
    if facts:
        Path(facts).mkdir(parents=True, exist_ok=True)
    ratio = float(demand.totals.known["ratio"])
    return Case(frozen(network, scratch), network.fingerprint, demand.year, demand.scenario, ratio, Stretch("", 0), 0,
                tuple(sorted(options.items())), disruptions, kind, str(facts or ""))  # fmt: skip


def _batches(
    base: Case, stretches: Sequence[Stretch], worlds: int, seed: int, wanted: Measure, work: Work
) -> tuple[pl.DataFrame, list[str]]:
    """Run worlds a batch at a time; tables, and files of facts, come back in the order of worlds and stretches."""
    found: list[pl.DataFrame] = []
    files: list[str] = []
    total = worlds * len(stretches)
    for first in range(0, worlds, BATCH):
        several = range(seed + first, seed + min(worlds, first + BATCH))
        cases = [replace(base, seed=world, stretch=stretch) for world in several for stretch in stretches]
        found += map_cases(run, cases, work=_telling(work, len(found), total), key=lambda case: case.key)
        for case in cases:
            # Known from the cache of an earlier run whose facts are gone: they are made again.
            if (file := case.facts_file) is not None:
                if not file.is_file():
                    run(case)
                files.append(file.name)
        table = pl.concat(found)
        _, values = wanted.values(table)
        _, low, high = interval(values, wanted.level)
        if values.size >= wanted.least and (high - low) / 2 <= wanted.half_width:
            break
    return table, files


def _telling(work: Work, done: int, total: int) -> Work:
    """The same work, telling how far the whole trial is."""
    tell = work.progress
    if tell is None:
        return work
    return replace(work, progress=lambda step: tell(Progress(done + step.done, total, step.note)))
