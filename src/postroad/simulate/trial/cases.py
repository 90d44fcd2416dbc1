"""One case of a trial: some days of one world, simulated in a process of its own from inputs frozen on disk."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import pickle
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.demand import demand as synthesise
from postroad.simulate.day import simulate_day

if TYPE_CHECKING:
    from postroad.demand import Demand
    from postroad.network import Network
    from postroad.simulate.day import Run

STRETCH_DAYS = 10
"""Days simulated in one go; a longer trial is cut into stretches, each warmed up on its own."""


@dataclass(frozen=True)
class Stretch:
    """Days that follow each other: the first, and how many."""

    day: str
    days: int

    @classmethod
    def cut(cls, day: str, days: int) -> tuple[Stretch, ...]:
        """Return stretches of at most ``STRETCH_DAYS`` that cover so many days from one on; the peak day is its own."""
        if day == "peak":
            return (cls(day, days),)
        first = dt.date.fromisoformat(day)
        starts = range(0, days, STRETCH_DAYS)
        return tuple(cls((first + dt.timedelta(days=k)).isoformat(), min(STRETCH_DAYS, days - k)) for k in starts)


@dataclass(frozen=True)
class Case:
    """A stretch of a world: frozen inputs by path, demand by its makings, and where parcel facts go, if anywhere."""

    inputs: str
    fingerprint: str
    year: int
    scenario: str
    ratio: float | None
    stretch: Stretch
    seed: int
    options: tuple[tuple[str, Any], ...]
    disruptions: tuple[Any, ...] = ()
    kind: str = "ordinary"
    facts: str = ""

    @property
    def key(self) -> str:
        """What the case is, whatever file its inputs lie in."""
        told = (self.fingerprint, self.year, self.scenario, self.ratio, self.stretch, self.seed, self.options,
                [str(item) for item in self.disruptions], self.kind, self.facts)  # fmt: skip
        return hashlib.sha256(repr(told).encode()).hexdigest()

    @property
    def facts_file(self) -> Path | None:
        """Where the case's parcel facts go: named by what the case is, so that no other run's are taken for them."""
        name = f"{self.kind}-{self.seed}-{self.stretch.day}-{self.key[:12]}.parquet"
        return Path(self.facts) / name if self.facts else None


def frozen(network: Network, folder: Path) -> str:
    """Write a network once under its fingerprint, whole or not at all, and return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"network-{network.fingerprint[:16]}.pickle"
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            pickle.dump(network, file, protocol=5)
        Path(name).replace(path)
    return str(path)


@lru_cache(maxsize=2)
def opened(path: str) -> Network:
    """Return a network that was frozen for a trial."""
    with Path(path).open("rb") as file:
        made: Network = pickle.load(file)  # noqa: S301 - written by this trial
    return made


@lru_cache(maxsize=2)
def _demand(path: str, year: int, scenario: str, ratio: float | None) -> Demand:
    return synthesise(opened(path), year, scenario, ratio=ratio)


def simulated(case: Case, *, summary_only: bool) -> Run:
    """Return the run of a case, in memory."""
    demand = _demand(case.inputs, case.year, case.scenario, case.ratio)
    return simulate_day(
        opened(case.inputs), demand, day=case.stretch.day, days=case.stretch.days, seed=case.seed,
        disruptions=case.disruptions, summary_only=summary_only, **dict(case.options),
    )  # fmt: skip


def run(case: Case) -> pl.DataFrame:
    """Simulate a case and return its table ``summary``; parcel facts go to the case's folder, if it has one."""
    made = simulated(case, summary_only=not case.facts)
    if path := case.facts_file:
        part = path.with_suffix(f".{os.getpid()}.part")
        made.certificate_facts(case.seed, case.kind).collect().write_parquet(part)
        part.replace(path)
    told = {"world": case.seed, "kind": case.kind, "first_day": case.stretch.day, "days": case.stretch.days}
    return made["summary"].with_columns(pl.lit(value).alias(name) for name, value in told.items())
