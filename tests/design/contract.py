"""What every design method promises, as one test class: subclass it and say how your method is asked.

A subclass gives ``usual`` (a problem of some size), ``solve``, ``small`` (problems of at most six places with
``brute_force``), ``impossible`` (with the words that an explanation must hold) and ``fingerprint``.
``answer.objective`` and ``answer.bound`` are read; a method without a bound says so by ``bound is None``.

    class TestHubs(DesignContract):
        def usual(self): ...
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import polars as pl
import pytest

from postroad.errors import InfeasibleError, Stopped
from postroad.network import Network
from postroad.results import Result

TOLERANCE = 1e-6
AMPLE_S = 600.0
VOLATILE = ("seconds", "peak_mb", "made_at")


class DesignContract:
    """Seven promises: repeatable, stoppable, bounded, pure, explained, clean, and right on six places."""

    # What a subclass gives.

    def usual(self) -> Any:
        """Return a problem of ordinary size."""
        raise NotImplementedError

    def solve(
        self, problem: Any, *, seed: int = 0, time_s: float = 30.0, stop: Callable[[], bool] | None = None
    ) -> Any:
        """Return the method's answer."""
        raise NotImplementedError

    def fingerprint(self, problem: Any) -> str:
        """Return a digest of the problem's content; for a Network its own fingerprint will do."""
        return problem.fingerprint if isinstance(problem, Network) else digest(problem)

    def small(self) -> Iterable[Any]:
        """Return problems of at most six places."""
        raise NotImplementedError

    def brute_force(self, problem: Any) -> float:
        """Return the least objective, found by trying everything, with none of the method's own code."""
        raise NotImplementedError

    def impossible(self) -> Iterable[tuple[Any, tuple[str, ...]]]:
        """Return problems without an answer, each with words its explanation must hold (names of places, rules)."""
        raise NotImplementedError

    def network(self, answer: Any) -> Network | None:
        """Return the network that holds the answer's tables; None when the method writes none."""
        return getattr(answer, "network", None)

    def admissible(self, problem: Any, answer: Any) -> None:
        """Assert whatever rules the answer must keep, from the answer alone."""

    # What is asked of every method.

    def test_same_seed_same_answer(self) -> None:
        """Two runs with one seed give the same bytes."""
        # Ample time, so that a machine that is slow or still compiling does not cut one of them short.
        first, second = (told(self.solve(self.usual(), seed=7, time_s=AMPLE_S)) for _ in range(2))
        assert first == second

    def test_stops_when_asked(self) -> None:
        """A stop given in the middle ends the work: with Stopped, or with an answer that still keeps the rules."""
        asked = [0]

        def stop() -> bool:
            asked[0] += 1
            return True

        problem = self.usual()
        try:
            answer = self.solve(problem, stop=stop)
        except Stopped:
            answer = None
        assert 1 <= asked[0] < 100, "stop was never asked, or work went on long after it said yes"
        if answer is not None:
            self.admissible(problem, answer)

    def test_ends_at_its_time_limit_with_an_honest_answer(self) -> None:
        """Hardly any time at all: an answer that keeps the rules and whose bound holds, or a clear refusal."""
        problem = self.usual()
        try:
            answer = self.solve(problem, time_s=0.05)
        except Stopped:
            return  # never InfeasibleError: a lack of time is no proof that nothing is possible
        self.admissible(problem, answer)
        best = self.solve(problem)
        if answer.bound is not None:
            assert answer.bound <= best.objective + TOLERANCE * max(1.0, abs(best.objective))

    def test_states_a_bound_or_says_there_is_none(self) -> None:
        """The bound is None, or a number that is not above the objective."""
        answer = self.solve(self.usual())
        assert math.isfinite(answer.objective)
        if answer.bound is not None:
            assert answer.bound <= answer.objective + TOLERANCE * max(1.0, abs(answer.objective))

    def test_leaves_its_input_unchanged(self) -> None:
        """The fingerprint of the problem is the same before and after."""
        problem = self.usual()
        before = self.fingerprint(problem)
        self.solve(problem)
        assert self.fingerprint(problem) == before

    def test_explains_what_is_impossible(self) -> None:
        """InfeasibleError in both languages, with exit code 2, naming what stands in the way."""
        cases = list(self.impossible())
        assert cases
        for problem, words in cases:
            with pytest.raises(InfeasibleError) as raised:
                self.solve(problem)
            assert raised.value.exit_code == 2
            for language in ("zh", "en"):
                text = raised.value.say(language)
                missing = [word for word in words if word not in text]
                assert not missing, f"{missing} not in {text!r}"

    def test_its_result_passes_check(self) -> None:
        """The network that holds the answer has no fault, and the answer keeps its own rules."""
        problem = self.usual()
        answer = self.solve(problem)
        self.admissible(problem, answer)
        written = self.network(answer)
        if written is not None:
            assert written.check() == []

    def test_agrees_with_trying_everything_on_six_places(self) -> None:
        """Exact methods reach the least objective; methods without proof stay at or above it, their bound below."""
        cases = list(self.small())
        assert cases
        for problem in cases:
            best, answer = self.brute_force(problem), self.solve(problem)
            slack = TOLERANCE * max(1.0, abs(best))
            self.admissible(problem, answer)
            assert answer.objective >= best - slack
            if answer.bound is not None:
                assert answer.bound <= best + slack
                if answer.objective - answer.bound <= slack:
                    assert answer.objective == pytest.approx(best, rel=1e-6, abs=1e-6)


def told(answer: Any) -> str:
    """Return an answer's content as a digest, without the clock."""
    return digest(answer)


def digest(value: Any) -> str:
    """Return a SHA-256 over arrays, frames, networks, dataclasses and plain values."""
    return hashlib.sha256(json.dumps(_plain(value), sort_keys=True, default=str).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Network):
        return value.fingerprint
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    if isinstance(value, pl.DataFrame):
        return [value.columns, value.rows()]
    if isinstance(value, Result):
        return [_plain(dict(value.tables)), _plain(dict(value.facts)), value.run_id]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (f.name for f in dataclasses.fields(value))
        return {name: _plain(getattr(value, name)) for name in fields if name not in VOLATILE}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if key not in VOLATILE}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
