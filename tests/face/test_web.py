"""The HTTP interface: who may do what, what is refused, and that nothing is lost on the way."""

import io
import shutil
import time
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

import postroad
from postroad.face.web import jobs
from postroad.face.web.accounts import MAY, ROLES
from postroad.face.web.shield import Buckets
from postroad.network import pack_folder, province
from postroad.supervise.records.acts import load, rights
from tests.face.web import KEY, PASSWORD, app_in, done, people, signed_in


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    made = app_in(tmp_path_factory.mktemp("home"))
    people(made)
    return made


@pytest.fixture(scope="module")
def chief(app):
    return signed_in(app, "administrator")


WALK = {
    ("GET", "/api/provinces"): "read",
    ("GET", "/api/provinces/jilin"): "read",
    ("GET", "/api/provinces/jilin/tables/places"): "read",
    ("GET", "/api/provinces/jilin/outlines"): "read",
    ("GET", "/api/provinces/jilin/points/county"): "read",
    ("GET", "/api/provinces/jilin/sites"): "read",
    ("GET", "/api/provinces/jilin/sites/hub"): "read",
    ("GET", "/api/provinces/jilin/roads"): "read",
    ("GET", "/api/provinces/jilin/railways"): "read",
    ("GET", "/api/provinces/jilin/flows"): "read",
    ("GET", "/api/provinces/jilin/coverage"): "read",
    ("GET", "/api/provinces/jilin/minutes?place=2201"): "read",
    ("GET", "/api/provinces/jilin/search?q=antu"): "read",
    ("GET", "/api/provinces/jilin/places/2201"): "read",
    ("GET", "/api/provinces/jilin/scorecard?as_of=2023-06-30"): "read",
    ("GET", "/api/provinces/jilin/scorecard/frame"): "read",
    ("GET", "/api/provinces/jilin/report?form=json&as_of=2023-06-30"): "read",
    ("GET", "/api/provinces/jilin/evaluation?form=html&as_of=2023-06-30&effects=000000000000"): "read",
    ("GET", "/api/provinces/jilin/figures"): "read",
    ("POST", "/api/figures/sign-off"): "compute",
    ("POST", "/api/figures"): "read",
    ("GET", "/api/jobs"): "read",
    ("POST", "/api/jobs"): "compute",
    ("GET", "/api/jobs/000000000000"): "read",
    ("POST", "/api/jobs/000000000000/stop"): "compute",
    ("POST", "/api/jobs/000000000000/resume"): "compute",
    ("GET", "/api/jobs/000000000000/events"): "read",
    ("GET", "/api/runs"): "read",
    ("GET", "/api/runs/000000000000"): "read",
    ("GET", "/api/runs/000000000000/tables/flows"): "read",
    ("GET", "/api/runs/000000000000/tables/flows.csv"): "read",
    ("GET", "/api/runs/000000000000/report"): "read",
    ("PUT", "/api/runs/000000000000/published"): "publish",
    ("DELETE", "/api/runs/000000000000/published"): "publish",
    ("GET", "/api/uploads"): "read",
    ("POST", "/api/uploads?file=a.exe"): "upload",
    ("GET", "/api/uploads/template"): "read",
    ("GET", "/api/uploads/000000000000"): "read",
    ("GET", "/api/uploads/000000000000/quarantine"): "read",
    ("POST", "/api/uploads/000000000000/accept"): "upload",
    ("GET", "/api/records"): "read",
    ("GET", "/api/records/views/no.such"): "read",
    ("POST", "/api/records/acts/no.such"): "read",
    ("GET", "/api/records/names/jilin"): "read",
    ("GET", "/api/records/tables/nothing"): "read",
    ("GET", "/api/records/tables/nothing/O1"): "read",
    ("GET", "/api/provinces/jilin/service"): "read",
    ("GET", "/api/provinces/jilin/drills"): "read",
    ("GET", "/api/provinces/jilin/levers"): "read",
    ("POST", "/api/provinces/jilin/levers/bundle"): "read",
    ("POST", "/api/epcis/capture?ledger=none"): "capture",
    ("GET", "/api/epcis/capture"): "capture",
    ("GET", "/api/epcis/capture/000000000000"): "capture",
    ("GET", "/api/epcis/capture/000000000000/quarantine"): "capture",
    ("GET", "/api/epcis/events"): "events",
    ("GET", "/api/epcis/eventTypes"): "events",
    ("GET", "/api/epcis/epcs?ledger=none"): "events",
    ("GET", "/api/epcis/queries"): "events",
    ("POST", "/api/epcis/queries"): "events",
    ("GET", "/api/epcis/queries/nothing"): "events",
    ("DELETE", "/api/epcis/queries/nothing"): "events",
    ("GET", "/api/epcis/queries/nothing/events"): "events",
    ("GET", "/api/epcis/queries/nothing/subscriptions"): "events",
    ("POST", "/api/epcis/queries/nothing/subscriptions"): "events",
    ("GET", "/api/epcis/queries/nothing/subscriptions/0000000000000000"): "events",
    ("DELETE", "/api/epcis/queries/nothing/subscriptions/0000000000000000"): "events",
    ("GET", "/api/ledgers"): "settle",
    ("POST", "/api/ledgers/office/files?file=a.exe"): "capture",
    ("GET", "/api/ledgers/office/alerts"): "settle",
    ("POST", "/api/ledgers/office/alerts/000000000000?day=2026-01-01"): "settle",
    ("GET", "/api/accounts"): "accounts",
    ("POST", "/api/accounts"): "accounts",
    ("PATCH", "/api/accounts/nobody"): "accounts",
}
OPEN = {"/api/about", "/api/words", "/api/session", "/api/session/key", "/api/session/open-id",
        "/api/session/open-id/return", "/api/session/roles", "/api/public/runs",
        "/api/public/draws", "/api/public/draws/{draw}/{paper}", "/api/public/verifier/{file}"}  # fmt: skip


