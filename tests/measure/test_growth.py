"""Volume, price and revenue together: by hand where it can be, no look-ahead, and chances that fit one another."""

from __future__ import annotations

import datetime as dt

import pytest

from postroad.measure.coherence import coherence
from postroad.measure.growth import _frontier, as_nation, joint
from postroad.network import province
from postroad.plan.plan import plan

TODAY = dt.date(2026, 11, 25)
MIDTERM = dt.date(2023, 6, 30)


@pytest.fixture(scope="module")
def jilin():
    return province("jilin"), plan("jilin")


def test_both_aims_are_no_likelier_than_either(jilin):
    held = joint(*jilin, TODAY)
    assert held.years == (2015, 2018, 2020, 2023, 2024)
    assert held.both <= min(held.grows, held.doubles)
    assert held.both >= held.grows + held.doubles - 1
    assert held.volume[0] < held.volume[1] < held.volume[2]
    assert joint(*jilin, TODAY) == held


def test_too_few_years_give_no_chance_and_nothing_later_is_seen(jilin):
    assert joint(*jilin, MIDTERM) is None
    found = {finding.id for finding in coherence(*jilin, MIDTERM)}
    assert "growth-together" not in found
    assert "as-the-nation" in found


def test_growth_at_each_price_meets_both_aims_by_hand():
    # One year: 100 wan pieces at 10 yuan are 0.1 yi; with 0.05 yi beside, 0.27 yi takes 220 wan pieces at a flat price.
    flat = dict(_frontier((100.0, 10.0, 0.0, 0.05), (150.0, 0.27), 1))
    assert flat[0.0] == pytest.approx(120.0)
    # At 10 % more a piece 200 wan suffice; an aim of 150 wan pieces alone would take 50 %.
    assert flat[10.0] == pytest.approx(100.0)
    assert dict(_frontier((100.0, 10.0, 0.0, 0.05), (150.0, 0.06), 1))[0.0] == pytest.approx(50.0)


def test_as_the_nation_reckons_from_the_latest_year_known(jilin):
    volume, revenue = as_nation(*jilin, MIDTERM)
    assert (volume.year, revenue.year) == (2022, 2022)
    assert volume.with_nation == pytest.approx(44_700 * 11_058_000 / 8_336_000)
    assert revenue.with_nation == pytest.approx(100.14 * 13_509.6 / 11_037.8)
    # From 2018 to 2020 the province's revenue grew by 1.4394, the nation's by 1.3964.
    pace = (100.14 / 69.57) / (11_037.8 / 7_904.7)
    assert revenue.with_pace == pytest.approx(revenue.with_nation * pace)
    assert volume.on_path == pytest.approx(44_700 * (89_907 / 44_700) ** 0.4, rel=1e-4)
    # What came true in 2023, told only afterwards, lies near the nation's pace for revenue: 133.5 against 136.1.
    (_, later) = as_nation(*jilin, dt.date(2024, 2, 1))
    assert later.year == 2023
    assert later.with_nation == pytest.approx(133.53, rel=0.03)
