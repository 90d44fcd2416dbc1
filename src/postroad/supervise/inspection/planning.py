"""The plan of visits and what it asks of the inspectors: hours needed, hours there, what has to be dropped (P36)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.inspection.catalogue import checklist
from postroad.supervise.records import act, view
from postroad.supervise.register import of_time

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


@act("planning.set")
def plan(
    desk: Desk,
    period: str,
    prefecture_id: str,
    kind: str,
    theme: str,
    visits: int,
    priority: int,
    hours_each: float | None = None,
) -> str:
    """Enter how many sites of a kind are visited for a theme in a period (2025-11); priority 1 is dropped last.

    Without ``hours_each`` the hours come from the checklist: two inspectors, the way there, and each item.
    """
    asked = checklist(kind, (theme,))
    if not asked or visits < 0 or priority < 1:
        raise DataError.of("cases.bad_plan", value=f"{kind}/{theme}", visits=visits, priority=priority)
    if hours_each is None:
        rule = desk.rule("inspection_hours")
        hours_each = rule["head_h"] + 2 * (rule["travel_h"] + len(asked) * rule["item_h"])
    id_ = f"{of_time(period, 'month')}:{prefecture_id}:{kind}:{theme}"
    known = bool(desk.facts("plans", id=id_))
    told: dict[str, Any] = {"period": period, "kind": kind, "theme": theme, "visits": visits, "hours_each": hours_each}
    return desk.append(
        "plans", id_, new=not known, prefecture_id=prefecture_id, priority=priority, published_on=desk.today, **told
    )  # fmt: skip


@view("planning.capacity")
def capacity(desk: Desk, period: str) -> list[dict[str, Any]]:
    """Return, for each prefecture, hours needed and there, visits that can be made, and the visits dropped.

    Plans are kept in the order of their priority until the hours run out; what is left over is dropped by name.
    """
    of_time(period, "month")
    rows = [row for row in desk.rows("plans") if row["period"] == period]
    there: dict[str, float] = {}
    for person in desk.rows("inspectors", state="active"):
        if person["credential_until"].isoformat()[:7] >= period:
            place = person["prefecture_id"]
            there[place] = there.get(place, 0.0) + person["hours_a_month"]
    found = []
    for place in sorted({row["prefecture_id"] for row in rows}):
        wanted = sorted((r for r in rows if r["prefecture_id"] == place), key=lambda r: (r["priority"], r["id"]))
        left, made, dropped = there.get(place, 0.0), 0, []
        for row in wanted:
            can = min(row["visits"], int(left / row["hours_each"] + 1e-9)) if row["hours_each"] > 0 else row["visits"]
            left -= can * row["hours_each"]
            made += can
            if can < row["visits"]:
                short = {"kind": row["kind"], "theme": row["theme"], "visits": row["visits"] - can}
                dropped.append({**short, "hours": (row["visits"] - can) * row["hours_each"]})
        needed = sum(row["visits"] * row["hours_each"] for row in wanted)
        found.append({"prefecture_id": place, "hours_needed": needed, "hours_there": there.get(place, 0.0),
                      "visits_made": made, "dropped": dropped})  # fmt: skip
    return found