def shape(path):
    """A path with every part that may differ left open."""

    def left_open(part):
        bare, csv = part.removesuffix(".csv"), ".csv" if part.endswith(".csv") else ""
        return "*" + csv if bare.startswith("{") or bare in FILLED else part

    return "/".join(left_open(part) for part in path.split("?")[0].split("/"))


FILLED = {"jilin", "places", "county", "hub", "2201", "000000000000", "nobody", "flows", "no.such", "nothing", "O1",
          "epcs", "office", "0000000000000000"}  # fmt: skip


def test_the_walk_leaves_no_operation_out(app):
    described = {
        (method.upper(), shape(path))
        for path, held in app.openapi()["paths"].items()
        if path not in OPEN
        for method in held
    }
    assert described == {(method, shape(path)) for method, path in WALK}


def test_the_description_is_complete(app):
    told = app.openapi()
    names = set()
    for path, held in told["paths"].items():
        for method, one in held.items():
            place = f"{method} {path}"
            assert one["summary"], place
            assert one["description"], place
            assert one["tags"], place
            assert {"401", "403", "404", "422", "429"} <= set(one["responses"]), place
            good = {code: answer for code, answer in one["responses"].items() if code[0] in "23"}
            assert good, place
            for code, answer in good.items():
                if code[0] == "2" and code != "204":
                    assert answer["content"], place
                    assert answer["content"].get("application/json", {"schema": 1})["schema"], place
            names.add(one["operationId"])
    assert len(names) == sum(len(held) for held in told["paths"].values())


SCOPES = {"prefecture": "2201", "enterprise": "SF", "inspector": "I1"}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_at_every_door(app, role):
    client = signed_in(app, role, SCOPES.get(role, ""))
    for (method, path), action in WALK.items():
        allowed = action in MAY[role]
        answer = client.request(method, path, json={} if method in ("POST", "PATCH") else None)
        refused = 401 if role == "public" else 403
        assert answer.status_code < 500, (method, path)
        assert (answer.status_code == refused) == (not allowed), (role, method, path, answer.status_code)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "public"])
