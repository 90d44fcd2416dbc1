"""Each act of the regulator worked through by hand, on both databases."""

import datetime as dt

import pytest

from postroad.errors import DataError, UsageError
from postroad.supervise import (
    centre,
    complaint,
    credit,
    custody,
    draw,
    emergency,
    exemption,
    hazard,
    premises,
    register,
    relief,
    service,
)  # fmt: skip
from postroad.supervise.holidays import is_working, working_days_after, years
from postroad.supervise.inspection import drawing, planning, remote, standard, visiting
from postroad.supervise.inspection.catalogue import catalogue, checklist, score
from postroad.supervise.publication import published
from postroad.supervise.records import Actor
from postroad.supervise.regulation import days_after, regulation
from tests.supervise.case_world import SEED, SEED_AT, at, day, mark, rolled

OLD = dt.date(2025, 1, 1)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, empty):
    """An empty database in a transaction that is rolled back after the test."""
    with rolled(empty[request.param]) as trial:
        yield trial


def outlets(desk, count, firm="ZTO", place="2201", kind="outlet", first=0):
    names = [f"O{k}" for k in range(first, first + count)]
    for name in names:
        register.open_outlet(desk, name, firm, place, kind, OLD, branch_id=f"F{place}")
        register.file_outlet(desk, name, OLD)
    return names


def inspectors(desk, count=2, place="2201", hours=60.0):
    codes = [f"JC{place}{k}" for k in range(count)]
    for code in codes:
        register.enrol(desk, code, place, ["safety", "fire"], hours, dt.date(2026, 12, 31))
    return codes


def visited(desk, name, outlet, codes, failed=(), **more):
    visiting.order(desk, name, outlet, codes, **more)
    proof = [f"{item}={mark(name, item)}" for item in failed]
    visiting.visit(desk, name, desk.today, 5.0, list(failed), proof)


# --- rules ---


def test_every_rule_has_source_validity_and_version():
    for rule in regulation().rules:
        assert rule.legal_zh, rule.id
        assert rule.legal_en, rule.id
        assert rule.version >= 0
        if rule.basis in ("law", "standard", "neighbour"):
            assert rule.valid_from or rule.text_year
        if rule.basis == "configuration":
            assert "未" in rule.legal_zh
            assert any(word in rule.legal_en for word in ("no source", "No source", "could not be read"))


def test_a_decision_is_read_by_the_rule_of_its_day(tmp_path):
    own = tmp_path / "regulation.toml"
    own.write_text(
        '[[rule]]\nid = "complaint_firm"\nversion = 2\nzh = "x"\nen = "x"\nbasis = "law"\n'
        'legal_zh = "x"\nlegal_en = "x"\n'
        "valid_from = 2026-01-01\nvalues = { days = 5 }\n",
        "utf-8",
    )
    rules = regulation(own)
    assert rules.on("complaint_firm", dt.date(2025, 12, 31))["days"] == 7
    assert rules.on("complaint_firm", dt.date(2026, 1, 1))["days"] == 5
    assert rules.cited("complaint_firm@1")["days"] == 7
    with pytest.raises(UsageError):
        rules.on("complaint_firm", dt.date(2001, 1, 1))


@pytest.mark.parametrize("text", ["[[rule]]\nid = 3", "nonsense = [", '[[rule]]\nid = "x"\nversion = 1'])
def test_unsound_rules_are_refused(tmp_path, text):
    own = tmp_path / "regulation.toml"
    own.write_text(text, "utf-8")
    with pytest.raises((DataError, UsageError)):
        regulation(own)


def test_days():
    assert days_after(dt.date(2025, 11, 3), 7) == dt.date(2025, 11, 10)
    assert working_days_after(dt.date(2025, 11, 7), 1) == dt.date(2025, 11, 10)  # Friday to Monday
    assert working_days_after(dt.date(2025, 11, 3), 20) == dt.date(2025, 12, 1)
    # The National Day of 2025: eight days off, the Sunday before and the Saturday after worked.
    assert working_days_after(dt.date(2025, 9, 27), 1) == dt.date(2025, 9, 28)
    assert working_days_after(dt.date(2025, 9, 30), 3) == dt.date(2025, 10, 11)


