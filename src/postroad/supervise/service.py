"""What the service shows day by day: lockers in use, satisfaction, cameras online."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.errors import DataError
from postroad.supervise.records import act, view
from postroad.supervise.register import in_order, of_time, one_of

if TYPE_CHECKING:
    from postroad.supervise.records import Desk

SUBJECTS = ("authority", "post", "express")


@act("service.locker_day")
def locker_day(desk: Desk, outlet_id: str, day: dt.date, deposits: int, refused: int) -> str:
    """Enter a locker's day: parcels put in, and attempts that found no cell; again to correct it."""
    outlet = desk.fact("outlets", outlet_id)
    in_order("day", day, outlet["opened_on"], desk.today)
    if not outlet["cells"] or min(deposits, refused) < 0:
        raise DataError.of("cases.bad_locker_day", value=outlet_id)
    id_ = f"{outlet_id}:{day}"
    known = bool(desk.facts("locker_days", id=id_))
    return desk.append(
        "locker_days", id_, new=not known, outlet_id=outlet_id, day=day, operator_id=outlet["operator_id"],
        prefecture_id=outlet["prefecture_id"], cells=outlet["cells"], deposits=deposits, refused=refused,
    )  # fmt: skip


@act("service.survey")
def survey(desk: Desk, period: str, subject: str, score: float, respondents: int) -> str:
    """Enter a wave of the satisfaction survey; the authority, the post and the express firms apart."""
    if not 0 <= score <= 100 or respondents < 1:
        raise DataError.of("cases.bad_survey", value=score, respondents=respondents)
    id_ = f"{of_time(period, 'year quarter month')}:{one_of('subject', subject, SUBJECTS)}"
    known = bool(desk.facts("surveys", id=id_))
    told: dict[str, Any] = {"period": period, "subject": subject, "score": score, "respondents": respondents}
    return desk.append("surveys", id_, new=not known, **told)


@act("service.camera_day")
def camera_day(desk: Desk, outlet_id: str, day: dt.date, cameras: int, online: int) -> str:
    """Enter a site's cameras and how many were online on a day."""
    outlet = desk.fact("outlets", outlet_id)
    in_order("day", day, outlet["opened_on"], desk.today)
    if not 0 <= online <= cameras:
        raise DataError.of("cases.bad_cameras", value=outlet_id, online=online, cameras=cameras)
    id_ = f"{outlet_id}:{day}"
    known = bool(desk.facts("camera_days", id=id_))
    place = {k: outlet[k] for k in ("operator_id", "prefecture_id")}
    told: dict[str, Any] = {"outlet_id": outlet_id, "day": day, "cameras": cameras, "online": online}
    return desk.append("camera_days", id_, new=not known, **place, **told)


@view("service.lockers")
def lockers(desk: Desk, period: str) -> list[dict[str, Any]]:
    """Return, by prefecture and in all, locker days, deposits a cell and day, and the share of attempts refused."""
    of_time(period)
    held: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in desk.rows("locker_days"):
        if row["day"].isoformat().startswith(period):
            held[row["prefecture_id"]].append(row)
            held[""].append(row)
    found = []
    for place, rows in sorted(held.items()):
        cells, put, lost = (sum(row[name] for row in rows) for name in ("cells", "deposits", "refused"))
        share = lost / (put + lost) if put + lost else 0.0
        groups = len({row["outlet_id"] for row in rows})
        found.append({"prefecture_id": place, "lockers": groups, "locker_days": len(rows), "refused_share": share,
                      "deposits_per_cell_day": put / cells})  # fmt: skip
    return found


@view("service.satisfaction")
def satisfaction(desk: Desk, subject: str) -> dict[str, Any]:
    """Return the waves of a survey with a test of their trend (Mann and Kendall), never a single point alone."""
    waves = sorted(desk.rows("surveys", subject=subject), key=lambda row: row["period"])
    scores = [row["score"] for row in waves]
    s, p = mann_kendall(scores)
    told = [{"period": row["period"], "score": row["score"], "respondents": row["respondents"]} for row in waves]
    return {"subject": subject, "waves": told, "rises_minus_falls": s, "p_value": p}


def mann_kendall(values: list[float]) -> tuple[int, float | None]:
    """Return rises minus falls over all pairs and the two-sided p value, exact by enumeration up to seven values.

    Beyond seven the normal approximation with the correction for ties; ``None`` below three values.
    """
    from itertools import permutations
    from statistics import NormalDist

    count = len(values)
    s = _rises(values)
    if count < 3:
        return s, None
    if count <= 7:
        every = [abs(_rises(order)) >= abs(s) for order in permutations(values)]
        return s, sum(every) / len(every)
    _, ties = np.unique(np.asarray(values), return_counts=True)
    spread = (count * (count - 1) * (2 * count + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    z = 0.0 if s == 0 or spread == 0 else (abs(s) - 1) / spread**0.5
    return s, 2 * (1 - NormalDist().cdf(z))


def _rises(values: Any) -> int:
    return sum((b > a) - (b < a) for k, a in enumerate(values) for b in values[k + 1 :])


@view("service.cameras")
def cameras(desk: Desk, period: str, least: float = 0.9) -> dict[str, Any]:
    """Return the share of cameras online in a period, open sites never heard of, and sites below a share."""
    of_time(period)
    rows = [row for row in desk.rows("camera_days") if row["day"].isoformat().startswith(period)]
    sites: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sites[row["outlet_id"]][0] += row["online"]
        sites[row["outlet_id"]][1] += row["cameras"]
    due = [r["id"] for r in desk.rows("outlets", state="open") if r["kind"] not in ("locker",)]
    total = sum(all_of for _, all_of in sites.values())
    weak = sorted(site for site, (on, all_of) in sites.items() if all_of and on / all_of < least)
    share = sum(on for on, _ in sites.values()) / total if total else None
    return {"online_share": share, "sites": len(sites), "unlinked": sorted(set(due) - set(sites)), "weak": weak}
