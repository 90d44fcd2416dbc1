"""What villages cost, mixed by hand, and one small county priced by the rounds' own search."""

import polars as pl
import pytest

from postroad.design.rounds.rural import RuralOptions, cases
from postroad.evaluate.ready import opened
from postroad.evaluate.rural import COLUMNS, SHARES, county_prices, mixed

ROW = {"pieces": 100.0, "centre_alone_yuan": 20.0, "centre_shared_yuan": 10.0, "node_alone_yuan": 8.0,
       "node_shared_yuan": 4.0, "alone_yuan": 100.0, "shared_yuan": 40.0, "alone_bus_yuan": 80.0,
       "shared_bus_yuan": 36.0, "alone_kg": 10.0, "shared_kg": 5.0, "alone_bus_kg": 8.0, "shared_bus_kg": 4.0,
       "alone_min": 720.0, "shared_min": 840.0, "alone_bus_min": 600.0, "shared_bus_min": 780.0}  # fmt: skip


def _at(centre: float, rounds: float, buses: float):
    network, _ = opened("jilin")
    value = dict(zip(SHARES.values(), (centre, rounds, buses), strict=True))
    told = network["parameters"].with_columns(
        pl.coalesce(pl.col("parameter").replace_strict(value, default=None, return_dtype=pl.Float64), "value").alias(
            "value"
        )
    )
    return mixed(network.with_(parameters=told), pl.DataFrame([ROW]))


@pytest.mark.parametrize(
    ("shares", "yuan", "hour"),
    [((0, 0, 0), 1.28, 12.0), ((100, 0, 0), 1.18, 12.0), ((0, 100, 0), 0.64, 14.0), ((0, 0, 100), 1.08, 10.0),
     ((100, 100, 100), 0.50, 13.0), ((0, 50, 0), 0.96, 13.0)],
)  # fmt: skip
def test_shares_mix_the_prices_in_proportion(shares, yuan, hour):
    told = _at(*shares)
    assert told.yuan_piece == pytest.approx(yuan)
    assert told.arrives_h == pytest.approx(hour)


def test_a_county_priced_together_is_cheaper_than_apart_and_buses_never_make_it_dearer():
    network, _ = opened("jilin")
    county = cases(network, RuralOptions(counties=("220106",)))[0]
    schema = {"township_id": pl.String, "county_id": pl.String, **dict.fromkeys(COLUMNS, pl.Float64)}
    told = pl.DataFrame(county_prices(county), schema=schema, orient="row").sum()
    assert told["pieces"][0] == pytest.approx(7 * sum(t.deliver.sum() + t.collect.sum() for t in county.townships))
    assert told["shared_yuan"][0] < told["alone_yuan"][0]
    assert told["centre_shared_yuan"][0] <= told["centre_alone_yuan"][0]
    for way in ("alone", "shared"):
        assert told[f"{way}_bus_yuan"][0] <= told[f"{way}_yuan"][0]