def test_days_off_are_those_announced(tmp_path, monkeypatch):
    weekdays_off = {2025: 18, 2026: 19}
    for year, told in years().items():
        assert "国办发明电" in told.source
        days = [dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(365)]
        assert sum(day.weekday() < 5 and not is_working(day) for day in days) == weekdays_off[year]
        assert all(day.weekday() >= 5 and is_working(day) for day in told.worked)
        assert sum(map(is_working, days)) == 248
    assert is_working(dt.date(2027, 1, 1))  # not announced yet: a Friday like any other
    own = tmp_path / "2027.toml"
    own.write_text('[2027]\nsource = "office"\noff = ["2027-01-01..2027-01-03"]\nworked = []\n', "utf-8")
    monkeypatch.setenv("POSTROAD_HOLIDAYS", str(own))
    assert not is_working(dt.date(2027, 1, 1))
    assert not is_working(dt.date(2026, 10, 1))
    bad = tmp_path / "bad.toml"
    bad.write_text("[2027]\noff = 3\n", "utf-8")
    monkeypatch.setenv("POSTROAD_HOLIDAYS", str(bad))
    with pytest.raises(DataError):
        is_working(dt.date(2027, 1, 1))


# --- register ---


def test_licences(desk, clock):
    clock.on("2025-11-20")
    with pytest.raises(DataError, match="50"):
        register.apply(desk, "L1", "ZTO", "province", day(1), 49.0)
    register.apply(desk, "L1", "ZTO", "province", day(1), 50.0)
    assert desk.row("licences", "L1")["decide_by"] == dt.date(2025, 12, 16)
    clock.on("2025-12-17")
    assert [row["id"] for row in register.late(desk)] == ["L1"]
    register.decide(desk, "L1", True, dt.date(2025, 12, 17), dt.date(2030, 1, 1))
    assert register.late(desk) == []
    register.end(desk, "L1", "withdrawn", dt.date(2025, 12, 17))
    clock.on("2026-06-01")
    with pytest.raises(DataError, match="3"):
        register.apply(desk, "L2", "ZTO", "province", dt.date(2026, 6, 1), 50.0)


def test_an_outlet_is_filed_within_twenty_days(desk, clock):
    register.open_outlet(desk, "O1", "ZTO", "2201", "outlet", day(3))
    assert desk.row("outlets", "O1")["file_by"] == day(23)
    clock.on("2025-11-23")
    assert register.late(desk) == []
    clock.on("2025-11-24")
    assert [row["what"] for row in register.late(desk)] == ["outlet_unfiled"]
    register.file_outlet(desk, "O1", day(24))
    assert register.late(desk) == []


def test_everything_on_the_records_has_a_name_in_both_languages():
    from postroad.language import catalogue as words
    from postroad.supervise.records.acts import load
    from postroad.supervise.records.schema import COMMON, TABLES

    wanted = {f"console.act_{name.replace('.', '_')}" for name in load()} | {f"console.table_{name}" for name in TABLES}
    wanted |= {f"console.col_{c.name}" for table in TABLES.values() for c in table.columns if c.name not in COMMON}
    assert wanted - set(words()) == set()


# --- inspection ---


def test_the_catalogue_is_sound():
    for item in catalogue().values():
        assert item.legal_zh
        assert item.legal_en
        assert item.version >= 1
        assert item.valid_from or item.text_year
        assert item.a_year >= 1
        assert item.zh
        assert item.en
        assert set(item.kinds) <= set(register.KINDS)
    for kind in register.KINDS:
        assert checklist(kind), kind
    ban = catalogue()["plastic_ban"]
    assert (ban.cite, ban.in_force(dt.date(2021, 3, 11)), ban.in_force(dt.date(2021, 3, 12))) == (
        "plastic_ban@1", False, True)  # fmt: skip
    assert ban not in checklist("outlet", on=dt.date(2021, 3, 11))
    assert score(["real_name", "video"], {"video"}) == 75.0  # a grave item weighs three


def test_a_visit_from_order_to_publication(desk, clock):
    (outlet,), codes = outlets(desk, 1), inspectors(desk)
    with pytest.raises(DataError, match="at least 2"):
        visiting.order(desk, "V1", outlet, codes[:1])
    visiting.order(desk, "V1", outlet, codes)
    clock.on("2025-11-05")
    with pytest.raises(DataError, match="evidence"):
        visiting.visit(desk, "V1", day(5), 4.0, ["video"])
    with pytest.raises(DataError, match="machine_guard"):
        visiting.visit(desk, "V1", day(5), 4.0, ["machine_guard"], [f"machine_guard={mark(1)}"])
    visiting.visit(desk, "V1", day(5), 4.0, ["video"], [f"video={mark(1)}"])
    row = desk.row("inspections", "V1")
    weights = [item.weight for item in checklist("outlet")]
    assert row["score"] == pytest.approx(100 * (sum(weights) - 1) / sum(weights))
    assert row["publish_by"] == working_days_after(day(5), 20)
    with pytest.raises(DataError, match="video"):
        visiting.close(desk, "V1")
    clock.on("2025-11-21")
    assert [(row["what"], row["days_over"]) for row in visiting.overdue(desk)] == [("correction", 1)]
    visiting.correct(desk, "V1:video", day(21), mark(2))
    visiting.close(desk, "V1")
    public = desk.seated(Actor("public"))
    assert public.rows("inspections") == []
    clock.on("2025-12-04")
    assert [row["what"] for row in visiting.overdue(desk)] == ["publication"]
    visiting.publish(desk, "V1")
    assert [row["id"] for row in public.rows("inspections")] == ["V1"]
    assert "officers" not in public.rows("inspections")[0]
    visiting.withdraw(desk, "V1")
    assert public.rows("inspections") == []
    assert public.rows("findings") == []
    assert len(desk.history("inspections", "V1")) == 5


