"""EPCIS 2.0 over HTTP: what is captured comes back by the standard's filters, to those who may see it, and no more."""

import datetime as dt
import io
import json

import fastexcel
import pytest
import xlsxwriter

from postroad.face.web import checking, jobs
from postroad.face.web.worker import work
from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Ledger, take
from postroad.supervise.ledger.epcis_names import kept_id, shown_id
from tests.face.web import app_in, people, signed_in
from tests.supervise.ledger_world import acceptance, scan, write

EPC = "urn:postroad:waybill:"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    made = app_in(tmp_path_factory.mktemp("home"))
    people(made)
    return made


def document(*events):
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": "2026-03-10T06:00:00+08:00", "epcisBody": {"eventList": list(events)},
    }  # fmt: skip


def event(waybill, step, at, operator="YTO", place="O1", **more):
    return {
        "type": "ObjectEvent", "action": "OBSERVE", "epcList": [EPC + waybill], "eventTime": at,
        "eventTimeZoneOffset": "+08:00", "bizStep": step, "readPoint": {"id": f"urn:postroad:facility:{place}"},
        "postroad:operator_id": operator, **more,
    }  # fmt: skip


def given(waybill, number, operator="YTO"):
    """Acceptance, departure, arrival and delivery of a piece."""
    own = {"postroad:" + k: v for k, v in acceptance(waybill).items()
           if k not in ("waybill", "operator_id", "outlet_id", "accepted_at", "origin")}  # fmt: skip
    hour = f"2026-03-09T{10 + number:02d}"
    own |= {
        "postroad:opened_at": f"2026-03-09 {10 + number}:05:00",
        "postroad:xray_at": f"2026-03-09 {10 + number}:06:00",
    }
    return [
        event(waybill, "accepting", f"{hour}:00:00+08:00", operator, **own),
        event(waybill, "departing", f"{hour}:10:00+08:00", operator, eventID=f"urn:uuid:{waybill}-1"),
        event(waybill, "arriving", f"{hour}:40:00+08:00", operator, "H1"),
        event(waybill, "receiving", f"{hour}:50:00+08:00", operator, "O2", **{"postroad:manner": "hand",
                                                                             "postroad:consent": True}),
    ]  # fmt: skip


def sent(app, client, path, content, **headers):
    answer = client.post(path, content=content, headers=headers)
    assert answer.status_code == 202, answer.text
    capture = answer.json()
    assert capture["running"]
    assert not capture["success"]
    assert jobs.claim(app.state.house.engine, "test") == capture["captureID"]
    work(app.state.house.settings, capture["captureID"])
    return client.get(f"/api/epcis/capture/{capture['captureID']}").json()


def posted(app, client, *events, **headers):
    return sent(app, client, "/api/epcis/capture", json.dumps(document(*events)), **headers)


@pytest.fixture(scope="module")
def filled(app):
    """The ledger of an office with two pieces of one operator and one of another."""
    chief = signed_in(app, "province")
    assert chief.get("/api/epcis/events").status_code == 404, "nothing was sent yet"
    for capture in (
        posted(app, signed_in(app, "enterprise", "YTO"), *given("YT1000000001", 0), *given("YT1000000002", 1)),
        posted(app, signed_in(app, "enterprise", "STO"), *given("ST1000000001", 2, "STO")),
    ):
        assert capture["success"], capture
        assert capture["errors"] == []
    return chief


