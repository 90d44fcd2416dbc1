"""What an office tries and must be refused, on both databases; and what a refusal leaves as it was."""

import datetime as dt

import pytest

from postroad.errors import DataError, UsageError
from postroad.supervise import centre, complaint, credit, custody, emergency, hazard, register, service
from postroad.supervise.inspection import drawing, planning, standard, visiting
from postroad.supervise.records import Actor, Desk
from tests.supervise.case_world import at, day, mark, rolled

OLD = dt.date(2025, 1, 1)
PAIR = ["JC1", "JC2"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, empty):
    """A database with two firms' outlets and a pair of inspectors, rolled back after the test."""
    with rolled(empty[request.param]) as trial:
        yield trial


@pytest.fixture
def office(desk, clock):
    clock.on(day(20))
    for name, firm, place in (("OA", "ZTO", "2201"), ("OB", "YTO", "2202")):
        register.open_outlet(desk, name, firm, place, "outlet", OLD)
    for code in PAIR:
        register.enrol(desk, code, "2201", ["safety", "fire"], 60.0, dt.date(2026, 12, 31))
    return desk


def refused(key, call, *words, **more):
    with pytest.raises((DataError, UsageError)) as told:
        call(*words, **more)
    assert key in [fault.key for fault in told.value.faults]
    for tongue in ("zh", "en"):
        assert "{" not in told.value.say(tongue)
    return told.value


def test_a_visit_needs_valid_credentials_a_new_purpose_and_hours(office, clock):
    register.enrol(office, "JC9", "2201", ["safety"], 60.0, dt.date(2025, 11, 19))
    refused("cases.credential_over", visiting.order, office, "V1", "OA", ["JC1", "JC9"])
    visiting.order(office, "V1", "OA", PAIR)
    refused("cases.no_new_purpose", visiting.order, office, "V2", "OA", PAIR)
    visiting.order(office, "V2", "OA", PAIR, departments=["fire"])
    assert office.row("inspections", "V1")["saved_visits"] == 1
    refused("cases.no_hours", visiting.visit, office, "V1", day(20), 0.0)
    refused("cases.negative", planning.plan, office, "2025-11", "2201", "outlet", "fire", 3, 1, hours_each=-1.0)
    strange = ["fire_duty=" + mark(1), "no_such_item=" + mark(2)]
    refused("cases.not_on_the_list", visiting.visit, office, "V1", day(20), 2.0, ["fire_duty"], strange)
    assert office.row("inspections", "V1")["state"] == "ordered"
    assert office.rows("findings") == []


def test_a_visit_is_not_before_its_order_by_the_days_of_china(office, clock):
    clock.on(day(21), hour=1)  # still the 20th in UTC
    visiting.order(office, "V1", "OA", PAIR)
    clock.on(day(21))
    refused("cases.days_disordered", visiting.visit, office, "V1", day(20), 2.0)
    visiting.visit(office, "V1", day(21), 2.0)


def test_one_draw_makes_one_visit(office, clock):
    drawing.commit(office, "D1", 1, "lottery", "2025-11-21T21:15:00+08:00")
    clock.on(day(23))
    drawing.reveal(office, "D1", "04 09 13")
    unit = office.row("draw_papers", "D1")["receipt"]["drawn"][0]["unit"]
    visiting.order(office, "V1", unit, PAIR, draw_id="D1")
    refused("cases.ordered_before", visiting.order, office, "V2", unit, PAIR, draw_id="D1")
    visiting.visit(office, "V1", day(23), 2.0)
    refused("cases.ordered_before", visiting.order, office, "V2", unit, PAIR, draw_id="D1")


def test_what_is_overturned_counts_nowhere(office, clock):
    drawing.commit(office, "D1", 2, "lottery", "2025-11-21T21:15:00+08:00")
    clock.on(day(23))
    drawing.reveal(office, "D1", "04 09 13")
    for name, unit, failed in (("V1", "OA", ["fire_duty"]), ("V2", "OB", [])):
        visiting.order(office, name, unit, PAIR, draw_id="D1")
        visiting.visit(office, name, day(23), 2.0, failed, [f"{item}={mark(item)}" for item in failed])
    assert credit.collect(office, day(20), day(23)) == ["CR:findings/V1:fire_duty"]
    weighed = {row["id"]: row["parts"]["failed"] for row in drawing.weights(office)}
    assert weighed == {"OA": 1, "OB": 0}
    assert standard.violations(office, "D1", "fire_duty")["rate"] == pytest.approx(0.5)
    refused("cases.visited_already", drawing.reveal, office, "D1", "04 09 13", ["OA=has closed"])
    drawing.publish(office, "D1")
    refused("cases.papers_published", drawing.reveal, office, "D1", "04 09 13", ["OB=has closed"])
    visiting.publish(office, "V1")
    refused("cases.done_before", visiting.publish, office, "V1")
    credit.publish(office, 2025)
    visiting.withdraw(office, "V1")
    point = office.row("credit_entries", "CR:findings/V1:fire_duty")
    assert (point["state"], point["published_on"]) == ("overturned", None)
    assert point["change_by"] == dt.date(2025, 12, 3)  # ten days: measures of 2017
    assert credit.explain(office, "ZTO", 2025)["score"] == 100.0
    assert {row["parts"]["failed"] for row in drawing.weights(office)} == {0}
    assert standard.violations(office, "D1", "fire_duty")["rate"] == 0.0
    assert credit.collect(office, day(20), day(23)) == []
    assert credit.publish(office, 2025) == []
    refused("cases.wrong_state", visiting.withdraw, office, "V1")