def test_one_visit_for_two_purposes_is_one_saved(desk, clock):
    (outlet,), codes = outlets(desk, 1), inspectors(desk)
    visiting.order(desk, "V1", outlet, codes, ["safety"])
    assert visiting.order(desk, "V2", outlet, codes, ["fire"], departments=["fire"]) == "V1"
    row = desk.row("inspections", "V1")
    assert row["saved_visits"] == 1
    assert row["joint"] == ["fire"]
    assert set(row["items"]) == {item.id for item in checklist("outlet", ("safety", "fire"))}
    visiting.visit(desk, "V1", desk.today, 6.0)
    told = visiting.saved(desk, "2025-11")
    travel = desk.rule("inspection_hours")["travel_h"]
    assert told == {"visits": 1, "saved": 1, "hours": 6.0, "hours_saved": 2 * travel}


def test_hours_run_out_from_the_least_urgent(desk):
    inspectors(desk, 2, hours=10.0)
    planning.plan(desk, "2025-11", "2201", "outlet", "safety", 3, 1, 4.0)
    planning.plan(desk, "2025-11", "2201", "outlet", "market", 5, 2, 4.0)
    (row,) = planning.capacity(desk, "2025-11")
    assert (row["hours_needed"], row["hours_there"], row["visits_made"]) == (32.0, 20.0, 5)
    assert row["dropped"] == [{"kind": "outlet", "theme": "market", "visits": 3, "hours": 12.0}]


def test_a_list_on_which_some_have_a_place_is_not_frozen(desk):
    outlets(desk, 3)
    inspectors(desk, 2)
    drawing.commit(desk, "D0", 1, "none has a place", SEED_AT)
    register.enrol(desk, "placed", "2201", ["fire"], 60.0, dt.date(2026, 12, 31), 125.3, 43.9)
    with pytest.raises(DataError, match="no place"):
        drawing.commit(desk, "D1", 1, "lottery", SEED_AT)


