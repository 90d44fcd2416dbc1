"""A hub's day at two volumes: more parcels only add work, whole-day figures are the sample's over its share."""

from __future__ import annotations

import polars as pl
import pytest

from postroad.demand import demand
from postroad.design.lines import baseline
from postroad.errors import UsageError
from postroad.evaluate.hub_day import Swollen, hub_day
from postroad.face.report.hub_day import _round_above, hub_picture
from postroad.network import province

SCALE = 0.0005
SEEN = []


@pytest.fixture(scope="module")
def jilin():
    network = province("jilin")
    wanted = demand(network, 2020)
    return baseline(network, wanted), wanted


@pytest.fixture(scope="module")
def made(jilin):
    network, wanted = jilin
    return hub_day(network, wanted, "2201", more_percent=50.0, scale=SCALE, warm_days=1, progress=SEEN.append)


def test_a_swollen_day_has_that_many_more_parcels_and_as_many_couriers(jilin):
    _, wanted = jilin
    more = Swollen(wanted, 1.2)
    assert more.pieces("peak") == round(8_450_000 * 1.2)
    assert more.usual is wanted
    assert sum(len(block) for block in more.parcels("2020-03-03", pieces=1000)) == 1000


@pytest.mark.usefixtures("made")
def test_both_days_move_one_bar():
    done = [step.done for step in SEEN]
    assert done == sorted(done)
    assert {step.total for step in SEEN} == {1000}
    assert done[-1] > 500, "the second day goes on where the first has ended"


def test_more_parcels_bring_more_work_and_no_less_waiting(made):
    values = made["measures"].pivot("volume", index="measure", values="value")
    usual, more = (dict(values.select("measure", volume).iter_rows()) for volume in ("usual", "more"))
    assert 1.3 < more["pieces"] / usual["pieces"] < 1.7
    for measure in ("most_queue", "spent_h", "workers_wanted", "left_over"):
        assert more[measure] >= usual[measure]


def test_half_hours_are_of_one_day_and_sort_no_more_than_the_rate(made):
    halves = made["half_hours"]
    assert halves["from_min"].is_between(0, 1439).all()
    # A sample's pieces are whole, so that one piece of it may fall into the half hour before or after.
    assert (halves["sorted"] <= halves["capacity_pieces"] + 2 / SCALE).all()
    assert made["departures"].filter(pl.col("loaded") > pl.col("capacity_pieces") + 1).is_empty()


def test_the_picture_shows_both_days_in_both_languages(made):
    for spoken, words in (("zh", "+50%"), ("en", "+50 %")):
        svg = hub_picture(made, "长春市", spoken)
        assert words in svg
        assert svg.count("<rect") > 30


@pytest.mark.parametrize(
    ("value", "above"), [(1.0, 1.0), (518_200.0, 600_000.0), (461.0, 600.0), (3.2, 3.5), (9.1, 10.0)]
)
def test_the_axis_ends_at_a_round_number_above(value, above):
    assert _round_above(value) == above


def test_a_place_without_a_sorter_and_a_day_without_parcels_are_refused(jilin):
    network, wanted = jilin
    with pytest.raises(UsageError, match="2201"):
        hub_day(network, wanted, "X-BEIJING")
    with pytest.raises(UsageError, match="-100"):
        hub_day(network, wanted, "2201", more_percent=-100.0)