def test_a_site_named_in_a_complaint_is_the_firms_own(office):
    complaint.receive(office, "C1", "ZTO", "2201", "loss", day(1))
    complaint.appeal(office, "C1", day(9))
    refused("cases.other_operator", complaint.decide, office, "C1", day(10), True, "transport", "OB")
    refused("cases.not_one_of", complaint.decide, office, "C1", day(10), False, "moon")
    complaint.decide(office, "C1", day(10), True, "transport", "OA")
    assert "CR:complaints/C1" in credit.collect(office, day(1), day(20))
    wrong = refused("cases.wrong_state", complaint.answer, office, "C1", day(10), True)
    assert "已" in wrong.say("zh")
    assert "decided" not in wrong.say("zh")


def test_a_period_is_a_year_or_a_month(office):
    for text in ("2025-1", "2025-13", "", "hello", "2025-Q3"):
        refused("cases.bad_period", complaint.rates, office, text)
        refused("cases.bad_period", register.volume, office, text, "ZTO", 10)
    refused("cases.bad_period", planning.plan, office, "2025", "2201", "outlet", "fire", 3, 1)
    refused("cases.bad_period", service.survey, office, "2025-Q5", "express", 80.0, 10)


def test_a_year_reported_whole_is_not_added_to_its_months(office):
    for period, pieces in (("2025-10", 1_000_000), ("2025-11", 2_000_000), ("2025", 12_000_000)):
        register.volume(office, period, "ZTO", pieces)
    register.volume(office, "2025-10", "YTO", 500_000)
    pieces = {row["operator_id"]: row["pieces"] for row in complaint.rates(office, "2025")}
    assert pieces == {"ZTO": 12_000_000, "YTO": 500_000, "": 12_500_000}


def test_points_of_a_closed_year_stay_as_they_are(office, clock):
    credit.enter(office, "R1", "ZTO", "failed_item", day(5), "OA")
    credit.enter(office, "R2", "ZTO", "failed_item", day(6), "OA")
    firm = office.seated(Actor("enterprise", "ZTO"))
    clock.on(dt.date(2026, 2, 15))
    credit.object_to(firm, "R1", dt.date(2026, 2, 15))
    clock.on(dt.date(2026, 2, 16))
    refused("cases.year_closed", credit.object_to, firm, "R2", dt.date(2026, 2, 16))
    refused("cases.year_closed", credit.enter, office, "R3", "ZTO", "failed_item", day(7), "OA")
    refused("cases.year_closed", credit.collect, office, day(1), day(20))
    assert credit.late(office) == []
    clock.on(dt.date(2026, 2, 26))  # ten days to review end on the 25th
    assert [(row["id"], row["days_over"]) for row in credit.late(firm)] == [("R1", 1)]
    credit.publish(office, 2025)
    credit.review(office, "R1", dt.date(2026, 2, 26), upheld=False)
    assert [row["id"] for row in office.seated(Actor("public")).rows("credit_entries")] == ["R2"]


def test_nobody_has_full_marks_for_being_unknown(office):
    refused("cases.no_such_operator", credit.explain, office, "NOSUCH", 2025)
    refused("cases.no_such_operator", credit.explain, office.seated(Actor("enterprise", "YTO")), "ZTO", 2025)
    refused("cases.bad_period", credit.explain, office, "ZTO", 2026)


def test_nothing_is_entered_before_it_happens(office):
    refused("cases.too_late", custody.give, office, "B1", 1, "A", "B", at(21, 8), "CHINAPOST", "2201")
    custody.give(office, "B1", 1, "A", "B", at(19, 8), "CHINAPOST", "2201")
    refused("cases.too_late", custody.take, office, "B1", 1, at(21, 8))
    refused("cases.too_late", emergency.occur, office, "E1", "fire", "2201", "2201", at(19, 8), at(21, 8))
    emergency.occur(office, "E1", "fire", "2201", "2201", at(19, 8))
    refused("cases.too_late", emergency.written, office, "E1", at(21, 8))
    refused("cases.days_disordered", emergency.written, office, "E1", at(19, 9), at(19, 7))
    emergency.written(office, "E1", at(19, 9))
    refused("cases.days_disordered", emergency.end, office, "E1", at(18, 9))
    refused("cases.too_late", register.open_outlet, office, "OC", "ZTO", "2201", "outlet", day(21))
    refused("cases.too_late", register.close_outlet, office, "OA", day(21))
    refused("cases.too_late", hazard.open_hazard, office, "H1", "OA", "wiring", "site_head", day(21))