def test_the_draw_on_the_register(desk, clock):
    names, codes = outlets(desk, 12), inspectors(desk, 4)
    hazard.open_hazard(desk, "H1", names[0], "wiring", "head", desk.today)
    weights = {row["id"]: row["weight"] for row in drawing.weights(desk)}
    assert weights[names[0]] == weights[names[1]] + desk.rule("inspection_risk")["per_open_hazard"]
    drawing.commit(desk, "D1", 4, "lottery", SEED_AT, 8)
    public = desk.seated(Actor("public"))
    (shown,) = public.rows("draws")
    assert public.rows("draw_papers") == []
    assert draw.digest_of(desk.row("draw_papers", "D1")["frozen"]) == shown["digest"]
    chances = {row["outlet_id"]: draw.Fraction(row["chance"]) for row in drawing.chances(desk, "D1")}
    assert (set(chances), sum(chances.values())) == (set(names), 4)
    assert chances[names[0]] / chances[names[1]] == draw.Fraction(weights[names[0]], weights[names[1]])
    with pytest.raises(UsageError, match="lottery"):
        drawing.commit(desk, "D2", 4, "lottery", SEED_AT)
    with pytest.raises(UsageError, match="exist"):
        drawing.reveal(desk, "D1", SEED)
    clock.on("2025-11-05")
    drawing.reveal(desk, "D1", SEED)
    first = [row["unit"] for row in desk.row("draw_papers", "D1")["receipt"]["drawn"]]
    with pytest.raises(UsageError, match="another seed"):
        drawing.reveal(desk, "D1", SEED + "1")
    drawing.reveal(desk, "D1", SEED, [f"{first[0]}=closed"], 6)
    for size in (4, 9):  # the extension is not taken back, nor does it go beyond the ceiling
        with pytest.raises(UsageError, match="never shrunk"):
            drawing.reveal(desk, "D1", SEED, size=size)
    receipt = desk.row("draw_papers", "D1")["receipt"]
    assert len(receipt["drawn"]) == 6
    assert [row["unit"] for row in receipt["drawn"]][:4] == first
    assert receipt["drawn"][0]["struck"] == "closed"
    with pytest.raises(DataError, match="not drawn"):
        visiting.order(desk, "V0", first[0], codes[:2], draw_id="D1")
    for k, row in enumerate(receipt["drawn"][1:]):
        with pytest.raises(DataError, match="closed"):
            drawing.publish(desk, "D1")
        visited(desk, f"V{k}", row["unit"], codes[:2], ["plastic_ban"] if k == 0 else [], draw_id="D1")
    drawing.publish(desk, "D1")
    (papers,) = public.rows("draw_papers")
    with pytest.raises(DataError, match="who is next"):
        drawing.reveal(desk, "D1", SEED, size=7)
    sheet = published(public)["draws/D1.chances.csv"].splitlines()
    assert (sheet[0], len(sheet)) == ("outlet_id,operator_id,weight,chance,share", 13)
    assert draw.verify(papers["frozen"], papers["receipt"], shown["digest"]) == []
    ban = standard.violations(desk, "D1", "plastic_ban")
    chance = {row["unit"]: row["chance"] for row in receipt["drawn"]}
    heavy = [float(1 / draw.Fraction(chance[row["unit"]])) for row in receipt["drawn"][1:]]
    assert ban["rate"] == pytest.approx(heavy[0] / sum(heavy))
    assert standard.rate(desk, "D1")["rate"] == 1.0
    told = standard.report(desk, "D1")
    assert told[0]["visited"] == len(receipt["drawn"]) - 1
    parts = [row for row in told if row["operator_id"]]
    assert sum(row["visited"] for row in parts) == told[0]["visited"]
    assert max(row["rate"] for row in parts) >= told[0]["rate"] >= min(row["rate"] for row in parts)
    assert all(row["low"] <= row["rate"] <= row["high"] for row in told)


# --- hazards ---


def test_a_hazard_by_the_list_and_its_return(desk, clock):
    outlets(desk, 1)
    hazard.open_hazard(desk, "H1", "O0", "wiring", "head", day(3))
    hazard.open_hazard(desk, "H2", "O0", "litter", "head", day(3))
    assert (desk.row("hazards", "H1")["grade"], desk.row("hazards", "H1")["deadline_on"]) == ("major", day(10))
    assert desk.row("hazards", "H1")["rule"] == "hazard_major@1"
    assert (desk.row("hazards", "H2")["grade"], desk.row("hazards", "H2")["deadline_on"]) == (
        "general", dt.date(2025, 12, 3))  # fmt: skip
    clock.on("2025-11-12")
    assert [(row["id"], row["days_over"]) for row in hazard.overdue(desk)] == [("H1", 2)]
    assert [row["id"] for row in hazard.major(desk)] == ["H1"]
    hazard.remedy(desk, "H1", day(12), mark(1))
    hazard.close(desk, "H1", day(12), accepted=False)
    assert desk.row("hazards", "H1")["state"] == "open"
    hazard.remedy(desk, "H1", day(12), mark(2))
    hazard.close(desk, "H1", day(12))
    assert hazard.overdue(desk) == []
    clock.on("2025-11-20")
    hazard.open_hazard(desk, "H3", "O0", "wiring", "head", day(20))
    assert desk.row("hazards", "H3")["recurrence_of"] == "H1"
    assert hazard.recurrence(desk)[-1] == {"heading": "wiring", "hazards": 2, "recurred": 1, "share": 0.5}


def test_before_the_list_was_in_force_the_same_heading_is_general(desk):
    outlets(desk, 1)
    register.open_outlet(desk, "OX", "ZTO", "2201", "outlet", dt.date(2024, 1, 1))
    hazard.open_hazard(desk, "H1", "OX", "wiring", "head", dt.date(2024, 11, 17))
    hazard.open_hazard(desk, "H2", "OX", "wiring", "head", dt.date(2024, 11, 18))
    assert [desk.row("hazards", name)["grade"] for name in ("H1", "H2")] == ["general", "major"]


# --- complaints ---


