"""The public draw on the register: weights from the records, list frozen, seed revealed, papers published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, UsageError
from postroad.supervise import draw
from postroad.supervise.inspection.catalogue import checklist
from postroad.supervise.records import act, view
from postroad.supervise.records.desk import coded
from postroad.supervise.refusal import told
from postroad.supervise.register import in_state, wrong_state

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


@view("drawing.weights")
def weights(desk: Desk) -> list[dict[str, Any]]:
    """Return the risk weight of every open outlet with what it is made of: a whole number, at least 1."""
    rule = desk.rule("inspection_risk")
    hazards = Counter(r["outlet_id"] for r in desk.rows("hazards") if r["state"] != "closed")
    failed = Counter(r["outlet_id"] for r in desk.rows("findings", passed=False) if r["state"] != "overturned")
    failed.update(r["outlet_id"] for r in desk.rows("remote_checks", passed=False))
    complaints = Counter(r["outlet_id"] for r in desk.rows("complaints", valid=True) if r["outlet_id"])
    grades = _grades(desk)
    found = []
    for row in desk.rows("outlets", state="open"):
        parts = {
            "base": rule["base"],
            "hazards": rule["per_open_hazard"] * hazards[row["id"]],
            "failed": rule["per_failed_item"] * failed[row["id"]],
            "complaints": rule["per_valid_complaint"] * complaints[row["id"]],
            "grade": rule[f"grade_{grades.get(row['operator_id'], 'B')}"],
        }
        weight = max(1, min(rule["most"], sum(parts.values())))
        found.append({**row, "weight": weight, "parts": parts})
    return found


def _grades(desk: Desk) -> dict[str, str]:
    """Return the brands' grades of this year; a prefecture knows them from what is published of its own rows only."""
    from postroad.supervise.credit import brands

    if desk.actor.role != "province":
        return {}
    return {row["operator_id"]: row["grade"] for row in brands(desk, desk.today.year)}


@act("drawing.commit")
def commit(
    desk: Desk,
    id_: str,
    size: int,
    seed_source: str,
    seed_at: str,
    ceiling: int = 0,
    kinds: list[str] | None = None,
    reach_km: float = 1000.0,
    visits_each: int = 1000,
    recusals: list[str] | None = None,
    salt: str = "",
) -> str:
    """Freeze the open outlets with their weights and the inspectors, and publish the digest at once.

    ``recusals`` are ``inspector=outlet`` or ``inspector=operator``. The list itself stays closed until it is published;
    ``salt`` hides it behind its digest, and is drawn by lot here when empty. Two draws may not name the same seed:
    their tickets would go together.
    """
    with told():
        moment = draw.moment(seed_at)
    if any(r["seed_source"] == seed_source and r["seed_at"] == moment for r in desk.facts("draws")):
        raise UsageError.of("cases.seed_twice", value=seed_source)
    chosen = [row for row in weights(desk) if not kinds or row["kind"] in kinds]
    people = [r for r in desk.rows("inspectors", state="active") if r["credential_until"] >= desk.today]
    place = desk.actor.scope if desk.actor.role == "prefecture" else None
    apart = tuple(_couple(word) for word in recusals or [])
    _all_placed(chosen, people)
    frame = draw.Frame(
        id_, seed_source, seed_at, size, tuple(_unit(row) for row in chosen),
        tuple(_inspector(row, visits_each) for row in people), apart, tuple(_last_visits(desk)),
        round(1000 * reach_km), ceiling,
    )  # fmt: skip
    with told():
        made = draw.commit(frame, desk.now, salt)
    desk.append(
        "draws", id_, new=True, prefecture_id=place, digest=made.digest, seed_source=seed_source, seed_at=moment,
        size=size, ceiling=ceiling or size, state="committed", published_on=desk.today,
    )  # fmt: skip
    desk.append("draw_papers", id_, new=True, prefecture_id=place, frozen=made.text)
    return id_


@view("drawing.chances")
def chances(desk: Desk, draw_id: str) -> list[dict[str, Any]]:
    """Return what every outlet of a frozen list had as its chance of being drawn, known before the seed is."""
    text = desk.row("draw_papers", draw_id)["frozen"]
    return stated(text)


def stated(text: str) -> list[dict[str, Any]]:
    """Return the rows of a frozen list with their chances: outlet_id, operator_id, weight, chance, share."""
    with told():
        units, chance = draw.read_frozen(text)["units"], draw.chances(text)
    return [
        {"outlet_id": unit["id"], "operator_id": unit["operator"], "weight": unit["weight"],
         "chance": str(chance[unit["id"]]), "share": float(chance[unit["id"]])}
        for unit in units
    ]  # fmt: skip


