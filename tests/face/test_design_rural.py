"""``postroad design --rural`` as a user meets it: a county's rounds on disk, in both languages, driven again."""

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import polars as pl
import pytest

from postroad import province
from postroad.design.rounds import verify
from postroad.design.rounds.terms import Terms
from postroad.results import Result
from postroad.timetable import Feed, buses, write_gtfs
from postroad.travel import RoadEngine
from tests.face.test_commands import postroad


def test_a_county_is_designed_written_and_keeps_every_rule(tmp_path):
    done = postroad("design", "jilin", "--rural", "--county", "二道江区", "--workers", "0", "--json", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["villages"], told["unserved"], told["counties"]) == (19, 0, 1)
    saved = Result.load(tmp_path / "rural")
    assert saved.run_id == told["run_id"]
    towns = saved["townships"]
    for way, figures in told["ways"].items():
        assert round(towns.filter(way=way)["yuan_week"].sum()) == figures["yuan_week"]
    for tongue, word in (("zh", "共用邮路"), ("en", "Shared rounds")):
        text = (tmp_path / "rural" / f"report-{tongue}.md").read_text("utf-8")
        assert word in text
        assert told["run_id"] in text
        assert f"{told['ways']['shared_round']['yuan_piece']:.3f}" in text
        picture = ET.parse(tmp_path / "rural" / f"arrival-shared-{tongue}.svg").getroot()
        drawn = sum(path.get("d", "").count("h0") for path in picture.iter("{http://www.w3.org/2000/svg}path"))
        assert drawn == 19
    network = province("jilin")
    network = network.with_(**{name: saved[name] for name in ("rounds", "round_stops")})
    days = dict(saved["villages"]["village_id", "days"].iter_rows())
    by_bus = saved["villages"].filter(pl.col("by_bus"))["village_id"]
    days = {village: on for village, on in days.items() if village not in set(by_bus)}
    assert verify(network, Terms.of(network, "winter"), RoadEngine(network, "winter"), days) == []


def test_what_cannot_be_asked_is_refused_with_code_2(tmp_path):
    for words in (("--county", "安徒"), ("--county", "松江镇"), ("--share", "NOBODY=1")):
        done = postroad("design", "jilin", "--rural", *words, "--out", tmp_path)
        assert done.returncode == 2, (words, done.stderr)
        assert words[1].split("=")[0] in done.stderr + done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_killed_design_goes_on_where_it_was(tmp_path) -> None:
    """Killed by the system once a county is finished, begun again with its cache: the tables of one run through."""

    def words(out, cache):
        counties = [word for name in ("220106", "220502", "220403") for word in ("--county", name)]
        program = [sys.executable, "-c", "from postroad.face.cli import main; main()"]
        return [*program, "design", "jilin", "--rural", *counties, "--workers", "2", "--json",
                "--cache", str(tmp_path / cache), "--out", str(tmp_path / out)]  # fmt: skip

    cache = tmp_path / "cut"
    with subprocess.Popen(words("first", "cut"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as running:  # fmt: skip
        while not any(cache.glob("*")) and running.poll() is None:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    kept = {file.name: file.stat().st_mtime_ns for file in cache.iterdir()}
    assert 0 < len(kept) < 3
    assert not (tmp_path / "first" / "rural").exists()
    subprocess.run(words("second", "cut"), check=True, capture_output=True)
    subprocess.run(words("whole", "fresh"), check=True, capture_output=True)
    assert all((cache / name).stat().st_mtime_ns == at for name, at in kept.items())
    for table in ("rounds", "round_stops", "villages", "townships", "splits"):
        again, whole = (pl.read_parquet(tmp_path / out / "rural" / f"{table}.parquet") for out in ("second", "whole"))
        assert again.equals(whole), table


@pytest.mark.slow
def test_a_bus_line_without_times_is_refused_with_its_repair_and_an_old_plan_is_kept(tmp_path) -> None:
    network = province("jilin")
    feed = buses(network)
    county = network["places"].filter(level="county", name_zh="和龙市")["place_id"].item()
    towns = network["places"].filter(parent_id=county, level="township")["place_id"]
    bare = feed["stop_times"].filter(pl.col("stop_id").is_in(towns.implode()))["trip_id"].unique()
    none = pl.when(pl.col("trip_id").is_in(bare.implode())).then(None)
    times = [none.otherwise(name).alias(name) for name in ("arrival_time", "departure_time")]
    write_gtfs(Feed({**feed.tables, "stop_times": feed["stop_times"].with_columns(times)}), tmp_path / "buses.zip")
    words = ("design", "jilin", "--rural", "--county", "和龙市", "--workers", "0", "--json")
    done = postroad(*words, "--buses", tmp_path / "buses.zip", "--out", tmp_path / "no")
    assert done.returncode == 2, done.stderr
    assert not (tmp_path / "no").exists()
    told = done.stderr + done.stdout
    assert any(town in told for town in towns)
    first = postroad(*words, "--out", tmp_path / "a")
    assert first.returncode == 0, first.stderr
    again = postroad(*words, "--keep", tmp_path / "a" / "rural", "--seed", "5", "--out", tmp_path / "b")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["unchanged"] > 0.6