def test_seven_days_and_thirty(desk, clock):
    clock.on("2025-11-20")
    complaint.receive(desk, "C1", "ZTO", "2201", "loss", day(3))
    assert desk.row("complaints", "C1")["firm_due_on"] == day(10)
    with pytest.raises(DataError, match="is early"):
        complaint.appeal(desk, "C1", day(10))
    complaint.appeal(desk, "C1", day(11))
    assert desk.row("complaints", "C1")["authority_due_on"] == dt.date(2025, 12, 11)
    assert [(row["who"], row["days_over"]) for row in complaint.late(desk)] == [("firm", 10)]
    clock.on("2025-12-13")
    assert [(row["who"], row["days_over"]) for row in complaint.late(desk)] == [("firm", 33), ("authority", 2)]
    with pytest.raises(DataError, match="leg"):
        complaint.decide(desk, "C1", dt.date(2025, 12, 13), True)
    complaint.decide(desk, "C1", dt.date(2025, 12, 13), True, "transport")
    with pytest.raises(DataError, match="decided"):
        complaint.answer(desk, "C1", dt.date(2025, 12, 13), True)


def test_rates_per_million(desk, clock):
    clock.on("2025-11-20")
    register.volume(desk, "2025-11", "ZTO", 2_000_000)
    register.volume(desk, "2025-11", "YTO", 3_000_000)
    for k, firm in enumerate(("ZTO", "ZTO", "YTO")):
        complaint.receive(desk, f"C{k}", firm, "2201", "loss", day(1))
        complaint.answer(desk, f"C{k}", day(2), False)
        complaint.appeal(desk, f"C{k}", day(3))
    complaint.decide(desk, "C0", day(9), True, "delivery")
    complaint.decide(desk, "C1", day(9), False)
    found = {row["operator_id"]: row for row in complaint.rates(desk, "2025-11")}
    assert (found["ZTO"]["appeals_per_million"], found["ZTO"]["valid_per_million"]) == (1.0, 0.5)
    assert (found[""]["appeals"], found[""]["valid"], found[""]["undecided"]) == (3, 1, 1)
    assert found[""]["valid_per_million"] == pytest.approx(0.2)
    register.volume(desk, "2025-11", "ZTO", 4_000_000)  # a correction counts once
    assert complaint.rates(desk, "2025-11")[-1]["pieces"] == 7_000_000


# --- credit ---


def test_a_score_line_by_line_by_hand(desk, clock):
    clock.on("2025-11-20")
    outlets(desk, 10)
    credit.enter(desk, "R1", "ZTO", "failed_item", day(5), "O0")  # 1 point
    credit.enter(desk, "R2", "ZTO", "hazard_major", day(6), "O1")  # 8 points
    credit.enter(desk, "R3", "ZTO", "merit", day(7))  # -2 points
    told = credit.explain(desk, "ZTO", 2025)
    # Ten outlets against a norm of ten: a point counts one.
    assert [(line["id"], line["counted"]) for line in told["lines"]] == [("R1", 1.0), ("R2", 8.0), ("R3", -2.0)]
    assert (told["score"], told["grade"], told["rule"]) == (93.0, "A", "credit_scheme@1")
    assert all(line["rule"] == "credit_scheme@1" for line in told["lines"])
    firm = desk.seated(Actor("enterprise", "ZTO"))
    credit.object_to(firm, "R2", day(20))
    assert desk.row("credit_entries", "R2")["review_by"] == dt.date(2025, 11, 30)
    clock.on("2025-11-28")
    credit.review(desk, "R2", day(28), upheld=False)
    assert desk.row("credit_entries", "R2")["change_by"] == dt.date(2025, 12, 8)
    assert credit.explain(firm, "ZTO", 2025)["score"] == 100.0  # 100 - 1 + 2, not above the start
    with pytest.raises(DataError, match="repair"):
        credit.repair(desk, "R1", day(28))
    clock.on("2026-02-05")
    credit.repair(desk, "R1", dt.date(2026, 2, 5))
    lines = {line["id"]: line["counted"] for line in credit.explain(desk, "ZTO", 2025)["lines"]}
    assert lines == {"R1": 0.5, "R2": 0.0, "R3": -2.0}


def test_branches_roll_up_to_the_brand_by_its_size(desk, clock):
    clock.on("2025-11-20")
    outlets(desk, 5, "ZTO")
    outlets(desk, 20, "YTO", first=100)
    for k in range(2):
        credit.enter(desk, f"Z{k}", "ZTO", "failed_grave_item", day(5), f"O{k}")
        credit.enter(desk, f"Y{k}", "YTO", "failed_grave_item", day(5), f"O{100 + k}")
    brands = {row["operator_id"]: row for row in credit.brands(desk, 2025)}
    assert brands["ZTO"]["score"] == 84.0  # 2 x 4 points x 10/5
    assert brands["YTO"]["score"] == 96.0  # 2 x 4 points x 10/20
    assert brands["ZTO"]["worst"] == [("F2201", 16.0)]


