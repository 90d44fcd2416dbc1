"""The film holds what the run says: paths in order of time, every hub, and a page that asks nothing of the network."""

import json
import re

import polars as pl
import pytest

from postroad.demand import demand
from postroad.design.lines import baseline
from postroad.face.report.film import film
from postroad.face.report.moves import moves
from postroad.network import province
from postroad.simulate.day import simulate_day


@pytest.fixture(scope="module")
def shown():
    wanted = demand(province("jilin"), 2020)
    network = baseline(province("jilin"), wanted)
    run = simulate_day(network, wanted, day="2020-11-12", seed=0, scale=0.0005)
    return run, network, film(run, network, "zh", sample=400)


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def test_every_path_runs_forward_between_known_places(shown):
    run, network, page = shown
    data = data_of(page)
    assert 300 <= len(data["parcels"]) <= 900
    for path in data["parcels"]:
        minutes, places = path[1::2], path[2::2]
        assert minutes == sorted(minutes)
        assert max(places) < len(data["places"])
    hubs = set(network.hub_plants.filter(kind="hub")["place_id"])
    assert 1 < len(data["hubs"]) <= min(14, len(hubs))
    loaded = run["trips"].filter("runs")["loaded"].sum()
    assert sum(trip[4] for trip in data["trips"]) <= loaded


def test_the_page_stands_alone_and_says_it_is_synthetic(shown):
    run, _, page = shown
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert run.run_id in page
    assert "不是真实件" in page


@pytest.mark.browser
def test_it_plays(chromium, shown, tmp_path):
    file = tmp_path / "film.html"
    file.write_text(shown[2], "utf-8")
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(file.as_uri() + "?at=600")
    assert page.inner_text("#time") == "10:00"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#time") == "10:15"
    page.click("#play")
    page.wait_for_function("document.getElementById('time').textContent !== '10:15'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert wrong == []
    page.close()


def test_moves_tell_the_same_as_the_film(shown):
    run, network, page = shown
    told = moves(run, network, 400)
    paths = data_of(page)["parcels"]
    assert told["parcel"].n_unique() == len(paths)
    assert told.height == sum((len(path) - 1) // 2 for path in paths)
    assert told.filter("late")["parcel"].n_unique() == sum(path[0] for path in paths)
    assert told.filter((pl.col("minute").diff() < 0) & (pl.col("parcel").diff() == 0)).is_empty()
    assert set(told["place_id"]) <= set(network["places"]["place_id"])
    assert told.null_count().sum_horizontal()[0] == 0
