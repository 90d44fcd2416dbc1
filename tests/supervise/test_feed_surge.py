"""A planted surge stands out where it is planted: in the hour, at the outlet, among the busiest prefecture's."""

import datetime as dt

import polars as pl
import pytest

from postroad.demand import demand
from postroad.network import province
from postroad.supervise.alert import expectation
from postroad.supervise.feed import Faults, Order, write_feed

FIRST, PIECES = dt.date(2025, 11, 3), 6000


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Seven days of acceptances with two planted surges on the last."""
    folder = tmp_path_factory.mktemp("feed") / "days"
    faults = Faults(**{**Faults.none().as_dict(), "surges": 2})
    made = write_feed(folder, demand(province("jilin")), FIRST, 7, Order(pieces=PIECES, faults=faults, seed=3))
    files = sorted(folder.glob("acceptances-*.csv"))
    held = pl.concat([pl.read_csv(file, columns=["outlet_id", "accepted_at"]) for file in files])
    return made, held.with_columns(pl.col("accepted_at").str.to_datetime("%Y-%m-%d %H:%M:%S")).with_columns(
        day=pl.col("accepted_at").dt.date(), hour=pl.col("accepted_at").dt.hour().cast(pl.Int64)
    )


def test_a_surge_is_far_beyond_what_is_expected_of_its_outlet(week):
    made, held = week
    last = FIRST + dt.timedelta(days=6)
    counts = held.group_by("outlet_id", "day", "hour").agg(seen=pl.len())
    expected, *_ = expectation(counts.filter(pl.col("day") < last), last)
    assert len(made.truth["chosen"]["surges"]) == 2
    for outlet in made.truth["chosen"]["surges"]:
        seen = counts.filter(outlet_id=outlet, day=last, hour=18)["seen"].sum()
        wanted = expected.filter(outlet_id=outlet, hour=18)["mean"].sum()
        assert seen >= 8
        assert seen > 10 * max(wanted, 0.05)
