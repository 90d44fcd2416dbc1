"""Table measures on the pack: they are what its counts say, and move as levers move the tables."""

import datetime as dt

import pytest

from postroad.measure.standing import MEASURES, standing
from postroad.network import province
from postroad.plan.levers import apply, levers, without
from postroad.plan.plan import plan

DAY = dt.date(2025, 12, 31)


@pytest.fixture(scope="module")
def held():
    return levers("jilin", plan("jilin"))


@pytest.fixture(scope="module")
def base(held):
    return without(province("jilin"), held.base)


@pytest.fixture(scope="module")
def before(base):
    return standing(base, 5.23e6)


def test_the_base_is_what_the_plan_counts(before):
    assert set(before) == set(MEASURES)
    assert before["village_station_share"] == pytest.approx(100 * 8885 / 9321)
    assert before["village_door_share"] == pytest.approx(100 * 2885 / 9321)
    assert before["locker_groups"] == 1707
    assert before["reusable_bag_rate"] == pytest.approx(97.79, abs=0.05)
    assert before["hosiery_pieces"] == pytest.approx(1000)


def test_measures_speak_to_targets_the_plan_has():
    known = {target.id for target in plan("jilin").targets} | {""}
    assert {measure.target for measure in MEASURES.values()} <= known


@pytest.mark.parametrize(
    ("lever", "measure"),
    [
        ("village-stations", "village_station_share"),
        ("door-delivery", "village_door_share"),
        ("lockers", "locker_groups"),
        ("shared-stations", "terminal_stations"),
        ("township-offices", "township_terminal_share"),
        ("rest-places", "rest_place_share"),
        ("transit-bags", "reusable_bag_rate"),
        ("bag-recovery", "reusable_bag_rate"),
        ("electric-vans", "electric_share"),
        ("joint-customs", "clearance_h"),
        ("border-crossings", "border_h"),
        ("cold-stores", "special_share"),
        ("farm-brands", "goods_pieces"),
        ("factories", "hosiery_pieces"),
        ("rail-products", "rail_core_h"),
        ("airside", "air_far_h"),
        ("rural-subsidy", "village_runs_a_week"),
    ],
)
def test_each_lever_moves_its_measure_the_right_way(held, base, lever, measure):
    # Twice the pieces of 2020, so that the bags of 2020 no longer suffice.
    old = standing(base, 1.0e7, [measure])[measure]
    new = standing(apply(base, [held[lever]], DAY).network, 1.0e7, [measure])[measure]
    assert new > old if MEASURES[measure].direction == "up" else new < old
