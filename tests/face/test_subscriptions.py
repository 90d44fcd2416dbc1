"""Subscriptions: what is new is sent once taken, signed, within what one may see, and never into a private network."""

import datetime as dt
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given as supposing
from hypothesis import settings as effort
from hypothesis import strategies as st

from postroad.face.web import callback, subscriptions
from postroad.face.web.database import accounts, now
from postroad.face.web.database import subscriptions as table
from postroad.face.web.refusal import Refused
from postroad.face.web.schedule import LIMITS, Schedule
from tests.face.test_epcis import given, posted
from tests.face.web import app_in, people, signed_in

TOKEN = "between us two"


class Partner:
    """A partner's server on loopback: keeps what it is sent, and answers with ``status``."""

    def __init__(self):
        self.status, self.got = 204, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append((self.path, dict(self.headers), body))
                self.send_response(outer.status)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/in?from=postroad"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def parcels(self):
        """The parcels of each document that came."""
        return [
            sorted({one["epcList"][0].split(":")[-1] for one in json.loads(body)["epcisBody"]["queryResults"][
                "resultsBody"]["eventList"]}) for _, _, body in self.got
        ]  # fmt: skip


@pytest.fixture
def partner():
    made = Partner()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def app(tmp_path):
    made = app_in(tmp_path, callbacks=("127.0.0.1",))
    people(made)
    return made


def look(app, late=False):
    """Serve what is due, after the wait where ``late``."""
    house = app.state.house
    if late:
        with house.engine.begin() as base:
            base.execute(table.update().values(next_at=now()))
    return subscriptions.look(house.settings, house.engine)


def test_a_stream_sends_what_is_captured_signed_and_again_until_it_is_taken(app, partner):
    chief, operator = signed_in(app, "province"), signed_in(app, "enterprise", "STO")
    assert chief.post("/api/epcis/queries", json={"name": "all", "query": {"eventType": "ObjectEvent"}}).is_success
    every = "/api/epcis/queries/all/subscriptions"
    asked = {"dest": partner.address, "stream": True, "signatureToken": TOKEN}
    made = chief.post(every, json=asked)
    assert made.status_code == 201, made.text
    assert TOKEN not in made.text
    address = made.headers["location"]
    assert look(app) == 0, "nothing was captured"
    assert posted(app, chief, *given("YT1000000001", 0))["success"]
    assert look(app) == 1
    path, headers, body = partner.got[0]
    assert path == "/in?from=postroad"
    assert headers["GS1-Signature"] == hmac.new(TOKEN.encode(), body, hashlib.sha256).hexdigest()
    told = json.loads(body)["epcisBody"]["queryResults"]
    assert (told["queryName"], told["subscriptionID"]) == ("all", made.json()["subscriptionID"])
    assert partner.parcels() == [["YT1000000001"]]
    assert look(app, late=True) == 1
    assert len(partner.got) == 1, "nothing new"

    # The other side fails, then takes both captures together; a redirection is not followed.
    for partner.status in (500, 302):
        assert posted(app, chief, *given(f"YT{partner.status}0000001", 1))["success"]
        assert look(app, late=True) == 1
    held = chief.get(address).json()
    assert (held["state"], held["failures"], held["lastError"]) == ("failing", 2, "NotTakenError: HTTP 302")
    assert look(app) == 0, "it waits before it tries again"
    partner.status = 204
    assert look(app, late=True) == 1
    assert partner.parcels()[-1] == ["YT3020000001", "YT5000000001"]
    assert chief.get(address).json() | {"lastExecutedAt": 0, "nextAt": 0, "createdAt": 0} == {
        **made.json(), "state": "active", "failures": 0, "sent": 12, "lastExecutedAt": 0, "nextAt": 0, "createdAt": 0,
    }  # fmt: skip

    # Each is sent its own, as its account stands on the day; another's subscription cannot be seen.
    with app.state.house.engine.begin() as base:
        base.execute(accounts.update().where(accounts.c.name == "enterprise").values(scope="STO"))
    assert operator.post(every, json=asked).status_code == 201
    assert operator.get(address).status_code == 404
    assert operator.delete(address).status_code == 404
    assert [len(client.get(every).json()) for client in (chief, operator)] == [2, 1]
    assert posted(app, chief, *given("YT1000000004", 3), *given("ST1000000004", 4, "STO"))["success"]
    partner.got.clear()
    assert look(app) == 2
    assert sorted(partner.parcels()) == [["ST1000000004"], ["ST1000000004", "YT1000000004"]]
    assert signed_in(app, "administrator").patch("/api/accounts/enterprise", json={"closed": True}).is_success
    look(app, late=True)
    assert {one["state"] for one in chief.get(every).json()} == {"active", "ended"}
    assert chief.delete(address).status_code == 204
    assert chief.get(address).status_code == 404
    assert chief.delete("/api/epcis/queries/all").status_code == 204
    assert chief.get(every).status_code == 404


