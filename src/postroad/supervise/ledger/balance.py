"""Mass balance: what was accepted or came in against what was delivered, returned, sent out, on its way, or lost.

A piece is settled when it has an end, in hand while its last record is younger than the silent hours of the rules, and
unexplained after. Each unexplained piece is laid to the place or leg of its last record, and each place and leg is
tested against the usual loss.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from postroad.results import Result, Stamp
from postroad.shown import Shown
from postroad.supervise.ledger import rulebook
from postroad.supervise.ledger.asking import Asking, frame_of
from postroad.supervise.ledger.checks import listed
from postroad.supervise.ledger.intervals import interval
from postroad.supervise.ledger.leak import Usual, discoveries, usual
from postroad.supervise.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.parallel import Progress

ACCEPTED, ENTERED, DELIVERED, RETURNED, LEFT, ON_THE_WAY = 1, 2, 4, 8, 16, 32
BEGUN, ENDED = ACCEPTED | ENTERED, DELIVERED | RETURNED | LEFT
OUTSIDE_TWICE = DELIVERED | RETURNED
MISSING_TOLD = 1000


@dataclass(frozen=True)
class Balance(Shown):
    """``total``: pieces by what became of them; ``stages``: records by operator; ``legs``: pieces carried and missing.

    ``legs`` has a row for each leg (from a facility to another) and each place (``to_id`` empty), with an operator that
    works there, its unexplained pieces, the interval of their share, and whether it is flagged. Of the flagged
    at most ``false_discovery``, the rate of the rules, are false on average; ``size`` is the strictest level a single
    leg may have to pass, so ``power`` states the least chance that a leak is found. Legs and places have usual losses
    of their own.
    """

    total: dict[str, int]
    stages: pl.DataFrame
    legs: pl.DataFrame
    missing: pl.DataFrame
    usual: Usual
    usual_at_places: Usual
    false_discovery: float
    size: float
    until: dt.datetime | None
    origin: str

    def told(self) -> Result:
        """Return stages, legs and unexplained pieces as a result, with the pieces by what became of them."""
        tables = {"stages": self.stages, "legs": self.legs, "missing": self.missing}
        facts = {**self.total, "flagged": self.flagged.height, "origin": self.origin}
        return Result(Stamp.of_tables("balance", tables, {"until": str(self.until)}), tables, facts)

    @property
    def flagged(self) -> pl.DataFrame:
        """The legs and places that lose more than is usual."""
        return self.legs.filter("flagged")

    def power(self, pieces: int, leak: float = 0.01) -> float:
        """Return the least chance that a leak of this share on a leg with so many pieces is found."""
        return self.usual.power(pieces, leak, self.size)


def balance(
    ledger: Ledger,
    days: tuple[str, str] | None = None,
    as_of: dt.datetime | None = None,
    until: dt.datetime | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Balance:
    """Return the balance of the records of these days, as known at a time; ``until`` is when silence ends to count.

    Without ``until`` the last record of all is taken: pieces silent for longer than the rules allow are unexplained.
    """
    held = rulebook.rules()["balance"].values
    with ledger.query(days, as_of, progress, stop) as link:
        _events(link)
        if until is None:
            until = frame_of(link, "SELECT max(happened_at) AS t FROM event")["t"][0]
        silent = until - dt.timedelta(hours=held["silent_h"]) if until else None
        link.run(
            "CREATE TEMP TABLE piece AS SELECT piece, bit_or(bit) AS bits, max(happened_at) AS last_at FROM event "
            "GROUP BY piece"
        )
        total = _total(link, silent)
        missing = _missing(link, silent)
        link.run("CREATE TEMP TABLE moved AS SELECT operator_id, facility_id, other_id, event, count(*) AS n "
                 "FROM scans GROUP BY ALL")  # fmt: skip
        stages = _stages(link)
        legs = _legs(link, missing)
    rate = held["false_discovery"]
    legs, on_legs, at_places = _tested(legs, rate)
    size = rate / max(1, legs.height)
    told = missing.head(MISSING_TOLD)
    return Balance(total, stages, legs, told, on_legs, at_places, rate, size, until, ledger.origin)


def _events(link: Asking) -> None:
    """Every record as an event: a 64-bit hash of its waybill, a bit for what it says of the piece, and when."""
    leaving, entering = (listed(rulebook.value("events", name)) for name in ("leaving", "entering"))
    link.run(
        f"CREATE TEMP VIEW event AS SELECT hash(waybill) AS piece, {ACCEPTED} AS bit, accepted_at AS happened_at "  # noqa: S608
        "FROM acceptances UNION ALL "
        f"SELECT hash(waybill), CASE WHEN event IN ({entering}) THEN {ENTERED} WHEN event IN ({leaving}) THEN {LEFT} "
        f"ELSE {ON_THE_WAY} END, event_at FROM scans UNION ALL "
        f"SELECT hash(waybill), CASE WHEN manner = 'returned' THEN {RETURNED} ELSE {DELIVERED} END, delivered_at "
        "FROM deliveries"
    )


def _total(link: Asking, silent: dt.datetime | None) -> dict[str, int]:
    """How many pieces there are and what became of each: the first five sorts after ``pieces`` add up to it."""
    ended = f"bits & {ENDED} = 0"
    rows = frame_of(
        link,
        f"SELECT count(*) AS pieces, count(*) FILTER (bits & {DELIVERED} > 0) AS delivered, "  # noqa: S608 - ours
        f"count(*) FILTER (bits & {OUTSIDE_TWICE} = {RETURNED}) AS returned, "
        f"count(*) FILTER (bits & {ENDED} = {LEFT}) AS sent_out, "
        f"count(*) FILTER ({ended} AND last_at >= $silent) AS in_hand, "
        f"count(*) FILTER ({ended} AND last_at < $silent) AS unexplained, "
        f"count(*) FILTER (bits & {BEGUN} = 0) AS without_beginning, "
        f"count(*) FILTER (bits & {OUTSIDE_TWICE} = {OUTSIDE_TWICE}) AS delivered_and_returned FROM piece",
        silent=silent,
    )
    return {name: int(value) for name, value in rows.row(0, named=True).items()}


def _missing(link: Asking, silent: dt.datetime | None) -> pl.DataFrame:
    """The unexplained pieces with their last record: where it was made, and where the piece was then bound."""
    departing = listed(rulebook.value("events", "departing"))
    link.run(
        f"CREATE TEMP TABLE lost AS SELECT piece, last_at FROM piece WHERE bits & {ENDED} = 0 AND last_at < $silent",  # noqa: S608
        silent=silent,
    )
    return frame_of(
        link,
        "WITH last AS (SELECT s.waybill, s.operator_id, s.facility_id AS from_id, "  # noqa: S608 - ours
        f"CASE WHEN s.event IN ({departing}) THEN s.other_id END AS to_id, s.event_at AS last_at, l.piece "
        "FROM scans s JOIN lost l ON hash(s.waybill) = l.piece AND s.event_at = l.last_at UNION ALL "
        "SELECT a.waybill, a.operator_id, a.outlet_id, NULL, a.accepted_at, l.piece FROM acceptances a "
        "JOIN lost l ON hash(a.waybill) = l.piece AND a.accepted_at = l.last_at) "
        "SELECT waybill, min(operator_id) AS operator_id, min(from_id) AS from_id, max(to_id) AS to_id, "
        "min(last_at) AS last_at FROM last GROUP BY waybill ORDER BY last_at, waybill",
    )


def _stages(link: Asking) -> pl.DataFrame:
    """Pieces by operator at each stage: accepted, X-rayed, loaded, arrived, delivered, returned, in and out."""
    return frame_of(
        link,
        "WITH a AS (SELECT operator_id, count(*) AS accepted, count(xray_at) AS xrayed FROM acceptances GROUP BY 1), "  # noqa: S608
        f"s AS (SELECT operator_id, {_times('departing')} AS loaded, {_times('arriving')} AS arrived, "
        f"{_times('entering')} AS entered, {_times('leaving')} AS sent_out FROM moved GROUP BY 1), "
        "d AS (SELECT operator_id, count(*) FILTER (manner <> 'returned') AS delivered, "
        "count(*) FILTER (manner = 'returned') AS returned FROM deliveries GROUP BY 1) "
        "SELECT operator_id, coalesce(accepted, 0) AS accepted, coalesce(xrayed, 0) AS xrayed, "
        "coalesce(entered, 0) AS entered, coalesce(loaded, 0) AS loaded, coalesce(arrived, 0) AS arrived, "
        "coalesce(sent_out, 0) AS sent_out, coalesce(delivered, 0) AS delivered, coalesce(returned, 0) AS returned "
        "FROM a FULL JOIN s USING (operator_id) FULL JOIN d USING (operator_id) ORDER BY operator_id",
    )


def _times(events: str) -> str:
    """How many scans there are of the events that the rules list under a name."""
    return f"coalesce(sum(n) FILTER (event IN ({listed(rulebook.value('events', events))})), 0)::BIGINT"


def _legs(link: Asking, missing: pl.DataFrame) -> pl.DataFrame:
    """Pieces carried on each leg and handled at each place, beside those that were seen there last."""
    held = {name: listed(rulebook.value("events", name)) for name in ("departing", "arriving", "leaving", "entering")}
    moved = frame_of(
        link,
        "WITH out AS (SELECT facility_id AS from_id, other_id AS to_id, min(operator_id) AS operator_id, "  # noqa: S608
        f"sum(n)::BIGINT AS loaded FROM moved WHERE event IN ({held['departing']}) "
        f"AND event NOT IN ({held['leaving']}) AND other_id IS NOT NULL GROUP BY 1, 2), "
        "come AS (SELECT other_id AS from_id, facility_id AS to_id, sum(n)::BIGINT AS arrived FROM moved "
        f"WHERE event IN ({held['arriving']}) AND event NOT IN ({held['entering']}) AND other_id IS NOT NULL "
        "GROUP BY 1, 2) "
        "SELECT from_id, to_id, operator_id, coalesce(loaded, 0) AS loaded, coalesce(arrived, 0) AS arrived "
        "FROM out FULL JOIN come USING (from_id, to_id)",
    )
    places = frame_of(
        link,
        "SELECT from_id, NULL::VARCHAR AS to_id, min(operator_id) AS operator_id, sum(n)::BIGINT AS loaded, "  # noqa: S608
        "sum(n)::BIGINT AS arrived FROM (SELECT facility_id AS from_id, operator_id, n FROM moved "
        f"WHERE event IN ({held['arriving']}) UNION ALL "
        "SELECT outlet_id, operator_id, count(*) FROM acceptances GROUP BY 1, 2) GROUP BY 1",
    )
    lost = missing.group_by("from_id", "to_id").agg(pl.len().cast(pl.Int64).alias("unexplained"))
    joined = pl.concat([moved, places]).join(lost, on=["from_id", "to_id"], how="left", nulls_equal=True)
    pieces = pl.max_horizontal("loaded", "arrived", pl.col("unexplained").fill_null(0))
    return joined.with_columns(pl.col("unexplained").fill_null(0), pieces.alias("pieces")).sort("from_id", "to_id")


def _tested(legs: pl.DataFrame, false_discovery: float) -> tuple[pl.DataFrame, Usual, Usual]:
    """The legs with their chances and flags, and the usual losses of legs and of places.

    The two have usual losses of their own: at a place the last record of every piece may be missing, on a leg few are.
    """
    k, n = legs["unexplained"].to_numpy(), legs["pieces"].to_numpy()
    on_leg = legs["to_id"].is_not_null().to_numpy()
    expected, chance = np.zeros(len(k)), np.ones(len(k))
    of = []
    for here in (on_leg, ~on_leg):
        found = usual(k[here], n[here], false_discovery)
        expected[here], chance[here] = n[here] * found.share, found.tail(k[here], n[here])
        of.append(found)
    low, high = interval(k, n, "exact") if len(k) else (np.zeros(0), np.zeros(0))
    told: dict[str, Any] = {
        "expected": expected, "low_percent": 100 * low, "high_percent": 100 * high,
        "chance": chance, "flagged": discoveries(chance, false_discovery) & (k > 0),
    }  # fmt: skip
    rate = (100.0 * pl.col("unexplained") / pl.col("pieces")).alias("unexplained_percent")
    made = legs.with_columns(rate, *(pl.Series(name, values) for name, values in told.items()))
    return made.sort("chance", "from_id", "to_id"), of[0], of[1]