def test_the_register_keeps_its_dates(office, clock):
    register.file_outlet(office, "OA", day(19))
    refused("cases.done_before", register.file_outlet, office, "OA", day(18))
    register.apply(office, "L1", "NEWCO", "province", day(1), 60.0)
    refused("cases.days_disordered", register.decide, office, "L1", True, day(10), day(10))
    register.decide(office, "L1", True, day(10), day(19))
    assert [row["what"] for row in register.late(office) if row["id"] == "L1"] == ["licence_expired"]
    refused("cases.days_disordered", register.end, office, "L1", "withdrawn", day(9))
    register.end(office, "L1", "withdrawn", day(20))
    clock.on(dt.date(2028, 11, 20))
    refused("cases.too_soon", register.apply, office, "L2", "NEWCO", "province", dt.date(2028, 11, 19), 60.0)
    register.apply(office, "L2", "NEWCO", "province", dt.date(2028, 11, 20), 60.0)


def test_evidence_of_a_centre_grows_newer_in_its_own_prefecture(office):
    centre.show(office, "SC-2201", "2201", "staff", True, day(5), mark(1))
    refused("cases.days_disordered", centre.show, office, "SC-2201", "2201", "staff", True, day(4), mark(2))
    refused("cases.other_prefecture", centre.show, office, "SC-2201", "2202", "funds", True, day(5), mark(3))


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("cases.blank", {"heading": " "}),
        ("cases.blank", {"owner": ""}),
        ("cases.too_long", {"heading": "x" * 65}),
        ("cases.unprintable", {"heading": "a\0b"}),
        ("cases.unprintable", {"owner": "a\ud800b"}),
    ],
)
def test_a_text_that_no_database_keeps_alike_is_refused(office, key, facts):
    told = {"outlet_id": "OA", "heading": "wiring", "owner": "site_head", "found_on": day(5)} | facts
    refused(key, hazard.open_hazard, office, "H1", **told)
    refused("cases.blank", hazard.open_hazard, office, "", **{**told, "heading": "wiring", "owner": "x"})
    assert office.rows("hazards") == []


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("cases.no_number", {"items": 10**30}),
        ("cases.no_number", {"backlog_days": float("nan")}),
        ("cases.no_number", {"backlog_days": float("inf")}),
        ("cases.negative", {"items": -5}),
    ],
)
def test_a_number_that_no_database_keeps_alike_is_refused(office, key, facts):
    refused(key, emergency.occur, office, "E1", "fire", "2201", "2201", at(19, 8), **facts)
    refused("cases.no_number", office.rows, "emergencies", items=10**30)
    refused("cases.unprintable", office.rows, "emergencies", kind="a\0b")


def test_nothing_written_into_a_rehearsal_is_a_fact(store, clock):
    clock.on(day(20))
    rehearsing = Desk(store, Actor("province"), clock, made=("synthetic", "rehearsal"))
    register.open_outlet(rehearsing, "OA", "ZTO", "2201", "outlet", OLD)
    person = Desk(store, Actor("province", code="WANG"), clock)
    hazard.open_hazard(person, "H1", "OA", "wiring", "site_head", day(20))
    found = person.row("hazards", "H1")
    assert (found["origin"], found["source"]) == ("synthetic", "rehearsal")


def test_a_prefecture_is_told_of_its_own_only(office):
    centre.show(office, "SC-2201", "2201", "staff", True, day(5), mark(1))
    names = ["SC-2201", "SC-2202"]
    told = {row["centre_id"] for row in centre.readiness(office.seated(Actor("prefecture", "2201")), names)}
    assert (told, len(centre.readiness(office, names))) == ({"SC-2201"}, 6)
    register.volume(office, "2025-11", "ZTO", 1_000_000)
    assert complaint.rates(office, "2025-11")[-1]["pieces"] == 1_000_000
    assert complaint.rates(office.seated(Actor("prefecture", "2201")), "2025-11")[-1]["pieces"] is None


def test_who_saw_an_older_version_is_told_so_by_every_act(office, clock):
    register.volume(office, "2025-11", "ZTO", 10, at_version=0)
    register.volume(office, "2025-11", "ZTO", 20, at_version=1)
    told = refused("cases.quicker", register.volume, office, "2025-11", "ZTO", 30, at_version=1)
    assert "2025-11:ZTO" in told.say("en")
    refused("cases.quicker", register.volume, office, "2025-11", "ZTO", 30, at_version=0)
    assert [row["pieces"] for row in office.history("volumes", "2025-11:ZTO")] == [10, 20]
    visiting.order(office, "V1", "OA", PAIR)
    visiting.visit(office, "V1", day(20), 2.0, ["fire_duty"], ["fire_duty=" + mark(1)], at_version=1)
    visiting.correct(office, "V1:fire_duty", day(20), mark(2), at_version=1)
    refused("cases.quicker", visiting.close, office, "V1", at_version=1)
    assert office.row("findings", "V1:fire_duty")["state"] == "corrected"
    visiting.close(office, "V1", at_version=2)
    refused("cases.no_version", credit.collect, office, day(1), day(20), at_version=1)
