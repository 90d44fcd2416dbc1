"""The month itself: register, draw, visits, hazards, complaints, custody, emergencies, credit, publication."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.errors import Stopped, UsageError
from postroad.parallel import Progress
from postroad.randomness import uniforms
from postroad.supervise import (
    complaint,
    credit,
    custody,
    emergency,
    exemption,
    hazard,
    premises,
    register,
    relief,
    service,
)
from postroad.supervise.inspection import drawing, remote, visiting
from postroad.supervise.inspection.catalogue import checklist
from postroad.supervise.records import Actor, Desk
from postroad.supervise.records.desk import CHINA
from postroad.supervise.rehearsal.cast import Cast, cast_of, enter, fingerprint, service_days, waves

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.supervise.records import Store
    from postroad.supervise.rehearsal.operators import Reported

MADE = ("synthetic", "rehearsal")
SIZE, CEILING = 60, 90
SITE_HEAD = "site_head"
FROM_AFAR = 40
"""Outlets checked without a visit."""


class Calendar:
    """The rehearsal's clock: a day is set, and every look is a second later."""

    def __init__(self, day: dt.date) -> None:
        self.on(day)

    def on(self, day: dt.date, hour: int = 9) -> None:
        """Go to an hour of a day, in China's time."""
        self.at = dt.datetime.combine(day, dt.time(hour), CHINA).astimezone(dt.UTC)

    def __call__(self) -> dt.datetime:
        """Return the time, a second after the last look."""
        self.at += dt.timedelta(seconds=1)
        return self.at


@dataclass(frozen=True)
class Rehearsal:
    """What was rehearsed, and the truth that was planted: share of outlets below standard and in breach of the ban."""

    month: str
    draw_id: str
    outlets: int
    visits: int
    planted: dict[str, float]
    desk: Desk


def rehearse(
    store: Store,
    network: Network,
    month: dt.date,
    seed: int = 7,
    outlets: int = 300,
    reported: Reported | None = None,
    progress: Callable[[Progress], None] = lambda _step: None,
    stop: Callable[[], bool] = lambda: False,
) -> Rehearsal:
    """Work an empty database through a rehearsal month; ``UsageError`` when it holds anything already.

    With ``reported`` the outlets are those of the operators' register, and the ones the ledger points to are visited
    for cause beside the draw.
    """
    ready(store, outlets)
    clock = Calendar(month - dt.timedelta(days=20))
    desk = Desk(store, Actor("province", code="REHEARSAL"), clock, made=MADE)
    cast, days = cast_of(network, seed, outlets, reported), calendar.monthrange(month.year, month.month)[1]
    work = _Work(desk, clock, cast, month, seed, days, f"CC-{month:%Y%m}", reported.suspects if reported else ())
    steps: list[Callable[[], None]] = [
        lambda: enter(desk, network, cast, month), work.reports, work.draw, work.for_cause, work.complaints,
        work.visits, work.hazards, work.custody, work.emergencies, work.relief, work.afar, work.service, work.credit,
        work.publication,
    ]  # fmt: skip
    for number, step in enumerate(steps):
        progress(Progress(number, len(steps)))
        if stop():
            raise Stopped.of("errors.stopped", done=number, total=len(steps))
        with desk.together():
            step()
    progress(Progress(len(steps), len(steps)))
    return Rehearsal(f"{month:%Y-%m}", work.draw_id, outlets, SIZE, work.planted(), desk)


def ready(store: Store, outlets: int) -> None:
    """Raise ``UsageError`` where a rehearsal cannot be: in a database that holds anything, or with too few outlets."""
    desk = Desk(store, Actor("province"))
    if desk.rows("outlets") or desk.rows("licences"):
        raise UsageError.of("cases.not_empty")
    if outlets < CEILING:
        raise UsageError.of("cases.too_few_outlets", value=outlets, least=CEILING)