def test_points_follow_from_cases_once(desk, clock):
    names, codes = outlets(desk, 2), inspectors(desk)
    visited(desk, "V1", names[0], codes, ["fire_duty", "video"])
    hazard.open_hazard(desk, "H1", names[1], "wiring", "head", desk.today)
    clock.on("2025-11-20")
    made = credit.collect(desk, day(1), day(20))
    rows = {row["because_of"]: row["item"] for row in desk.rows("credit_entries")}
    assert rows == {
        "findings/V1:fire_duty": "failed_grave_item", "findings/V1:video": "failed_item",
        "hazards/H1": "hazard_major", "hazards/H1/late": "hazard_overdue",
    }  # fmt: skip
    assert len(made) == 4
    assert credit.collect(desk, day(1), day(20)) == []


def test_what_is_under_objection_is_not_public(desk, clock):
    clock.on("2025-11-20")
    outlets(desk, 1)
    credit.enter(desk, "R1", "ZTO", "failed_item", day(5), "O0")
    credit.enter(desk, "R2", "ZTO", "failed_item", day(6), "O0")
    credit.publish(desk, 2025)
    credit.object_to(desk.seated(Actor("enterprise", "ZTO")), "R2", day(20))
    assert [row["id"] for row in desk.seated(Actor("public")).rows("credit_entries")] == ["R1"]


# --- custody, centres, emergencies, service ---


def test_every_gap_of_a_chain_is_named(desk, clock):
    clock.on("2025-11-06")

    def step(bag, number, giver, taker, hour, late=5, seal="s"):
        custody.give(desk, bag, number, giver, taker, at(5, hour), "CHINAPOST", "2201", mark(seal))
        if late is not None:
            custody.take(desk, bag, number, at(5, hour) + dt.timedelta(minutes=late))

    for number, pair in enumerate(("AB", "BC", "CD"), 1):
        step("whole", number, *pair, 8 + number)
    step("holder", 1, "A", "B", 8)
    step("holder", 2, "X", "C", 9)
    step("missing", 1, "A", "B", 8)
    step("missing", 3, "B", "C", 9)
    step("sealed", 1, "A", "B", 8)
    step("sealed", 2, "B", "C", 9, seal="other")
    step("slow", 1, "A", "B", 8, late=31)
    step("unsigned", 1, "A", "B", 8, late=None)
    step("early", 1, "A", "B", 9)
    step("early", 2, "B", "C", 8)
    step("begun", 2, "B", "C", 9)  # where it was before nobody wrote down
    gaps = custody.gaps(desk)
    assert [(row["bag_id"], row["step"], row["gap"]) for row in gaps] == [
        ("begun", 2, "step_missing"), ("early", 2, "out_of_time"), ("holder", 2, "other_holder"),
        ("missing", 3, "step_missing"),
        ("sealed", 2, "seal_changed"), ("slow", 1, "signed_late"), ("unsigned", 1, "unsigned"),
    ]  # fmt: skip
    points = [desk.row("credit_entries", name) for name in credit.collect(desk, day(1), day(6))]
    assert {(row["item"], row["operator_id"], row["happened_on"]) for row in points} == {
        ("custody_gap", "CHINAPOST", day(5))
    }
    assert len(points) == len(gaps)
    assert credit.collect(desk, day(1), day(6)) == []


def test_no_table_has_room_for_contents_or_names():
    from postroad.supervise.records.schema import COMMON, TABLES

    assert {c.name for c in TABLES["custody"].columns} - set(COMMON) == {
        "bag_id", "step", "giver", "taker", "given_at", "taken_at", "seal_sha256", "state"}  # fmt: skip
    for table in TABLES.values():
        for column in table.columns:
            assert not any(word in column.name for word in ("phone", "person", "sender", "recipient", "id_number"))


def test_nine_centres_three_conditions(desk, clock):
    centres = [f"SC-{k}" for k in range(9)]
    clock.on("2025-11-05")
    centre.show(desk, "SC-0", "2201", "staff", True, day(1), mark(1))
    centre.show(desk, "SC-0", "2201", "funds", False, day(1), mark(1))
    centre.show(desk, "SC-1", "2202", "staff", True, dt.date(2024, 10, 1), mark(1))
    rows = centre.readiness(desk, centres)
    assert len(rows) == 27
    state = {(row["centre_id"], row["condition"]): row["state"] for row in rows}
    assert state["SC-0", "staff"] == "met"
    assert state["SC-0", "funds"] == "not_met"
    assert state["SC-1", "staff"] == "out_of_date"
    assert state["SC-8", "premises"] == "never_shown"
    with pytest.raises(DataError):
        centre.show(desk, "SC-0", "2201", "coffee", True, day(1), mark(1))
    with pytest.raises(DataError):
        centre.show(desk, "SC-0", "2201", "staff", True, day(1), "no digest")


