"""The scorecard: every target of a plan with baseline, path, latest value, forecast, status and reason.

A number is never guessed: a value that needs something not there yet says what it needs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import html
import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

import postroad
from postroad.errors import DataError, Fault, UsageError
from postroad.language import LANGUAGES, Language, Said, Text, current
from postroad.measure.clocks import impossible
from postroad.measure.coherence import Finding, coherence
from postroad.measure.forecast import FEWEST, Fan, forecast
from postroad.measure.indicator import Indicator, Observation, indicators, observe
from postroad.measure.judgement import Evidence, Judgement
from postroad.measure.orphans import unmarked_or_unpublished
from postroad.measure.progress import judge, path_of, required_growth
from postroad.measure.scopes import scope_breaks
from postroad.parallel import Progress
from postroad.results import Stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.face.report.picture import Picture
    from postroad.network import Network
    from postroad.plan.plan import Plan, Target

SHARES = ("%",)


@dataclass(frozen=True)
class Line:
    """One target on the scorecard."""

    target: Target
    indicator: Indicator
    observations: tuple[Observation, ...]
    fan: Fan | None
    judgement: Judgement

    @property
    def latest(self) -> Observation | None:
        """The latest observation, or ``None``."""
        return self.observations[-1] if self.observations else None


@dataclass(frozen=True)
class Scorecard:
    """Every target judged on a day, from named inputs: the same inputs give the same bytes."""

    province: str
    plan: str
    label: tuple[str, str]
    plan_source: str
    as_of: dt.date
    fingerprint: str
    seed: int
    version: str
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    sources: dict[str, dict[str, Any]]

    @property
    def stamp(self) -> Stamp:
        """Where the scorecard comes from, as every result says it; the moment it was made is not part of it."""
        return Stamp("scorecard", self.fingerprint, {"as_of": self.as_of.isoformat()}, self.seed, self.version)

    @property
    def run_id(self) -> str:
        """The id to print beside each number: it stands for inputs, day, seed and version."""
        return self.stamp.run_id

    @property
    def summary(self) -> dict[str, int]:
        """How many targets have each status."""
        return dict(sorted(Counter(line.judgement.status for line in self.lines).items()))

    def line(self, target: str) -> Line:
        """Return the line of a target."""
        return next(line for line in self.lines if line.target.id == target)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole scorecard as plain values, every sentence in both languages."""
        return {
            "province": self.province,
            "plan": self.plan,
            "label": dict(zip(LANGUAGES, self.label, strict=True)),
            "as_of": self.as_of.isoformat(),
            "fingerprint": self.fingerprint,
            "seed": self.seed,
            "version": self.version,
            "run_id": self.run_id,
            "summary": self.summary,
            "lines": [_plain_line(line, self.plan_source) for line in self.lines],
            "coherence": [
                {"id": f.id, "rows": list(f.rows), "text": _both(f.text), "values": f.values} for f in self.findings
            ],
            "sources": self.sources,
        }

    def chart(self, target: str, spoken: Language | None = None) -> Picture:
        """Return the path, values and forecast of a target as a picture that shows and saves itself."""
        from postroad.face.report.picture import chart_of

        return chart_of(self, target, spoken)

    def _repr_html_(self) -> str:
        spoken = current()
        rows = "".join(
            f"<tr><td>{html.escape(line.target.label(spoken))}</td><td>{line.judgement.status}</td>"
            f"<td>{html.escape(line.judgement.reason.say(spoken))}</td></tr>"
            for line in self.lines
        )
        title = html.escape(self.label[0 if spoken == "zh" else 1])
        return f"<p>{title} {self.as_of} {self.run_id}</p><table>{rows}</table>"

    def to_json(self) -> str:
        """Return the scorecard as JSON text with sorted keys."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"


def score(
    network: Network,
    plan: Plan,
    as_of: dt.date | None = None,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> Scorecard:
    """Return the plan's scorecard as it stood on a day (today when none is given), from what was known then.

    ``DataError`` lists all targets that name an unknown indicator, or one with another unit or direction, all
    baselines without a target whose mark is wrong, and all statistics from the future; ``UsageError`` when the day
    lies before anything was known.
    """
    as_of = as_of or dt.datetime.now(tz=dt.UTC).date()
    faults = check(plan) + unmarked_or_unpublished(network, plan) + impossible(network, as_of)
    if faults:
        raise DataError(faults)
    if not network["statistics"].filter(pl.col("known_on") <= as_of).height:
        raise UsageError.of("measure.nothing_known_yet", as_of=as_of.isoformat())
    breaks = scope_breaks(network, as_of)
    lines = []
    for number, target in enumerate(plan.targets):
        if progress:
            progress(Progress(number, len(plan.targets), target.label()))
        lines.append(_line(target, network, plan, as_of, seed, breaks))
    if progress:
        progress(Progress(len(plan.targets), len(plan.targets)))
    findings = tuple(coherence(network, plan, as_of, seed))
    fingerprint = hashlib.sha256(f"{network.fingerprint}|{plan.fingerprint}".encode()).hexdigest()
    cited = {o.source for line in lines for o in line.observations} | {plan.source}
    sources = {
        row["source_id"]: {k: row[k] for k in ("title", "version", "licence", "digest", "note")}
        for row in network["sources"].sort("source_id").iter_rows(named=True)
        if row["source_id"] in cited
    }
    label = (plan.zh, plan.en)
    return Scorecard(
        network.name, plan.name, label, plan.source, as_of, fingerprint, seed, postroad.__version__, tuple(lines),
        findings, sources,
    )  # fmt: skip


def check(plan: Plan) -> list[Fault]:
    """Return the faults between a plan and the indicators: unknown ones, other units, other directions."""
    faults = []
    for number, target in enumerate(plan.targets, 1):
        place: dict[str, Any] = {"table": "targets", "row": number}
        known = indicators().get(target.indicator)
        if known is None:
            faults.append(Fault.of("measure.unknown_indicator", **place, column="indicator", value=target.indicator))
            continue
        for column in ("unit", "direction"):
            told, right = getattr(target, column), getattr(known, column)
            if told != right:
                faults.append(
                    Fault.of(f"measure.wrong_{column}", **place, column=column, value=told, nearest=right,
                             target=target.id)
                )  # fmt: skip
    return faults


def _line(
    target: Target,
    network: Network,
    plan: Plan,
    as_of: dt.date,
    seed: int,
    breaks: dict[str, dict[tuple[str, str], float]],
) -> Line:
    known = indicators()[target.indicator]
    seen = tuple(observe(known, network, plan.place_id, as_of))
    fan = _fan(target, seen, plan, seed)
    evidence = Evidence(seen, fan, as_of, breaks.get(known.statistic, {}))
    return Line(target, known, seen, fan, judge(target, evidence))


def _yearly(seen: tuple[Observation, ...]) -> list[Observation]:
    """The yearly values of the scope of the latest one."""
    return [o for o in seen if o.scope == seen[-1].scope and len(o.period) == 4]


def _fan(target: Target, seen: tuple[Observation, ...], plan: Plan, seed: int) -> Fan | None:
    """Forecast from the yearly values of the scope of the latest one only."""
    same = _yearly(seen)
    until = target.deadline.year if target.deadline else plan.end
    values = [o.value for o in same]
    grows = target.path == "compound" and min(values, default=0.0) > 0
    bounds = (0.0, 100.0) if target.unit in SHARES else (-math.inf, math.inf)
    years = [int(o.period) for o in same]
    return forecast(years, values, until, seed=seed, logarithmic=grows, name=target.id, bounds=bounds)


def _both(text: Text) -> dict[str, str]:
    return {spoken: text.say(spoken) for spoken in LANGUAGES}


def _plain_line(line: Line, plan_source: str) -> dict[str, Any]:
    target, latest = line.target, line.latest
    baseline = next((o for o in line.observations if o.period == target.baseline_period), None)
    needs = None
    if line.indicator.kind == "needs" and not line.observations:
        needs = _both(Text.of("measure.needs", what=Said.both(line.indicator.needs_zh, line.indicator.needs_en)))
    return {
        "target_id": target.id,
        "rows": list(target.rows),
        "label": {"zh": target.zh, "en": target.en},
        "indicator": {
            "id": line.indicator.id,
            "label": {"zh": line.indicator.zh, "en": line.indicator.en},
            "numerator": {"zh": line.indicator.numerator_zh, "en": line.indicator.numerator_en},
            "denominator": {"zh": line.indicator.denominator_zh, "en": line.indicator.denominator_en},
        },
        "unit": target.unit,
        "unit_label": _both(Text.of(f"unit.{target.unit}")),
        "direction": target.direction,
        "wording": target.wording,
        "deadline": target.deadline.isoformat() if target.deadline else None,
        "orphan": target.orphan,
        "baseline": None if target.baseline_value is None else {
            "value": target.baseline_value,
            "period": target.baseline_period,
            "source": baseline.source if baseline else plan_source,
            "origin": baseline.origin if baseline else "observed",
        },
        "target": None if target.value is None and not target.text_zh else {
            "value": target.value,
            "text": {"zh": target.text_zh, "en": target.text_en},
            "derived": target.derived,
            "source": plan_source,
        },
        "proposed": {"zh": target.proposed_zh, "en": target.proposed_en} if target.proposed_zh else None,
        "required_growth": required_growth(target),
        "path": [{"period": str(year), "value": value} for year, value in path_of(target)],
        "observations": [_plain_observation(o) for o in line.observations],
        "latest": _plain_observation(latest) if latest else None,
        "forecast": _plain_fan(line),
        "status": line.judgement.status,
        "components": [
            {"name": p.name, "status": p.status, "score": p.score, "detail": _both(p.detail)}
            for p in line.judgement.parts
        ],
        "mean_score": line.judgement.mean_score,
        "reason": needs or _both(line.judgement.reason),
        "needs": needs,
    }  # fmt: skip


def _plain_observation(seen: Observation) -> dict[str, Any]:
    return {**dataclasses.asdict(seen), "known_on": seen.known_on.isoformat()}


def _plain_fan(line: Line) -> dict[str, Any] | None:
    fan, target = line.fan, line.target
    if fan is None:
        return None
    chance = None
    if target.value is not None and target.deadline and target.deadline.year in fan.years:
        chance = fan.probability(target.deadline.year, target.value, target.direction)
    same = _yearly(line.observations)
    worked_out = sum(o.origin != "observed" for o in same)
    return {
        "periods": [str(year) for year in fan.years],
        **{name: list(getattr(fan, name)) for name in ("median", "low50", "high50", "low80", "high80")},
        "probability": chance,
        "method": _both(Text.of("measure.method", points=len(same), derived=worked_out, fewest=FEWEST)),
    }