def test_every_role_at_every_act_of_the_records(app, role):
    client = signed_in(app, role, SCOPES.get(role, ""))
    held = rights()["acts"]
    for act in load().values():
        path = f"/api/records/{act.kind}s/{act.name}"
        answer = client.get(path) if act.kind == "view" else client.post(path, json={"arguments": {"nobody": 1}})
        allowed = {"administrator": "province"}.get(role, role) in held[act.name]
        assert (answer.status_code == 403) == (not allowed), (role, act.name, answer.text[:200])
        assert answer.status_code < 500


def test_two_people_at_one_case_and_a_button_pressed_twice(app):
    chief, clerk = signed_in(app, "province"), signed_in(app, "prefecture", "2201")
    outlet = {"id_": "O1", "operator_id": "SF", "prefecture_id": "2201", "kind": "branch", "opened_on": "2020-01-01"}
    hazard = {"id_": "H1", "outlet_id": "O1", "heading": "wires", "owner": "Wang", "found_on": "2026-01-05"}
    assert chief.post("/api/records/acts/outlet.open", json={"arguments": outlet}).json() == {"ids": ["O1"]}
    for _ in range(2):  # sent twice with one request, done once
        answer = clerk.post("/api/records/acts/hazard.open", json={"arguments": hazard, "request": "one press"})
        assert answer.json() == {"ids": ["H1"]}
    remedy = {"id_": "H1", "on": "2026-01-07", "evidence_sha256": "a" * 64}
    assert clerk.post("/api/records/acts/hazard.remedy", json={"arguments": remedy}).status_code == 200
    late = chief.post("/api/records/acts/hazard.remedy", json={"arguments": {**remedy, "on": "2026-01-08"}})
    assert late.status_code == 422, "the second is told, and changes nothing"
    history = chief.get("/api/records/tables/hazards/H1").json()
    assert [row["state"] for row in history] == ["open", "remedied"]
    assert history[-1]["remedied_on"] == "2026-01-07"
    pieces = {"period": "2026-01", "operator_id": "SF", "pieces": 10}
    seen = {"table": "volumes", "id": "2026-01:SF", "version": 0}
    for version, code in ((0, 200), (0, 422), (1, 200)):  # the second had the form open before the first pressed
        body = {"arguments": pieces, "seen": {**seen, "version": version}}
        assert chief.post("/api/records/acts/volume.report", json=body).status_code == code
    assert len(chief.get("/api/records/tables/volumes/2026-01:SF").json()) == 2
    elsewhere = {"arguments": {**hazard, "id_": "H2"}, "seen": {"table": "outlets", "id": "O1", "version": 9}}
    assert clerk.post("/api/records/acts/hazard.open", json=elsewhere).status_code == 200, "it writes no outlet"
    assert signed_in(app, "prefecture", "2202").get("/api/records/tables/hazards/H1").status_code == 404
    assert signed_in(app, "public").get("/api/public/draws").json() == []


def test_a_change_without_the_token_is_refused_and_changes_nothing(app):
    client = signed_in(app, "province")
    client.headers["x-csrf-token"] = "that of an older tab"
    answer = client.post("/api/jobs", json={"kind": "score"})
    assert answer.status_code == 403
    assert answer.json()["faults"][0]["key"] == "console.stale_tab"
    assert client.get("/api/jobs").json() == []


def test_signing_in_and_out(app):
    client = signed_in(app, "public")
    assert client.get("/api/session").json()["role"] == "public"
    told = client.post("/api/session", json={"name": "inspector", "password": PASSWORD}).json()
    assert told["may"] == ["read"]
    cookie = client.cookies["postroad"]
    assert client.get("/api/provinces").status_code == 200
    client.delete("/api/session", headers={"x-csrf-token": told["csrf"]})
    client.cookies.set("postroad", cookie)
    assert client.get("/api/provinces").status_code == 401