def test_fifteen_minutes_and_two_hours(desk, clock):
    clock.on("2025-11-07")
    emergency.occur(desk, "E1", "fire", "2201", "2201", at(5, 8), at(5, 8, 15), items=600)
    emergency.written(desk, "E1", at(5, 10))
    assert emergency.late(desk) == []
    emergency.occur(desk, "E2", "backlog", "2201", "2201", at(5, 8), at(5, 8, 16), backlog_days=15.0)
    emergency.written(desk, "E2", at(5, 10, 1))
    late = [(row["id"], row["clock"], row["minutes_over"]) for row in emergency.late(desk)]
    assert late == [("E2", "oral", 1), ("E2", "written", 1)]
    assert [desk.row("emergencies", name)["level"] for name in ("E1", "E2")] == [4, 1]
    with pytest.raises(DataError):
        emergency.occur(desk, "E3", "fire", "2201", "2201", at(5, 8), level=5)


def test_relief_from_request_to_signature(desk, clock):
    clock.on("2025-11-07")
    relief.issue(desk, "P1", "ZTO", "2201", "VAN1", day(5), day(6))
    for name, goods, kg in (
        ("Q1", "medicine", 60.0),
        ("Q2", "food", 140.0),
        ("Q3", "tents", 50.0),
        ("Q4", "food", 9.0),
    ):
        relief.request(desk, name, "220102", "2201", goods, kg, at(5, 8), "E1")
    relief.cancel(desk, "Q4")
    assert [row["id"] for row in relief.queue(desk)] == ["Q1", "Q2", "Q3"]
    assert desk.row("relief", "Q1")["due_by"] == at(5, 14)
    assert [row["id"] for row in relief.unused(desk)] == []  # the permit ended the day before
    for name, left, handed in (("Q1", at(5, 9), at(5, 10, 30)), ("Q2", at(5, 9), at(5, 22))):
        relief.assign(desk, name, "ZTO", "VAN1", "P1")
        relief.depart(desk, name, left)
        relief.hand(desk, name, handed, mark(name))
    hours = {row["hour"]: row for row in relief.by_hour(desk, "E1")}
    assert [hours[hour]["handed_percent"] for hour in (2, 3, 13, 14)] == [0.0, 24.0, 24.0, 80.0]  # 60 and 200 of 250 kg
    assert hours[14]["in_time_percent"] == 24.0  # food was wanted within twelve hours
    assert [row["id"] for row in relief.queue(desk)] == ["Q3"]
    assert relief.by_hour(desk, "E9") == []


def test_relief_that_cannot_be(desk, clock):
    clock.on("2025-11-07")
    relief.issue(desk, "P1", "ZTO", "2201", "VAN1", day(5), day(6))
    relief.request(desk, "Q1", "220102", "2201", "water", 60.0, at(5, 8))
    with pytest.raises(DataError):
        relief.depart(desk, "Q1", at(5, 9))  # nobody was sent
    with pytest.raises(DataError):
        relief.assign(desk, "Q1", "YTO", "VAN2", "P1")  # another's permit
    relief.assign(desk, "Q1", "ZTO", "VAN1", "P1")
    with pytest.raises(DataError):
        relief.depart(desk, "Q1", at(7, 1))  # it no longer holds
    relief.revoke(desk, "P1", day(6))
    with pytest.raises(DataError):
        relief.depart(desk, "Q1", at(6, 9))
    relief.depart(desk, "Q1", at(5, 9))
    for wrong in ({"at": at(5, 8), "receipt_sha256": mark(1)}, {"at": at(5, 10), "receipt_sha256": "signed"}):
        with pytest.raises(DataError):
            relief.hand(desk, "Q1", **wrong)
    with pytest.raises(DataError):
        relief.cancel(desk, "Q1")  # it is under way
    with pytest.raises(DataError):
        relief.issue(desk, "P2", "ZTO", "2201", "VAN1", day(1), day(16))
    for wrong in ({"goods": "coffee", "weight_kg": 1.0}, {"goods": "water", "weight_kg": 0.0}):
        with pytest.raises(DataError):
            relief.request(desk, "Q9", "220102", "2201", requested_at=at(5, 8), **wrong)


