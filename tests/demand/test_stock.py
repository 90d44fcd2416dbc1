"""Orders served from parks: the same parcels, but for where those that a park serves begin."""

import numpy as np
import polars as pl
import pytest

from postroad.demand import demand
from postroad.demand.stock import SHARE, stocked
from postroad.network import province


@pytest.fixture(scope="module")
def made():
    network = province("jilin")
    told = network["parameters"].with_columns(
        pl.when(pl.col("parameter") == SHARE).then(10.0).otherwise("value").alias("value")
    )
    return stocked(demand(network.with_(parameters=told)))


def test_without_a_share_nothing_changes():
    plain = demand(province("jilin"))
    assert stocked(plain) is plain


def test_a_tenth_of_what_comes_in_starts_at_a_park_and_nothing_is_lost(made):
    flows, before = made.flows, made.plain.flows
    assert flows["pieces"].sum() == pytest.approx(before["pieces"].sum())
    inbound = pl.col("flow_class") == "inbound"
    near = flows.filter(inbound, ~pl.col("origin_id").str.starts_with("X-"))["pieces"].sum()
    assert near == pytest.approx(0.1 * before.filter(inbound)["pieces"].sum())
    assert made.bulk_piece_km > 0


def test_parcels_differ_in_their_origin_alone(made):
    one, other = next(made.parcels("peak", pieces=20_000)), next(made.plain.parcels("peak", pieces=20_000))
    for column, before in zip(one.arrays()[1:], other.arrays()[1:], strict=True):
        assert np.array_equal(column, before)
    moved = one.origin != other.origin
    names = one.drawer.place_ids.to_numpy()
    assert all(name.startswith("X-") for name in names[other.origin[moved]])
    assert not any(name.startswith("X-") for name in names[one.origin[moved]])
    inbound = np.char.startswith(names[other.origin].astype(str), "X-")
    assert moved.sum() / inbound.sum() == pytest.approx(0.1, abs=0.01)