def test_a_schedule_sends_at_its_time_and_says_so_when_there_is_nothing(app, partner):
    chief = signed_in(app, "province")
    chief.post("/api/epcis/queries", json={"name": "q", "query": {}})
    asked = {"dest": partner.address, "schedule": {"minute": "30", "hour": "[6-8]"}, "reportIfEmpty": True}
    made = chief.post("/api/epcis/queries/q/subscriptions", json=asked).json()
    due = dt.datetime.fromisoformat(made["nextAt"]).astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert (due.hour in (6, 7, 8), due.minute, due.second) == (True, 30, 0)
    assert look(app) == 0
    assert look(app, late=True) == 1
    assert partner.parcels() == [[]]
    for wrong in ({"minute": "61"}, {"hour": "soon"}, {"second": "[9-3]"}, {"day": "1"}):
        assert chief.post("/api/epcis/queries/q/subscriptions", json={**asked, "schedule": wrong}).status_code == 422
    never = {**asked, "schedule": {"dayOfMonth": "30", "month": "2"}}
    assert chief.post("/api/epcis/queries/q/subscriptions", json=never).json()["faults"][0]["key"] == (
        "console.schedule_never")  # fmt: skip
    both = {**asked, "stream": True}
    assert chief.post("/api/epcis/queries/q/subscriptions", json=both).status_code == 422


def test_nothing_is_sent_into_a_private_network(app):
    chief = signed_in(app, "province")
    chief.post("/api/epcis/queries", json={"name": "q", "query": {}})
    for dest in ("http://example.com/in", "https://10.0.0.8/in", "https://[::1]/in", "https://169.254.169.254/latest",
                 "ftp://example.com/", "https://me:pw@example.com/", "https://", "javascript:alert(1)",
                 "https://[::ffff:10.0.0.1]/", "https://example.com:99999/"):  # fmt: skip
        answer = chief.post("/api/epcis/queries/q/subscriptions", json={"dest": dest, "stream": True})
        assert answer.status_code == 422, dest
        assert answer.json()["faults"][0]["key"].startswith("console.callback_")


def test_a_public_name_of_a_private_machine_is_not_called():
    # Held against what the name stands for at the moment of the call.
    for host in ("localhost", "127.1"):
        with pytest.raises(Refused) as caught:
            callback.post(f"https://{host}:9/in", {}, "", ())
        assert caught.value.faults[0].key == "console.callback_private"


def told(field, number):
    return st.sampled_from(["", "*", str(number), f"[{LIMITS[field][0]}-{number}]", f"{LIMITS[field][0]},{number}"])


@effort(max_examples=30, deadline=None)
@supposing(st.data(), st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2030, 1, 1)))
def test_the_next_time_fits_the_schedule_and_none_was_passed_over(data, moment):
    fields = {name: data.draw(told(name, data.draw(st.integers(low, high)))) for name, (low, high) in LIMITS.items()
              if name != "second"}  # fmt: skip
    made = Schedule(**fields)
    begin = moment.replace(tzinfo=dt.UTC)
    found = made.after(begin)
    if found is None:
        return
    assert found > begin
    again = made.after(found - dt.timedelta(seconds=1))
    assert again == found, "the time itself comes due"
    half = begin + (found - begin) / 2
    assert made.after(half) == found, "nothing comes due in between"


def test_times_of_a_schedule_worked_out_by_hand():
    zone = dt.timezone(dt.timedelta(hours=8))
    sunday = dt.datetime(2026, 11, 29, 23, 59, 59, tzinfo=zone)
    assert Schedule(dayOfWeek="1", hour="6", minute="15").after(sunday) == dt.datetime(2026, 11, 30, 6, 15, tzinfo=zone)
    assert Schedule().after(sunday) == dt.datetime(2026, 11, 30, tzinfo=zone)
    leap = Schedule(dayOfMonth="29", month="2", hour="0", minute="0")
    assert leap.after(sunday) == dt.datetime(2028, 2, 29, tzinfo=zone)
    assert Schedule(dayOfMonth="31", month="4").after(sunday) is None
