"""Seats that levers open: a ride must be sooner than any lorry, and a train's hold is sold once."""

import pytest

from postroad.design.lines.rides import Ride
from postroad.design.lines.seated import _rooms, _sooner


def ride(trip: str, ends: tuple[str, str], leaves: float, takes: float, stretch: tuple[int, int] = (0, 1)) -> Ride:
    return Ride(trip, trip, "rail", *ends, leaves, takes, 400, 1.2, 100.0, "1234567", leaves, stretch)


ROAD = {("a", "b"): [(600.0, 120.0, 900.0), (1200.0, 120.0, 900.0)], ("a", "c"): [(600.0, 300.0, 600.0)]}


@pytest.mark.parametrize(
    ("leaves", "takes", "useful"),
    [
        (500.0, 219.0, True),  # there a minute before the lorry of ten o'clock
        (500.0, 220.0, False),  # with it
        (700.0, 400.0, True),  # the next lorry leaves at eight in the evening
        (1300.0, 860.0, False),  # the next one is tomorrow's, there after 860 minutes
        (1300.0, 855.0, True),
    ],
)
def test_a_ride_counts_when_it_beats_every_departure_still_to_come(leaves, takes, useful):
    assert _sooner(ride("t", ("a", "b"), leaves, takes), ROAD) is useful


def test_no_ride_without_a_line_of_the_trunk_beside_it():
    assert not _sooner(ride("t", ("b", "c"), 0.0, 1.0), ROAD)


def test_rides_of_one_trip_share_its_open_hold_by_what_the_lines_carry():
    whole = ride("t", ("a", "c"), 500.0, 100.0, (0, 2))
    first = ride("t", ("a", "b"), 500.0, 50.0, (0, 1))
    other = ride("u", ("a", "b"), 900.0, 50.0, (0, 1))
    rooms = _rooms([whole, first, other], {"rail": 0.5}, ROAD)
    # Half of 400 is open; the first stretch is wanted by 600 and 1,800 pieces a day.
    assert rooms == [50, 150, 200]
