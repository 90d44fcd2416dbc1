"""Every function of the regulator by its name: acts write, views read. Who may do which stands in ``rights.toml``."""

from __future__ import annotations

import functools
import inspect
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.supervise.records.desk import Desk

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Act:
    """One function of the regulator."""

    name: str
    kind: str
    function: Callable[..., Any]

    @property
    def gives_list(self) -> bool:
        """Whether it answers with the ids of several rows; every other act answers with the last one it wrote."""
        return str(self.function.__annotations__["return"]).startswith("list")

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """Its parameters without the desk."""
        return dict(list(inspect.signature(self.function).parameters.items())[1:])


ACTS: dict[str, Act] = {}
_WRAPPED: dict[str, Callable[..., Any]] = {}
MODULES = ("register", "inspection.planning", "inspection.drawing", "inspection.visiting", "inspection.standard",
           "inspection.remote", "hazard", "complaint", "credit", "custody", "centre", "emergency", "relief", "service",
           "exemption", "premises", "alarm")  # fmt: skip


def load() -> Mapping[str, Act]:
    """Return every act and view, with the modules that define them imported."""
    import importlib

    for name in MODULES:
        importlib.import_module(f"postroad.supervise.{name}")
    return ACTS


def _enter(name: str, kind: str, function: Callable[..., Any]) -> Act:
    if name in ACTS:
        raise ValueError(f"two functions are called {name}")
    ACTS[name] = Act(name, kind, function)
    return ACTS[name]


def act(name: str) -> Callable[[Callable[Concatenate[Desk, P], R]], Callable[..., R]]:
    """Make a function an act: rights checked, one transaction, one entry in the audit log.

    Called with ``request`` (any text the caller will not use again) it is served once, however often it is sent; with
    ``at_version`` it is refused when the row has another version than the caller saw.
    """

    def wrap(function: Callable[Concatenate[Desk, P], R]) -> Callable[..., R]:
        entered = _enter(name, "act", function)

        @functools.wraps(function)
        def call(desk: Desk, *args: Any, **words: Any) -> R:
            return desk.perform(entered, args, words)  # type: ignore[no-any-return]

        _WRAPPED[name] = call
        return call

    return wrap


def view(name: str) -> Callable[[Callable[Concatenate[Desk, P], R]], Callable[..., R]]:
    """Make a function a view: rights checked; what it reads is confined to the actor's own rows."""

    def wrap(function: Callable[Concatenate[Desk, P], R]) -> Callable[..., R]:
        _enter(name, "view", function)

        @functools.wraps(function)
        def call(desk: Desk, *args: Any, **words: Any) -> R:
            desk.check_right(name)
            return function(desk, *args, **words)

        _WRAPPED[name] = call
        return call

    return wrap


def wrapped(name: str) -> Callable[..., Any]:
    """Return an act or view as it is called with a desk: checked."""
    return _WRAPPED[name]


@cache
def rights() -> Mapping[str, Any]:
    """Return who may do and read what: ``acts`` by name, ``tables`` by name."""
    return tomllib.loads(files("postroad.supervise.records").joinpath("rights.toml").read_text("utf-8"))
