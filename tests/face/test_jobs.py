"""The console's jobs in the terminal: the same rows, asked for, stopped and resumed there."""

import json

import pytest
from typer.testing import CliRunner

from postroad.errors import UsageError
from postroad.face.cli import app as commands
from postroad.face.web import intake
from postroad.parallel import Progress
from postroad.timetable import Feed, write_gtfs
from tests.face.web import app_in, people, signed_in


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = app_in(tmp_path_factory.mktemp("home"))
    people(made)
    return made


def told(home, *words):
    answer = CliRunner().invoke(commands, ["-l", "en", "jobs", "--home", str(home), *words], catch_exceptions=False)
    return answer.output


def test_a_job_is_the_same_row_in_the_terminal_and_in_the_browser(house):
    home = house.state.house.settings.home
    chief = signed_in(house, "administrator")
    (asked,) = json.loads(told(home, "--ask", "rounds", "-o", "counties=222426,220112", "--json"))
    assert asked["options"]["counties"] == ["222426", "220112"]
    assert chief.get(f"/api/jobs/{asked['job_id']}").json()["state"] == "waiting"
    told(home, "--stop", asked["job_id"])
    assert chief.get(f"/api/jobs/{asked['job_id']}").json()["state"] == "stopped"
    chief.post(f"/api/jobs/{asked['job_id']}/resume")
    assert asked["job_id"] in told(home)
    assert json.loads(told(home, "--json"))[0]["state"] == "waiting"
    told(home, "--stop", asked["job_id"])


@pytest.mark.parametrize(
    "words",
    [("--stop", "000000000000"), ("--ask", "nothing"), ("--ask", "demand", "-o", "year=1"), ("--ask", "intake")],
)
def test_what_cannot_be_done_is_said(house, words):
    with pytest.raises(UsageError):
        told(house.state.house.settings.home, *words)


def test_where_there_is_no_console_none_is_made(tmp_path):
    with pytest.raises(UsageError, match="no jobs of a console"):
        told(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_timetable_among_the_uploads_is_checked_as_one(tmp_path):
    import polars as pl

    place = intake.place(tmp_path, "0" * 12)
    place.mkdir(parents=True)
    stops = pl.DataFrame(
        {"stop_id": ["a", "b"], "stop_name": ["甲", "乙"], "stop_lat": ["43", "44"], "stop_lon": ["125", "126"]}
    )
    trips = pl.DataFrame({"route_id": ["r"], "service_id": ["s"], "trip_id": ["t"]})
    times = pl.DataFrame({"trip_id": ["t"], "stop_id": ["nowhere"], "stop_sequence": ["1"],
                          "arrival_time": ["08:00:00"], "departure_time": ["08:00:00"]})  # fmt: skip
    write_gtfs(Feed({"stops": stops, "trips": trips, "stop_times": times}, {}), place / "buses.zip")
    steps: list[Progress] = []
    found = intake.check(tmp_path, "0" * 12, steps.append)
    assert found["feed"]
    assert found["tally"]["stops"]["rows"] == 2
    assert any("routes" in fault["en"] for fault in found["faults"])  # the trip's route stands in no table
