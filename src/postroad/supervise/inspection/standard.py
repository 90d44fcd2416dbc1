"""What the drawn visits say of all outlets: the share up to standard (P43), the share in breach of an item (P50)."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from postroad.supervise import draw
from postroad.supervise.inspection.catalogue import items
from postroad.supervise.records import view
from postroad.supervise.register import wrong_state
from postroad.supervise.survey import Seen, violation_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroad.supervise.records import Desk


@view("standard.rate")
def rate(desk: Desk, draw_id: str) -> dict[str, Any]:
    """Return the share of outlets that reach the standard's score, with its interval, for the whole list drawn from."""
    least = desk.rule("outlet_standard")["pass_score"]
    below = _estimate(desk, draw_id, lambda row, _failed: row["score"] < least, lambda _row: True)
    return {"pass_score": least, "rate": 1 - below["rate"], "low": 1 - below["high"], "high": 1 - below["low"],
            "visited": below["visited"], "listed": below["listed"]}  # fmt: skip


@view("standard.violations")
def violations(desk: Desk, draw_id: str, item: str) -> dict[str, Any]:
    """Return the share of outlets in breach of an item, with its interval, among those the item concerns."""
    items([item])
    found = _estimate(desk, draw_id, lambda _row, failed: item in failed, lambda row: item in row["items"])
    return {"item": item, **{_SAID.get(name, name): value for name, value in found.items()}}


_SAID = {"level": "confidence", "waiting": "not_visited"}
"""Names of the parts of an estimate where the plain word means something else in other lists."""


@view("standard.report")
def report(desk: Desk, draw_id: str) -> list[dict[str, Any]]:
    """Return the share of outlets with any breach found, with its interval: in all, by prefecture and by operator."""
    outlets = {row["id"]: row for row in desk.rows("outlets")}
    visits = _made(desk, draw_id)
    visited = [outlets[row["outlet_id"]] for row in visits if row["outlet_id"] in outlets]
    told = []
    for column in ("", "prefecture_id", "operator_id"):
        for name in sorted({str(row[column]) for row in visited}) if column else [""]:

            def belongs(visit: dict[str, Any], column: str = column, name: str = name) -> bool:
                return not column or str(outlets.get(visit["outlet_id"], {}).get(column)) == name

            found = _estimate(desk, draw_id, lambda _visit, failed: bool(failed), belongs)
            group = {"prefecture_id": "", "operator_id": ""} | ({column: name} if column else {})
            told.append({**group, **{part: found[part] for part in ("visited", "rate", "low", "high")}})
    return told


def _made(desk: Desk, draw_id: str) -> list[dict[str, Any]]:
    """Return the visits of a draw that were made and stand: one that was overturned says nothing of its outlet."""
    visits = desk.rows("inspections", draw_id=draw_id)
    return [row for row in visits if row["visited_on"] and row["state"] != "overturned"]


def _estimate(
    desk: Desk,
    draw_id: str,
    breach: Callable[[dict[str, Any], set[str]], bool],
    concerns: Callable[[dict[str, Any]], bool],
) -> dict[str, Any]:
    papers = desk.row("draw_papers", draw_id)
    if papers["receipt"] is None:
        raise wrong_state("draws", draw_id, "committed", "revealed")
    visits = {r["outlet_id"]: r for r in _made(desk, draw_id)}
    failed: dict[str, set[str]] = {}
    for row in desk.rows("findings", passed=False):
        failed.setdefault(row["inspection_id"], set()).add(row["item"])
    drawn = papers["receipt"]["drawn"]
    seen = []
    for row in drawn:
        visit = visits.get(row["unit"])
        if visit is not None:
            wrong = failed.get(visit["id"], set())
            seen.append((row, breach(visit, wrong) and concerns(visit), concerns(visit)))
        elif row["struck"]:
            seen.append((row, False, False))
    # Drawn and not visited yet: the chances are thinned by the share visited, as if those were left out at random.
    thinned = Fraction(len(seen), len(drawn)) if seen else Fraction(1)
    rows = [Seen(row["unit"], Fraction(row["chance"]) * thinned, bad, belongs) for row, bad, belongs in seen]
    listed = len(draw.read_frozen(papers["frozen"])["units"])
    return {**asdict(violation_rate(rows, listed)), "listed": listed, "waiting": len(drawn) - len(seen)}
