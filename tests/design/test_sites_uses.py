"""Cold stores, rest places, township nodes and shared sites, held against a plain count."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from scipy import sparse

import postroad as pr
from postroad.design.sites.uses import cold_stores, rest_places, shared_against_separate, township_nodes
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
