"""Who may open a pseudonym, and how the link to its number is cut: both by two officers, both in the log first."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from postroad.errors import PostroadError, UsageError
from postroad.supervise.identity import KeyRing, Share, opening_key, unsealed

if TYPE_CHECKING:
    from postroad.supervise.ledger.store import Ledger

OPENING, FORGETTING = "opening", "forgetting"


def reidentify(
    ledger: Ledger, sender: str, shares: tuple[Share, Share], ring: KeyRing, reason: str, known_at: dt.datetime
) -> str:
    """Return the number behind a pseudonym, opened by two officers together; the log has the opening before it is done.

    An attempt with shares that do not fit, or on a month whose key is forgotten, is in the log too, as not granted.
    ``UsageError`` when the shares are not the right ones, no reason is given, nothing was sealed for the pseudonym, or
    its month is forgotten.
    """
    if not reason.strip():
        raise UsageError.of("ledger.reason_wanted")
    seq, row = _sealed_row(ledger, sender)
    private = None
    refused = _forgotten(ledger, ring, row["period"], seq)
    try:
        private = opening_key(shares, ring)
    except UsageError as wrong:
        refused = wrong
    _written(ledger, OPENING, shares, reason, known_at, sender=sender.lower(), granted=refused is None)
    if refused is not None or private is None:
        raise refused or RuntimeError("no key")
    return unsealed(private, ring.seal, ring.periods[row["period"]], row)


def forget(
    ledger: Ledger, period: str, shares: tuple[Share, Share], ring: KeyRing, reason: str, known_at: dt.datetime
) -> None:
    """Drop a month's key, by two officers together: no pseudonym of that month can be linked or opened again.

    The log has it before it is done, refused attempts too. Records, counts and proofs stay as they are.
    ``UsageError`` when the shares are not the right ones, no reason is given, or there is no key of that month.
    """
    if not reason.strip():
        raise UsageError.of("ledger.reason_wanted")
    if period not in ring.periods:
        raise UsageError.of("ledger.no_such_period", value=period, known=", ".join(sorted(ring.periods)))
    if not ring.seal:
        raise UsageError.of("ledger.seal_wanted", path=str(ring.path))
    refused: UsageError | None = None
    try:
        opening_key(shares, ring)
    except UsageError as wrong:
        refused = wrong
    _written(ledger, FORGETTING, shares, reason, known_at, period=period, granted=refused is None)
    if refused is not None:
        raise refused
    ring.forget(period)


def openings(ledger: Ledger) -> list[dict[str, Any]]:
    """Return every opening of a pseudonym: when, by whom, why, and whether it was granted."""
    return [json.loads(json.dumps(entry)) for entry in ledger.entries(OPENING)]


def forgettings(ledger: Ledger) -> list[dict[str, Any]]:
    """Return every month whose key was dropped, or was to be: when, by whom, why, and whether it was granted."""
    return [json.loads(json.dumps(entry)) for entry in ledger.entries(FORGETTING)]


def _written(
    ledger: Ledger, what: str, shares: tuple[Share, Share], reason: str, known_at: dt.datetime, **facts: Any
) -> None:
    with ledger.writing() as writer:
        officers = sorted(share.officer for share in shares)
        writer.commit(
            {"what": what, "known_at": known_at.isoformat(), "reason": reason, "officers": officers, **facts}
        )  # fmt: skip


def _forgotten(ledger: Ledger, ring: KeyRing, period: str, seq: int) -> PostroadError | None:
    """Why a row sealed in a commit cannot be opened: its month's key was dropped after it, or is not on this ring."""
    for entry in ledger.entries(FORGETTING):
        if entry["granted"] and entry["period"] == period and entry["seq"] > seq:
            facts = {"officers": ", ".join(entry["officers"]), "day": entry["known_at"][:10], "reason": entry["reason"]}
            return UsageError.of("ledger.period_forgotten", value=period, **facts)
    if period not in ring.periods:
        return UsageError.of("ledger.no_such_period", value=period, known=", ".join(sorted(ring.periods)))
    return None


def _sealed_row(ledger: Ledger, sender: str) -> tuple[int, dict[str, Any]]:
    """The sealed number of a pseudonym, and the commit it came with."""
    try:
        wanted = bytes.fromhex(sender)
    except ValueError:
        raise UsageError.of("ledger.no_such_sender", value=sender) from None
    for entry in ledger.entries("file"):
        if entry["sealed"]:
            found = pl.scan_parquet(ledger.root / entry["sealed"]).filter(pl.col("sender") == wanted).collect()
            if found.height:
                return int(entry["seq"]), dict(found.row(0, named=True))
    raise UsageError.of("ledger.no_such_sender", value=sender)
