"""Seats on trains and flights: dock to dock by hand, chosen where they pay, and never more than a hold."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import postroad
from postroad.design.lines.continuous import Instance, design
from postroad.design.lines.fluid import Clockwork, pour
from postroad.design.lines.layout import planned_tiers
from postroad.design.lines.rides import Ride, rides
from postroad.design.lines.seats import Offer, Wanted, booked, offers, with_seats
from postroad.errors import InfeasibleError
from postroad.timetable.feed import Feed
from postroad.timetable.flights import flights

FLAT = np.ones(24)


def ride(depart=600.0, minutes=240.0, *, price=1.2, hold=400, trip="K1", stretch=(0, 1), ends=("A", "B")):
    return Ride(trip, trip, "rail", *ends, depart, minutes, hold, price, 300.0, "1234567", depart + 55, stretch)


def one_line(quantities, *, fixed=1000.0, minutes=300.0, deadline=2000.0):
    """Loads from A to B, ready at nine, over one road line of vehicles for 500."""
    n = len(quantities)
    return Instance(
        np.array([0]), np.array([1]), np.array([minutes]), np.array([fixed]), np.array([500.0]), np.array([0.0]),
        np.zeros(n, np.int64), np.ones(n, np.int64), np.array(quantities, float), np.full(n, 540.0),
        np.full(n, deadline), ("A", "B"),
    )  # fmt: skip


def wanted(instance, latest, needed=False):
    return Wanted(np.full(instance.quantity.size, float(latest)), np.full(instance.quantity.size, needed))


def chosen(instance, made, given):
    plan = design(made, time_s=5.0, gap=0.0)
    roads = instance.tail.size
    return plan, sum(given[way[0] - roads].quantity for way in plan.ways if way[0] >= roads)


def test_a_seat_is_taken_where_it_saves_a_vehicle():
    # 520 pieces need two vehicles by road (2000 yuan); 400 on the train (480) and 120 by road (1000) are cheaper
    instance = one_line([520])
    given = offers(instance, ("A", "B"), wanted(instance, 2000), [ride()], np.zeros(2))
    assert [(one.load, one.quantity, one.minutes) for one in given] == [(0, 400.0, 300.0)]
    made = with_seats(instance, wanted(instance, 2000), given)
    plan, on_train = chosen(instance, made, given)
    assert on_train == 400
    assert plan.objective == pytest.approx(1000 + 400 * 1.2, rel=0.002)


def test_a_seat_that_saves_nothing_is_left():
    # 500 pieces just fill a vehicle that runs for the other 20 anyway
    instance = one_line([20, 480])
    given = [Offer(0, ride(price=0.9), 20.0, 300.0)]
    plan, on_train = chosen(instance, with_seats(instance, wanted(instance, 2000), given), given)
    assert on_train == 0
    assert plan.objective == 1000.0


def test_a_promise_that_no_road_keeps_takes_the_seat_though_it_is_dearer():
    instance = one_line([50], minutes=900.0, deadline=1600.0)
    late = wanted(instance, 900, needed=True)
    given = offers(instance, ("A", "B"), late, [ride(price=26.0)], np.zeros(2))
    assert given == []  # a vehicle of its own is 20 a piece, being in time counts 5
    given = offers(instance, ("A", "B"), late, [ride(price=21.0)], np.zeros(2))
    plan, on_train = chosen(instance, with_seats(instance, late, given), given)
    assert on_train == 50
    assert plan.status == "optimal"


def test_a_train_too_late_is_not_offered_and_a_load_without_any_way_is_named():
    instance = one_line([50], deadline=800.0, minutes=200.0)
    assert offers(instance, ("A", "B"), wanted(instance, 800), [ride(depart=700.0)], np.zeros(2)) == []
    hopeless = replace(one_line([50], minutes=900.0, deadline=800.0), reserved=np.array([-1]))
    with pytest.raises(InfeasibleError):
        design(hopeless, time_s=1.0)


def test_rides_of_one_trip_share_its_hold_on_every_stretch():
    first, whole, last = (ride(stretch=s, depart=d) for s, d in (((0, 1), 600.0), ((0, 2), 605.0), ((1, 2), 610.0)))
    given = offers(one_line([900], deadline=3000.0), ("A", "B"), wanted(one_line([900]), 3000), [first, whole, last],
                   np.zeros(2))  # fmt: skip
    aboard = [sum(one.quantity for one in given if one.ride.stretch[0] <= s < one.ride.stretch[1]) for s in (0, 1)]
    assert max(aboard) <= 400
    assert sum(aboard) == 800
    held = booked({whole: 100.0, first: 250.0, last: 20.0})
    room = {key[2]: one.capacity_pieces for key, one in held.items()}
    assert room[600.0] + room[605.0] <= 400
    assert room[605.0] + room[610.0] <= 400
    assert room[600.0] >= 250


def test_two_rides_in_sequence_where_no_single_one_is_as_soon():
    """A train at ten to the hub by noon, sorted till one, a flight at two that is there at four: 420 minutes."""
    instance = replace(one_line([100], deadline=1200.0), destination=np.array([2]), head=np.array([2]))
    train = ride(depart=600.0, minutes=120.0, ends=("A", "H"), trip="K1")
    flight = ride(depart=840.0, minutes=120.0, ends=("H", "B"), trip="MU1", price=4.0, hold=60)
    after = np.array([0.0, 60.0, 0.0])
    given = offers(instance, ("A", "H", "B"), wanted(instance, 2000), [train, flight], after)
    assert [(one.rides, one.quantity, one.minutes) for one in given] == [((train, flight), 60.0, 420.0)]
    assert given[0].yuan_piece == pytest.approx(5.2)
    made = with_seats(instance, wanted(instance, 2000), given)
    assert made.variable[-1] == pytest.approx(0.999 * 5.2)
    # too short a change waits for the next day's flight, which is too late
    hurried = replace(flight, depart_min=770.0)
    assert offers(instance, ("A", "H", "B"), wanted(instance, 2000), [train, hurried], after) == []
    # a through train that is there as soon, at one price, leaves the change out
    through = ride(depart=660.0, minutes=300.0, ends=("A", "B"), trip="K2")
    only = offers(instance, ("A", "H", "B"), wanted(instance, 2000), [train, flight, through], after)
    assert [one.rides for one in only] == [(through,)]
    # the other way a place outside is no hub: nothing is changed there
    assert offers(instance, ("A", "H", "B"), wanted(instance, 2000), [train, flight], np.zeros(3)) == []


def test_what_finds_no_seat_takes_the_next_departure():
    seat = ride(depart=600.0, minutes=100.0, hold=30)
    runs = {("A", "B"): [(600.0, 100.0), (700.0, 60.0)]}
    clock = Clockwork.of(runs, {}, {"A": 0.0, "B": 0.0}, {seat.key: seat})
    eight = np.zeros(24)
    eight[8] = 1.0
    poured = pour(clock, [["A", "B"], ["A", "B"]], np.array([40.0, 20.0]), eight, 0.0)
    # 20 of 8:15 fit, the next 20 do not; 10 of the second pair fit beside them
    assert poured.load.tolist() == [30.0, 30.0]
    assert clock.limit.tolist() == [30.0, np.inf]
    # the second pair first: both its halves fit, and one of the first pair's does not
    poured = pour(clock, [["A", "B"], ["A", "B"]], np.array([40.0, 20.0]), eight, 0.0, np.array([1, 0]))
    assert poured.load.tolist() == [20.0, 40.0]


def test_seats_alone_that_are_full_leave_pieces_behind():
    seat = ride(hold=10)
    clock = Clockwork.of({("A", "B"): [(600.0, 240.0)]}, {}, {"A": 0.0, "B": 0.0}, {seat.key: seat})
    poured = pour(clock, [["A", "B"]], np.array([480.0]), FLAT, 0.0)
    assert poured.load.tolist() == [10.0]
    assert np.isinf(poured.minutes).sum() == 47


def test_jilins_rides_hold_their_hand_over():
    jilin = postroad.province("jilin")
    held = rides(jilin, planned_tiers(jilin))
    named = {one.service_ref for one in held if (one.from_place_id, one.to_place_id) == ("2201", "2202")}
    assert "C1001" in named
    rail = [one for one in held if one.mode == "rail"]
    # loading before, unloading after, and a way to the station at both ends: 40 + 30 + 2 x 15 minutes at least
    assert min(one.duration_min for one in rail) >= 100
    assert all((one.leaves_min - one.depart_min) % 1440 >= 55 for one in rail)
    assert {one.mode for one in held} == {"rail", "air"}
    # no train counts twice though two years' timetables know it
    assert all(len({one.trip for one in rail if one.service_ref == name}) == 1 for name in ("C1001", "Z117"))


def test_a_flight_that_skips_sunday_is_offered_on_six_days(monkeypatch):
    jilin = postroad.province("jilin")
    feed = flights(jilin)
    rest = feed["calendar"].with_columns(sunday=pl.lit("0"))
    monkeypatch.setattr("postroad.design.lines.rides.flights", lambda _: Feed({**feed.tables, "calendar": rest}))
    held = rides(jilin, planned_tiers(jilin))
    assert {one.days for one in held if one.mode == "air"} == {"123456"}
    assert {one.days for one in held if one.mode == "rail"} == {"1234567"}
