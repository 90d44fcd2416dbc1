"""EPCIS 2.0 queries as they are asked: the standard's filters, read from an address and confined to a role.

What is not understood is refused, as the standard asks; ``event_pages`` answers what was understood.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from postroad.face.web.refusal import Refused
from postroad.supervise.ledger import now
from postroad.supervise.ledger.epcis_names import code, kept_id, word
from postroad.supervise.ledger.judging import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.face.web.accounts import Person

MOST_PAGE = 1000
ACTIONS = ("ADD", "OBSERVE", "DELETE")


@dataclass(frozen=True)
class Filter:
    """How a filter of several values reads them, and the columns it asks: of records, and of links."""

    read: Callable[[str], str]
    records: str
    links: str


def _same(value: str) -> str:
    return value


WITHIN, OVERLAP = "list_contains({}, {})", "list_has_any({}, {})"
_EITHER = f"({OVERLAP.format('{0}', 'children')} OR {OVERLAP.format('{0}', 'parents')})"


def _in(column: str) -> str:
    return WITHIN.format("{0}", column)


LISTS = {
    "eventType": Filter(_same, _in("type"), _in("type")),
    "EQ_action": Filter(_same, _in("action"), _in("action")),
    "EQ_bizStep": Filter(word, _in("step"), _in("step")),
    "EQ_disposition": Filter(word, _in("disposition"), _in("disposition")),
    "EQ_readPoint": Filter(code, _in("place"), _in("place")),
    "EQ_bizLocation": Filter(code, _in("location"), _in("location")),
    "EQ_eventID": Filter(kept_id, _in("event_id"), _in("event_id")),
    "MATCH_epc": Filter(code, _in("waybill"), OVERLAP.format("{0}", "children")),
    "MATCH_parentID": Filter(_same, "false", OVERLAP.format("{0}", "parents")),
    "MATCH_anyEPC": Filter(_same, _in("waybill"), _EITHER),
    "EQ_postroad:operator_id": Filter(_same, _in("operator_id"), _in("operator_id")),
    "EQ_postroad:kind": Filter(_same, _in("kind"), _in("kind")),
}
"""Filters that take several values with commas between them."""
PAPERS = tuple(
    f"EQ_bizTransaction_{name}" for name in ("bol", "cert", "desadv", "inv", "pedigree", "po", "poc", "prodorder",
                                             "recadv", "rma", "testprd", "testres", "upevt")
)  # fmt: skip
TIMES = {"GE_eventTime": "happened >=", "LT_eventTime": "happened <",
         "GE_recordTime": "known_at >=", "LT_recordTime": "known_at <"}  # fmt: skip
ABSENT = ("MATCH_inputEPC", "MATCH_outputEPC")
"""Filters on events that make one thing of another, which no ledger of parcels holds: they match nothing."""
PAGING = ("perPage", "nextPageToken", "orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
KNOWN = (*LISTS, *TIMES, *PAPERS, *ABSENT, *PAGING)
ORDERS = {"eventTime": "happened", "recordTime": "known_at"}


@dataclass
class Query:
    """What was asked: conditions on records and on links with their values, the order, and the page."""

    records: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    order: str = "happened"
    descending: bool = True
    size: int = 30
    offset: int = 0
    as_of: dt.datetime = field(default_factory=now)
    most: int | None = None
    refuse_over: int | None = None

    def add(self, records: str, links: str, value: Any) -> None:
        """Add a condition; ``{0}`` stands for its value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        self.records.append(records.replace("{0}", f"${name}"))
        self.links.append(links.replace("{0}", f"${name}"))


def read(asked: list[tuple[str, str]]) -> Query:
    """Return the query of an address; whatever is not understood is refused, as the standard asks."""
    made = Query()
    for name, value in asked:
        if name not in KNOWN:
            raise Refused(422, "console.epcis_parameter", asked=name[:60], known=", ".join(KNOWN))
        if name in LISTS:
            told = LISTS[name]
            made.add(told.records, told.links, [told.read(one) for one in _listed(name, value)])
        elif name in TIMES:
            made.add(f"{TIMES[name]} {{0}}", f"{TIMES[name]} {{0}}", _moment(name, value))
        elif name in PAPERS:
            kind = name.removeprefix("EQ_bizTransaction_")
            some = f"len(list_filter(papers, lambda p: p.type = '{kind}' AND list_contains({{0}}, p.id))) > 0"
            made.add(some, some, _listed(name, value))
        elif name in ABSENT:
            made.records.append("false")
            made.links.append("false")
        else:
            _page(made, name, value)
    return made


def _listed(name: str, value: str) -> list[str]:
    """The values of a filter; of a piece asked for in any place, its bare code as well."""
    told = value.split(",")
    if name == "EQ_action" and (wrong := [one for one in told if one not in ACTIONS]):
        raise _bad(name, wrong[0], ", ".join(ACTIONS))
    return [*told, *(code(one) for one in told if "waybill" in one)] if name == "MATCH_anyEPC" else told


def _page(made: Query, name: str, value: str) -> None:
    if name == "orderBy":
        if value not in ORDERS:
            raise _bad(name, value, ", ".join(ORDERS))
        made.order = ORDERS[value]
    elif name == "orderDirection":
        if value not in ("ASC", "DESC"):
            raise _bad(name, value, "ASC, DESC")
        made.descending = value == "DESC"
    elif name == "perPage":
        made.size = min(MOST_PAGE, _count(name, value))
    elif name == "eventCountLimit":
        made.most = _count(name, value)
    elif name == "maxEventCount":
        made.refuse_over = _count(name, value)
    elif name == "nextPageToken":
        made.as_of, made.offset = place(name, value)


def place(name: str, value: str) -> tuple[dt.datetime, int]:
    """Return as of when, and after how many events, a page begins."""
    try:
        told = json.loads(base64.urlsafe_b64decode(value.encode() + b"=="))
        as_of, offset = dt.datetime.fromisoformat(told[0]), int(told[1])
    except (ValueError, TypeError, LookupError, binascii.Error):
        raise _bad(name, value, "nextPageToken") from None
    if not 0 <= offset < 1 << 62 or as_of.tzinfo:
        raise _bad(name, value, "nextPageToken")
    return as_of, offset


def token(as_of: dt.datetime, offset: int) -> str:
    """Return what leads to a page."""
    return base64.urlsafe_b64encode(json.dumps([as_of.isoformat(), offset]).encode()).decode().rstrip("=")


def _count(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value[:12]) <= 10_000_000:
        raise _bad(name, value, "1-10000000")
    return int(value)


def _moment(name: str, value: str) -> dt.datetime:
    try:
        told = dt.datetime.fromisoformat(value.replace(" ", "+"))  # a plus sign in an address may come as a blank
        return told.astimezone(ZoneInfo(LOCAL)).replace(tzinfo=None) if told.tzinfo else told
    except (ValueError, OverflowError):
        raise _bad(name, value, "2026-11-11T08:30:00+08:00") from None


def _bad(name: str, value: str, detail: str) -> Refused:
    return Refused(422, "console.bad_value", column=name, value=value[:80], detail=detail)


def confined(made: Query, who: Person) -> Query:
    """Return the query confined to what a person may see: an enterprise its records, a prefecture its outlets'."""
    if who.role in ("enterprise", "prefecture") and not who.scope:
        raise Refused(403, "console.no_scope", role=who.role)
    if who.role == "enterprise":
        made.add("operator_id = {0}", "operator_id = {0}", who.scope)
    elif who.role == "prefecture":
        here = "place IN (SELECT outlet_id FROM outlets WHERE city_id = {0})"
        made.add(here, here, who.scope)
    return made
