"""What became of alerts, in the database of record: who settled which alert how, and how often the alarm was right.

Where an office has a database of record, it is the one place for outcomes. What a ledger's own log has from before is
brought over with the first outcome written here.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from postroad.supervise.alert import OUTCOMES, tallied
from postroad.supervise.records import Desk, act, view
from postroad.supervise.register import one_of

if TYPE_CHECKING:
    from postroad.supervise.ledger import Ledger

TABLE = "alert_outcomes"
DIRECTIONS = ("high", "low")
SOURCE = "ledger"
BIRTH_SIGNS = 16
FACTS = ("outlet_id", "operator_id", "day", "hour", "seen", "expected", "direction")


@act("alert.settle")
def settle(
    desk: Desk, id_: str, ledger: str, outlet_id: str, operator_id: str | None, prefecture_id: str | None,
    day: dt.date, hour: int, seen: int, expected: float, direction: str, outcome: str, note: str = "",
) -> str:  # fmt: skip
    """Write down what became of an alert, a hit or a false alarm; again to correct it."""
    one_of("direction", direction, DIRECTIONS)
    one_of("outcome", outcome, OUTCOMES)
    return desk.append(
        TABLE, id_, new=not desk.facts(TABLE, id=id_), ledger=ledger, outlet_id=outlet_id, operator_id=operator_id,
        prefecture_id=prefecture_id, day=day, hour=hour, seen=seen, expected=expected, direction=direction,
        outcome=outcome, note=note,
    )  # fmt: skip


@view("alert.record")
def record(desk: Desk, ledger: str = "") -> list[dict[str, Any]]:
    """Return how many alerts were settled and how many were hits, with the share's interval: in all and by kind."""
    rows = desk.rows(TABLE, ledger=ledger) if ledger else desk.rows(TABLE)
    told = tallied(rows)
    by_kind = told.pop("by_kind")
    return [{"kind": "all", **told}, *({"kind": kind, **share} for kind, share in by_kind.items())]


def name_of(ledger: Ledger) -> str:
    """Return what tells a ledger from every other: the beginning of its first commit's hash."""
    return str(ledger.commits[0]["log"]["leaf"][:BIRTH_SIGNS]) if ledger.commits else ""


def settled(desk: Desk, ledger: Ledger, alert: dict[str, Any], outcome: str, note: str) -> None:
    """Write down what became of an alert of a ledger; outcomes that its log has from before come first."""
    homes = _homes(ledger)
    at = Desk(desk.store, desk.actor, desk.clock, desk.rules, (ledger.origin, SOURCE))
    for entry in ledger.entries("outcome"):
        held = entry["alert"]
        told = {**held, "day": dt.date.fromisoformat(held["day"])}
        request = f"{name_of(ledger)}:{entry['seq']}"
        _enter(at, ledger, told, homes, entry["outcome"], entry["note"], request)
    _enter(at, ledger, alert, homes, outcome, note, None)
    desk.take_looks(at)


def told(desk: Desk, ledger: Ledger) -> dict[str, Any]:
    """Return the record of the alarm for a ledger, and the last word on each alert: outcome, note, and when."""
    rows = desk.rows(TABLE, ledger=name_of(ledger))
    cut = len(name_of(ledger)) + 1
    last = {
        row["id"][cut:]: {"outcome": row["outcome"], "note": row["note"], "known_at": row["recorded_at"].isoformat()}
        for row in rows
    }
    return {**tallied(rows), "outcomes": last}


def _enter(
    desk: Desk, ledger: Ledger, alert: dict[str, Any], homes: dict[str, str], outcome: str, note: str,
    request: str | None,
) -> None:  # fmt: skip
    name = name_of(ledger)
    facts = {column: alert[column] for column in FACTS}
    home = homes.get(str(alert["outlet_id"]))
    settle(
        desk, f"{name}-{alert['alert_id']}", name, prefecture_id=home, outcome=outcome, note=note,
        **({"request": request} if request else {}), **facts,
    )  # fmt: skip


def _homes(ledger: Ledger) -> dict[str, str]:
    """The prefecture of every outlet on the ledger's register."""
    with ledger.query() as link:
        found = link.frame("SELECT outlet_id, city_id FROM outlets")
    return dict(found.iter_rows())
