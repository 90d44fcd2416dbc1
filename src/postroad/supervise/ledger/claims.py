"""Claims that cannot be true: found by holding records against each other and against the registers.

too_fast        an X-ray machine that passed more pieces in a window than it can
two_cities      one identity accepted in two places sooner than anyone could travel between them
after_departure a check stamped after the piece had left the place of the check
closed_outlet   an acceptance outside the outlet's days or hours, or at one nobody registered
unknown_machine a check by an X-ray machine that nobody registered
no_departure    a piece that came from a place where it was seen before, with no departure from there
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from postroad.supervise.ledger import rulebook
from postroad.supervise.ledger.asking import Asking, frame_of
from postroad.supervise.ledger.checks import listed
from postroad.supervise.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.parallel import Progress

EARTH_KM = 6371.0088
KINDS = ("too_fast", "two_cities", "after_departure", "closed_outlet", "unknown_machine", "no_departure")


@dataclass(frozen=True)
class Claims:
    """Each kind of impossible claim with its rows."""

    too_fast: pl.DataFrame
    two_cities: pl.DataFrame
    after_departure: pl.DataFrame
    closed_outlet: pl.DataFrame
    unknown_machine: pl.DataFrame
    no_departure: pl.DataFrame
    origin: str

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each."""
        return {name: getattr(self, name).height for name in KINDS}


