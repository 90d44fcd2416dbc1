"""A drill script: what starts it, what breaks, what may be done by whom at what cost, and the relief to send."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, Fault, UsageError
from postroad.plan.plan import Named
from postroad.simulate.day.disruption import WHATS, Disruption

if TYPE_CHECKING:
    from postroad.network import Network


@dataclass(frozen=True)
class Trip:
    """An extra run on a line that the timetable has: between its ends, at another minute, so many times as large."""

    from_place_id: str
    to_place_id: str
    depart_min: float
    times: float = 1.0


@dataclass(frozen=True)
class Action(Named):
    """A counter-action: diversions, extra trips, buses opened, plants and cut-offs changed; who does it, at what cost.

    ``plants`` multiplies sorting rates by place; ``cutoffs`` moves the cut-offs of a place by minutes; ``waves`` adds a
    sort wave to a place: its cut-off and its release; ``buses`` opens buses that carry parcels from a county to its
    townships, at these minutes, each with ``bus_pieces`` of room.
    """

    id: str
    who: str
    cost_yuan: float
    diversions: tuple[Disruption, ...] = ()
    trips: tuple[Trip, ...] = ()
    plants: Mapping[str, float] = dataclasses.field(default_factory=dict)
    cutoffs: Mapping[str, float] = dataclasses.field(default_factory=dict)
    waves: Mapping[str, list[float]] = dataclasses.field(default_factory=dict)
    buses: Mapping[str, list[float]] = dataclasses.field(default_factory=dict)
    bus_pieces: float = 80.0


@dataclass(frozen=True)
class Relief:
    """Relief goods: from where to where, how many pieces, handed in over these minutes; they board first."""

    from_place_id: str
    to_place_id: str
    pieces: int
    from_min: float
    until_min: float
    product_id: str = "MEDICAL"


@dataclass(frozen=True)
class Script(Named):
    """A whole drill. ``day`` is ``peak`` or month and day; ``days`` are measured; ``weather`` ordinary or snow."""

    id: str
    rows: tuple[str, ...]
    day: str
    days: int
    weather: str
    trigger_zh: str
    trigger_en: str
    events: tuple[Disruption, ...] = ()
    actions: tuple[Action, ...] = ()
    relief: tuple[Relief, ...] = ()

    def date(self, year: int) -> str:
        """Return the day as a run takes it."""
        return self.day if self.day == "peak" else f"{year}-{self.day}"

    @property
    def begins_min(self) -> float:
        """When the first event begins; 0 without one."""
        return min((event.from_min for event in self.events), default=0.0)

    @property
    def ends_min(self) -> float:
        """When the last event ends; 0 without one."""
        return max((event.until_min for event in self.events), default=0.0)


def names(network: Network) -> tuple[str, ...]:
    """Return the drills that lie beside a province's tables."""
    folder = network.beside("drills")
    return tuple(sorted(path.stem for path in folder.glob("*.toml"))) if folder else ()


def script(name: str | Path, network: Network) -> Script:
    """Return a drill by its name in the province's pack or the path of a TOML file, checked against the network.

    ``UsageError`` when there is neither; ``DataError`` lists every fault at once.
    """
    own = names(network)
    path = (network.beside("drills") or Path()) / f"{name}.toml" if str(name) in own else Path(name)
    if not path.is_file():
        raise UsageError.of("drill.none_there", asked=str(name), known=", ".join(own) or "-")
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise DataError.of("drill.unreadable", path=str(path), detail=str(broken)) from broken
    return read({"id": path.stem, **content}, network)


