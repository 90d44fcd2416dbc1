"""Subscriptions to named queries: whoever asked is sent what is new, by a schedule or as soon as it is captured.

Each remembers the last commit of the ledger it has sent, and moves on only when the other side has taken everything up
to a later one: events arrive at least once, and an event's id tells when one comes again.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, and_, delete, func, insert, select, update

from postroad.errors import PostroadError
from postroad.face.web import callback, event_pages, events, ledgers, queries
from postroad.face.web.accounts import MAY, Person
from postroad.face.web.database import accounts, now
from postroad.face.web.database import subscriptions as table
from postroad.face.web.refusal import Refused
from postroad.face.web.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from postroad.face.web.settings import Settings
    from postroad.face.web.subscription_models import SubscriptionAsked

ACTIVE, FAILING, ENDED = "active", "failing", "ended"
STREAM_S = 60.0
"""A stream is looked at this often even when no capture told of anything: records may come by the command line."""
LEASE_S = 120.0
FIRST_WAIT_S, LONGEST_WAIT_S = 10.0, 3600.0
PAGE = 1000
MOST_EACH = 50


def ask(settings: Settings, engine: Engine, who: Person, query: str, asked: SubscriptionAsked) -> dict[str, Any]:
    """Keep a subscription of somebody to a query, and return its row."""
    held = queries.find(engine, query)
    events.confined(events.read(queries.pairs(held["query"])), who)
    callback.checked(asked.dest, settings.callbacks)
    due = asked.schedule.after(now()) if asked.schedule else now() + timedelta(seconds=STREAM_S)
    if due is None:
        raise Refused(422, "console.schedule_never")
    if len(listed(engine, query, who.name)) >= MOST_EACH:
        raise Refused(409, "console.too_many_subscriptions", most=MOST_EACH)
    row = {
        "subscription_id": secrets.token_hex(8), "query": query, "owner": who.name, "role": who.role,
        "scope": who.scope, "ledger": asked.ledger, "dest": asked.dest, "token": asked.signatureToken,
        "schedule": asked.schedule.model_dump() if asked.schedule else None, "empty": int(asked.reportIfEmpty),
        "after_seq": 0 if asked.everything else _last(settings, asked.ledger), "next_at": due, "state": ACTIVE,
        "failures": 0, "sent": 0, "made_at": now(),
    }  # fmt: skip
    with engine.begin() as base:
        base.execute(insert(table).values(row))
    return find(engine, str(row["subscription_id"]))


def _last(settings: Settings, ledger: str) -> int:
    """The number of the last commit of a ledger; none yet where there is no ledger."""
    if not ledgers.folder(settings.home, ledger).is_dir():
        return 0
    return max((entry["seq"] for entry in ledgers.opened(settings.home, ledger).entries("file")), default=0)


def listed(engine: Engine, query: str, owner: str | None = None) -> list[dict[str, Any]]:
    """Return the subscriptions to a query, of one owner where given."""
    told = select(table).where(table.c.query == query).order_by(table.c.made_at, table.c.subscription_id)
    if owner is not None:
        told = told.where(table.c.owner == owner)
    with engine.connect() as base:
        return [dict(row) for row in base.execute(told).mappings()]


def find(engine: Engine, subscription: str) -> dict[str, Any]:
    """Return a subscription; refused when there is none."""
    with engine.connect() as base:
        row = base.execute(select(table).where(table.c.subscription_id == subscription)).mappings().first()
    if row is None:
        raise Refused(404, "console.no_subscription", asked=subscription)
    return dict(row)


def drop(engine: Engine, subscription: str) -> None:
    """End a subscription."""
    with engine.begin() as base:
        base.execute(delete(table).where(table.c.subscription_id == subscription))


def wake(engine: Engine, ledger: str) -> None:
    """Have the streams on a ledger looked at now, because something was captured; failing ones keep their wait."""
    streams = and_(table.c.ledger == ledger, table.c.schedule.is_(None), table.c.state == ACTIVE)
    with engine.begin() as base:
        base.execute(update(table).where(streams).values(next_at=now()))


def claim(engine: Engine) -> dict[str, Any] | None:
    """Take the subscription that has been due for longest, for a while; of several servers one gets it."""
    due = and_(table.c.next_at <= now(), table.c.state != ENDED)
    with engine.connect() as base:
        row = base.execute(select(table).where(due).order_by(table.c.next_at).limit(1)).mappings().first()
    if row is None:
        return None
    mine = and_(table.c.subscription_id == row["subscription_id"], table.c.next_at == row["next_at"])
    with engine.begin() as base:
        done = base.execute(update(table).where(mine).values(next_at=now() + timedelta(seconds=LEASE_S)))
    return dict(row) if done.rowcount else None


def _person(engine: Engine, row: dict[str, Any]) -> Person | None:
    """Whose rights count now: those of the account today; of a sign-in from elsewhere those it came with."""
    with engine.connect() as base:
        told = select(accounts).where(func.lower(accounts.c.name) == row["owner"].lower())
        held = base.execute(told).mappings().first()
    if held is None:
        return Person(row["owner"], row["role"], row["scope"])
    if held["closed_at"] is not None or "events" not in MAY[held["role"]]:
        return None
    return Person(held["name"], held["role"], held["scope"])


def deliver(settings: Settings, engine: Engine, row: dict[str, Any]) -> None:
    """Send what is new to one subscription, and write down how that went and when to look again."""
    who = _person(engine, row)
    if who is None:
        _note(engine, row, state=ENDED, last_error="account")
        return
    try:
        sent, last = _send(settings, engine, row, who)
    except (OSError, Refused, PostroadError) as wrong:
        failures = row["failures"] + 1
        wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - 1, 20))
        told = wrong.faults[0].key if isinstance(wrong, Refused | PostroadError) else f"{type(wrong).__name__}: {wrong}"
        again = now() + timedelta(seconds=wait)
        _note(engine, row, state=FAILING, failures=failures, last_error=told[:300], next_at=again)
        return
    due = Schedule(**row["schedule"]).after(now()) if row["schedule"] else now() + timedelta(seconds=STREAM_S)
    state = {"state": ACTIVE, "next_at": due} if due else {"state": ENDED}
    _note(engine, row, **state, failures=0, last_error="", after_seq=last, sent=row["sent"] + sent)


def _note(engine: Engine, row: dict[str, Any], **columns: Any) -> None:
    with engine.begin() as base:
        mine = table.c.subscription_id == row["subscription_id"]
        base.execute(update(table).where(mine).values(last_at=now(), **columns))


class NotTakenError(ConnectionError):
    """The other side answered, but did not take what was sent."""


def _send(settings: Settings, engine: Engine, row: dict[str, Any], who: Person) -> tuple[int, int]:
    """Send the events of later commits page by page; return how many, and the last commit they came from."""
    last = _last(settings, row["ledger"])
    sent = 0
    token: str | None = None
    while last > row["after_seq"]:
        query = events.confined(events.read(queries.pairs(queries.find(engine, row["query"])["query"])), who)
        query.size, query.offset, query.most, query.order, query.descending = PAGE, 0, None, "known_at", False
        if token:
            query.as_of, query.offset = events.place("nextPageToken", token)
        for bound, value in (("commit_seq > {0}", row["after_seq"]), ("commit_seq <= {0}", last)):
            query.add(bound, bound, value)
        found, token = event_pages.ask(ledgers.opened(settings.home, row["ledger"]), query)
        if found:
            _post(settings, row, found)
            sent += len(found)
        if token is None:
            break
    if not sent and row["empty"]:
        _post(settings, row, [])
    return sent, last


def _post(settings: Settings, row: dict[str, Any], found: list[dict[str, Any]]) -> None:
    told = event_pages.answer(found, row["query"], row["subscription_id"])
    status = callback.post(row["dest"], told, row["token"], settings.callbacks)
    if not 200 <= status < 300:
        raise NotTakenError(f"HTTP {status}")


def look(settings: Settings, engine: Engine, stop: Callable[[], bool] | None = None) -> int:
    """Serve every subscription that is due, and return how many were."""
    served = 0
    while not (stop and stop()):
        row = claim(engine)
        if row is None:
            break
        deliver(settings, engine, row)
        served += 1
    return served


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a subscription as the interface shows it: without the token."""
    due: datetime | None = None if row["state"] == ENDED else row["next_at"]
    return {
        "subscriptionID": row["subscription_id"], "queryName": row["query"], "owner": row["owner"], "dest": row["dest"],
        "ledger": row["ledger"], "schedule": row["schedule"], "stream": row["schedule"] is None,
        "reportIfEmpty": bool(row["empty"]), "signed": bool(row["token"]), "createdAt": row["made_at"],
        "lastExecutedAt": row["last_at"], "nextAt": due, "state": row["state"], "failures": row["failures"],
        "lastError": row["last_error"] or "", "sent": row["sent"],
    }  # fmt: skip
