"""``postroad sites`` and ``postroad access``: what they write, say and refuse."""

import json

import polars as pl
from typer.testing import CliRunner

import postroad as pr
from postroad.errors import DataError, InfeasibleError, UsageError
from postroad.face.cli import app
from postroad.results import Result, Stamp, save

run = CliRunner().invoke


def test_sites_writes_a_result_reports_and_maps(tmp_path):
    folder = tmp_path / "sites"
    said = run(app, ["sites", "jilin", "--budget", "1000000", "--out", str(folder), "--json"])
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    held = Result.load(folder)
    assert told["run_id"] == held.run_id
    assert held["new_sites"]["yuan"].sum() == told["yuan"] <= 1e6
    assert held["changed"].filter(pl.col("minutes") > 0).height == 0
    assert held["floors"]["yuan"].is_sorted()
    for tongue in ("zh", "en"):
        assert (folder / f"report-{tongue}.md").read_text("utf-8").count("|") > 100
        assert "<svg" in (folder / f"minutes-after-{tongue}.svg").read_text("utf-8")


def test_a_floor_out_of_reach_writes_nothing(tmp_path):
    folder = tmp_path / "none"
    said = run(app, ["sites", "jilin", "--floor", "1", "--out", str(folder)])
    assert isinstance(said.exception, InfeasibleError)
    assert not folder.exists()


def test_access_and_places_speak():
    for words in (["access", "jilin"], ["sites-place", "jilin", "--use", "nodes", "--county", "222426", "--p", "2"]):
        said = run(app, words)
        assert said.exit_code == 0, said.output
    told = json.loads(run(app, ["access", "jilin", "--season", "winter", "--json"]).stdout)
    assert told["figures"]["season"] == "winter"
    assert len(told["counties"]) == 60
    assert told["figures"]["bus_share"] > 0.5


def test_closing_a_point_names_who_loses(tmp_path):
    jilin = pr.province("jilin")
    closed = jilin["sites"].filter(kind="village_post_station")["site_id"][0]
    told = json.loads(run(app, ["access-change", "jilin", "--close", closed, "--json"]).stdout)
    assert told["gain_persons"] == 0 < told["lose_persons"]
    assert told["lost"][0]["walk_after_min"] > told["lost"][0]["walk_before_min"]
    assert isinstance(run(app, ["access-change", "jilin", "--close", "nowhere"]).exception, UsageError)
    folder = tmp_path / "sites"
    fewer = jilin.with_(sites=jilin["sites"].filter(pl.col("site_id") != closed))
    save(folder, Stamp.now("sites", jilin.fingerprint), {"sites": fewer["sites"]}, {})
    back = json.loads(run(app, ["access-change", "jilin", "--before", str(folder), "--json"]).stdout)
    assert back["gain_persons"] == told["lose_persons"]
    assert back["lose_persons"] == 0


def test_lockers_and_shared_stations_speak(tmp_path):
    week = tmp_path / "week.csv"
    locker = pr.province("jilin")["sites"].filter(kind="locker_group")["site_id"][0]
    week.write_text("site_id,day,parcels\n" + "".join(f"{locker},{day},30\n" for day in range(1, 8)))
    told = json.loads(run(app, ["sites-lockers", "jilin", "--parcels", str(week), "--json"]).stdout)
    assert told["rows"][0]["parcels_day"] == 30
    week.write_text("site_id,day,parcels\n" + "".join(f"{locker},{day},900\n" for day in range(1, 8)))
    assert isinstance(run(app, ["sites-lockers", "jilin", "--parcels", str(week)]).exception, DataError)
    week.write_text("nothing\n")
    assert isinstance(run(app, ["sites-lockers", "jilin", "--parcels", str(week)]).exception, DataError)
    words = ["sites-shared", "jilin", "--county", "222426", "--brand", "A=2", "--brand", "B=1", "--json"]
    shared = json.loads(run(app, words).stdout)
    assert shared["shared_stations"] <= shared["separate_stations"]
    assert isinstance(run(app, ["sites-shared", "jilin", "--brand", "A"]).exception, UsageError)