def claims(
    ledger: Ledger,
    days: tuple[str, str] | None = None,
    as_of: dt.datetime | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Claims:
    """Return the impossible claims in the records of these days, as known at a time."""
    with ledger.query(days, as_of, progress, stop) as link:
        return Claims(
            _too_fast(link), _two_cities(link), _after_departure(link), _closed(link), _unknown_machine(link),
            _no_departure(link), ledger.origin,
        )  # fmt: skip


def _too_fast(link: Asking) -> pl.DataFrame:
    held = rulebook.rules()["machine_capacity"].values
    window = int(held["window_s"])
    return frame_of(
        link,
        "SELECT c.machine_id, m.operator_id, to_timestamp(c.slot * $window)::TIMESTAMP AS since, c.pieces, "
        "floor(coalesce(m.capacity_per_h, $most) * $window / 3600.0)::BIGINT AS most FROM ("
        "SELECT machine_id, epoch(xray_at)::BIGINT // $window AS slot, count(*) AS pieces "
        "FROM acceptances WHERE machine_id IS NOT NULL AND xray_at IS NOT NULL GROUP BY ALL) c "
        "LEFT JOIN machines m USING (machine_id) "
        "WHERE c.pieces > coalesce(m.capacity_per_h, $most) * $window / 3600.0 ORDER BY ALL",
        window=window, most=int(held["pieces_per_h"]),
    )  # fmt: skip


def _two_cities(link: Asking) -> pl.DataFrame:
    held = rulebook.rules()["one_person"].values
    return frame_of(
        link,
        # The pairs are few: a sender with pieces in one place only is left out before anything is sorted.
        "WITH sent AS (SELECT a.sender, a.waybill, a.accepted_at AS sent_at, o.city_id, o.lon, o.lat "  # noqa: S608
        "FROM acceptances a JOIN outlets o USING (outlet_id) "
        f"WHERE a.sender IS NOT NULL AND a.id_kind IN ({listed(held['kinds'])})), "
        "apart AS (SELECT sender FROM sent GROUP BY sender HAVING count(DISTINCT city_id) > 1), "
        "pairs AS (SELECT *, lag(waybill) OVER w AS before_waybill, lag(sent_at) OVER w AS before_at, "
        "lag(city_id) OVER w AS before_city, lag(lon) OVER w AS x, lag(lat) OVER w AS y FROM sent "
        "SEMI JOIN apart USING (sender) WINDOW w AS (PARTITION BY sender ORDER BY sent_at, waybill)), "
        "way AS (SELECT *, 2 * $radius * asin(sqrt(least(1, pow(sin(radians(lat - y) / 2), 2) + cos(radians(y)) "
        "* cos(radians(lat)) * pow(sin(radians(lon - x) / 2), 2)))) AS km, epoch(sent_at - before_at) / 3600 AS hours "
        "FROM pairs WHERE before_city IS NOT NULL AND before_city <> city_id) "
        "SELECT hex(sender) AS sender, before_waybill, before_city, before_at, waybill, city_id, sent_at, "
        "round(km, 1) AS km, round(hours * 60, 1) AS minutes FROM way WHERE km > $speed * hours "
        "ORDER BY sent_at, waybill",
        radius=EARTH_KM, speed=float(held["km_per_h"]),
    )  # fmt: skip


def _after_departure(link: Asking) -> pl.DataFrame:
    """A check counts as late against the departure from where it is claimed: the machine's place, or the outlet."""
    departing = listed(rulebook.value("events", "departing"))
    return frame_of(
        link,
        # A piece with no check after a departure, and a departure of another piece, go before any text is compared.
        "WITH claim AS (SELECT a.waybill, hash(a.waybill) AS piece, a.operator_id, m.facility_id AS rayed_in, "  # noqa: S608
        "a.xray_at, a.outlet_id, a.opened_at, greatest(a.xray_at, a.opened_at) AS last_at FROM acceptances a "
        "LEFT JOIN machines m USING (machine_id)), "
        "met AS (SELECT c.*, s.facility_id, s.event_at FROM scans s JOIN claim c ON hash(s.waybill) = c.piece "
        f"AND s.waybill = c.waybill AND c.last_at > s.event_at WHERE s.event IN ({departing}) "
        "AND ((s.facility_id = c.rayed_in AND c.xray_at > s.event_at) "
        "OR (s.facility_id = c.outlet_id AND c.opened_at > s.event_at))), "
        "late AS (SELECT waybill, operator_id, 'machine_check' AS check_made, facility_id, xray_at AS made_at, "
        "event_at FROM met WHERE facility_id = rayed_in AND xray_at > event_at UNION ALL "
        "SELECT waybill, operator_id, 'open_box', facility_id, opened_at, event_at "
        "FROM met WHERE facility_id = outlet_id AND opened_at > event_at) "
        "SELECT waybill, min(operator_id) AS operator_id, check_made, facility_id, made_at, "
        "max(event_at) AS departed_at FROM late GROUP BY waybill, check_made, facility_id, made_at ORDER BY ALL",
    )


def _closed(link: Asking) -> pl.DataFrame:
    minute = "hour(a.accepted_at) * 60 + minute(a.accepted_at)"
    return frame_of(
        link,
        "SELECT a.waybill, a.operator_id, a.outlet_id, a.accepted_at, "  # noqa: S608 - ours
        "CASE WHEN o.outlet_id IS NULL THEN 'unregistered' WHEN a.accepted_at::DATE < o.opened_on THEN 'not_yet_open' "
        "WHEN a.accepted_at::DATE >= o.closed_on THEN 'closed_down' ELSE 'out_of_hours' END AS why "
        "FROM acceptances a LEFT JOIN outlets o USING (outlet_id) WHERE o.outlet_id IS NULL "
        "OR a.accepted_at::DATE < o.opened_on OR a.accepted_at::DATE >= o.closed_on "
        f"OR {minute} < o.opens_min OR {minute} >= o.closes_min ORDER BY ALL",
    )


def _unknown_machine(link: Asking) -> pl.DataFrame:
    return frame_of(
        link,
        "SELECT waybill, operator_id, machine_id, xray_at FROM acceptances ANTI JOIN machines USING (machine_id) "
        "WHERE machine_id IS NOT NULL ORDER BY ALL",
    )


def _no_departure(link: Asking) -> pl.DataFrame:
    """Only a place with an earlier record of the piece counts: others do not report, or reported before these days.

    What enters from outside has its departure in somebody else's records.
    """
    departing, arriving, entering = (
        listed(rulebook.value("events", name)) for name in ("departing", "arriving", "entering")
    )
    return frame_of(
        link,
        # The few arrivals without a departure are found first, by numbers; earlier records are sought for them alone.
        "WITH came AS MATERIALIZED (SELECT waybill, operator_id, other_id, facility_id, event_at "  # noqa: S608 - ours
        "FROM (SELECT *, hash(waybill, other_id) AS way FROM scans WHERE other_id IS NOT NULL "
        f"AND event IN ({arriving}) AND event NOT IN ({entering})) ANTI JOIN "
        f"(SELECT hash(waybill, facility_id) AS way FROM scans WHERE event IN ({departing})) USING (way)), "
        "seen AS (SELECT waybill, facility_id, event_at AS seen_at FROM scans SEMI JOIN came USING (waybill) "
        "UNION ALL SELECT waybill, outlet_id, accepted_at FROM acceptances SEMI JOIN came USING (waybill)) "
        "SELECT c.waybill, c.operator_id, c.other_id AS from_id, c.facility_id AS to_id, "
        "max(s.seen_at) AS seen_at, c.event_at AS arrived_at FROM came c JOIN seen s ON s.waybill = c.waybill "
        "AND s.facility_id = c.other_id AND s.seen_at < c.event_at GROUP BY ALL ORDER BY ALL",
    )
