"""Cold stores, rest places, township nodes and shared sites, held against a plain count."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from scipy import sparse

import postroad as pr
from postroad.design.sites.cold import cold_stores, harvest, least_spoilage, loss
from postroad.design.sites.lockers import locker_week
from postroad.design.sites.loss import cells_for, refusal
from postroad.design.sites.shared import Brands, shared_against_separate, shared_stations
from postroad.design.sites.terminals import terminal_outlets, terminals
from postroad.design.sites.uses import county_centres, rest_places, terminal_stations, township_nodes
from postroad.errors import DataError, UsageError
from postroad.travel.doorstep import flat, homes, pace
from postroad.travel.road import RoadEngine


@pytest.fixture(scope="module")
def jilin():
    return pr.province("jilin")


def test_two_cold_stores_agree_with_every_pair(jilin):
    found = cold_stores(jilin, 2, month=9, hours=1.5)
    crops = jilin["seasonal_goods"].filter(kind="crop")
    months = (crops["last_month"] - crops["first_month"]) % 12 + 1
    ripe = crops.with_columns(pieces=crops["pieces_per_year"] / months).filter(
        (9 - crops["first_month"]) % 12 < months
    )  # fmt: skip
    seats = jilin.places.filter((pl.col("level") == "county") & (pl.col("kind") != "dev_zone")).sort("place_id")
    ways = RoadEngine(jilin).ways(ripe["place_id"].to_list(), seats["place_id"].to_list()).minutes <= 90
    pieces = ripe["pieces"].to_numpy()
    best = max(pieces[ways[:, list(c)].any(1)].sum() for c in combinations(range(seats.height), 2))
    assert found.status == "optimal"
    assert found.value == pytest.approx(best / pieces.sum())
    with pytest.raises(UsageError):
        cold_stores(jilin, 2, month=13, hours=1.0)


def test_rest_places_serve_what_they_say(jilin):
    found = rest_places(jilin, 12)
    blocks = homes(jilin).filter(pl.col("class") != "rural")
    at, chosen = flat(blocks), blocks["place_id"].is_in(found.places["place_id"].to_list()).to_numpy()
    way = np.linalg.norm(at[:, None] - at[chosen][None], axis=2).min(axis=1) * pace(jilin).detour
    persons = blocks["persons"].to_numpy()
    assert found.value == pytest.approx(persons[way <= 1.5].sum() / persons.sum())
    assert found.value <= found.bound + 1e-9


def test_township_nodes_agree_with_every_pair(jilin):
    found = township_nodes(jilin, "222426", 2)
    towns = jilin.places.filter(level="township", county_id="222426").drop_nulls(["lon", "lat"]).sort("place_id")
    villages = homes(jilin).filter(county_id="222426")
    middle = villages["lat"].mean()
    km = pace(jilin).detour * np.linalg.norm(flat(villages, middle)[:, None] - flat(towns, middle)[None], axis=2)
    persons = villages["persons"].to_numpy()
    best = min(np.average(km[:, list(c)].min(1), weights=persons) for c in combinations(range(towns.height), 2))
    assert found.value == pytest.approx(best)
    assert found.places["persons"].sum() == persons.sum()
    with pytest.raises(DataError):
        township_nodes(jilin, "999999", 1)


def test_sharing_never_costs_more_than_separate():
    reach = sparse.csr_array(np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 0, 0]], float))
    found = shared_against_separate(reach, np.array([2.0, 3.0, 4.0]), [np.array([0, 1]), np.array([1, 3])])
    assert (found.separate_sites, found.separate_yuan) == (2, 4.0)
    assert (found.shared_sites, found.shared_yuan) == (1, 2.0)
    assert found.proven


def test_stations_shared_by_brands_in_a_county(jilin):
    found = shared_stations(jilin, Brands((("big", 0.9), ("small", 0.1)), least_pieces_day=60.0), "222426")
    blocks = homes(jilin).filter(pl.col("class") != "rural", county_id="222426")
    row = found.row(0, named=True)
    assert row["proven"]
    assert row["shared_stations"] <= row["separate_stations"] <= 2 * row["shared_stations"]
    alone = shared_stations(jilin, Brands((("big", 1.0),), least_pieces_day=60.0 / 0.9), "222426").row(0, named=True)
    assert alone["separate_stations"] == alone["shared_stations"] == row["shared_stations"] <= blocks.height
    with pytest.raises(UsageError):
        shared_stations(jilin, Brands((("none", 0.0),)), "222426")


def test_spoilage_by_hand_and_against_every_pair(jilin):
    held = jilin["parameters"].filter(parameter="spoilage_corn")["value"][0] / 100
    faster = 2.5 ** ((22 - 20) / 10)
    assert loss(jilin, ["CORN"], 8, np.array([[3.0]]))[0, 0] == pytest.approx(1 - (1 - held * faster) ** 3)
    grown = harvest(jilin, 8, "CORN")
    found = least_spoilage(jilin, 2, month=8, product="CORN")
    seats = jilin.places.filter((pl.col("level") == "county") & (pl.col("kind") != "dev_zone")).sort("place_id")
    hours = RoadEngine(jilin).ways(grown["place_id"].to_list(), seats["place_id"].to_list()).minutes / 60
    lost = loss(jilin, grown["goods_id"].to_list(), 8, hours) * grown["pieces"].to_numpy()[:, None]
    best = min(lost[:, list(c)].min(1).sum() for c in combinations(range(seats.height), 2)) / grown["pieces"].sum()
    assert found.value == pytest.approx(best)
    told = found.places
    assert (told["pieces_month"] * told["spoiled_share"]).sum() / told["pieces_month"].sum() == pytest.approx(best)
    with pytest.raises(UsageError, match="CORN"):
        harvest(jilin, 8, "TEA")


def test_outlets_at_the_terminals_most_passengers_use(jilin):
    found = terminal_outlets(jilin.with_(sites=jilin.sites.head(0)), 3, km=0.001)  # none shares an outlet
    every = terminals(jilin)
    most = every["passengers_day"].sort(descending=True).head(3).sum()
    assert found.value == pytest.approx(most / every["passengers_day"].sum())
    assert (every["passengers_low"] <= every["passengers_day"]).all()
    assert set(every.filter(mode="bus")["origin"]) == {"synthetic"}
    station = every.filter(terminal_id="rail-CCT").row(0, named=True)
    passages = jilin["train_passages"].filter(station_name="长春")["train_no"].n_unique()
    assert station["calls_day"] == max(
        passages, jilin["train_calls"].filter(station_name="长春")["train_no"].n_unique()
    )
    wide = terminal_outlets(jilin.with_(sites=jilin.sites.head(0)), 3, km=5.0)
    assert wide.value > found.value
    with pytest.raises(UsageError):
        terminal_outlets(jilin, 1000)


def test_stations_in_blocks_and_the_centre_of_a_county(jilin):
    some = terminal_stations(jilin, 5)
    assert some.places.height == 5
    more = terminal_stations(jilin, 10)
    assert some.value < more.value <= more.bound <= 1
    centre = county_centres(jilin, "222426").places.row(0, named=True)
    towns = jilin.places.filter(level="township", county_id="222426").drop_nulls(["lon", "lat"]).sort("place_id")
    people = homes(jilin).filter(county_id="222426").group_by("township_id").agg(pl.col("persons").sum())
    own = towns.join(people, left_on="place_id", right_on="township_id").sort("place_id")
    km = RoadEngine(jilin).ways(own["place_id"].to_list(), ["222426", *own["place_id"]]).km
    means = np.average(km, axis=0, weights=own["persons"].to_numpy())
    assert centre["centre_km"] == pytest.approx(means.min())
    assert centre["today_km"] == pytest.approx(means[0])


def test_a_week_of_lockers_and_the_cheapest_way_out(jilin):
    lockers = jilin["sites"].filter(kind="locker_group").head(2)
    (first, cells), (second, _) = lockers.select("site_id", "cells").rows()
    rows = [(first, day, 100.0 + cells) for day in range(1, 7)] + [(second, day, 20.0) for day in range(1, 8)]
    week = pl.DataFrame(rows, schema=["site_id", "day", "parcels"], orient="row")
    found = locker_week(jilin, week)  # six days are no week
    held = jilin["parameters"].filter(parameter="locker_turns_per_day")["value"][0]
    assert found.filter(site_id=first)["refused"][0] == pytest.approx(refusal((100 + cells) / held, cells))
    full = pl.concat([week, pl.DataFrame({"site_id": [first], "day": [7], "parcels": [100.0 + cells]})])
    with pytest.raises(DataError, match=first) as raised:
        locker_week(jilin, full)
    assert [fault.key for fault in raised.value.faults] == ["sites.overfull_add"]
    facts = dict(raised.value.faults[0].facts)
    assert facts["more"] == cells_for((100 + cells) / held, 0.05) - cells
    assert float(facts["yuan"]) < float(facts["other"])
    prices = jilin["parameters"].with_columns(
        value=pl.when(pl.col("parameter") == "locker_cell_price").then(1e6).otherwise("value"),
        high=pl.when(pl.col("parameter") == "locker_cell_price").then(1e6).otherwise("high"),
    )
    with pytest.raises(DataError) as raised:
        locker_week(jilin.with_(parameters=prices), full)
    assert [fault.key for fault in raised.value.faults] == ["sites.overfull_move"]
    with pytest.raises(DataError) as raised:
        locker_week(
            jilin, pl.DataFrame({"site_id": ["x", second, second], "day": [1, 1, 1], "parcels": [1.0, -1.0, 2.0]})
        )
    assert len(raised.value.faults) == 3
