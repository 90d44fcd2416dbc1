"""The travel commands, from the words typed to the answer."""

import contextvars
import json

import pytest
from tests.travel.test_travel_extract import write
from typer.testing import CliRunner

from postroad.errors import UsageError
from postroad.face.cli import app
from postroad.network import province


def run(*words):
    # in a context of its own, so that a language chosen does not outlive the command
    result = contextvars.copy_context().run(CliRunner().invoke, app, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def told(*words):
    return json.loads(run(*words, "--json"))


def test_the_winter_way_takes_longer_and_holds_its_range():
    ordinary = told("travel", "jilin", "长春", "延吉")["ways"][0]
    winter = told("travel", "jilin", "changchun", "222401", "--season", "winter")["ways"][0]
    assert winter["duration_min"] == pytest.approx(ordinary["duration_min"] / 0.8)
    assert winter["duration_low_min"] < winter["duration_min"] < winter["duration_high_min"]
    assert 380 < winter["distance_km"] < 450
    assert winter["error_km"] > 0


def test_every_pair_of_a_list_and_the_legs_of_a_journey():
    ways = told("travel", "jilin", "长春", "吉林", "四平")["ways"]
    assert len(ways) == 6
    rail = told("travel", "jilin", "长春", "延吉", "--mode", "rail")
    assert [leg["mode"] for leg in rail["legs"]] == ["road", "rail", "road"]
    page = run("--language", "zh", "travel", "jilin", "长春", "延吉", "--mode", "rail")
    assert "铁路 长春 → 延吉西" in page
    assert rail["legs"][1]["service"] in page


def test_unclear_names_and_single_places_are_refused():
    with pytest.raises(UsageError, match=r"220204101213.*永安村"):
        run("travel", "jilin", "永安村", "延吉")
    with pytest.raises(UsageError, match="two different places"):
        run("--language", "en", "travel", "jilin", "长春", "长春市")


def test_errors_of_both_engines_are_told():
    engines = told("travel-errors", "jilin")["engines"]
    assert [(row["engine"], row["judge"]) for row in engines] == [
        ("road_graph", "known_distances"),
        ("great_circle", "known_distances"),
        ("great_circle", "road_graph"),
    ]
    known = province("jilin")["known_distances"]
    assert set(known["origin"]) == {"assumed"}
    assert engines[0]["pairs"] == known.height
    assert all(0 < row["mean_share"] < 0.2 for row in engines)


def test_a_pack_is_built_from_an_extract_and_travelled_on(tmp_path):
    """A street grid of 1 km from 长春 (125.32, 43.81) ten steps east."""
    spots = {i: (125.2 + 0.0124 * (i % 20), 43.75 + 0.009 * (i // 20)) for i in range(400)}
    ways = [([20 * row + k for k in range(20)], {"highway": "residential"}) for row in range(20)]
    ways += [([20 * row + k for row in range(20)], {"highway": "primary"}) for k in range(20)]
    extract = write(tmp_path / "grid.osm.pbf", ways, spots)
    page = run("--language", "en", "travel-build", "jilin", "--osm", str(extract), "--out", str(tmp_path / "mine"))
    assert "40 ways became 400 nodes and 760 links" in page
    way = told("travel", str(tmp_path / "mine"), "南关区", "二道区")["ways"][0]
    assert way["engine"] == "osm_extract"
    assert way["distance_km"] < 6
    with pytest.raises(UsageError, match="no file"):
        run("--language", "en", "travel-build", "jilin", "--osm", str(tmp_path / "none.pbf"), "--out", str(tmp_path))