def test_lockers_satisfaction_and_cameras(desk, clock):
    clock.on("2025-11-20")
    register.open_outlet(desk, "K1", "ZTO", "2201", "locker", OLD, cells=50)
    service.locker_day(desk, "K1", day(4), 40, 0)
    service.locker_day(desk, "K1", day(5), 57, 3)
    (all_of, _) = service.lockers(desk, "2025-11")
    assert all_of["deposits_per_cell_day"] == pytest.approx(0.97)
    assert all_of["refused_share"] == pytest.approx(0.03)
    for k, value in enumerate((80.0, 81.0, 82.0, 83.0)):
        service.survey(desk, f"2025-Q{k + 1}", "express", value, 400)
    told = service.satisfaction(desk, "express")
    assert told["rises_minus_falls"] == 6
    assert told["p_value"] == pytest.approx(2 / 24)  # of 24 orders only rising and falling are as extreme
    outlets(desk, 3)
    service.camera_day(desk, "O0", day(5), 4, 4)
    service.camera_day(desk, "O1", day(5), 4, 2)
    seen = service.cameras(desk, "2025-11")
    assert seen == {"online_share": 0.75, "sites": 2, "unlinked": ["O2"], "weak": ["O1"]}


def test_the_trend_test_agrees_with_scipy():
    from scipy.stats import kendalltau

    values = [83.0, 82.5, 84.0, 84.5, 83.9, 85.0, 84.8]
    _, p = service.mann_kendall(values)
    assert p == pytest.approx(kendalltau(range(7), values, method="exact").pvalue)
    long = [80 + 0.1 * k + (k * 37 % 11) / 10 for k in range(30)]
    assert service.mann_kendall(long)[1] == pytest.approx(
        kendalltau(range(30), long, method="asymptotic").pvalue, abs=0.005
    )


def test_an_exemption_has_a_rule_a_term_and_an_end(desk, clock):
    clock.on(day(3))
    words = {"operator_id": "ZTO", "from_rule": "outlet_filing", "business": "无人机", "conditions": "日间飞行",
             "from_on": day(3)}  # fmt: skip
    with pytest.raises(DataError):
        exemption.grant(desk, "X0", to_on=dt.date(2028, 1, 1), **words)
    with pytest.raises(UsageError):
        exemption.grant(desk, "X0", to_on=day(20), **{**words, "from_rule": "no such rule"})
    exemption.grant(desk, "X1", to_on=day(10), **words)
    assert [row["id"] for row in exemption.in_force(desk)] == ["X1"]
    assert desk.row("exemptions", "X1")["from_rule"].startswith("outlet_filing@")
    clock.on(day(12))
    assert (exemption.in_force(desk), [row["id"] for row in exemption.due(desk)]) == ([], ["X1"])
    exemption.review(desk, "X1", day(12), "adopted")
    assert exemption.due(desk) == []


def test_a_check_from_afar_opens_a_finding_and_weighs_in_the_draw(desk, clock):
    clock.on(day(3))
    register.open_outlet(desk, "O1", "ZTO", "2201", "outlet", dt.date(2025, 1, 1))
    before = {row["id"]: row["weight"] for row in drawing.weights(desk)}
    with pytest.raises(DataError):
        remote.check(desk, "Y0", "O1", "video", "no such item", False, day(3), "0" * 64)
    remote.check(desk, "Y1", "O1", "written", "real_name", False, day(3), "0" * 64)
    assert drawing.weights(desk)[0]["weight"] > before["O1"]
    clock.on(day(20))
    assert [row["id"] for row in remote.overdue(desk)] == ["Y1"]
    remote.correct(desk, "Y1", day(20), "1" * 64)
    remote.close(desk, "Y1", accepted=False)
    assert desk.row("remote_checks", "Y1")["state"] == "open"
    told = remote.share(desk, "2025-11")[0]
    assert (told["method"], told["outlets"], told["failed_share"]) == ("written", 1, 1.0)


def test_property_and_agencies_are_on_the_register(desk, clock):
    clock.on(day(3))
    for k in range(3):
        register.open_outlet(desk, f"O{k}", "CHINAPOST", "2201", "post_office", dt.date(2025, 1, 1))
    premises.enter(desk, "O0", "use_right", 80.0, day(1))
    premises.enter(desk, "O1", "rented", 40.0, day(1), day(2))
    with pytest.raises(DataError):
        premises.enter(desk, "O2", "rented", 40.0, day(1))
    premises.entrust(desk, "Z1", "O2", "shop", day(1))
    (told,) = premises.state(desk)
    wanted = {"outlets": 3, "use_right": 1, "rented": 1, "ended": 1, "by_agents": 1, "not_entered": 1}
    assert {name: told[name] for name in wanted} == wanted
    premises.end(desk, "Z1", day(3))
    assert premises.state(desk)[0]["by_agents"] == 0
