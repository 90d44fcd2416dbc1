"""A server in this process, with an account of each role, for the tests of the interface."""

import warnings

from postroad.face.web import Settings, create_app, jobs
from postroad.face.web.accounts import ROLES, Person, hashed
from postroad.face.web.database import accounts, now
from postroad.face.web.sessions import Sessions
from postroad.face.web.worker import work

with warnings.catch_warnings():
    # The test client prefers the successor of httpx and works with httpx as well.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PASSWORD = "eight horses on the post road"
KEY = "a key for the one who started it"


def settings(home, **changed):
    return Settings(home=home, key=KEY, workers=0, **{"open_id": None, **changed})


def people(app):
    """Make an account of each role, hashing the one pass word once."""
    engine = app.state.house.engine
    kept = hashed(PASSWORD)
    rows = [
        {"name": role, "role": role, "scope": "", "password": kept, "made_at": now()}
        for role in ROLES
        if role != "public"
    ]
    with engine.begin() as base:
        base.execute(accounts.insert(), rows)


def signed_in(app, role, scope=""):
    """A client of a role, with its token against forged requests set."""
    client = TestClient(app)
    if role != "public":
        house = app.state.house
        token = Sessions(house.engine, 1.0).begin(Person(role, role, scope))
        client.cookies.set("postroad", token)
        client.headers["x-csrf-token"] = client.get("/api/session").json()["csrf"]
    return client


def app_in(home, **changed):
    return create_app(settings(home, **changed))


def done(app, job_id):
    """Do a job here and return its row as the interface shows it."""
    house = app.state.house
    claimed = jobs.claim(house.engine, "test")
    assert claimed == job_id
    work(house.settings, job_id)
    return signed_in(app, "administrator").get(f"/api/jobs/{job_id}").json()
