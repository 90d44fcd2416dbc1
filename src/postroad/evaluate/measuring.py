"""Every bundle in every world, each thing measured once: runs that no lever of a bundle touches are not run again.

A bundle has three parts. What a run gives depends only on the levers that a run reads; what tables say is the same in
every world; what villages cost is searched anew only where a lever changes roads, people, vehicles or their terms.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postroad.evaluate.case import Case, Choice, Question, as_options, joined, prepared_for, ran, stood
from postroad.evaluate.ready import POLICY, moves_run, opened
from postroad.evaluate.rural import SHARES, priced
from postroad.parallel import Progress, Work, map_cases

if TYPE_CHECKING:
    import polars as pl

    from postroad.plan.levers import Change, Lever

UNPRICED = (
    "sites", "hub_plants", "allocations", "line_hauls", "routings", "sort_waves", "products", "seasonal_goods",
    "border_waits", "sources",
)  # fmt: skip
"""Tables that say nothing of what a round costs."""
UNPRICED_PARAMETERS = ("trunk_", "rail_", "air_", "forward_")
Bundle = tuple[Choice, ...]


@dataclass(frozen=True)
class _Table:
    """A bundle in its tables alone, with the prices of its rounds."""

    case: Case
    prices: pl.DataFrame | None


def _stood(table: _Table) -> dict[str, float]:
    return stood(table.case, table.prices)


class Measuring:
    """Measures bundles of one question, world by world, remembering every part."""

    def __init__(self, asked: Question, bundles: Sequence[Bundle], work: Work | None = None) -> None:
        self.asked, self.bundles, self.work = asked, list(bundles), work or Work()
        self.fingerprint = opened(asked.province)[0].fingerprint
        self._runs: dict[tuple[Bundle, int], dict[str, float]] = {}
        self._done = 0
        every = {choice: choice.of(asked.province) for bundle in self.bundles for choice in bundle}
        self._moving = {choice for choice, lever in every.items() if moves_run(lever)}
        self._pricing = {choice for choice, lever in every.items() if any(map(_prices, lever.changes))}
        self._rural = any(_shares(lever) for lever in every.values())
        self._tables: list[dict[str, float]] = []

    def worlds(self, first: int, count: int) -> list[list[dict[str, float]]]:
        """Return for each bundle the measures in so many worlds from a first one on."""
        if not self._tables:
            self._tables = self._stand()
        if self.asked.scale > 0:
            self._run(range(first, first + count))
        return [
            [joined(self._runs.get((self._part(bundle), world), {}), table) for world in range(first, first + count)]
            for bundle, table in zip(self.bundles, self._tables, strict=True)
        ]

    @property
    def runs(self) -> int:
        """How many runs were made or found."""
        return len(self._runs)

    def _part(self, bundle: Bundle) -> Bundle:
        return tuple(choice for choice in bundle if choice in self._moving)

    def _run(self, worlds: Sequence[int]) -> None:
        parts = sorted({self._part(bundle) for bundle in self.bundles}, key=lambda part: (len(part), repr(part)))
        cases = [Case(self.asked, part, world) for part in parts for world in worlds]
        cases = [case for case in cases if (case.bundle, case.world) not in self._runs]
        told = self._map(ran, cases, lambda case: case_key(case, self.fingerprint, "run"))
        self._runs |= {(case.bundle, case.world): facts for case, facts in zip(cases, told, strict=True)}

    def _stand(self) -> list[dict[str, float]]:
        prices = self._priced() if self._rural else {}
        groups: dict[Bundle, list[int]] = {}
        for k, bundle in enumerate(self.bundles):
            groups.setdefault(tuple(c for c in bundle if c in self._pricing), []).append(k)
        found: list[dict[str, float]] = [{}] * len(self.bundles)
        for priced_by, members in groups.items():
            frame = prices.get(priced_by)
            mark = "table" if frame is None else f"table+{_digest(frame)}"
            cases = [_Table(Case(self.asked, self.bundles[k], 0), frame) for k in members]
            for k, table in zip(members, self._map(_stood, cases, self._key(mark)), strict=True):
                found[k] = table
        return found

    def _priced(self) -> dict[Bundle, pl.DataFrame]:
        wanted = sorted({tuple(c for c in b if c in self._pricing) for b in self.bundles}, key=repr)
        found = {}
        for bundle in wanted:
            network, _ = prepared_for(self.asked, bundle)
            season = "winter" if self.asked.season == "winter" else "ordinary"
            found[bundle] = priced(network, self.asked.year, self.asked.scenario, season, self._told())
        return found

    def _key(self, mark: str) -> Callable[[_Table], str]:
        return lambda table: case_key(table.case, self.fingerprint, mark)

    def _map(self, function: Callable[[Any], Any], cases: Sequence[Any], key: Callable[[Any], str]) -> list[Any]:
        told = map_cases(function, cases, work=self._told(), key=key)
        self._done += len(cases)
        return told

    def _told(self) -> Work:
        """The work with progress that goes on from part to part."""
        if self.work.progress is None:
            return self.work
        tell, done = self.work.progress, self._done
        return dataclasses.replace(self.work, progress=lambda p: tell(Progress(done + p.done, done + p.total, p.note)))


def case_key(case: Case, fingerprint: str, part: str = "") -> str:
    """A case's name in the cache: everything its answer depends on."""
    from postroad import __version__

    plain = {**as_options(case.question, case.bundle), "world": case.world, "inputs": fingerprint, "part": part,
             "v": __version__}  # fmt: skip
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def _digest(frame: pl.DataFrame) -> str:
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()[:16]


def _named(change: Change) -> set[str]:
    named = change.where.get("parameter") if isinstance(change.where, Mapping) else None
    return {named} if isinstance(named, str) else set(named or ())


def _prices(change: Change) -> bool:
    """Whether a change may alter what a round costs."""
    if change.table != "parameters":
        return change.table not in UNPRICED
    named = _named(change)
    return not named or any(name not in POLICY and not name.startswith(UNPRICED_PARAMETERS) for name in named)


def _shares(lever: Lever) -> bool:
    """Whether a lever moves how far operators share in the villages."""
    return any(change.table == "parameters" and _named(change) & set(SHARES.values()) for change in lever.changes)