@dataclass
class _Work:
    """The steps of the month, each one transaction."""

    desk: Desk
    clock: Calendar
    cast: Cast
    month: dt.date
    seed: int
    days: int
    draw_id: str
    suspects: tuple[str, ...] = ()

    def day(self, number: int, hour: int = 9) -> dt.date:
        """Go to a day of the month (31 is the first of the next) and return it."""
        day = self.month + dt.timedelta(days=number - 1)
        self.clock.on(day, hour)
        return day

    def _lot(self, purpose: str, count: int, width: int = 4) -> Any:
        return uniforms(self.seed, f"rehearsal-{purpose}", 0, count * width).reshape(count, width)

    def planted(self) -> dict[str, float]:
        """The truth of the whole cast, which the estimates are held against."""
        from postroad.supervise.inspection.catalogue import score

        least = self.desk.rule("outlet_standard")["pass_score"]
        lists = {o.kind: [item.id for item in checklist(o.kind)] for o in self.cast.outlets}
        good = [score(lists[o.kind], set(o.faults)) >= least for o in self.cast.outlets]
        ban = ["plastic_ban" in o.faults for o in self.cast.outlets if "plastic_ban" in lists[o.kind]]
        return {"outlet_standardisation": float(np.mean(good)), "plastic_violation_rate": float(np.mean(ban))}

    def reports(self) -> None:
        """Volumes of the month and the year, and the surveys."""
        self.day(1)
        for k, operator in enumerate(self.cast.operators):
            register.volume(self.desk, f"{self.month:%Y-%m}", operator, 6_000_000 + 1_500_000 * k)
        for quarter, subject, score in waves(self.month):
            service.survey(self.desk, quarter, subject, score, 1200)

    def draw(self) -> None:
        """Freeze on the first, reveal on the third with a stand-in for a public value, order the visits."""
        self.day(1)
        seed_at = dt.datetime.combine(self.month + dt.timedelta(days=1), dt.time(21, 15), CHINA).isoformat()
        kinds = ["outlet", "branch", "station", "post_office"]
        drawing.commit(self.desk, self.draw_id, SIZE, "rehearsal: no public value", seed_at, CEILING, kinds, 250.0, 12,
                       salt=fingerprint(self.seed, "salt"))  # fmt: skip
        self.day(3)
        drawing.reveal(self.desk, self.draw_id, fingerprint(self.seed, "pulse"))
        drawn = self.desk.row("draw_papers", self.draw_id)["receipt"]["drawn"]
        # A withdrawal after the draw: struck with its reason, not replaced.
        register.close_outlet(self.desk, drawn[4]["unit"], self.month + dt.timedelta(days=2))
        drawing.reveal(self.desk, self.draw_id, fingerprint(self.seed, "pulse"), [f"{drawn[4]['unit']}=停业 closed"])
        pool = [code for code, *_ in self.cast.inspectors]
        for k, row in enumerate(self.desk.row("draw_papers", self.draw_id)["receipt"]["drawn"]):
            if row["struck"]:
                continue
            pair = row["inspectors"] or [pool[k % len(pool)], pool[(k + 1) % len(pool)]]
            visiting.order(self.desk, f"V{k:03d}", row["unit"], pair, draw_id=self.draw_id)
            if k % 7 == 0:  # the fire service asks for the same outlet: one visit for both
                visiting.order(self.desk, f"F{k:03d}", row["unit"], pair, ["fire"], departments=["fire"])

    def for_cause(self) -> None:
        """Order visits, beside the draw, to the outlets that the ledger points to."""
        self.day(3, 15)
        ordered = {row["outlet_id"] for row in self.desk.rows("inspections")}
        standing = {row["id"]: row for row in self.desk.rows("outlets", state="open")}
        for k, name in enumerate(name for name in self.suspects if name in standing and name not in ordered):
            near = [code for code, place, *_ in self.cast.inspectors if place == standing[name]["prefecture_id"]]
            visiting.order(self.desk, f"L{k:03d}", name, near[:2], ["safety"])

    def visits(self) -> None:
        """Visit, find what is wrong, have it corrected, close."""
        faults = {outlet.id: outlet.faults for outlet in self.cast.outlets}
        for k, row in enumerate(self.desk.rows("inspections", state="ordered")):
            on = self.day(4 + k % 14)
            failed = [name for name in faults[row["outlet_id"]] if name in row["items"]]
            proof = [f"{name}={fingerprint(row['id'], name)}" for name in failed]
            visiting.visit(self.desk, row["id"], on, 5.0 + len(failed) / 4, failed, proof)
            if failed and k % 9:
                on = self.day(18 + k % 8)
                for name in failed:
                    visiting.correct(self.desk, f"{row['id']}:{name}", on, fingerprint("done", row["id"], name))
                visiting.close(self.desk, row["id"])

    def hazards(self) -> None:
        """Hazards of both grades; some put right, some come back, some run over their day."""
        headings = ("wiring", "no_emergency_stop", "blocked_exit", "vehicles_and_people", "blocked_exit")
        for k in range(24):
            outlet = self.cast.outlets[11 * k % 60]
            on = self.day(2 + k % 12)
            hazard.open_hazard(self.desk, f"H{k:03d}", outlet.id, headings[k % 5], SITE_HEAD, on)
            if k % 4:
                hazard.remedy(self.desk, f"H{k:03d}", self.day(6 + k % 12), fingerprint("hazard", k))
                hazard.close(self.desk, f"H{k:03d}", self.day(8 + k % 12), k % 6 != 5)
        self.day(22)
        first = self.desk.rows("hazards", state="closed")[0]
        hazard.open_hazard(self.desk, "H100", first["outlet_id"], first["heading"], SITE_HEAD, self.day(22))

    def complaints(self) -> None:
        """Complaints through both clocks: answered, late, appealed, valid or not."""
        draws = self._lot("complaints", 180)
        causes = ("loss", "delivery", "damage", "delay", "service")
        for k, u in enumerate(draws):
            operator = self.cast.operators[int(u[0] * len(self.cast.operators))]
            place = self.cast.prefectures[int(u[1] * len(self.cast.prefectures))]
            case, first = f"C{k:04d}", 1 + k % 9
            complaint.receive(self.desk, case, operator, place, causes[int(u[2] * 5)], self.day(first),
                              fingerprint("parcel", k)[:32])  # fmt: skip
            if u[3] < 0.10:
                complaint.appeal(self.desk, case, self.day(first + 8))
            else:
                content = bool(u[3] < 0.75)
                complaint.answer(self.desk, case, self.day(first + int(9 * u[3])), content)
                if content:
                    continue
                complaint.appeal(self.desk, case, self.day(first + 9))
            if k % 17:
                leg = complaint.LEGS[k % 5]
                at = next(outlet.id for outlet in self.cast.outlets if outlet.operator_id == operator)
                on = self.day(first + 15)
                complaint.decide(self.desk, case, on, k % 3 == 0, leg, at if k % 3 == 0 else "")

    def custody(self) -> None:
        """Bags of confidential mail handed on step by step; in some the chain has a planted gap."""
        for k in range(20):
            start = dt.datetime.combine(self.day(5 + k % 10), dt.time(7), CHINA)
            self.clock.on(start.date(), 20)
            for step, (holder, taker) in enumerate((("A1", "B2"), ("B2", "C3"), ("C3", "D4")), 1):
                at = start + dt.timedelta(hours=2 * step)
                giver = "X9" if (k, step) == (3, 2) else holder
                seal = fingerprint("seal", k, "cut" if (k, step) == (8, 3) else "")
                place = self.cast.prefectures[k % len(self.cast.prefectures)]
                custody.give(self.desk, f"BAG{k:02d}", step, giver, taker, at, "CHINAPOST", place, seal)
                if (k, step) != (12, 3):
                    late = 55 if (k, step) == (15, 1) else 6
                    custody.take(self.desk, f"BAG{k:02d}", step, at + dt.timedelta(minutes=late))

    def emergencies(self) -> None:
        """Events of several levels, some reported in time and some not."""
        told = (("fire", 800, 0.0, 10, 90), ("backlog", 12_000, 6.0, 12, 110), ("weather", 0, 3.5, 40, 100),
                ("data_leak", 0, 0.0, 9, 260))  # fmt: skip
        for k, (kind, count, backlog, oral, written) in enumerate(told):
            at = dt.datetime.combine(self.day(6 + 4 * k), dt.time(8), CHINA)
            self.clock.on(at.date(), 18)
            place, firm = self.cast.prefectures[k], self.cast.operators[k]
            heard = at + dt.timedelta(minutes=oral)
            emergency.occur(self.desk, f"E{k}", kind, place, place, at, heard, firm, count, backlog)
            emergency.written(self.desk, f"E{k}", at + dt.timedelta(minutes=written))
            emergency.end(self.desk, f"E{k}", at + dt.timedelta(hours=9))

    def relief(self) -> None:
        """Goods asked for after the weather of the month: most are handed over, some late, one waits."""
        struck = dt.datetime.combine(self.day(14), dt.time(9), CHINA)
        self.clock.on(self.day(16), 18)
        place, firm = self.cast.prefectures[2], self.cast.operators[2]
        relief.issue(self.desk, "GC1", firm, place, "VAN1", self.day(14), self.day(20))
        relief.issue(self.desk, "GC2", firm, place, "VAN2", self.day(14), self.day(20))
        for k, (goods, kg, hours) in enumerate((("medicine", 320.0, 4), ("food", 2600.0, 15), ("water", 1800.0, 11),
                                                ("tents", 900.0, 20), ("protective", 1400.0, 0))):  # fmt: skip
            relief.request(self.desk, f"RG{k}", place, place, goods, kg, struck, "E2")
            if hours:
                relief.assign(self.desk, f"RG{k}", firm, "VAN1", "GC1")
                relief.depart(self.desk, f"RG{k}", struck + dt.timedelta(hours=1))
                receipt = fingerprint("receipt", k)
                relief.hand(self.desk, f"RG{k}", struck + dt.timedelta(hours=hours), receipt)

    def afar(self) -> None:
        """Checks of papers and cameras, one put right, one late; exemptions, one of them run out; property."""
        faults = {outlet.id: outlet.faults for outlet in self.cast.outlets}
        standing = self.desk.rows("outlets", state="open")
        for k, row in enumerate(row for row in standing if "real_name" in {i.id for i in checklist(row["kind"])}):
            if k >= FROM_AFAR:
                break
            on, name = self.day(5 + k % 6), f"YC{k:03d}"
            failed = "real_name" in faults.get(row["id"], ()) or k % 10 == 3
            remote.check(self.desk, name, row["id"], remote.METHODS[k % 3], "real_name", not failed, on,
                         fingerprint(name))  # fmt: skip
            if failed and k % 20 == 3:
                remote.correct(self.desk, name, self.day(12), fingerprint(name, "done"))
                remote.close(self.desk, name)
        self.day(2)
        for k, (ends, business) in enumerate(((400, "无人机配送 drones"), (10, "无人车配送 driverless vans"))):
            operator, last = self.cast.operators[k], self.month + dt.timedelta(days=ends)
            on_terms = "日间、固定路线 by day, on fixed ways"
            exemption.grant(self.desk, f"HM{k}", operator, "outlet_filing", business, on_terms, self.month, last)
        for k, row in enumerate(row for row in standing if row["kind"] != "locker"):
            if k % 8:  # one in eight was never entered
                title = premises.TITLES[k % 3]
                until = self.month + dt.timedelta(days=600 * (k % 5) - 10) if title == "rented" else None
                since = self.month - dt.timedelta(days=300)
                premises.enter(self.desk, row["id"], title, 30.0 + k % 50, since, until)
            if row["kind"] == "station":
                premises.entrust(self.desk, f"DB{k:03d}", row["id"], premises.HOSTS[k % 3], self.month)

    def service(self) -> None:
        """Lockers and cameras."""
        self.day(self.days, 22)
        service_days(self.desk, self.cast, self.seed, self.month, self.days)

    def credit(self) -> None:
        """Points from the month's cases; one objection upheld, one not."""
        last = self.day(self.days, 23)
        made = credit.collect(self.desk, self.month, last)
        for k, name in enumerate(made[:2]):
            firm = self.desk.row("credit_entries", name)["operator_id"]
            held = self.desk.seated(Actor("enterprise", firm, "REHEARSAL"))
            held.share(self.desk)
            credit.object_to(held, name, last)
            credit.review(self.desk, name, self.day(self.days + 2), k == 0)

    def publication(self) -> None:
        """Publish visits, hazards, points and the papers of the draw; take back one visit that was overturned."""
        self.day(self.days + 3)
        for row in self.desk.rows("inspections"):
            if row["visited_on"]:
                visiting.publish(self.desk, row["id"])
        for row in self.desk.rows("hazards", grade="major"):
            hazard.publish(self.desk, row["id"])
        drawing.publish(self.desk, self.draw_id)
        credit.publish(self.desk, self.month.year)
