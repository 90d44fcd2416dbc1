"""The shapes of a scorecard and of what stands around it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel

from postroad.face.web.models import Both, Origin, Status


class Observation(BaseModel):
    """A published or worked-out value of an indicator."""

    period: str
    value: float
    known_on: dt.date
    scope: str
    origin: Origin
    source: str


class Baseline(BaseModel):
    """Where a target starts."""

    value: float
    period: str | None
    source: str
    origin: Origin


class Aim(BaseModel):
    """What a target asks for."""

    value: float | None
    text: Both
    derived: bool
    source: str


class PathPoint(BaseModel):
    """A point of the path from baseline to aim."""

    period: str
    value: float


class FanView(BaseModel):
    """A forecast by year: median and the bands that hold 50 and 80 % of the draws."""

    periods: list[str]
    median: list[float]
    low50: list[float]
    high50: list[float]
    low80: list[float]
    high80: list[float]
    probability: float | None
    method: Both


class Component(BaseModel):
    """One part of a judgement."""

    name: str
    status: Status
    score: float | None
    detail: Both


class IndicatorView(BaseModel):
    """What is counted."""

    id: str
    label: Both
    numerator: Both
    denominator: Both


class TaskView(BaseModel):
    """A task of the plan that should move a target: who owes it, until when."""

    id: str
    row: str
    label: Both
    owner: str
    partners: list[str]
    payer: str
    deadline: dt.date
    deadline_stated: bool
    moves: list[str]
    assumed: list[str]


class LineView(BaseModel):
    """A target on the scorecard."""

    target_id: str
    rows: list[str]
    label: Both
    indicator: IndicatorView
    unit: str
    unit_label: Both
    direction: str
    wording: str
    deadline: dt.date | None
    orphan: bool
    baseline: Baseline | None
    target: Aim | None
    proposed: Both | None
    required_growth: float | None
    path: list[PathPoint]
    observations: list[Observation]
    latest: Observation | None
    forecast: FanView | None
    status: Status
    components: list[Component]
    mean_score: float | None
    reason: Both
    needs: Both | None


class CoherenceView(BaseModel):
    """What two figures of the plan say about each other."""

    id: str
    rows: list[str]
    text: Both
    values: dict[str, Any]


class ScorecardView(BaseModel):
    """Every target judged on a day."""

    province: str
    plan: str
    label: Both
    as_of: dt.date
    fingerprint: str
    seed: int
    version: str
    run_id: str
    summary: dict[str, int]
    lines: list[LineView]
    coherence: list[CoherenceView]
    sources: dict[str, dict[str, Any]]


class ScorecardFrame(BaseModel):
    """What stands around a scorecard: the days on which something became known, the plan's end, and its tasks."""

    days: list[dt.date]
    end: dt.date
    tasks: list[TaskView]
