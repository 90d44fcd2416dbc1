"""Every function × every role: what is allowed works on the actor's own rows and not on another's; the rest is refused.

The calls below are valid ones. A function without a call here fails the test, and so does one without a line of rights.
"""

import datetime as dt
import importlib
import inspect
import json
import pkgutil

import pytest

from postroad.supervise.records import ACTS, ROLES, Actor, Desk
from postroad.supervise.records import audit as log
from postroad.supervise.records.acts import load, rights, wrapped
from postroad.supervise.records.desk import Forbidden
from postroad.supervise.records.schema import TABLES
from tests.supervise.case_world import SEED, SIDES, at, day, mark, rolled, world
from tests.supervise.conftest import Clock

load()
TODAY = day(20)


def calls(side):
    """Valid arguments of every act and view, on the rows of one side."""
    t, place, firm, codes = side["tag"], side["place"], side["firm"], side["codes"]
    later = "2025-11-25T21:15:00+08:00"
    return {
        "licence.apply": {"id_": f"LN{t}", "operator_id": firm, "reach": "province", "applied_on": TODAY,
                          "capital_wan": 50.0},
        "licence.decide": {"id_": f"LA{t}", "granted": True, "decided_on": TODAY},
        "licence.end": {"id_": f"LG{t}", "state": "suspended", "on": TODAY},
        "outlet.open": {"id_": f"ON{t}", "operator_id": firm, "prefecture_id": place, "kind": "outlet",
                        "opened_on": day(1)},
        "outlet.file": {"id_": f"O{t}0", "filed_on": day(2)},
        "outlet.close": {"id_": f"O{t}5", "closed_on": day(19)},
        "inspector.enrol": {"id_": f"N{t}", "prefecture_id": place, "skills": ["fire"], "hours_a_month": 10.0,
                            "credential_until": dt.date(2026, 1, 1)},
        "volume.report": {"period": "2025-11", "operator_id": firm, "pieces": 7},
        "register.late": {},
        "planning.set": {"period": "2025-12", "prefecture_id": place, "kind": "outlet", "theme": "fire", "visits": 3,
                         "priority": 1},
        "planning.capacity": {"period": "2025-11"},
        "drawing.commit": {"id_": f"DN{t}", "size": 2, "seed_source": f"new {t}", "seed_at": later,
                           "kinds": ["outlet"]},
        "drawing.reveal": {"id_": f"D{t}0", "seed": SEED},
        "drawing.publish": {"id_": f"D{t}1"},
        "drawing.weights": {},
        "drawing.chances": {"draw_id": f"D{t}1"},
        "inspection.order": {"id_": f"VN{t}", "outlet_id": f"O{t}5", "inspectors": codes,
                             "departments": ["fire"]},
        "inspection.order_drawn": {"draw_id": f"D{t}1"},
        "inspection.visit": {"id_": f"VX{t}", "on": TODAY, "hours": 3.0},
        "inspection.correct": {"finding_id": f"V{t}1:fire_duty", "on": TODAY, "evidence_sha256": mark(t)},
        "inspection.close": {"id_": f"V{t}2"},
        "inspection.publish": {"id_": f"V{t}3"},
        "inspection.withdraw": {"id_": f"V{t}3"},
        "inspection.overdue": {},
        "inspection.saved": {"period": "2025-11"},
        "standard.rate": {"draw_id": f"D{t}1"},
        "standard.violations": {"draw_id": f"D{t}1", "item": "plastic_ban"},
        "standard.report": {"draw_id": f"D{t}1"},
        "hazard.open": {"id_": f"HN{t}", "outlet_id": f"O{t}0", "heading": "wiring", "owner": "head",
                        "found_on": TODAY},
        "hazard.remedy": {"id_": f"H{t}0", "on": TODAY, "evidence_sha256": mark(t)},
        "hazard.close": {"id_": f"H{t}1", "on": TODAY},
        "hazard.publish": {"id_": f"H{t}0"},
        "hazard.overdue": {},
        "hazard.recurrence": {},
        "hazard.major": {},
        "complaint.receive": {"id_": f"CN{t}", "operator_id": firm, "prefecture_id": place, "cause": "loss",
                              "received_on": TODAY},
        "complaint.answer": {"id_": f"C{t}0", "on": TODAY, "settled": False},
        "complaint.appeal": {"id_": f"C{t}1", "on": TODAY},
        "complaint.decide": {"id_": f"C{t}2", "on": TODAY, "valid": True, "leg": "delivery", "outlet_id": f"O{t}0"},
        "complaint.late": {},
        "complaint.rates": {"period": "2025-11"},
        "credit.enter": {"id_": f"RN{t}", "operator_id": firm, "item": "merit", "happened_on": TODAY,
                         "outlet_id": f"O{t}0"},
        "credit.collect": {"since": day(1), "until": TODAY},
        "credit.object": {"id_": f"R{t}0", "on": TODAY},
        "credit.review": {"id_": f"R{t}2", "on": TODAY, "upheld": False},
        "credit.repair": {"id_": f"R{t}1", "on": TODAY},
        "credit.publish": {"year": 2025},
        "credit.explain": {"operator_id": firm, "year": 2025},
        "credit.brands": {"year": 2025},
        "credit.late": {},
        "custody.give": {"bag_id": f"BAG{t}", "step": 2, "giver": "X2", "taker": "X3", "given_at": at(6, 8),
                         "operator_id": firm, "prefecture_id": place},
        "custody.take": {"bag_id": f"BAG{t}", "step": 1, "taken_at": at(5, 9)},
        "custody.gaps": {},
        "centre.show": {"centre_id": f"SC-{place}", "prefecture_id": place, "condition": "funds", "met": True,
                        "evidence_on": day(1), "evidence_sha256": mark(t)},
        "centre.readiness": {"centres": [f"SC-{place}"]},
        "emergency.occur": {"id_": f"EN{t}", "kind": "fire", "place_id": place, "prefecture_id": place,
                            "occurred_at": at(10, 8), "operator_id": firm},
        "emergency.written": {"id_": f"E{t}0", "at": at(6, 9)},
        "emergency.end": {"id_": f"E{t}1", "at": at(6, 12)},
        "emergency.late": {},
        "permit.issue": {"id_": f"PN{t}", "operator_id": firm, "prefecture_id": place, "vehicle": "V9",
                         "valid_from": day(5), "valid_to": day(6)},
        "permit.revoke": {"id_": f"P{t}1", "on": TODAY},
        "permit.unused": {},
        "relief.request": {"id_": f"QN{t}", "place_id": f"{place}01", "prefecture_id": place, "goods": "water",
                           "weight_kg": 50.0, "requested_at": at(10, 8)},
        "relief.assign": {"id_": f"Q{t}0", "operator_id": firm, "vehicle": f"VAN{t}", "permit_id": f"P{t}0"},
        "relief.depart": {"id_": f"Q{t}1", "at": at(6, 9)},
        "relief.hand": {"id_": f"Q{t}2", "at": at(6, 12), "receipt_sha256": mark(t)},
        "relief.cancel": {"id_": f"Q{t}0"},
        "relief.queue": {},
        "relief.by_hour": {"emergency_id": f"E{t}0"},
        "service.locker_day": {"outlet_id": f"K{t}", "day": day(6), "deposits": 5, "refused": 0},
        "service.survey": {"period": "2025-Q4", "subject": "post", "score": 80.0, "respondents": 10},
        "service.camera_day": {"outlet_id": f"O{t}0", "day": day(6), "cameras": 4, "online": 4},
        "service.lockers": {"period": "2025-11"},
        "service.satisfaction": {"subject": "express"},
        "service.cameras": {"period": "2025-11"},
        "exemption.grant": {"id_": f"XN{t}", "operator_id": firm, "from_rule": "outlet_filing", "business": "drones",
                            "conditions": "by day", "from_on": day(1), "to_on": dt.date(2026, 5, 1)},
        "exemption.review": {"id_": f"X{t}0", "on": TODAY, "outcome": "ended"},
        "exemption.in_force": {},
        "exemption.due": {},
        "remote.check": {"id_": f"YN{t}", "outlet_id": f"O{t}0", "method": "video", "item": "real_name",
                         "passed": False, "on": TODAY, "evidence_sha256": mark(t)},
        "remote.correct": {"id_": f"Y{t}0", "on": TODAY, "evidence_sha256": mark(t)},
        "remote.close": {"id_": f"Y{t}1"},
        "remote.overdue": {},
        "remote.share": {"period": "2025-11"},
        "premises.enter": {"outlet_id": f"O{t}0", "title": "owned", "area_m2": 60.0, "from_on": day(1)},
        "agency.enter": {"id_": f"ZN{t}", "outlet_id": f"O{t}0", "host": "shop", "from_on": day(1)},
        "agency.end": {"id_": f"Z{t}0", "on": TODAY},
        "premises.state": {},
        "alert.settle": {"id_": f"A{t}0", "ledger": "one", "outlet_id": f"O{t}0", "operator_id": firm,
                         "prefecture_id": place, "day": day(5), "hour": 9, "seen": 40, "expected": 11.5,
                         "direction": "high", "outcome": "false"},
        "alert.record": {},
    }  # fmt: skip


