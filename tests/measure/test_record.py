"""The record of warnings: counted by hand, blind to the future, and better than naive on series of known law."""

import datetime as dt

import numpy as np
import pytest

from postroad.measure.record import Case, Record, Series, replay, series_of
from postroad.network import province
from postroad.plan.plan import plan

DAY = dt.date(2024, 1, 1)


def case(chance, fell_short, as_last=1.0, on_line=0.0):
    return Case("s", 2024, DAY, chance, as_last, on_line, fell_short)


def yearly(values, pace=0.1, first=2010, late=0):
    years = tuple(range(first, first + len(values)))
    return Series("s", years, tuple(values), tuple(dt.date(y + 1, 3, 1) + dt.timedelta(days=late) for y in years), pace)


def test_hits_and_false_alarms_by_hand():
    record = Record((case(0.9, True), case(0.8, False), case(0.2, True), case(0.1, False)))
    assert record.counts == {"hits": 1, "false_alarms": 1, "misses": 1, "silent": 1}
    assert record.brier["chance"] == pytest.approx((0.01 + 0.64 + 0.64 + 0.01) / 4)
    assert record.brier["as_last"] == 0.5
    assert Record(()).brier is None


def test_a_steady_pace_gives_no_warning_and_a_stall_gives_one():
    steady = replay([yearly([100 * 1.2**k for k in range(8)])])
    assert steady.counts == {"hits": 0, "false_alarms": 0, "misses": 0, "silent": 3}
    slow = replay([yearly([100 * 1.02**k for k in range(8)])])
    assert slow.counts["hits"] == 3


def test_what_was_published_later_is_not_known():
    values = [100 * 1.2**k for k in range(8)]
    whole, cut = replay([yearly(values)]), replay([yearly([*values[:6], 1.0, 1.0])])
    assert whole.cases[0] == cut.cases[0]


def test_values_that_come_out_late_do_not_count_before():
    one = yearly([100 * 1.2**k for k in range(6)])
    late = Series("s", one.years, one.values, (*one.known_on[:4], dt.date(2030, 1, 1), one.known_on[5]), 0.1)
    assert replay([late]).cases == ()


def test_chances_are_better_than_naive_on_series_of_a_known_law():
    luck = np.random.default_rng(4)
    bank = []
    for _ in range(40):
        growth = [0.1]
        for _ in range(13):  # growth that lasts, so that the past says something of the future
            growth.append(0.1 + 0.8 * (growth[-1] - 0.1) + 0.03 * luck.standard_normal())
        bank.append(yearly(list(100 * np.cumprod(1 + np.array(growth)))))
    record = replay(bank)
    assert len(record.cases) == 40 * 9
    assert record.brier["chance"] < min(record.brier["as_last"], record.brier["on_line"])
    warned = [c for c in record.cases if c.chance >= 0.8]
    assert np.mean([c.fell_short for c in warned]) > 0.5


def test_jilins_record_holds_only_what_its_few_figures_allow():
    record = replay(series_of(province("jilin"), plan("jilin")))
    assert len(record.cases) == sum(record.counts.values())
    assert record.frame().height == len(record.cases)