def read(content: Mapping[str, Any], network: Network) -> Script:
    """Return the script of a parsed file; ``DataError`` lists every fault at once."""
    faults: list[Fault] = []
    plain = {k: v for k, v in content.items() if k not in ("events", "actions", "relief", "rows")}
    events = _many(Disruption, content.get("events", []), "events", faults)
    relief = _many(Relief, content.get("relief", []), "relief", faults)
    actions = [_action(entry, n, faults) for n, entry in enumerate(content.get("actions", []), 1)]
    head = _one(Script, {**plain, "rows": tuple(content.get("rows", ()))}, "script", 1, faults)
    if faults:
        raise DataError(faults)
    kept = tuple(action for action in actions if action)
    made: Script = dataclasses.replace(head, events=events, relief=relief, actions=kept)
    if faults := _against(made, network):
        raise DataError(faults)
    return made


def _action(entry: Any, number: int, faults: list[Fault]) -> Action | None:
    if not isinstance(entry, dict):
        faults.append(Fault.of("drill.not_a_table", table="actions", row=number))
        return None
    diversions = _many(
        Disruption, [{"what": "divert", **one} for one in entry.get("diversions", [])], "diversions", faults
    )
    trips = _many(Trip, entry.get("trips", []), "trips", faults)
    plain = {k: v for k, v in entry.items() if k not in ("diversions", "trips")}
    made = _one(Action, plain, "actions", number, faults)
    return dataclasses.replace(made, diversions=diversions, trips=trips) if made else None


def _many(kind: type[Any], entries: Any, table: str, faults: list[Fault]) -> tuple[Any, ...]:
    made = [_one(kind, entry, table, number, faults) for number, entry in enumerate(entries, 1)]
    return tuple(one for one in made if one)


def _one(kind: type[Any], entry: Any, table: str, number: int, faults: list[Fault]) -> Any:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    needed = {name for name, field in fields.items() if field.default is field.default_factory is dataclasses.MISSING}
    place = {"table": table, "row": number}
    strange, missing = sorted(set(entry) - set(fields)), sorted(needed - set(entry))
    faults += [Fault.of("drill.stranger", **place, column=name) for name in strange]
    faults += [Fault.of("drill.missing", **place, column=name) for name in missing]
    return None if strange or missing else kind(**entry)


def _against(made: Script, network: Network) -> list[Fault]:
    """Places, lines and products exist, times run forward, amounts can be."""
    places = set(network["places"]["place_id"])
    faults: list[Fault] = []

    def known(table: str, row: int, *ids: str | None) -> None:
        for place in ids:
            if place is not None and place not in places:
                faults.append(Fault.of("drill.no_such_place", table=table, row=row, value=place))

    diversions = [event for action in made.actions for event in action.diversions]
    for row, event in enumerate((*made.events, *diversions), 1):
        known("events", row, event.place_id, event.from_place_id, event.to_place_id, event.via_place_id)
        if event.what not in WHATS:
            faults.append(Fault.of("drill.bad_what", table="events", row=row, value=event.what, known=", ".join(WHATS)))
        if not 0 <= event.from_min < event.until_min or event.factor < 0:
            faults.append(Fault.of("drill.bad_time", table="events", row=row))
    for row, action in enumerate(made.actions, 1):
        known("actions", row, *action.plants, *action.cutoffs, *action.waves, *action.buses)
        for trip in action.trips:
            known("actions", row, trip.from_place_id, trip.to_place_id)
        waves = all(len(wave) == 2 and 0 <= wave[0] < wave[1] for wave in action.waves.values())
        if action.cost_yuan < 0 or not waves or any(factor <= 0 for factor in action.plants.values()):
            faults.append(Fault.of("drill.bad_action", table="actions", row=row, value=action.id))
    products = set(network["products"]["product_id"])
    for row, relief in enumerate(made.relief, 1):
        known("relief", row, relief.from_place_id, relief.to_place_id)
        if (
            relief.product_id not in products
            or relief.pieces < 1
            or not 0 <= relief.from_min < relief.until_min <= 1440
        ):
            faults.append(Fault.of("drill.bad_relief", table="relief", row=row))
    ids = [action.id for action in made.actions]
    faults += [
        Fault.of("drill.twice", table="actions", value=name) for name in sorted({n for n in ids if ids.count(n) > 1})
    ]
    return faults
