"""The interface under strain: random requests of every operation, a killed server, and two hundred readers."""

import json
import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)  # fmt: skip

from postroad.face.web import jobs
from postroad.face.web.database import connect
from tests.browser.conftest import Server
from tests.face.web import app_in, done, people, signed_in

pytestmark = pytest.mark.slow
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    made = app_in(tmp_path_factory.mktemp("home"), requests_per_second=1e6, burst=1e6)
    people(made)
    client = signed_in(made, "administrator")
    headers = {"cookie": f"postroad={client.cookies['postroad']}", "x-csrf-token": client.headers["x-csrf-token"]}
    return schemathesis.openapi.from_asgi("/api/openapi.json", made), headers


def test_no_request_breaks_the_interface_or_gets_an_undescribed_answer(described):
    schema, headers = described
    apart = {("DELETE", "/api/session"), ("GET", "/api/jobs/{job_id}/events")}
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        # The one would sign the others out, the other streams until a job is over.
        if (operation.method.upper(), operation.path) not in apart:
            attack(operation, headers)
            seen += 1
    assert seen > 45


def attack(operation, headers):
    @effort(max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy())
    def one(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    one()


PEAK = {"kind": "day", "options": {"day": "peak", "scale": 0.005}}
TRIAL = {"kind": "effect", "options": {"levers": ["transit-bags"], "worlds": 2, "scale": 0.0005}}


@pytest.mark.parametrize(("body", "made", "kept"), [(PEAK, "simulate_day", 0), (TRIAL, "effect", 1)])
def test_a_killed_server_takes_its_jobs_up_again(tmp_path, body, made, kept):
    """In the same row; of a trial's cases those that were done are not done again."""
    server = Server(tmp_path)
    try:
        client = httpx.Client(base_url=server.base, timeout=60)
        client.get(server.key_address)
        token = {"x-csrf-token": client.get("/api/session").json()["csrf"]}
        job = client.post("/api/jobs", json=body, headers=token).json()["job_id"]
        wait_for(lambda: client.get(f"/api/jobs/{job}").json()["done"] > 0, 120)
        workers = hands(job)
    finally:
        server.kill()
    for process in workers:  # as when the machine loses its power: nobody is left to say anything
        os.kill(process, signal.SIGKILL)
    left = jobs.find(connect(f"sqlite:///{tmp_path / 'web.sqlite3'}"), job)
    assert left["state"] == "running"
    assert 0 < left["done"] < left["total"]
    finished = list((tmp_path / "cache" / job).glob("*.pickle"))
    assert len(finished) >= kept
    before = {file: file.stat().st_mtime_ns for file in finished}
    server.start()
    try:
        client = httpx.Client(base_url=server.base, timeout=60)
        client.get(server.key_address)
        wait_for(lambda: client.get(f"/api/jobs/{job}").json()["state"] == "done", 240)
        ended = client.get(f"/api/jobs/{job}").json()
        assert ended["attempts"] == 2
        assert client.get(f"/api/runs/{ended['result']['run_id']}").json()["kind"] == made
        assert {file: file.stat().st_mtime_ns for file in finished} == before, "what was done is not done again"
    finally:
        server.close()


def hands(job):
    """The processes that do a job, found by the job's id among their words."""
    told = subprocess.run(["ps", "-ewwo", "pid,args"], check=True, capture_output=True, text=True).stdout
    found = [int(line.split()[0]) for line in told.splitlines() if "postroad.face.web.worker" in line and job in line]
    assert found, told
    return found


def wait_for(holds, seconds):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.3)


def test_two_hundred_readers_meet_no_error_and_memory_stays(tmp_path):
    options = ["web", "--readers", "200", "--seconds", "20", "--json"]
    told = subprocess.run([sys.executable, "-m", "benchmarks", *options], check=True, capture_output=True, text=True)
    found = json.loads(told.stdout)
    assert found["faults"] == {}
    assert found["requests"] > 200
    assert found["memory_after_mb"] < found["memory_before_mb"] + 60


@pytest.mark.slow
def test_a_hubs_day_and_a_past_days_review_are_jobs(tmp_path):
    app = app_in(tmp_path)
    people(app)
    chief = signed_in(app, "province")
    filled = chief.post(
        "/api/jobs", json={"kind": "ledger", "options": {"day": "2025-11-11", "days": 15, "pieces": 400}}
    )
    assert done(app, filled.json()["job_id"])["state"] == "done"
    asked = {"kind": "after_action", "options": {"day": "2025-11-11", "share": 0.00003, "scale": 0.001,
             "ledger": chief.get("/api/ledgers").json()[0]["name"]}}  # fmt: skip
    ended = done(app, chief.post("/api/jobs", json=asked).json()["job_id"])
    assert ended["state"] == "done", ended["faults"]
    run = chief.get(f"/api/runs/{ended['result']['run_id']}").json()
    assert run["facts"]["records"] == "synthetic"
    assert run["facts"]["told"]["zh"]
    asked = {"kind": "hub_day", "options": {"place_id": "2201", "more_percent": 20, "scale": 0.001}}
    ended = done(app, chief.post("/api/jobs", json=asked).json()["job_id"])
    assert ended["state"] == "done", ended["faults"]
    run = chief.get(f"/api/runs/{ended['result']['run_id']}").json()
    assert run["tables"]["measures"] == 26
    wrong = {"kind": "hub_day", "options": {"place_id": "X-BEIJING"}}
    assert done(app, chief.post("/api/jobs", json=wrong).json()["job_id"])["faults"][0]["key"] == "hub_day.unknown"