def parcels(client, **asked):
    told = client.get("/api/epcis/events", params=asked)
    assert told.status_code == 200, told.text
    held = told.json()
    assert held["type"] == "EPCISQueryDocument"
    return [(one["epcList"][0].removeprefix(EPC), one.get("bizStep")) for one in
            held["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]  # fmt: skip


def test_events_come_back_by_the_filters_of_the_standard(filled):
    assert len(parcels(filled)) == 12
    assert parcels(filled, MATCH_epc=EPC + "YT1000000001", orderDirection="ASC") == [
        ("YT1000000001", step) for step in ("accepting", "departing", "arriving", "receiving")
    ]
    assert parcels(filled, EQ_bizStep="https://ref.gs1.org/cbv/BizStep-departing") == [
        (waybill, "departing") for waybill in ("ST1000000001", "YT1000000002", "YT1000000001")
    ]
    window = {"GE_eventTime": "2026-03-09T03:10:00Z", "LT_eventTime": "2026-03-09T11:41:00+08:00"}
    assert [step for _, step in parcels(filled, **window, orderDirection="ASC")] == ["departing", "arriving"]
    assert len(parcels(filled, EQ_readPoint="urn:postroad:facility:H1,urn:postroad:facility:O2")) == 6
    assert parcels(filled, EQ_eventID="urn:uuid:YT1000000002-1") == [("YT1000000002", "departing")]
    assert len(parcels(filled, **{"EQ_postroad:operator_id": "STO"})) == 4
    assert parcels(filled, eventType="AggregationEvent") == []
    assert parcels(filled, EQ_action="ADD") == []
    for absent in ("EQ_disposition", "EQ_bizLocation", "MATCH_parentID", "MATCH_inputEPC"):
        assert parcels(filled, **{absent: "urn:postroad:facility:O1"}) == []
    assert len(parcels(filled, eventCountLimit=5)) == 5
    assert filled.get("/api/epcis/events?maxEventCount=5").status_code == 413
    assert "sender" not in filled.get("/api/epcis/events").text
    assert "9990001990" not in filled.get("/api/epcis/events").text, "no number of a document"


BAG, CAR = "urn:postroad:bag:B7", "urn:postroad:vehicle:JA-1"


def tied(kind, action, at, **more):
    """An event that ties things together."""
    return {
        "type": f"{kind}Event", "action": action, "eventTime": f"2026-03-08T{at}:00+08:00",
        "eventTimeZoneOffset": "+08:00", "readPoint": {"id": "urn:postroad:facility:H1"},
        "postroad:operator_id": "YTO", **more,
    }  # fmt: skip


def told(client, **asked):
    answer = client.get("/api/epcis/events", params={"orderDirection": "ASC", **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def test_pieces_in_bags_and_bags_in_vehicles_come_back_as_they_were_sent(tmp_path):
    app = app_in(tmp_path)
    people(app)
    chief = signed_in(app, "province")
    two = [EPC + "YT3000000001", EPC + "YT3000000002"]
    packed = tied("Aggregation", "ADD", "08:00", parentID=BAG, childEPCs=two, bizStep="packing",
                  disposition="container_closed", eventID="urn:e:1",
                  bizLocation={"id": "urn:postroad:facility:H1"})  # fmt: skip
    gone = tied("Aggregation", "OBSERVE", "09:00", parentID=BAG, childEPCs=two, bizStep="departing",
                destinationList=[{"type": "location", "destination": "urn:postroad:facility:H2"}])  # fmt: skip
    loaded = tied("Association", "ADD", "08:30", parentID=CAR, childEPCs=[BAG], bizStep="installing")
    paper = tied("Transaction", "ADD", "08:10", epcList=two, parentID=BAG,
                 bizTransactionList=[{"type": "desadv", "bizTransaction": "urn:postroad:paper:D5"}])  # fmt: skip
    emptied = tied("Aggregation", "DELETE", "18:00", parentID=BAG, bizStep="unpacking")
    looked = tied("Object", "OBSERVE", "08:05", epcList=two[:1], bizStep="inspecting", disposition="damaged")
    arrived = event("YT3000000001", "arriving", "2026-03-08T12:00:00+08:00", place="H2", disposition="in_progress")
    every = [packed, gone, loaded, paper, emptied, looked, arrived]
    made = posted(app, chief, *every)
    assert made["success"], made["errors"]
    assert sum(one["quarantined"] for one in made["taken"]) == 0
    held = told(chief)
    assert [(one["type"], one["action"]) for one in held] == [
        ("AggregationEvent", "ADD"), ("ObjectEvent", "OBSERVE"), ("TransactionEvent", "ADD"),
        ("AssociationEvent", "ADD"), ("AggregationEvent", "OBSERVE"), ("ObjectEvent", "OBSERVE"),
        ("AggregationEvent", "DELETE"),
    ]  # fmt: skip
    for sent_event in every:  # every field comes back as it was sent
        (back,) = [one for one in held if one["eventTime"] == sent_event["eventTime"]]
        assert {name: back.get(name) for name in sent_event} == sent_event
        assert back["recordTime"]
    assert chief.get("/api/epcis/eventTypes").json()["member"] == [
        "ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent"]  # fmt: skip

    def hours(**asked):
        return [one["eventTime"][11:16] for one in told(chief, **asked)]

    assert hours(MATCH_parentID=BAG) == ["08:00", "08:10", "09:00", "18:00"]
    assert hours(MATCH_epc=two[1]) == ["08:00", "08:10", "09:00"]
    assert hours(MATCH_anyEPC=f"JA-1,{BAG}") == ["08:00", "08:10", "08:30", "09:00", "18:00"]
    assert hours(EQ_disposition="damaged,in_progress") == ["08:05", "12:00"]
    assert hours(EQ_bizLocation="urn:postroad:facility:H1") == ["08:00"]
    assert hours(EQ_bizTransaction_desadv="urn:postroad:paper:D5") == ["08:10"]
    assert hours(GE_recordTime="2026-03-08T00:00:00Z", eventType="AssociationEvent", EQ_action="ADD") == ["08:30"]
    assert hours(LT_recordTime="2026-03-08T00:00:00Z") == []
    assert BAG in chief.get("/api/epcis/epcs").json()["member"]
    # The ledger's own checks see where the pieces in the bag were.
    with Ledger.open(tmp_path / "ledgers" / "office").query() as link:
        moved = link.frame("SELECT event, other_id, count(*) AS n FROM scans GROUP BY ALL ORDER BY event").rows()
    assert moved == [("EMJ", None, 1), ("EMK", "H2", 2)]
    # Others see nothing of it, and an error declared takes it back whole.
    assert told(signed_in(app, "enterprise", "STO")) == []
    wrong = {**packed, "errorDeclaration": {"declarationTime": "2026-03-09T00:00:00Z", "reason": "did_not_occur"}}
    assert posted(app, chief, wrong)["success"]
    assert hours(MATCH_parentID=BAG) == ["08:10", "09:00", "18:00"]


@pytest.mark.parametrize(
    ("event_", "reason"),
    [
        (tied("Transformation", "ADD", "08:00", inputEPCList=[BAG], outputEPCList=[CAR]), "epcis_transformation"),
        (tied("Aggregation", "ADD", "08:00", childEPCs=[BAG]), "epcis_event"),
        (tied("Aggregation", "ADD", "08:00", parentID=BAG, childEPCs=[]), "epcis_event"),
        (tied("Aggregation", "ADD", "08:00", parentID=BAG, childEPCs=["bare"]), "epcis_event"),
        (tied("Transaction", "ADD", "08:00", epcList=[BAG]), "epcis_event"),
        (tied("Transaction", "ADD", "08:00", epcList=[BAG], bizTransactionList=[{"type": "desadv"}]), "epcis_event"),
        (tied("Association", "SEE", "08:00", parentID=BAG, childEPCs=[CAR]), "epcis_event"),
        (tied("Object", "ADD", "08:00", epcList=[BAG], bizStep="loadin"), "epcis_event"),
        (tied("Object", "ADD", "08:00", epcList=[BAG], noSuchField=1), "epcis_event"),
        (tied("Object", "ADD", "08:00", quantityList=[{"epcClass": "urn:x:y", "quantity": 3}]), "epcis_quantities"),
    ],
)
def test_what_is_no_event_of_parcels_is_refused_with_its_reason(tmp_path, event_, reason):
    file = tmp_path / "a.jsonld"
    file.write_text(json.dumps(document(event_)), "utf-8")
    taken = take(tmp_path / "l", file, KeyRing.open(tmp_path / "keys"))
    assert (taken.lines, taken.stored, taken.reasons) == (1, 0, {reason: 1})


def test_ids_of_the_vocabulary_are_kept_whole_and_fields_not_held_are_named(tmp_path):
    hashed = f"ni:///sha-256;{'ab' * 32}?ver=CBV2.0"
    assert shown_id(kept_id(hashed)) == hashed
    assert len(kept_id(hashed)) < 64
    assert (kept_id("urn:uuid:1"), shown_id("R1"), kept_id(shown_id("R1"))) == (
        "urn:uuid:1", "urn:postroad:record:R1", "R1")  # fmt: skip
    file = tmp_path / "a.jsonld"
    made = tied("Object", "OBSERVE", "08:00", epcList=[BAG], eventID=hashed, sensorElementList=[{"sensorReport": []}])
    file.write_text(json.dumps(document(made)), "utf-8")
    taken = take(tmp_path / "l", file, KeyRing.open(tmp_path / "keys"))
    assert (taken.stored, taken.not_taken) == (1, ["sensorElementList"])


def test_values_are_listed_once_to_those_who_may_see_their_events(app, filled):
    def listed(client, collection, **asked):
        told = client.get(f"/api/epcis/{collection}", params=asked)
        assert told.status_code == 200, told.text
        return told.json()["member"], told.headers.get("link")

    every = [EPC + waybill for waybill in ("ST1000000001", "YT1000000001", "YT1000000002")]
    assert listed(filled, "epcs") == (every, None)
    two, link = listed(filled, "epcs", perPage=2)
    assert two == every[:2]
    assert filled.get(link.split(">")[0][1:]).json()["member"] == every[2:]
    assert listed(signed_in(app, "enterprise", "STO"), "epcs") == (every[:1], None)
    assert listed(filled, "bizSteps")[0] == ["accepting", "arriving", "departing", "receiving"]
    assert listed(filled, "readPoints")[0] == [f"urn:postroad:facility:{place}" for place in ("H1", "O1", "O2")]
    assert listed(filled, "dispositions") == listed(filled, "bizLocations") == ([], None)
    assert filled.get("/api/epcis/epcs?EQ_bizStep=arriving").status_code == 422
    assert filled.get("/api/epcis/sensors").status_code == 422


def test_pages_follow_each_other_and_do_not_move(app, filled):
    told = filled.get("/api/epcis/events?perPage=5&orderDirection=ASC")
    seen, pages = [], 0
    while True:
        pages += 1
        seen += told.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        link = told.headers.get("link")
        if link is None:
            break
        told = filled.get(link.split(">")[0][1:])
    assert pages == 3
    assert len({json.dumps(one, sort_keys=True) for one in seen}) == 12
    assert [one["eventTime"] for one in seen] == sorted(one["eventTime"] for one in seen)
    assert told.headers["gs1-epcis-version"] == "2.0.0"


@pytest.mark.parametrize("asked", ["EQ_sensor=x", "GE_eventTime=soon", "perPage=0", "perPage=x", "orderBy=name",
                                   "orderDirection=UP", "nextPageToken=%%%", "maxEventCount=-1"])  # fmt: skip
def test_what_is_not_understood_is_refused(filled, asked):
    assert filled.get(f"/api/epcis/events?{asked}").status_code == 422


def test_a_query_is_kept_under_a_name_and_asked_within_what_one_may_see(app, filled):
    asked = {"name": "departures", "query": {"EQ_bizStep": ["departing", "arriving"], "orderDirection": "ASC"}}
    made = filled.post("/api/epcis/queries", json=asked)
    assert made.status_code == 201, made.text
    address = made.headers["location"]
    assert filled.post("/api/epcis/queries", json=asked).status_code == 409
    wrong = filled.post("/api/epcis/queries", json={"name": "wrong", "query": {"EQ_transformationID": "x"}})
    assert wrong.status_code == 422
    assert [one["name"] for one in filled.get("/api/epcis/queries").json()] == ["departures"]

    def steps(client, more=""):
        told = client.get(f"{address}/events{more}")
        assert told.status_code == 200, told.text
        held = told.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        return [one["bizStep"] for one in held], told.headers.get("link")

    assert steps(filled) == (["departing", "arriving"] * 3, None)
    two, link = steps(filled, "?perPage=4")
    assert len(two) == 4
    assert len(filled.get(link.split(">")[0][1:]).json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 2
    other = signed_in(app, "enterprise", "STO")
    assert len(steps(other)[0]) == 2, "a named query shows each its own"
    assert filled.get(f"{address}/events?EQ_bizStep=accepting").status_code == 422
    assert other.delete(address).status_code == 403
    assert filled.delete(address).status_code == 204
    assert filled.get(address).status_code == 404


def test_each_sees_its_own_and_sends_its_own(app, filled):
    mine = signed_in(app, "enterprise", "STO")
    assert {waybill for waybill, _ in parcels(mine)} == {"ST1000000001"}
    assert parcels(mine, MATCH_anyEPC="YT1000000001") == []
    assert signed_in(app, "inspector", "I1").get("/api/epcis/events").status_code == 403
    assert signed_in(app, "enterprise").get("/api/epcis/events").status_code == 403, "an enterprise without a name"
    capture = posted(app, mine, *given("YT1000000009", 3))
    assert not capture["success"]
    assert capture["errors"][0]["reason"] == "console.other_operator"
    city = signed_in(app, "prefecture", "2201")
    assert parcels(city) == [], "no outlet is registered there yet"
    rows = "outlet_id,operator_id,city_id,lon,lat\nO2,YTO,2201,125.3,43.9\n"
    made = sent(app, filled, "/api/ledgers/office/files?file=outlets.csv", rows)
    assert made["success"], made["errors"]
    assert {step for _, step in parcels(city)} == {"receiving"}
    assert signed_in(app, "prefecture", "2202").get("/api/epcis/events").json()["epcisBody"]["queryResults"][
        "resultsBody"]["eventList"] == []  # fmt: skip


def test_a_bad_event_sets_itself_aside_or_takes_all_back_as_asked(app, filled):
    good, bad = given("YT1000000003", 4), event("YT1000000003", "arriving", "2099-01-01T00:00:00+08:00")
    whole = posted(app, filled, *good, bad)
    assert not whole["success"]
    assert whole["captureErrorBehaviour"] == "rollback"
    assert whole["errors"][0]["reason"] == "console.not_captured"
    assert parcels(filled, MATCH_epc="YT1000000003") == []
    some = posted(app, filled, *good, bad, **{"GS1-Capture-Error-Behaviour": "proceed"})
    assert some["success"]
    assert [error["reason"] for error in some["errors"]] == ["future"]
    assert len(parcels(filled, MATCH_epc="YT1000000003")) == 4
    for capture in (whole, some):
        aside = filled.get(f"/api/epcis/capture/{capture['captureID']}/quarantine")
        sheet = fastexcel.read_excel(aside.content).load_sheet(0).to_polars()
        assert sheet["line"].to_list() == ["5"]
        assert sheet["reason"].to_list() == ["future"]
    again = posted(app, filled, *good, bad, **{"GS1-Capture-Error-Behaviour": "proceed"})
    assert again["taken"][0]["already"], "the same document twice is taken once"


def test_documents_of_senders_do_not_stay_in_the_uploads(app, filled):
    home = app.state.house.settings.home
    left = [file.name for file in (home / "uploads").rglob("*") if file.is_file()]
    assert set(left) <= {"quarantine.bin"}


def test_a_workbook_and_broken_documents(app, filled):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("scans")
        row = {**scan("YT1000000001", "EMG", "2026-03-09 10:45:00"), "origin": "observed"}
        for number, cells in enumerate((row, row.values())):
            sheet.write_row(number, 0, list(cells))
        sheet.write_row(2, 0, [*list(row.values())[:3], "=1+1", "2026-03-09 10:46:00"])
        book.add_worksheet("notes").write(0, 0, "not a kind of record")
    made = sent(app, filled, "/api/ledgers/office/files?file=mine.xlsx", out.getvalue())
    assert made["success"], made["errors"]
    assert made["taken"][0]["stored"] == 1
    assert sum(error["count"] for error in made["errors"]) == 1
    for content in (b"{", b"[]", b"\xff\xfe", json.dumps({**document(), "type": "Other"}).encode()):
        told = sent(app, filled, "/api/epcis/capture", content)
        assert not told["success"]
        assert told["errors"][0]["reason"].startswith("ledger.")
    synthetic = [{**one, "postroad:origin": "synthetic"} for one in given("YT1000000007", 5)]
    assert posted(app, filled, *synthetic)["errors"][0]["reason"] in ("ledger.other_origin", "console.not_captured")
    assert filled.post("/api/ledgers/office/files?file=run.exe", content=b"x").status_code == 422


def test_an_alert_is_raised_explained_and_settled(app, filled, tmp_path):
    home = app.state.house.settings.home
    days = [dt.date(2026, 2, 1) + dt.timedelta(days=number) for number in range(15)]
    rows = [
        acceptance(f"YT2{day:%m%d}{number:06d}", accepted_at=f"{day} 10:{number % 60:02d}:00", opened_at="", xray_at="")
        for day in days for number in range(10 if day != days[-1] else 200)
    ]  # fmt: skip
    root = home / "ledgers" / "rehearsal-hand"
    take(root, write(tmp_path / "acceptances.csv", rows), KeyRing.open(tmp_path / "keys"))
    found, facts = checking.raised(Ledger.open(root), None)
    assert facts["alert_day"] == "2026-02-15"
    assert found["direction"].to_list() == ["high"]
    assert "200" in found["reason_en"][0]
    assert "rehearsal-hand" in {one["name"] for one in filled.get("/api/ledgers").json()}
    address = f"/api/ledgers/rehearsal-hand/alerts/{found['alert_id'][0]}?day=2026-02-15"
    told = filled.post(address, json={"outcome": "hit", "note": "a burst on that day"}).json()
    assert (told["settled"], told["hits"]) == (1, 1)
    held = filled.get("/api/ledgers/rehearsal-hand/alerts").json()["outcomes"]
    assert held[found["alert_id"][0]]["note"] == "a burst on that day"
    assert filled.post(address.replace(found["alert_id"][0], "0" * 12), json={"outcome": "hit"}).status_code == 404
    assert signed_in(app, "prefecture", "2201").post(address, json={"outcome": "hit"}).status_code == 403


@pytest.mark.slow
def test_a_rehearsal_fills_a_ledger_once_and_looks_for_alerts(app, filled):
    body = {"kind": "ledger", "options": {"days": 15, "pieces": 3000, "seed": 3}}
    runs = []
    for _ in range(2):
        job = filled.post("/api/jobs", json=body).json()["job_id"]
        assert jobs.claim(app.state.house.engine, "test") == job
        work(app.state.house.settings, job)
        ended = filled.get(f"/api/jobs/{job}").json()
        assert ended["state"] == "done", ended["faults"]
        runs.append(filled.get(f"/api/runs/{ended['result']['run_id']}").json())
    assert runs[0]["facts"]["pieces"] == runs[1]["facts"]["pieces"] > 40_000
    assert runs[0]["facts"]["origin"] == "synthetic"
    held = filled.get(f"/api/runs/{runs[0]['run_id']}/tables/alerts").json()
    assert runs[0]["facts"]["alerts_tested"] > 1000
    assert {"outlet_id", "expected", "reason_zh", "reason_en"} <= set(held["columns"])


def test_what_was_checked_of_real_records_is_for_the_regulator(app, filled):
    options = {"kind": "ledger", "options": {"of": "office"}}
    assert signed_in(app, "enterprise", "YTO").post("/api/jobs", json=options).status_code == 403
    job = filled.post("/api/jobs", json=options).json()["job_id"]
    jobs.claim(app.state.house.engine, "test")
    work(app.state.house.settings, job)
    ended = filled.get(f"/api/jobs/{job}").json()
    assert ended["state"] == "done", ended["faults"]
    run = filled.get(f"/api/runs/{ended['result']['run_id']}").json()
    assert run["facts"]["origin"] == "observed"
    assert run["facts"]["alerts_why"]["key"] == "ledger.short_history"
    mine = signed_in(app, "enterprise", "YTO")
    assert mine.get(f"/api/runs/{run['run_id']}").status_code == 404
    assert run["run_id"] not in {one["run_id"] for one in mine.get("/api/runs").json()}