def test_the_key_of_the_start_signs_in_and_a_wrong_one_does_not(app):
    client = signed_in(app, "public")
    assert client.get("/api/session/key?key=wrong", follow_redirects=False).status_code == 401
    answer = client.get("/api/session/key", params={"key": KEY}, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/api/session").json()["role"] == "administrator"


def test_a_wrong_password_a_thousand_times(tmp_path):
    made = app_in(tmp_path, requests_per_second=1e6, burst=1e6)
    people(made)
    client = signed_in(made, "public")
    answers = [client.post("/api/session", json={"name": "province", "password": f"guess {n}"}) for n in range(1000)]
    codes = [answer.status_code for answer in answers]
    assert codes.count(401) <= 12
    assert set(codes) == {401, 429}
    assert int(answers[-1].headers["retry-after"]) >= 1
    made.state.house.doors._level.clear()  # as after the wait
    assert client.post("/api/session", json={"name": "province", "password": PASSWORD}).status_code == 200


def test_accounts_are_made_changed_and_closed(app, chief):
    body = {"name": "li.wei", "password": PASSWORD, "role": "prefecture", "scope": "2202"}
    assert chief.post("/api/accounts", json=body).status_code == 201
    assert chief.post("/api/accounts", json=body).status_code == 409
    assert chief.post("/api/accounts", json={**body, "name": "x", "password": "short"}).status_code == 422
    assert chief.post("/api/accounts", json={**body, "name": "y", "role": "king"}).status_code == 422
    guest = signed_in(app, "public")
    assert guest.post("/api/session", json={"name": "li.wei", "password": PASSWORD}).status_code == 200
    assert chief.patch("/api/accounts/li.wei", json={"closed": True}).json()["closed_at"]
    assert guest.get("/api/provinces").status_code == 401, "closing an account ends its sessions"
    assert guest.post("/api/session", json={"name": "li.wei", "password": PASSWORD}).status_code == 401
    assert "password" not in chief.get("/api/accounts").text


def test_headers_and_host_names(app, chief):
    headers = chief.get("/api/about").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    answer = chief.get("/api/about", headers={"host": "evil.example"})
    assert answer.status_code == 421


def test_haste_is_slowed(tmp_path):
    made = app_in(tmp_path, requests_per_second=1.0, burst=5)
    client = signed_in(made, "public")
    codes = [client.get("/api/about").status_code for _ in range(10)]
    assert 429 in codes
    bucket = Buckets(rate=10.0, burst=2)
    assert [bucket.wait("a") > 0 for _ in range(3)] == [False, False, True]
    assert bucket.wait("b") == 0


def test_long_bodies_are_refused_before_they_are_read(app, chief):
    answer = chief.post("/api/uploads?file=big.xlsx", content=b"", headers={"content-length": str(2 << 30)})
    assert answer.status_code == 413
    assert chief.post("/api/figures", content=b"x" * (3 << 20)).status_code == 413


def test_a_long_body_without_a_length_is_cut_off(tmp_path):
    made = app_in(tmp_path, upload_bytes=1 << 20)
    people(made)
    client = signed_in(made, "province")
    answer = client.post("/api/uploads?file=big.csv", content=(b"x" * 65536 for _ in range(64)))
    assert answer.status_code == 413
    assert list((tmp_path / "uploads").iterdir()) == [], "nothing half written"


def book(rows, formula=""):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        sheet = made.add_worksheet("sources")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if formula:
            sheet.write_formula(1, 1, formula, None, "worked out")
    return out.getvalue()


HEAD = ["source_id", "title", "version", "licence", "digest", "note", "origin", "source"]
GOOD = ["mine", "My register", "1", "own", None, None, "observed", "mine"]


def sent(app, client, file, data):
    answer = client.post(f"/api/uploads?file={file}", content=data)
    assert answer.status_code == 202, answer.text
    upload = answer.json()
    job = done(app, upload["job"]["job_id"])
    return upload["upload_id"], job


def test_an_upload_gives_its_faults_and_the_rows_set_aside(app, chief):
    rows = [HEAD, GOOD, ["bad", '=HYPERLINK("http://x")', "1", None, None, None, "guessed", "mine"]]
    upload_id, job = sent(app, chief, "mine.xlsx", book(rows))
    assert job["state"] == "done"
    found = job["result"]
    assert found["tally"]["sources"] == {"rows": 2, "taken": 1, "quarantined": 1, "skipped": 0}
    assert any(fault["column"] == "origin" and fault["value"] == "guessed" for fault in found["faults"])
    aside = chief.get(f"/api/uploads/{upload_id}/quarantine")
    assert aside.status_code == 200
    sheet = zipfile.ZipFile(io.BytesIO(aside.content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet, "no cell of the rows set aside is a formula"


def test_a_formula_counts_as_its_value_and_is_never_run(app, chief):
    _, job = sent(app, chief, "formula.xlsx", book([HEAD, GOOD], formula='=HYPERLINK("http://x","y")'))
    assert job["state"] == "done"
    assert job["result"]["tally"]["sources"]["rows"] == 1


def test_zip_bombs_are_refused(app, chief):
    for file, inner in (("bomb.xlsx", "xl/worksheets/sheet1.xml"), ("bomb.zip", "places.csv")):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("[Content_Types].xml", "<Types/>")
            packed.writestr(inner, b"0" * (64 << 20))
        _, job = sent(app, chief, file, out.getvalue())
        told = job["faults"] or job["result"]["faults"]
        assert any(fault["key"] == "tables.workbook_too_big" for fault in told)


@pytest.mark.parametrize("name", ["run.exe", "..", "x/../../etc/passwd", ".csv", "a.csv\x00.exe", "名" * 80 + ".csv"])
def test_odd_file_names_are_refused(chief, name):
    assert chief.post("/api/uploads", params={"file": name}, content=b"x").status_code == 422


def test_a_clean_upload_becomes_a_province_and_a_job_on_it_fails_clearly_once_it_is_gone(app, chief):
    pack = io.BytesIO()
    folder = Path(postroad.network.pack_folder("jilin"))
    with zipfile.ZipFile(pack, "w") as out:
        out.writestr("sources.csv", (folder / "sources.csv").read_bytes())
        out.writestr(
            "places.csv",
            "place_id,name_zh,level,kind,lon,lat,country,origin,source\n22,吉林省,province,province,125.3,43.9,CN,observed,jilin-places\n",
        )
    upload_id, job = sent(app, chief, "small.zip", pack.getvalue())
    assert job["result"]["fault_count"] == 0, job["result"]["faults"]
    answer = chief.post(f"/api/uploads/{upload_id}/accept", json={"name": "small"})
    assert answer.status_code == 201
    assert chief.post(f"/api/uploads/{upload_id}/accept", json={"name": "small"}).status_code == 409
    assert chief.get("/api/provinces/small").json()["faults"] == []
    assert chief.get("/api/provinces/small/scorecard").status_code == 404
    asked = chief.post("/api/jobs", json={"kind": "demand", "province": "small"}).json()
    home = app.state.house.settings.home
    (home / "provinces" / "small").rename(home / "gone")
    ended = done(app, asked["job_id"])
    assert ended["state"] == "failed"
    assert ended["faults"][0]["key"] == "console.no_province"


def test_a_job_leaves_a_run_that_can_be_read_published_and_withdrawn(app, chief):
    asked = chief.post("/api/jobs", json={"kind": "demand", "options": {"year": 2020}}).json()
    ended = done(app, asked["job_id"])
    assert ended["state"] == "done"
    run_id = ended["result"]["run_id"]
    run = chief.get(f"/api/runs/{run_id}").json()
    assert run["tables"]["flows"] > 1000
    nobody = signed_in(app, "public")
    assert nobody.get(f"/api/runs/{run_id}").status_code == 401
    assert chief.put(f"/api/runs/{run_id}/published").json()["published"]
    assert nobody.get("/api/public/runs").json()[0]["run_id"] == run_id
    assert nobody.get(f"/api/runs/{run_id}/tables/flows?limit=3").json()["total"] == run["tables"]["flows"]
    assert nobody.get(f"/api/runs/{run_id}/tables/imbalance.csv").text.startswith("﻿prefecture_id")
    for form in ("xlsx", "docx", "html"):
        told = nobody.get(f"/api/runs/{run_id}/report?form={form}&language=en")
        assert told.headers["content-disposition"].endswith(f'.{form}"')
    chief.delete(f"/api/runs/{run_id}/published")
    assert nobody.get(f"/api/runs/{run_id}").status_code == 401


def test_a_job_of_one_enterprise_is_not_there_for_another(app):
    mine = signed_in(app, "enterprise")
    job_id = mine.post("/api/jobs", json={"kind": "score"}).json()["job_id"]
    assert signed_in(app, "prefecture").get(f"/api/jobs/{job_id}").status_code == 404
    assert signed_in(app, "province").get(f"/api/jobs/{job_id}").status_code == 200
    assert mine.post(f"/api/jobs/{job_id}/stop").json()["state"] == "stopped"
    assert mine.post(f"/api/jobs/{job_id}/stop").status_code == 409
    assert mine.post(f"/api/jobs/{job_id}/resume").json()["state"] == "waiting"
    mine.post(f"/api/jobs/{job_id}/stop")


def test_options_nobody_knows_are_refused(chief):
    answer = chief.post("/api/jobs", json={"kind": "demand", "options": {"year": "soon", "speed": 3}})
    assert answer.status_code == 422
    assert {fault["column"] for fault in answer.json()["faults"]} == {"year", "speed"}
    assert chief.post("/api/jobs", json={"kind": "magic"}).status_code == 422


def test_a_lost_job_is_taken_up_again_and_not_for_ever(app, chief):
    engine = app.state.house.engine
    asked = chief.post("/api/jobs", json={"kind": "score"}).json()["job_id"]
    for attempt in range(1, jobs.MOST_ATTEMPTS + 1):
        assert jobs.claim(engine, "killed") == asked
        assert jobs.find(engine, asked)["attempts"] == attempt
        assert jobs.claim(engine, "another") is None, "its heart still beats"
        past = jobs.now() - jobs.timedelta(seconds=jobs.LOST_S + 1)
        with engine.begin() as base:
            base.execute(jobs.jobs.update().where(jobs.jobs.c.job_id == asked).values(beat_at=past))
    assert jobs.claim(engine, "last") is None
    assert jobs.find(engine, asked)["state"] == "failed"


def test_answers_are_packed_tagged_and_asked_for_once(chief):
    first = chief.get("/api/provinces/jilin/points/village", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    assert first.json()["count"] == 11860
    again = chief.get("/api/provinces/jilin/points/village", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_places_are_found_by_characters_and_pinyin(chief):
    for asked in ("安图", "antu", "Antu "):
        hits = chief.get("/api/provinces/jilin/search", params={"q": asked}).json()
        assert hits[0]["name_zh"] == "安图县", asked
    assert chief.get("/api/provinces/jilin/search", params={"q": "(["}).json() == []


def test_figures_of_a_text(chief):
    told = chief.post(
        "/api/figures", json={"text": "2020年快递业务量4.47亿件，同比增长35%。", "province": "jilin"}
    ).json()
    assert told["ledger"]["figures"]
    assert chief.post("/api/figures", json={"text": ""}).status_code == 422


def test_figures_signed_off_and_the_evaluation_officials_write(chief):
    signed = chief.post("/api/figures/sign-off", json={"province": "jilin", "note": "as printed"})
    assert signed.status_code == 201
    run = chief.get(f"/api/runs/{signed.json()['run_id']}").json()
    assert run["facts"]["signed_by"] == "administrator"
    assert run["tables"]["figures"] == len(chief.get("/api/provinces/jilin/figures").json()["figures"])
    at = "/api/provinces/jilin/evaluation?kind=midterm&form=html&as_of=2023-06-30"
    page = chief.get(f"{at}&language=zh")
    assert "中期评估" in page.text
    assert "2023-06-30" in page.headers["content-disposition"]
    judged = chief.get("/api/provinces/jilin/scorecard?as_of=2023-06-30").json()
    assert judged["run_id"] in page.text
    assert chief.get(f"{at}&effects={run['run_id']}").status_code == 422  # a run of figures measures no lever
    assert chief.get(f"{at.replace('midterm', 'final')}").status_code == 422  # the plan has not ended by then


def test_events_follow_a_job_to_its_end(app, chief):
    job_id = chief.post("/api/jobs", json={"kind": "demand"}).json()["job_id"]
    chief.post(f"/api/jobs/{job_id}/stop")
    start = time.monotonic()
    with chief.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        lines = [line for line in stream.iter_lines() if line.startswith("data:")]
    assert '"state": "stopped"' in lines[-1]
    assert time.monotonic() - start < 60


def test_unknown_paths_and_methods_answer_as_json(chief):
    assert chief.get("/api/nothing").json()["faults"][0]["key"] == "console.not_there"
    assert chief.put("/api/about").status_code == 405
    assert chief.get("/jilin/targets").headers["content-type"].startswith("text/html")
    assert chief.get("/assets/../../settings.py").status_code == 404


def test_levers_and_a_bundle_of_them(chief):
    held = chief.get("/api/provinces/jilin/levers").json()
    first = held["levers"][0]["id"]
    body = {"levers": [{"id": first, "slip_years": 1.0}], "on": "2025-12-31"}
    told = chief.post("/api/provinces/jilin/levers/bundle", json=body).json()
    assert told["shares"] == {first: 1.0}
    assert told["opened"][first] > 0
    changed = {row["table"]: row["after"] - row["before"] for row in told["tables"]}
    assert changed["sites"] == told["opened"][first]
    assert sum(row["capital_yuan"] for row in told["costs"]) > 0
    early = chief.post("/api/provinces/jilin/levers/bundle", json={**body, "on": "2015-01-01"}).json()
    assert early["opened"] == {}
    assert chief.post("/api/provinces/jilin/levers/bundle", json={"levers": [{"id": "none"}]}).status_code == 422


def test_a_province_of_ones_own_brings_its_own_levers(app, chief):
    home = app.state.house.settings.home
    own = home / "provinces" / "mine"
    assert chief.get("/api/provinces/mine/levers").status_code == 404
    province("jilin").save(own)
    for name in ("plan.toml", "levers.toml"):
        shutil.copy(pack_folder("jilin") / name, own / name)
    held, shipped = (chief.get(f"/api/provinces/{name}/levers").json() for name in ("mine", "jilin"))
    assert held == shipped
    body = {"levers": [{"id": held["levers"][0]["id"]}]}
    made = chief.post("/api/provinces/mine/levers/bundle", json=body)
    assert made.status_code == 200, made.text
    shutil.rmtree(own)


def test_the_trunk_is_made_by_a_job(app, chief):
    asked = chief.post("/api/jobs", json={"kind": "trunk"}).json()
    ended = done(app, asked["job_id"])
    assert ended["state"] == "done", ended["faults"]
    run = chief.get(f"/api/runs/{ended['result']['run_id']}").json()
    assert run["facts"]["line_hauls"] > 100
    assert run["tables"]["sort_waves"] > 0
    # A plan's rows cite a source that the province alone does not have.
    own = {"before": run["run_id"], "after": run["run_id"]}
    held = chief.post("/api/jobs", json={"kind": "difference", "options": own}).json()
    compared = done(app, held["job_id"])
    assert compared["state"] == "done", compared["faults"]


def test_a_drill_must_disturb_something(app, chief):
    asked = chief.post("/api/jobs", json={"kind": "drill", "options": {"scale": 0.005}}).json()
    assert done(app, asked["job_id"])["faults"][0]["key"] == "console.nothing_disturbed"