def actor(role, side):
    scope = {"prefecture": side["place"], "enterprise": side["firm"], "inspector": side["codes"][0]}.get(role, "")
    return Actor(role, scope)


@pytest.fixture(scope="module")
def stores(postgres, tmp_path_factory):
    from postroad.supervise.records import open_store

    made = {}
    file = tmp_path_factory.mktemp("rights") / "records.sqlite"
    for name, address in (("sqlite", str(file)), ("postgresql", postgres.database(postgres.template))):
        clock = Clock()
        held = open_store(address)
        desk = Desk(held, Actor("province", code="P"), clock)
        with desk.together():
            world_in(desk, clock)
        made[name] = (held, clock)
    yield made
    for held, _ in made.values():
        held.close()


def world_in(desk, clock):
    """Build the world inside one transaction, other actors' acts included."""
    seated = desk.seated

    def seat(someone):
        other = seated(someone)
        other.share(desk)
        return other

    desk.seated = seat
    world(desk, clock)
    del desk.seated


def attempt(store, clock, name, who, side):
    """Try one function; return its answer, or the refusal."""
    with rolled(store) as trial:
        desk = Desk(trial, who, clock)
        before = log.last(trial.outer)[0]
        try:
            answer = wrapped(name)(desk, **calls(side)[name])
        except Forbidden as refused:
            assert log.last(trial.outer)[0] == before, f"{name}: refused and yet written"
            return refused
        if ACTS[name].kind == "act":
            assert log.last(trial.outer)[0] == before + 1
        return answer


