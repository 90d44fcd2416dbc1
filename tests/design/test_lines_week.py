"""The week by hand: weekdays, vehicles that must come back, what seasons change, plants that are too small."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from postroad.design.lines.balance import _empties, _under_way
from postroad.design.lines.capacity import Needs, Plant, rates, short
from postroad.design.lines.fluid import Clockwork, accepted, pour, shares
from postroad.design.lines.variants import _ahead, _matched
from postroad.design.lines.vehicles import Vehicle
from postroad.errors import InfeasibleError

KM = {("A", "B"): 100.0, ("B", "C"): 100.0, ("A", "C"): 30.0}


def roads():
    both = {**KM, **{(b, a): km for (a, b), km in KM.items()}}
    return SimpleNamespace(km=lambda a, b: both[a, b], minutes=lambda a, b: both[a, b])


def runs(*rows):
    names = ("from_place_id", "to_place_id", "weekday", "at_min", "minutes", "vehicles")
    return pl.DataFrame(rows, schema=names, orient="row")


def test_a_departure_that_rests_on_sunday_makes_sundays_pieces_wait_for_monday():
    six = [(1440.0 * day + 600.0, 60.0) for day in range(6)]
    clock = Clockwork.of({("A", "B"): six}, {}, {"A": 0.0, "B": 0.0}, period_min=10080.0)
    hours = np.zeros(168)
    hours[[8, 6 * 24 + 8]] = 1.0  # eight in the morning of Monday and of Sunday
    poured = pour(clock, [["A", "B"]], np.array([40.0]), hours, 0.0)
    assert poured.load.tolist() == [40.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    took = poured.minutes[0][hours.repeat(2) > 0]
    assert took.tolist() == [165.0, 135.0, 165.0 + 1440.0, 135.0 + 1440.0]


def test_a_weeks_shares_and_half_hours():
    assert shares(np.ones(168)).sum() == pytest.approx(1.0)
    assert accepted(336)[-1] == 10080.0 - 15.0


def test_empty_vehicles_go_where_they_are_missing_not_back():
    # three a week go A to B and three B to C: what is left over at C is missing at A, thirty kilometres on
    work = SimpleNamespace(roads=roads())
    van = Vehicle("VAN", 100, 1.0, 0.0, np.inf, "diesel", 10.0)
    own = runs(*[(a, b, day, 600.0, 60.0, 1) for day in (1, 3, 5) for a, b in (("A", "B"), ("B", "C"))])
    moved = _empties(work, van, own)
    assert [(one[1], one[2], one[3], one[6]) for one in moved] == [("C", "A", 3, 90.0)]


def test_vehicles_that_no_road_brings_back_are_named():
    far = SimpleNamespace(km=lambda _a, _b: np.inf, minutes=lambda _a, _b: np.inf, label=lambda place: f"place {place}")
    own = runs(("A", "B", 1, 600.0, 60.0, 3))
    with pytest.raises(InfeasibleError) as caught:
        _empties(SimpleNamespace(roads=far), Vehicle("V", 9, 1.0, 0.0, np.inf, "diesel", 1.0), own)
    assert [fault.key for fault in caught.value.faults] == ["lines.stuck_left_over"]
    assert "place B" in caught.value.say("en")
    assert "3" in caught.value.say("zh")
    assert caught.value.exit_code == 2
    # B can send its vehicles to C, but nothing leads back to A
    some = SimpleNamespace(**{**vars(far), "minutes": lambda a, b: 9.0 if (a, b) == ("B", "C") else np.inf,
                              "km": lambda _a, _b: 9.0})  # fmt: skip
    more = runs(("A", "B", 1, 600.0, 60.0, 3), ("C", "B", 1, 600.0, 60.0, 1))
    with pytest.raises(InfeasibleError) as both:
        _empties(SimpleNamespace(roads=some), Vehicle("V", 9, 1.0, 0.0, np.inf, "diesel", 1.0), more)
    assert {fault.key for fault in both.value.faults} <= {"lines.stuck_left_over", "lines.stuck_missing"}


def test_vehicles_balanced_over_the_week_need_no_empty_run():
    # two go on Monday, two come back on Friday: no day is balanced, the week is
    own = runs(("A", "B", 1, 600.0, 60.0, 2), ("B", "A", 5, 600.0, 60.0, 2))
    assert _empties(SimpleNamespace(roads=roads()), Vehicle("V", 9, 1.0, 0.0, np.inf, "diesel", 1.0), own) == []


def test_a_run_over_sunday_night_is_under_way_on_monday():
    own = runs(("A", "B", 7, 1380.0, 120.0, 3), ("B", "A", 1, 30.0, 60.0, 2))
    assert _under_way(own) == 5
    assert _under_way(runs(("A", "B", 1, 600.0, 60.0, 1), ("A", "B", 1, 660.0, 60.0, 1))) == 1


def test_departures_of_seasons_are_matched_to_the_nearest():
    def run(at):
        return ("A", "B", "road", at, 60.0, 1, 10.0)

    found = _matched([run(600.0), run(1430.0)], [run(575.0), run(10.0), run(900.0)])
    pairs = {(old and old[3], new and new[3]) for old, new in found}
    assert pairs == {(600.0, 575.0), (1430.0, 10.0), (None, 900.0)}
    assert _ahead(1430.0, 10.0) == 20.0
    assert _ahead(10.0, 1430.0) == -20.0


def test_each_wave_has_its_own_rate():
    arrivals = np.zeros(48)
    arrivals[16], arrivals[40] = 300.0, 900.0  # 8:00 and 20:00
    wanted = rates(arrivals, np.array([540.0, 1260.0]), np.array([60.0, 90.0]))
    # what came by 8:30 must be done by 10:00, two hours after it began to come; 900 from 20:00 by 22:30
    assert wanted.tolist() == pytest.approx([150.0, 360.0])


def test_hubs_are_short_by_waves_and_half_hours():
    needed = Needs({"H": np.array([100.0, 300.0])}, {"H": np.array([2.0, 5.0, 4.0])})
    assert short(needed, {"H": Plant(300.0, 5.0)}) == 0.0
    assert short(needed, {"H": Plant(200.0, 4.0)}) == pytest.approx(0.5 + 1 / 4)
    assert short(needed, {"elsewhere": Plant(1.0, 1.0)}) == 0.0