def _all_placed(outlets: list[dict[str, Any]], people: list[dict[str, Any]]) -> None:
    """Refuse a list on which some have a place and others none: nobody could be sent from or to those."""
    rows = [*outlets, *people] if people else []
    without = [row["id"] for row in rows if row["lon"] is None or row["lat"] is None]
    if 0 < len(without) < len(rows):
        raise DataError.of("cases.no_place", count=len(without), first=", ".join(without[:5]))


def _couple(word: str) -> tuple[str, str]:
    inspector, _, other = word.partition("=")
    if not inspector or not other:
        raise UsageError.of("cases.bad_recusal", value=word)
    return inspector, other


def _unit(row: dict[str, Any]) -> draw.Unit:
    themes = {item.theme for item in checklist(row["kind"])}
    place = draw.plane(row["lon"], row["lat"]) if row["lon"] is not None and row["lat"] is not None else (0, 0)
    return draw.Unit(row["id"], row["weight"], row["operator_id"], *place, tuple(sorted(themes & {"safety", "fire"})))


def _inspector(row: dict[str, Any], most: int) -> draw.Inspector:
    place = draw.plane(row["lon"], row["lat"]) if row["lon"] is not None and row["lat"] is not None else (0, 0)
    return draw.Inspector(row["id"], *place, tuple(row["skills"].split(";")), most)


def _last_visits(desk: Desk) -> Iterator[tuple[str, str]]:
    latest: dict[str, dict[str, Any]] = {}
    for row in desk.rows("inspections"):
        if row["visited_on"] and row["visited_on"] >= latest.get(row["outlet_id"], row)["visited_on"]:
            latest[row["outlet_id"]] = row
    for outlet, row in sorted(latest.items()):
        yield from ((code, outlet) for code in coded(row["officers"]))


@act("drawing.reveal")
def reveal(desk: Desk, id_: str, seed: str, strike: list[str] | None = None, size: int | None = None) -> str:
    """Draw with the seed now public; again with a larger ``size`` to extend, never with another seed."""
    held, papers = desk.fact("draws", id_), desk.fact("draw_papers", id_)
    in_state("draws", held, "committed", "revealed")
    if held["seed"] not in (None, seed):
        raise UsageError.of("cases.other_seed", value=id_)
    if papers["published_on"] and size is not None and size > held["size"]:
        raise DataError.of("cases.draw_published", value=id_, day=papers["published_on"])
    before = papers["receipt"]["struck"] if papers["receipt"] else {}
    fresh = dict(_struck(word) for word in strike or [])
    if papers["published_on"] and not fresh.items() <= before.items():
        raise DataError.of("cases.papers_published", value=id_, day=papers["published_on"])
    made = [r["outlet_id"] for r in desk.facts("inspections", draw_id=id_) if r["visited_on"]]
    if late := sorted(set(fresh) & set(made)):
        raise DataError.of("cases.visited_already", value=", ".join(late), draw=id_)
    struck = before | fresh
    with told():
        # Units once drawn stay drawn: after an extension the size it had is the least.
        if size is not None and size < held["size"]:
            raise draw.DrawError("bad_extension", size=size, first=held["size"], ceiling=held["ceiling"])
        receipt = draw.reveal(papers["frozen"], seed, desk.now, struck, size or held["size"])
    desk.append("draws", id_, seed=seed, size=receipt["size"], state="revealed")
    desk.append("draw_papers", id_, receipt=receipt)
    return id_


def _struck(word: str) -> tuple[str, str]:
    unit, _, reason = word.partition("=")
    if not unit or not reason:
        raise UsageError.of("draw.bad_strike", value=word)
    return unit, reason


@act("drawing.publish")
def publish(desk: Desk, id_: str) -> str:
    """Publish list, seed and receipt, once every drawn visit was made: nobody may learn before that who is next."""
    papers = desk.fact("draw_papers", id_)
    if papers["receipt"] is None:
        raise wrong_state("draws", id_, "committed", "revealed")
    made = {r["outlet_id"] for r in desk.facts("inspections", draw_id=id_) if r["state"] != "ordered"}
    waiting = [r["unit"] for r in papers["receipt"]["drawn"] if not r["struck"] and r["unit"] not in made]
    if waiting:
        raise DataError.of("cases.visits_waiting", value=id_, count=len(waiting), first=waiting[0])
    return desk.append("draw_papers", id_, published_on=desk.today)
