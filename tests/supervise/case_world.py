"""A small world for the cases: two prefectures, two firms, two pairs of inspectors, and a case in every state.

Everything stands twice: once on the side of 2201, ZTO and JC1, once on the side of 2202, YTO and JC3.
"""

import contextlib
import datetime as dt
import hashlib

from postroad.supervise import (
    alarm,
    centre,
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
from postroad.supervise.inspection import drawing, planning, remote, visiting
from postroad.supervise.records import Actor, Store

DAY = dt.date(2025, 11, 3)
SIDES = {
    "own": {"place": "2201", "firm": "ZTO", "codes": ["JC1", "JC2"], "tag": "A"},
    "other": {"place": "2202", "firm": "YTO", "codes": ["JC3", "JC4"], "tag": "B"},
}
SEED = "04 09 13 22 28 31 + 07"
SEED_AT = "2025-11-04T21:15:00+08:00"


def mark(*parts):
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def day(number):
    return dt.date(2025, 11, number)


def at(number, hour, minute=0):
    return dt.datetime(2025, 11, number, hour, minute, tzinfo=dt.timezone(dt.timedelta(hours=8)))


def world(desk, clock):
    """Fill an empty database, both sides day by day; at the end it is 20 November."""
    for number, step in ((3, registered), (4, frozen), (5, ordered), (9, worked)):
        clock.on(day(number))
        for side in SIDES.values():
            step(desk, **side)
    clock.on(day(20))


def registered(desk, place, firm, codes, tag):
    register.apply(desk, f"LA{tag}", firm, "province", day(1), 60.0)
    register.apply(desk, f"LG{tag}", firm, "province", day(1), 60.0)
    register.decide(desk, f"LG{tag}", True, day(3), dt.date(2030, 1, 1))
    for k in range(6):
        register.open_outlet(desk, f"O{tag}{k}", firm, place, "outlet", dt.date(2025, 10, 10), f"{tag}{k}", f"F{tag}")
    register.open_outlet(desk, f"K{tag}", firm, place, "locker", dt.date(2025, 1, 1), cells=84)
    for code in codes:
        register.enrol(desk, code, place, ["safety", "fire", "market"], 60.0, dt.date(2026, 12, 31))
    planning.plan(desk, "2025-11", place, "outlet", "safety", 20, 1)
    register.volume(desk, "2025-11", firm, 2_000_000)
    service.survey(desk, "2025-Q3", "express", 83.0, 500)


def frozen(desk, place, firm, codes, tag):
    prefecture = desk.seated(Actor("prefecture", place))
    for k, name in enumerate((f"D{tag}0", f"D{tag}1")):
        drawing.commit(prefecture, name, 2, f"lottery {tag}{k}", SEED_AT, 3, kinds=["outlet"])


def ordered(desk, place, firm, codes, tag):
    drawing.reveal(desk, f"D{tag}1", SEED)
    for k in range(5):
        visiting.order(desk, f"V{tag}{k}", f"O{tag}{k}", codes)


def worked(desk, place, firm, codes, tag):
    visits(desk, codes, tag)
    hazards(desk, codes, tag)
    complaints(desk, place, firm, tag)
    credit.enter(desk, f"R{tag}0", firm, "failed_item", day(5), f"O{tag}0")
    credit.enter(desk, f"R{tag}1", firm, "failed_item", dt.date(2025, 7, 1), f"O{tag}1")
    credit.enter(desk, f"R{tag}2", firm, "failed_item", day(6), f"O{tag}2")
    credit.object_to(desk.seated(Actor("enterprise", firm)), f"R{tag}2", day(8))
    custody.give(desk, f"BAG{tag}", 1, "X1", "X2", at(5, 8), firm, place)
    centre.show(desk, f"SC-{place}", place, "staff", True, dt.date(2025, 10, 1), mark(tag, "staff"))
    emergency.occur(desk, f"E{tag}0", "fire", place, place, at(6, 8), at(6, 8, 10), firm)
    emergency.occur(desk, f"E{tag}1", "fire", place, place, at(6, 8), at(6, 8, 10), firm)
    emergency.written(desk, f"E{tag}1", at(6, 9))
    relieved(desk, place, firm, tag)
    exemption.grant(desk, f"X{tag}0", firm, "outlet_filing", "drones", "by day", day(1), dt.date(2026, 5, 1))
    for k in range(2):
        remote.check(desk, f"Y{tag}{k}", f"O{tag}{k}", "written", "real_name", False, day(5), mark(tag, "paper"))
    remote.correct(desk, f"Y{tag}1", day(8), mark(tag, "put right"))
    alarm.settle(
        desk, f"A{tag}0", "one", f"O{tag}0", firm, place, day(5), 9, 40, 11.5, "high", "hit", "a burst on that day"
    )
    premises.entrust(desk, f"Z{tag}0", f"O{tag}0", "shop", day(1))
    service.locker_day(desk, f"K{tag}", day(5), 80, 2)
    service.camera_day(desk, f"O{tag}0", day(5), 4, 3)


def relieved(desk, place, firm, tag):
    """A request in every state: 0 asked for, 1 assigned, 2 under way, 3 handed over in time."""
    relief.issue(desk, f"P{tag}0", firm, place, f"VAN{tag}", day(5), day(15))
    relief.issue(desk, f"P{tag}1", firm, place, f"VAN{tag}", day(16), day(25))
    for k, goods in enumerate(("medicine", "food", "tents", "medicine")):
        relief.request(desk, f"Q{tag}{k}", f"{place}01", place, goods, 100.0, at(6, 8), f"E{tag}0")
        if k:
            relief.assign(desk, f"Q{tag}{k}", firm, f"VAN{tag}", f"P{tag}0")
    for k in (2, 3):
        relief.depart(desk, f"Q{tag}{k}", at(6, 9))
    relief.hand(desk, f"Q{tag}3", at(6, 12, 30), mark(tag, "receipt"))


def visits(desk, codes, tag):
    failed, proof = ["fire_duty"], [f"fire_duty={mark(tag)}"]
    visiting.visit(desk, f"V{tag}1", day(9), 5.0, failed, proof)  # open finding
    visiting.visit(desk, f"V{tag}2", day(9), 5.0, failed, proof)  # corrected, to be closed
    visiting.visit(desk, f"V{tag}3", day(9), 5.0)  # clean
    visiting.correct(desk, f"V{tag}2:fire_duty", day(9), mark(tag, "done"))
    # Papers of a draw can be published only when all its outlets were visited.
    for k, row in enumerate(desk.row("draw_papers", f"D{tag}1")["receipt"]["drawn"]):
        visiting.order(desk, f"W{tag}{k}", row["unit"], codes, draw_id=f"D{tag}1")
    for row in desk.rows("inspections", draw_id=f"D{tag}1", state="ordered"):
        visiting.visit(desk, row["id"], day(9), 5.0)
    visiting.order(desk, f"VX{tag}", f"O{tag}5", codes)


def hazards(desk, codes, tag):
    inspectors = desk.seated(Actor("inspector", codes[0]))
    for k in range(3):
        hazard.open_hazard(inspectors, f"H{tag}{k}", f"O{tag}0", "wiring", "station head", day(5))
    for k in (1, 2):
        hazard.remedy(desk, f"H{tag}{k}", day(7), mark(tag, k))
    hazard.close(desk, f"H{tag}2", day(8))


def complaints(desk, place, firm, tag):
    for k in range(4):
        complaint.receive(desk, f"C{tag}{k}", firm, place, "loss", day(1))
    for k in (1, 2):
        complaint.answer(desk, f"C{tag}{k}", day(4), False)
    complaint.appeal(desk, f"C{tag}2", day(6))


class Rolled(Store):
    """A store inside one outer transaction that is rolled back: every act works, and nothing of it stays."""

    def __init__(self, engine, outer):
        super().__init__(engine)
        self.outer = outer

    @contextlib.contextmanager
    def reading(self):
        yield self.outer

    @contextlib.contextmanager
    def writing(self):
        with self.outer.begin_nested():
            yield self.outer


@contextlib.contextmanager
def rolled(store):
    """Lend a store on which acts can be tried."""
    with store.engine.connect().execution_options(writes=True) as outer:
        trial = outer.begin()
        try:
            yield Rolled(store.engine, outer)
        finally:
            trial.rollback()
