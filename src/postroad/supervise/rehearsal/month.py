"""The month itself: register, draw, visits, hazards, complaints, custody, emergencies, credit, publication."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from postroad.errors import Stopped, UsageError
from postroad.language import say
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
from postroad.supervise.rehearsal.agenda import Agenda, Calendar
from postroad.supervise.rehearsal.cast import Cast, cast_of, enter, fingerprint, service_day, waves

if TYPE_CHECKING:
    from postroad.network import Network
    from postroad.supervise.records import Store
    from postroad.supervise.rehearsal.operators import Reported

MADE = ("synthetic", "rehearsal")
SIZE, CEILING = 60, 90
SITE_HEAD = "site_head"
AFTER = 3
"""Days after the month until everything is published."""
BEFORE = 20
"""Days before the month on which the register is entered."""
FROM_AFAR = 40
"""Outlets checked without a visit."""


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
    possible(month, outlets)
    ready(store)
    begun = month - dt.timedelta(days=BEFORE)
    clock = Calendar(begun)
    desk = Desk(store, Actor("province", code="REHEARSAL"), clock, made=MADE)
    cast, days = cast_of(network, seed, outlets, reported), calendar.monthrange(month.year, month.month)[1]
    agenda = Agenda(desk, clock)
    work = _Work(desk, agenda, cast, month, seed, days, f"CC-{month:%Y%m}")
    agenda.add(begun, 9, lambda: enter(desk, network, cast, month))
    for step in (work.reports, work.draw, work.complaints, work.hazards, work.custody, work.emergencies, work.relief,
                 work.afar, work.service, work.credit, work.publication):  # fmt: skip
        step()
    if reported is not None:
        work.for_cause(reported)
    total = len(agenda)
    for number, _ in enumerate(agenda.work()):
        progress(Progress(min(number, total), total))
        if stop():
            raise Stopped.of("errors.stopped", done=number, total=total)
    progress(Progress(total, total))
    return Rehearsal(f"{month:%Y-%m}", work.draw_id, outlets, SIZE, work.planted(), desk)


def possible(month: dt.date, outlets: int) -> None:
    """Raise ``UsageError`` for a month whose results could not be published yet, or with too few outlets."""
    days = calendar.monthrange(month.year, month.month)[1]
    over, today = month + dt.timedelta(days=days + AFTER), dt.datetime.now(CHINA).date()
    if over > today:
        raise UsageError.of("cases.month_ahead", value=f"{month:%Y-%m}", day=over.isoformat())
    if outlets < CEILING:
        raise UsageError.of("cases.too_few_outlets", value=outlets, least=CEILING)


def ready(store: Store) -> None:
    """Raise ``UsageError`` where a rehearsal cannot be: in a database that holds anything."""
    desk = Desk(store, Actor("province"))
    if desk.rows("outlets") or desk.rows("licences"):
        raise UsageError.of("cases.not_empty")


@dataclass
class _Work:
    """The month's work: each method puts its deeds on the agenda."""

    desk: Desk
    agenda: Agenda
    cast: Cast
    month: dt.date
    seed: int
    days: int
    draw_id: str

    def day(self, number: int) -> dt.date:
        """Return a day of the month; 31 is the first of the next where the month has 30."""
        return self.month + dt.timedelta(days=number - 1)

    def on(self, number: int, hour: int, deed: Callable[..., object], *words: Any, **more: Any) -> None:
        """Put an act on the agenda."""
        self.agenda.add(self.day(number), hour, partial(deed, *words, **more))

    def at(self, number: int, hour: int, minutes: int = 0) -> dt.datetime:
        """Return a time of the month in China."""
        return dt.datetime.combine(self.day(number), dt.time(hour), CHINA) + dt.timedelta(minutes=minutes)

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
        """Volumes of the month and the surveys, once the month is over."""
        for k, operator in enumerate(self.cast.operators):
            self.on(self.days + 1, 10, register.volume, self.desk, f"{self.month:%Y-%m}", operator,
                    6_000_000 + 1_500_000 * k)  # fmt: skip
        for quarter, subject, score in waves(self.month):
            self.on(1, 9, service.survey, self.desk, quarter, subject, score, 1200)

    def draw(self) -> None:
        """Freeze on the first, reveal on the third with a stand-in for a public value, order and make the visits."""
        seed_at = self.at(2, 21, 15).isoformat()
        kinds = ["outlet", "branch", "station", "post_office"]
        self.on(1, 9, drawing.commit, self.desk, self.draw_id, SIZE, say("cases.rehearsal_seed"), seed_at, CEILING,
                kinds, 250.0, 12, salt=fingerprint(self.seed, "salt"))  # fmt: skip
        self.on(3, 9, self._reveal)
        self.on(3, 10, self._order)
        self.on(3, 16, self._visits, 4)

    def _reveal(self) -> None:
        """Draw; one of the outlets drawn has closed: it is struck with its reason, not replaced."""
        pulse = fingerprint(self.seed, "pulse")
        drawing.reveal(self.desk, self.draw_id, pulse)
        gone = self.desk.row("draw_papers", self.draw_id)["receipt"]["drawn"][4]["unit"]
        register.close_outlet(self.desk, gone, self.day(3))
        drawing.reveal(self.desk, self.draw_id, pulse, [f"{gone}={say('cases.rehearsal_closed')}"])

    def _order(self) -> None:
        pool = [code for code, *_ in self.cast.inspectors]
        for k, row in enumerate(self.desk.row("draw_papers", self.draw_id)["receipt"]["drawn"]):
            if row["struck"]:
                continue
            pair = row["inspectors"] or [pool[k % len(pool)], pool[(k + 1) % len(pool)]]
            visiting.order(self.desk, f"V{k:03d}", row["unit"], pair, draw_id=self.draw_id)
            if k % 7 == 0:  # the fire service asks for the same outlet: one visit for both
                visiting.order(self.desk, f"F{k:03d}", row["unit"], pair, ["fire"], departments=["fire"])

    def for_cause(self, reported: Reported) -> None:
        """Visit, beside the draw, the outlets that the ledger points to once the operators' files are in."""
        first = (reported.known_on - self.month).days + 1
        self.on(first, 15, self._order_for_cause, reported.suspects)
        self.on(first, 16, self._visits, first + 1, False)

    def _order_for_cause(self, suspects: tuple[str, ...]) -> None:
        ordered = {row["outlet_id"] for row in self.desk.rows("inspections")}
        standing = {row["id"]: row for row in self.desk.rows("outlets", state="open")}
        for k, name in enumerate(name for name in suspects if name in standing and name not in ordered):
            near = [code for code, place, *_ in self.cast.inspectors if place == standing[name]["prefecture_id"]]
            visiting.order(self.desk, f"L{k:03d}", name, near[:2], ["safety"])

    def _visits(self, first: int, drawn: bool = True) -> None:
        """Visit what is ordered, find what is wrong, have most of what the draw led to corrected, close."""
        faults = {outlet.id: outlet.faults for outlet in self.cast.outlets}
        ordered = [r for r in self.desk.rows("inspections", state="ordered") if (r["draw_id"] is not None) == drawn]
        for k, row in enumerate(ordered):
            number = first + (k % 14 if drawn else 0)
            failed = [name for name in faults[row["outlet_id"]] if name in row["items"]]
            proof = [f"{name}={fingerprint(row['id'], name)}" for name in failed]
            self.on(number, 10, visiting.visit, self.desk, row["id"], self.day(number), 5.0 + len(failed) / 4, failed,
                    proof)  # fmt: skip
            if failed and k % 9 and drawn:
                self.on(18 + k % 8, 11, self._put_right, row["id"], failed, self.day(18 + k % 8))

    def _put_right(self, name: str, failed: list[str], on: dt.date) -> None:
        for item in failed:
            visiting.correct(self.desk, f"{name}:{item}", on, fingerprint("done", name, item))
        visiting.close(self.desk, name)

    def hazards(self) -> None:
        """Hazards of both grades; some put right, some come back, some run over their day."""
        headings = ("wiring", "no_emergency_stop", "blocked_exit", "vehicles_and_people", "blocked_exit")
        for k in range(24):
            found, right, again = 2 + k % 12, 6 + k % 12, 8 + k % 12
            self.on(found, 9, hazard.open_hazard, self.desk, f"H{k:03d}", self.cast.outlets[11 * k % 60].id,
                    headings[k % 5], SITE_HEAD, self.day(found))  # fmt: skip
            if k % 4:
                proof = fingerprint("hazard", k)
                self.on(right, 9, hazard.remedy, self.desk, f"H{k:03d}", self.day(right), proof)
                self.on(again, 9, hazard.close, self.desk, f"H{k:03d}", self.day(again), k % 6 != 5)
        self.on(22, 9, self._comes_back)

    def _comes_back(self) -> None:
        first = self.desk.rows("hazards", state="closed")[0]
        hazard.open_hazard(self.desk, "H100", first["outlet_id"], first["heading"], SITE_HEAD, self.day(22))

    def complaints(self) -> None:
        """Complaints through both clocks: answered, late, appealed, valid or not."""
        causes = ("loss", "delivery", "damage", "delay", "service")
        for k, u in enumerate(self._lot("complaints", 180)):
            operator = self.cast.operators[int(u[0] * len(self.cast.operators))]
            place = self.cast.prefectures[int(u[1] * len(self.cast.prefectures))]
            case, first = f"C{k:04d}", 1 + k % 9
            self.on(first, 9, complaint.receive, self.desk, case, operator, place, causes[int(u[2] * 5)],
                    self.day(first), fingerprint("parcel", k)[:32])  # fmt: skip
            appealed = first + 8
            if u[3] >= 0.10:
                content, answered, appealed = bool(u[3] < 0.75), first + int(9 * u[3]), first + 9
                self.on(answered, 10, complaint.answer, self.desk, case, self.day(answered), content)
                if content:
                    continue
            self.on(appealed, 11, complaint.appeal, self.desk, case, self.day(appealed))
            if k % 17:
                at = next(outlet.id for outlet in self.cast.outlets if outlet.operator_id == operator)
                self.on(first + 15, 14, complaint.decide, self.desk, case, self.day(first + 15), k % 3 == 0,
                        complaint.LEGS[k % 5], at if k % 3 == 0 else "")  # fmt: skip

    def custody(self) -> None:
        """Bags of confidential mail handed on step by step; in some the chain has a planted gap."""
        for k in range(20):
            self.on(5 + k % 10, 20, self._bag, k, 5 + k % 10)

    def _bag(self, k: int, number: int) -> None:
        for step, (holder, taker) in enumerate((("A1", "B2"), ("B2", "C3"), ("C3", "D4")), 1):
            at = self.at(number, 7 + 2 * step)
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
        for k, (kind, items, backlog, oral, written) in enumerate(told):
            at, place, firm = self.at(6 + 4 * k, 8), self.cast.prefectures[k], self.cast.operators[k]
            self.on(6 + 4 * k, 9, emergency.occur, self.desk, f"E{k}", kind, place, place, at,
                    at + dt.timedelta(minutes=oral), firm, items, backlog)  # fmt: skip
            self.on(6 + 4 * k, 13, emergency.written, self.desk, f"E{k}", at + dt.timedelta(minutes=written))
            self.on(6 + 4 * k, 18, emergency.end, self.desk, f"E{k}", at + dt.timedelta(hours=9))

    def relief(self) -> None:
        """Goods asked for after the weather of the month: most are handed over, some late, one waits."""
        struck, place, firm = self.at(14, 9), self.cast.prefectures[2], self.cast.operators[2]
        for k in (1, 2):
            self.on(14, 10, relief.issue, self.desk, f"GC{k}", firm, place, f"VAN{k}", self.day(14), self.day(20))
        for k, (goods, kg, hours) in enumerate((("medicine", 320.0, 4), ("food", 2600.0, 15), ("water", 1800.0, 11),
                                                ("tents", 900.0, 20), ("protective", 1400.0, 0))):  # fmt: skip
            self.on(14, 11, relief.request, self.desk, f"RG{k}", place, place, goods, kg, struck, "E2")
            if hours:
                handed, receipt = struck + dt.timedelta(hours=hours), fingerprint("receipt", k)
                self.on(14, 12, relief.assign, self.desk, f"RG{k}", firm, "VAN1", "GC1")
                self.on(14, 13, relief.depart, self.desk, f"RG{k}", struck + dt.timedelta(hours=1))
                self.on(15, 18, relief.hand, self.desk, f"RG{k}", handed, receipt)

    def afar(self) -> None:
        """Checks of papers and cameras, one put right, one late; exemptions, one of them run out; property."""
        for k, (ends, business) in enumerate(((400, "drones"), (10, "vans"))):
            self.on(2, 10, exemption.grant, self.desk, f"HM{k}", self.cast.operators[k], "outlet_filing",
                    say(f"cases.rehearsal_{business}"), say("cases.rehearsal_terms"), self.month,
                    self.month + dt.timedelta(days=ends))  # fmt: skip
        self.on(2, 11, self._premises)
        self.on(4, 16, self._from_afar)

    def _from_afar(self) -> None:
        faults = {outlet.id: outlet.faults for outlet in self.cast.outlets}
        standing = self.desk.rows("outlets", state="open")
        for k, row in enumerate(row for row in standing if "real_name" in {i.id for i in checklist(row["kind"])}):
            if k >= FROM_AFAR:
                break
            name, number = f"YC{k:03d}", 5 + k % 6
            failed = "real_name" in faults.get(row["id"], ()) or k % 10 == 3
            self.on(number, 11, remote.check, self.desk, name, row["id"], remote.METHODS[k % 3], "real_name",
                    not failed, self.day(number), fingerprint(name))  # fmt: skip
            if failed and k % 20 == 3:
                self.on(12, 11, remote.correct, self.desk, name, self.day(12), fingerprint(name, "done"))
                self.on(12, 12, remote.close, self.desk, name)

    def _premises(self) -> None:
        standing = self.desk.rows("outlets", state="open")
        for k, row in enumerate(row for row in standing if row["kind"] != "locker"):
            if k % 8:  # one in eight was never entered
                title = premises.TITLES[k % 3]
                until = self.month + dt.timedelta(days=600 * (k % 5) - 10) if title == "rented" else None
                since = self.month - dt.timedelta(days=300)
                premises.enter(self.desk, row["id"], title, 30.0 + k % 50, since, until)
            if row["kind"] == "station":
                premises.entrust(self.desk, f"DB{k:03d}", row["id"], premises.HOSTS[k % 3], self.month)

    def service(self) -> None:
        """Lockers and cameras, day by day."""
        for number in range(1, self.days + 1):
            self.on(number, 22, service_day, self.desk, self.cast, self.seed, self.day(number))

    def credit(self) -> None:
        """Points from the month's cases; one objection upheld, one not."""
        self.on(self.days, 23, self._points)

    def _points(self) -> None:
        last = self.day(self.days)
        made = credit.collect(self.desk, self.month, last)
        for k, name in enumerate(made[:2]):
            firm = self.desk.row("credit_entries", name)["operator_id"]
            held = self.desk.seated(Actor("enterprise", firm, "REHEARSAL"))
            held.share(self.desk)
            credit.object_to(held, name, last)
            self.on(self.days + 2, 9, credit.review, self.desk, name, self.day(self.days + 2), k == 0)

    def publication(self) -> None:
        """Publish visits, hazards, points and the papers of the draw; take back one visit that was overturned."""
        self.on(self.days + AFTER, 9, self._publish)
        self.on(self.days + AFTER, 15, self._overturn)

    def _publish(self) -> None:
        for row in self.desk.rows("inspections"):
            if row["visited_on"]:
                visiting.publish(self.desk, row["id"])
        for row in self.desk.rows("hazards", grade="major"):
            hazard.publish(self.desk, row["id"])
        drawing.publish(self.desk, self.draw_id)
        credit.publish(self.desk, self.month.year)

    def _overturn(self) -> None:
        """The visit of the last point of a visit does not stand."""
        points = [row["because_of"] for row in self.desk.rows("credit_entries", state="standing")]
        visits = [told.partition("/")[2].rpartition(":")[0] for told in points if told.startswith("findings/V")]
        if visits:
            visiting.withdraw(self.desk, visits[-1])
