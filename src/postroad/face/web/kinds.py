"""The kinds of job there are: what each takes, what it calls, and the result folder it leaves.

A kind is a pydantic model of its options and a function of (network, options, bench). Its answer is the id of a run in
the runs folder, or plain values where there is nothing to keep.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from postroad.errors import UsageError
from postroad.face.web import checking, ledgers, provinces, work
from postroad.face.web.refusal import misfit

if TYPE_CHECKING:
    from postroad.face.web.settings import Settings
    from postroad.face.web.work import Bench
    from postroad.network import Network
    from postroad.parallel import Progress
    from postroad.results import Result


class Options(BaseModel):
    """What every kind takes; a field that no kind knows is refused."""

    model_config = ConfigDict(extra="forbid")
    seed: int = Field(0, ge=0, le=2**31 - 1)


class ScoreOptions(Options):
    """A scorecard as of a day."""

    as_of: dt.date | None = None


class FlowOptions(Options):
    """The flows of a year under a growth scenario."""

    year: int = Field(2020, ge=2015, le=2035)
    scenario: str = Field("base", max_length=40)


class RoundsOptions(FlowOptions):
    """Rounds of some counties, for the season in which villages are hardest to reach."""

    season: Literal["ordinary", "winter"] = "winter"
    counties: list[str] = Field(min_length=1, max_length=69)


class Disturbance(BaseModel):
    """One disturbance: a plant, line, road or round closed or slowed from a minute of the day until another."""

    model_config = ConfigDict(extra="forbid")
    what: Literal["plant", "line", "road", "round", "divert"]
    from_min: float = Field(0.0, ge=0.0, le=20_000.0)
    until_min: float = Field(1440.0, ge=0.0, le=40_000.0)
    factor: float = Field(0.0, ge=0.0, le=10.0)
    place_id: str | None = Field(None, max_length=40)
    from_place_id: str | None = Field(None, max_length=40)
    to_place_id: str | None = Field(None, max_length=40)
    via_place_id: str | None = Field(None, max_length=40)


class DesignOptions(FlowOptions):
    """A trunk timetable by search, and how long to look for it."""

    time_s: float = Field(300.0, ge=1.0, le=3600.0)


class DifferenceOptions(Options):
    """Two runs of designs to hold against each other."""

    before: str = Field(pattern="^[0-9a-f]{12,16}$")
    after: str = Field(pattern="^[0-9a-f]{12,16}$")


class DayOptions(FlowOptions):
    """A day of parcels on the trunk of a run, or by rule: all of them, or a share with capacities cut alike."""

    day: str = Field("2020-11-05", pattern=r"^(peak|\d{4}-\d\d-\d\d)$")
    plan: str = Field("", pattern="^([0-9a-f]{12,16})?$")
    scale: float = Field(0.02, ge=0.002, le=1.0)
    weather: Literal["ordinary", "snow"] = "ordinary"
    disruptions: list[Disturbance] = Field(default_factory=list, max_length=50)


class ScriptOptions(FlowOptions):
    """A prepared drill by name."""

    script: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")
    scale: float = Field(0.01, ge=0.001, le=1.0)


def _tomorrow() -> dt.date:
    return dt.date.today() + dt.timedelta(days=1)


class OutlookOptions(Options):
    """The 72 hours from a day on: the trunk of a run or by rule, the weather, and how much more may come."""

    first: dt.date = Field(default_factory=_tomorrow, ge=dt.date(2015, 1, 1), le=dt.date(2035, 12, 28))
    scenario: str = Field("base", max_length=40)
    weather: Literal["ordinary", "snow"] = "ordinary"
    extra_percent: float = Field(0.0, ge=-50.0, le=300.0)
    plants_year: int | None = Field(None, ge=2015, le=2035)
    plan: str = Field("", pattern="^([0-9a-f]{12,16})?$")
    scale: float = Field(0.005, ge=0.001, le=1.0)


class HubDayOptions(FlowOptions):
    """A hub's day as it is and with more parcels; by the trunk of a run, or by rule."""

    place_id: str = Field("2201", min_length=1, max_length=40)
    day: str = Field("peak", pattern=r"^(peak|\d{4}-\d\d-\d\d)$")
    more_percent: float = Field(20.0, gt=-100.0, le=300.0)
    plan: str = Field("", pattern="^([0-9a-f]{12,16})?$")
    scale: float = Field(0.005, ge=0.001, le=1.0)


