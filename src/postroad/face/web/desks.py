"""The desk of whoever asks: acts and views of the records by name, their arguments read from JSON."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import threading
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from postroad.face.web.refusal import Refused, misfit
from postroad.supervise.records import Actor, Desk, open_store
from postroad.supervise.records.acts import Act, load, rights
from postroad.supervise.records.schema import TABLES

if TYPE_CHECKING:
    from postroad.face.web.accounts import Person
    from postroad.face.web.settings import Settings
    from postroad.supervise.records import Store

ROLES = {"administrator": "province"}
"""The role at the records of those whose role there has another name."""
KINDS: dict[str, Any] = {
    "str": str, "int": int, "float": float, "bool": bool, "dt.date": dt.date, "dt.datetime": dt.datetime,
    "list[str]": list[str],
}  # fmt: skip


_opening = threading.Lock()


@functools.lru_cache(maxsize=4)
def _opened(address: str) -> Store:
    return open_store(address)


def store(address: str) -> Store:
    """Return the database of record at an address, opened once, however many ask for it at the same time."""
    with _opening:
        return _opened(address)


def desk(settings: Settings, who: Person) -> Desk:
    """Return the desk of a person; the public sits at one too and sees what is published."""
    return Desk(store(settings.records_address), actor_of(who))


def actor_of(who: Person) -> Actor:
    """Return whom a person is at the records, under the person's name; refused where a scope is wanting."""
    role = ROLES.get(who.role, who.role)
    code = who.name.translate(str.maketrans(";:%", "---"))
    scoped = role in ("prefecture", "enterprise", "inspector")
    if scoped and not who.scope:
        raise Refused(403, "console.no_scope", role=role)
    return Actor(role, who.scope if scoped else "", code)


def catalogue(who: Person) -> list[dict[str, Any]]:
    """Return every act and view with what it takes, and whether the person's role may use it."""
    role = ROLES.get(who.role, who.role)
    return [
        {
            "name": act.name, "kind": act.kind, "about": (inspect.getdoc(act.function) or "").splitlines()[0],
            "allowed": role in rights()["acts"].get(act.name, ()),
            "takes": [
                {"name": name, "type": _kind(one), "required": one.default is inspect.Parameter.empty}
                for name, one in act.parameters.items()
            ],
        }
        for act in load().values()
    ]  # fmt: skip


def _kind(one: inspect.Parameter) -> str:
    return str(one.annotation).replace(" | None", "")


def found(name: str, kind: str) -> Act:
    """Return an act or a view by name; refused when there is none."""
    held = load().get(name)
    if held is None or held.kind != kind:
        raise Refused(404, "console.no_act", asked=name[:80])
    return held


def serve(at: Desk, name: str, kind: str, given: dict[str, Any], asked: dict[str, Any] | None = None) -> Any:
    """Serve an act or a view with arguments given as JSON; all that cannot be used are named at once.

    ``asked`` is what goes with an act: ``request`` and ``at_row``.
    """
    act = found(name, kind)
    at.check_right(name)
    try:
        words = _body(act.name)(**given).model_dump(exclude_unset=True)
    except ValidationError as wrong:
        raise misfit(wrong) from None
    if kind == "view":
        shown = act.function(at, **words)
        at.note()
        return shown
    return at.perform(act, (), words | (asked or {}))


@functools.cache
def _body(name: str) -> type[BaseModel]:
    """Return the model of an act's arguments, made from its signature."""
    fields: dict[str, Any] = {}
    for parameter, one in load()[name].parameters.items():
        kind = KINDS[_kind(one)]
        optional = "None" in str(one.annotation)
        blank = ... if one.default is inspect.Parameter.empty else one.default
        fields[parameter] = (kind | None if optional else kind, blank)
    return create_model(name.replace(".", "_"), __config__=ConfigDict(extra="forbid"), **fields)


def table(name: str) -> str:
    """Return the name of a table of the records; refused when there is none."""
    if name not in TABLES:
        raise Refused(404, "console.no_table", asked=name)
    return name


def plain(value: Any) -> Any:
    """Return a value of the records as JSON values."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)