def names(answer):
    """Everything an answer says, as text."""
    return repr(answer)


def test_every_function_has_rights_and_a_call_here():
    assert set(rights()["acts"]) == set(ACTS)
    assert set(calls(SIDES["own"])) == set(ACTS)
    assert set(rights()["tables"]) == set(TABLES)
    for told in (*rights()["acts"].values(), *(t["read"] for t in rights()["tables"].values())):
        assert set(told) <= set(ROLES)


COMPOSED = {
    "alarm.settled",
    "alarm.told",
    "publication.published",
    "tally.tally",
    "rehearsal.cast.enter",
    "rehearsal.cast.service_day",
}
"""Functions that only put acts, views and checked reads together; each of those checks the rights."""


def test_no_function_on_the_records_goes_around_the_list():
    """Whatever takes a desk is found in the package itself, so that a new function cannot be left out of the walk."""
    from postroad import supervise

    listed = {(one.function.__module__, one.function.__name__) for one in ACTS.values()}
    found = set()
    for module in pkgutil.walk_packages(supervise.__path__, "postroad.supervise."):
        if ".verifier" in module.name or ".migrations" in module.name:
            continue
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            first = next(iter(inspect.signature(function).parameters.values()), None)
            own = function.__module__ == module.name and not name.startswith("_")
            if own and first is not None and first.annotation in ("Desk", Desk):
                found.add((module.name, inspect.unwrap(function).__name__))
    assert {f"{where.removeprefix('postroad.supervise.')}.{name}" for where, name in found - listed} == COMPOSED
    assert listed <= found