class AfterActionOptions(FlowOptions):
    """A past day: its forecast against a ledger, with the drill of that day if there is one."""

    day: dt.date
    ledger: str = Field(ledgers.OFFICE, pattern=r"^(office|rehearsal[a-z0-9-]{0,60})$")
    drill: str = Field("", pattern="^([0-9a-f]{12,16})?$")
    share: float = Field(1.0, gt=0.0, le=1.0)
    scale: float = Field(0.01, ge=0.001, le=1.0)


class EffectOptions(FlowOptions):
    """Some levers, and in how many worlds and on what share of a day's parcels they are tried."""

    year: int = Field(2025, ge=2020, le=2035)
    levers: list[str] = Field(min_length=1, max_length=10)
    worlds: int = Field(2, ge=1, le=50)
    scale: float = Field(0.005, ge=0.0, le=1.0)


class RehearsalOptions(Options):
    """A rehearsal month of supervision."""

    month: str = Field("2025-11", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    outlets: int = Field(300, ge=10, le=20_000)


class LedgerOptions(FlowOptions):
    """Which ledger to check: the office's, or one of made-up records of so many days before and on a day."""

    of: Literal["rehearsal", "office"] = "rehearsal"
    day: str = Field("2025-11-11", pattern=r"^\d{4}-\d\d-\d\d$")
    days: int = Field(16, ge=1, le=60)
    pieces: int = Field(5_000, ge=100, le=2_000_000)


class CaptureOptions(Options):
    """A file of operators' records to take into a ledger: by the record, or whole or not at all (rollback)."""

    upload: str = Field(pattern=r"^[0-9a-f]{12}$")
    ledger: str = Field(ledgers.OFFICE, pattern=r"^(office|rehearsal[a-z0-9-]{0,60})$")
    behaviour: Literal["rollback", "proceed"] = "proceed"
    kind: str = Field("", pattern="^[a-z]{0,20}$")
    operator: str = Field("", max_length=80)
    file: str = Field("", max_length=200)
    digest: str = Field("", max_length=64)


class IntakeOptions(Options):
    """An uploaded file to check."""

    upload: str = Field(pattern=r"^[0-9a-f]{12}$")


@dataclass(frozen=True)
class Kind:
    """One kind of job."""

    name: str
    options: type[Options]
    do: Callable[[Network, Any, Bench], Result | dict[str, Any]]


def intake(network: Network, options: IntakeOptions, bench: Bench) -> dict[str, Any]:
    """Check an uploaded file."""
    from postroad.face.web import intake as reading

    del network
    return reading.check(bench.home, options.upload, bench.progress)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("score", ScoreOptions, work.score),
        Kind("demand", FlowOptions, work.demand),
        Kind("trunk", FlowOptions, work.trunk),
        Kind("trunk_design", DesignOptions, work.trunk_design),
        Kind("rounds", RoundsOptions, work.rounds),
        Kind("day", DayOptions, work.day),
        Kind("drill", DayOptions, work.drill),
        Kind("scripted", ScriptOptions, work.scripted),
        Kind("outlook", OutlookOptions, work.outlook),
        Kind("hub_day", HubDayOptions, work.hub_day),
        Kind("after_action", AfterActionOptions, checking.after_action),
        Kind("effect", EffectOptions, work.effect),
        Kind("rehearsal", RehearsalOptions, work.rehearsal),
        Kind("difference", DifferenceOptions, work.difference),
        Kind("ledger", LedgerOptions, checking.ledger),
        Kind("capture", CaptureOptions, ledgers.capture),
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
        raise misfit(wrong) from None


def do(
    job: dict[str, Any], settings: Settings, progress: Callable[[Progress], None], stop: Callable[[], bool]
) -> dict[str, Any]:
    """Do a job and return where its result lies, or its plain values."""
    kind, home = KINDS[job["kind"]], settings.home
    options = kind.options(**job["options"])
    network = provinces.opened(home, job["province"])
    bench = work.Bench(home, home / "cache" / job["job_id"], settings.records_address, progress, stop)
    made = kind.do(network, options, bench)
    if isinstance(made, dict):
        return made
    made.save(home / "runs" / made.run_id)
    return {"run_id": made.run_id}
