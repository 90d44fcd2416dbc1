"""Custody of confidential mail: who handed which bag to whom, and where the chain has a gap. Never what is inside.

The table has no column a content could stand in: bags, holders and seals appear as codes and digests.
"""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError
from postroad.supervise.evidence import checked
from postroad.supervise.records import act, view
from postroad.supervise.register import in_state, in_time

if TYPE_CHECKING:
    from postroad.supervise.records import Desk


EVER = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)


@act("custody.give")
def give(
    desk: Desk,
    bag_id: str,
    step: int,
    giver: str,
    taker: str,
    given_at: dt.datetime,
    operator_id: str,
    prefecture_id: str,
    seal_sha256: str = "",
) -> str:
    """Enter that a bag was handed over: step of its way, holders' codes, time, digest of the seal."""
    if step < 1 or giver == taker:
        raise DataError.of("cases.bad_step", value=bag_id, step=step)
    in_time("given_at", given_at, EVER, desk.now)
    return desk.append(
        "custody", f"{bag_id}:{step:03d}", new=True, bag_id=bag_id, step=step, giver=giver, taker=taker,
        given_at=given_at, operator_id=operator_id, prefecture_id=prefecture_id, state="given",
        seal_sha256=checked("seal_sha256", seal_sha256) if seal_sha256 else None,
    )  # fmt: skip


@act("custody.take")
def take(desk: Desk, bag_id: str, step: int, taken_at: dt.datetime) -> str:
    """Enter that the taker signed for the bag."""
    id_ = f"{bag_id}:{step:03d}"
    held = desk.fact("custody", id_)
    in_state("custody", held, "given")
    in_time("taken_at", taken_at, held["given_at"], desk.now)
    return desk.append("custody", id_, taken_at=taken_at, state="taken")


@view("custody.gaps")
def gaps(desk: Desk) -> list[dict[str, Any]]:
    """Return every gap: a step missing or unsigned, a holder who is not the one before, a seal changed, time lost."""
    bags: dict[str, list[dict[str, Any]]] = {}
    for row in desk.rows("custody"):
        bags.setdefault(row["bag_id"], []).append(row)
    longest = dt.timedelta(minutes=desk.rule("custody")["gap_min"])
    found: list[dict[str, Any]] = []
    for _, steps in sorted(bags.items()):
        steps.sort(key=lambda row: row["step"])
        if steps[0]["step"] > 1:
            found.append(_gap(steps[0], "step_missing"))
        for before, after in pairwise(steps):
            found += [_gap(after, gap) for gap in _between(before, after)]
        for row in steps:
            late = (row["taken_at"] or desk.now) - row["given_at"] > longest
            if late:
                found.append(_gap(row, "signed_late" if row["taken_at"] else "unsigned"))
    return sorted(found, key=lambda row: (row["bag_id"], row["step"], row["gap"]))


def _gap(row: dict[str, Any], gap: str) -> dict[str, Any]:
    keep = ("bag_id", "step", "operator_id", "prefecture_id", "given_at")
    return {**{k: row[k] for k in keep}, "gap": gap}


def _between(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    wrong = {
        "step_missing": after["step"] != before["step"] + 1,
        "other_holder": after["giver"] != before["taker"],
        "seal_changed": before["seal_sha256"] != after["seal_sha256"],
        "out_of_time": after["given_at"] < (before["taken_at"] or before["given_at"]),
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]