CONFINED = {"drawing.commit"}
"""Acts that take what they work on from the actor's own scope; there is no other's row to name."""
UNSCOPED = {"credit.collect", "credit.publish", "service.survey"}
"""Acts over the whole province; only the province may do them."""


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize("role", ROLES)
def test_every_function_for_every_role(stores, dialect, role):
    store, clock = stores[dialect]
    own, other = SIDES["own"], SIDES["other"]
    for name, told in sorted(rights()["acts"].items()):
        who = actor(role, own)
        if role not in told:
            assert isinstance(attempt(store, clock, name, who, own), Forbidden), name
            continue
        answer = attempt(store, clock, name, who, own)
        assert not isinstance(answer, Forbidden), f"{role} may do {name}: {answer}"
        if role == "province" or name in CONFINED:
            continue
        assert name not in UNSCOPED
        strange = strange_answer(store, clock, name, who, other)
        if ACTS[name].kind == "act":
            assert isinstance(strange, Forbidden), f"{role} did {name} on another's row"
        else:
            for sign in (
                f"'{other['place']}'",
                f"'{other['firm']}'",
                "OB",
                "HB",
                "CB",
                "VB",
                "RB",
                "BAGB",
                "EB",
                "QB",
                "PB",
                "XB",
                "YB",
                "ZB",
            ):
                shown = names(strange).replace(f"'operator_id': '{other['firm']}'", "", 1)
                assert sign not in shown, f"{role} saw {sign} in {name}"


def strange_answer(store, clock, name, who, side):
    """What a function says of another's rows; beyond its scope an actor may be told that a row is not there."""
    from postroad.errors import DataError

    try:
        return attempt(store, clock, name, who, side)
    except DataError as refused:
        unseen = {fault.key for fault in refused.faults} <= {"cases.no_such_row"}
        return Forbidden(refused.faults) if unseen and ACTS[name].kind == "act" else []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_table_for_every_role(stores, dialect):
    store, clock = stores[dialect]
    other = SIDES["other"]
    for table, told in rights()["tables"].items():
        for role in ROLES:
            desk = Desk(store, actor(role, SIDES["own"]), clock)
            if role not in told["read"]:
                with pytest.raises(Forbidden):
                    desk.rows(table)
                continue
            rows = desk.rows(table)
            if role == "public":
                open_columns = {"id", "version", "published_on", "origin", *told["public"]}
                assert all(set(row) == open_columns and row["published_on"] for row in rows)
            column = {"prefecture": "prefecture_id", "enterprise": "operator_id"}.get(role)
            if column:
                strange = {"prefecture": other["place"], "enterprise": other["firm"]}[role]
                assert strange not in {row[column] for row in rows}
            if role == "inspector":
                assert all(";JC1;" in row["officers"] for row in rows)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_firm_does_not_learn_of_a_visit_before_it_is_made(stores, dialect):
    store, clock = stores[dialect]
    firm = Desk(store, Actor("enterprise", "ZTO"), clock)
    assert "ordered" not in {row["state"] for row in firm.rows("inspections")}
    assert firm.rows("inspections")
    province = Desk(store, Actor("province"), clock)
    assert "ordered" in {row["state"] for row in province.rows("inspections")}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_prefecture_draws_from_its_own_outlets_and_inspectors(stores, dialect):
    store, clock = stores[dialect]
    with rolled(store) as trial:
        desk = Desk(trial, actor("prefecture", SIDES["own"]), clock)
        wrapped("drawing.commit")(desk, **calls(SIDES["own"])["drawing.commit"])
        frozen = json.loads(desk.row("draw_papers", "DNA")["frozen"])
    assert {unit["id"][:2] for unit in frozen["units"]} == {"OA"}
    assert {person["id"] for person in frozen["inspectors"]} == {"JC1", "JC2"}


def test_a_scope_cannot_be_stretched():
    from postroad.errors import UsageError

    for role, scope in (
        ("prefecture", ""),
        ("province", "2201"),
        ("inspector", "%"),
        ("inspector", "a;b"),
        ("king", ""),
    ):
        with pytest.raises(UsageError):
            Actor(role, scope)
