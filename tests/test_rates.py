"""What a run uses, emits and costs, by hand from the pack's own figures."""

import polars as pl
import pytest

from postroad.errors import DataError
from postroad.network import province
from postroad.rates import MJ_PER_KWH, MJ_PER_L_DIESEL, Rates, runs


def one(vehicle_id, **more):
    return pl.DataFrame({"vehicle_id": [vehicle_id], "distance_km": [100.0], "duration_min": [120.0], **more})


def test_a_hundred_kilometres_of_a_diesel_truck_by_hand():
    told = runs(province("jilin"), one("TRUCK_9_6")).row(0, named=True)
    assert told["diesel_l"] == pytest.approx(24.0)
    assert told["co2e_kg"] == pytest.approx(24.0 * 3.25)
    assert told["energy_mj"] == pytest.approx(24.0 * MJ_PER_L_DIESEL)
    assert told["run_yuan"] == pytest.approx(100 * 3.5 + 2 * 45.0)


def test_an_electric_van_runs_on_the_provinces_own_grid_and_uses_more_in_winter():
    summer = runs(province("jilin"), one("EV_VAN")).row(0, named=True)
    winter = runs(province("jilin"), one("EV_VAN"), season="winter").row(0, named=True)
    assert summer["power_kwh"] == pytest.approx(24.0)
    assert summer["co2e_kg"] == pytest.approx(24.0 * 0.4671)
    assert summer["energy_mj"] == pytest.approx(24.0 * MJ_PER_KWH)
    assert winter["power_kwh"] == pytest.approx(24.0 * 1.4)


def test_other_columns_stay_and_strange_vehicles_are_all_named():
    network = province("jilin")
    assert runs(network, one("EV_VAN", line_haul_id=["x"]))["line_haul_id"].to_list() == ["x"]
    with pytest.raises(DataError) as told:
        runs(network, pl.concat([one("SLED"), one("DOG")]))
    assert "SLED" in str(told.value)
    assert "DOG" in str(told.value)


def test_a_missing_factor_is_named():
    network = province("jilin")
    bare = network.with_(parameters=network.parameters.filter(pl.col("parameter") != "diesel_wtw_per_litre"))
    with pytest.raises(DataError, match="diesel_wtw_per_litre"):
        Rates.of(bare)
