"""The kinds of job there are: what each takes, what it calls, and the result folder it leaves.

A kind is a pydantic model of its options and a function of (network, options, bench). Its answer is the id of a run in
the runs folder, or plain values where there is nothing to keep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from postroad.errors import UsageError
from postroad.face.web import provinces
from postroad.parallel import Progress
from postroad.results import Result, Stamp

if TYPE_CHECKING:
    from postroad.network import Network


@dataclass(frozen=True)
class Bench:
    """Where a job works: the home folder, its own cache, and whom to tell and ask."""

    home: Path
    cache: Path
    progress: Callable[[Progress], None]
    stop: Callable[[], bool]


class Options(BaseModel):
    """What every kind takes; a field that no kind knows is refused."""

    model_config = ConfigDict(extra="forbid")
    seed: int = Field(0, ge=0, le=2**31 - 1)


class ScoreOptions(Options):
    """A scorecard as of a day."""

    as_of: dt.date | None = None


class DemandOptions(Options):
    """The flows of a year under a growth scenario."""

    year: int = Field(2020, ge=2015, le=2035)
    scenario: str = Field("base", max_length=40)


class IntakeOptions(Options):
    """An uploaded file to check."""

    upload: str = Field(pattern=r"^[0-9a-f]{12}$")


@dataclass(frozen=True)
class Kind:
    """One kind of job."""

    name: str
    options: type[Options]
    do: Callable[[Network, Any, Bench], Result | dict[str, Any]]


def score(network: Network, options: ScoreOptions, bench: Bench) -> Result:
    """Score the plan and keep the lines as a table."""
    from postroad.measure.scorecard import score as judge
    from postroad.plan.plan import plan

    card = judge(
        network, plan(provinces.plan_of(bench.home, network.name)), options.as_of, options.seed, bench.progress
    )
    plain = card.to_dict()
    lines = [
        {
            "target_id": line["target_id"], "status": line["status"], "mean_score": line["mean_score"],
            "latest_value": line["latest"] and line["latest"]["value"], "unit": line["unit"],
            "target_value": line["target"] and line["target"]["value"],
            "reason_zh": line["reason"]["zh"], "reason_en": line["reason"]["en"],
        }
        for line in plain["lines"]
    ]  # fmt: skip
    table = pl.DataFrame(lines, infer_schema_length=None)
    return Result(card.stamp, {"lines": table}, {"summary": plain["summary"], "scorecard": plain})


def demand(network: Network, options: DemandOptions, bench: Bench) -> Result:
    """Synthesise the flows of a year."""
    from postroad.demand import demand as synthesise
    from postroad.demand.calibrate import control_totals, imbalance

    made = synthesise(network, options.year, options.scenario, seed=options.seed)
    bench.progress(Progress(1, 1))
    asked = {"year": options.year, "scenario": options.scenario}
    stamp = Stamp.now("demand", network.fingerprint, asked, options.seed)
    tables = {"flows": made.flows, "control_totals": control_totals(made), "imbalance": imbalance(made)}
    return Result(stamp, tables, {"pieces": float(made.flows["pieces"].sum())})


def intake(network: Network, options: IntakeOptions, bench: Bench) -> dict[str, Any]:
    """Check an uploaded file."""
    from postroad.face.web import intake as reading

    del network
    return reading.check(bench.home, options.upload, bench.progress)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("score", ScoreOptions, score),
        Kind("demand", DemandOptions, demand),
        Kind("intake", IntakeOptions, intake),
    )
}


def parsed(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return a kind's options checked and complete; ``UsageError`` names every value that cannot be used."""
    if kind not in KINDS:
        raise UsageError.of("console.unknown_kind", asked=kind, known=", ".join(KINDS))
    try:
        return KINDS[kind].options(**options).model_dump(mode="json")
    except ValidationError as wrong:
        from postroad.errors import Fault

        raise UsageError(
            Fault.of(
                "console.bad_value", column=".".join(map(str, e["loc"])), value=str(e["input"])[:80], detail=e["msg"]
            )
            for e in wrong.errors()
        ) from None


def do(
    job: dict[str, Any], home: Path, progress: Callable[[Progress], None], stop: Callable[[], bool]
) -> dict[str, Any]:
    """Do a job and return where its result lies, or its plain values."""
    kind = KINDS[job["kind"]]
    options = kind.options(**job["options"])
    network = provinces.opened(home, job["province"])
    cache = home / "cache" / job["job_id"]
    made = kind.do(network, options, Bench(home, cache, progress, stop))
    if isinstance(made, dict):
        return made
    made.save(home / "runs" / made.run_id)
    return {"run_id": made.run_id}
