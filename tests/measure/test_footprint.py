"""The chain by hand: every stage on a network of two places, and bags by Little's law."""

import importlib

import polars as pl
import pytest

from postroad import rates
from postroad.errors import UsageError
from postroad.measure.footprint import bag_fleet, factors, footprint, packaging, reusable_bag_rate
from postroad.network import province

MARKS = {"origin": "assumed", "source": "rule-vehicles"}


def network():
    there, back = {"from_place_id": "2201", "to_place_id": "2202"}, {"from_place_id": "2202", "to_place_id": "2201"}
    hauls = [
        {"line_haul_id": "out", **there, "mode": "road", "vehicle_id": "TRUCK_9_6"},
        {"line_haul_id": "back", **back, "mode": "road", "vehicle_id": "TRUCK_9_6"},
        {"line_haul_id": "rail", **there, "mode": "rail", "vehicle_id": None},
    ]
    more = {"depart_min": 60.0, "duration_min": 90.0, "capacity_pieces": 5500.0, "distance_km": 100.0, **MARKS}
    plant = {"plant_id": "p", "place_id": "2202", "kind": "hub", "sort_rate_pieces_h": 1000.0, "energy_kwh_piece": 0.02}
    way = {"round_id": "r", "county_id": "220102", "depot_place_id": "220102", "way": "shared_round", "days": "12345"}
    rounds = {**way, "vehicle_id": "EV_VAN", "depart_min": 480.0, "duration_min": 240.0, "distance_km": 70.0, **MARKS}
    pieces = {"deliver_pieces": 60.0, "collect_pieces": 10.0}
    stops = {"round_id": "r", "stop": 1, "place_id": "220102", "arrive_min": 500.0, **pieces, **MARKS}
    return province("jilin").with_(
        line_hauls=pl.DataFrame([{**haul, **more} for haul in hauls]),
        hub_plants=pl.DataFrame([{**plant, **MARKS}]),
        rounds=pl.DataFrame([rounds]),
        round_stops=pl.DataFrame([stops]),
    )


LOADS = pl.DataFrame(
    {"line_haul_id": ["out", "back", "rail"], "pieces": [4000.0, 0.0, 1000.0], "runs": [1.0, 1.0, 1.0]}
)
SORTED = pl.DataFrame({"place_id": ["2202"], "pieces": [5000.0]})


def test_every_stage_by_hand():
    told = footprint(network(), LOADS, SORTED, (50.0, 4950.0))
    stage = {row["stage"]: row for row in told.stages.iter_rows(named=True)}
    road, rail = 2 * 24.0 * 3.25, 1000 * 1.2 / 1000 * 100 * 0.022
    assert stage["line_haul"]["co2e_kg"] == pytest.approx(road + rail)
    assert stage["hub"]["co2e_kg"] == pytest.approx(5000 * 0.02 * 0.4671)
    assert stage["round"]["co2e_kg"] == pytest.approx(70 * 0.24 * 0.4671 * 5 / 7)
    km = 0.15 * 4950.0
    assert stage["city"]["co2e_kg"] == pytest.approx(km * (0.2 * 0.24 * 0.4671 + 0.8 * 0.13 * 3.25))
    assert told.co2e_g_piece == pytest.approx(sum(row["co2e_kg"] for row in stage.values()) * 1000 / 5000.0)


def test_the_empty_way_back_belongs_to_the_leg():
    legs = footprint(network(), LOADS, SORTED, (0.0, 5000.0)).elements.filter(stage="line_haul", mode="road")
    assert legs.height == 1
    assert legs["pieces"][0] == 4000.0
    assert legs["co2e_kg"][0] == pytest.approx(2 * 24.0 * 3.25)


def test_a_departure_of_several_vehicles_counts_each_of_them():
    held = network()
    several = held.with_(line_hauls=held["line_hauls"].with_columns(vehicles=pl.lit(3, pl.Int64)))
    one, three = (footprint(n, LOADS, SORTED, (0.0, 5000.0)).elements.filter(mode="road", stage="line_haul")
                  for n in (held, several))  # fmt: skip
    assert three["co2e_kg"][0] == pytest.approx(3 * one["co2e_kg"][0])


def test_winter_costs_the_electric_more_and_the_diesel_nothing():
    stage = {}
    for season in ("any", "winter"):
        stages = footprint(network(), LOADS, SORTED, (50.0, 4950.0), season=season).stages
        stage[season] = dict(stages.select("stage", "co2e_kg").iter_rows())
    assert stage["winter"]["round"] == pytest.approx(1.4 * stage["any"]["round"])
    assert stage["winter"]["line_haul"] == pytest.approx(stage["any"]["line_haul"])


def test_nothing_moved_is_refused():
    with pytest.raises(UsageError):
        footprint(network(), LOADS, SORTED, (0.0, 0.0))


def test_a_bag_fleet_by_littles_law():
    assert bag_fleet(1000.0, 40.0, 6.0) == 150.0
    with pytest.raises(UsageError):
        bag_fleet(1000.0, 0.0, 6.0)


def test_the_fleet_of_2020_gives_the_plans_own_rate_and_growth_wears_it_down():
    jilin = province("jilin")
    assert reusable_bag_rate(jilin, 5.23e6) == pytest.approx(97.79, abs=0.05)
    assert reusable_bag_rate(jilin, 10.46e6) == pytest.approx(97.79 / 2, abs=0.05)
    assert reusable_bag_rate(jilin, 1e6) == 100.0


def test_packaging_counts_what_is_packed_twice_and_what_comes_back():
    told = packaging(province("jilin"), pl.DataFrame({"year": [2020], "pieces": [1e6]}), 10.0, 12.53).row(0, named=True)
    assert told["used_t"] == pytest.approx(174 * 1.1253)
    assert told["new_t"] + told["saved_t"] == pytest.approx(told["used_t"])


def test_every_factor_that_is_read_has_a_value_and_a_source(monkeypatch):
    read: set[str] = set()

    def listening(held, names, real=rates.parameters):
        wanted = list(names)
        read.update(wanted)
        return real(held, wanted)

    for name in ("postroad.rates", "postroad.measure.footprint.chain", "postroad.measure.footprint.packaging"):
        monkeypatch.setattr(importlib.import_module(name), "parameters", listening)
    footprint(network(), LOADS, SORTED, (50.0, 950.0))
    reusable_bag_rate(network(), 1000.0)
    packaging(network(), pl.DataFrame({"year": [2020], "pieces": [1.0]}), 0.0, 0.0)
    told = factors(network())
    listed = set(told["factor"]) | {name.removesuffix("_jilin") for name in told["factor"]}
    assert len(read) > 10
    assert read <= listed
    assert {"TRUCK_9_6", "EV_VAN", "p"} <= set(told["factor"])
    assert told.select(pl.col("value", "unit", "origin", "source", "title").is_null().any()).row(0) == (False,) * 5
    # A title says where a factor stands by itself, not that it stands where another does.
    assert not told["title"].str.starts_with("same").any()
