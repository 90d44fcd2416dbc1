"""Township offices with hours, hands and shelves of their own: by hand."""

import pytest
from tests.simulate.worlds import CALM, DAY, network, parcels, round_

from postroad.demand import demand
from postroad.design.lines.baseline import baseline
from postroad.design.rounds import design_rounds
from postroad.design.rounds.rural import RuralOptions
from postroad.errors import DataError, UsageError
from postroad.evaluate.township import Office, township
from postroad.network import province
from postroad.simulate.day import simulate_day

TOWN, VILLAGE = "220101002", "220101002001"


def country(plant, pieces=3, rounds=(570.0,), **options):
    """Pieces of a county seat for a village: a van brings them to the township at 8:00, a round takes them on."""
    early, stops = round_("in", "220101", 100, [("220101001002", 250)])
    van, its = round_("V", "220101", 420, [(TOWN, 480)])
    made, held = [early, {**van, "duration_min": 120.0, "tier": 1}], [*stops, *its]
    for k, leaves in enumerate(rounds):
        own, its = round_(f"T{k}", TOWN, leaves, [(VILLAGE, leaves + 30)])
        made.append({**own, "county_id": "220101", **options.pop("round", {})})
        held += its
    plants = [{"place_id": TOWN, "kind": "township_node", **plant}]
    built = network(plants=plants, rounds=made, stops=held)
    told = parcels(built, [("220101001002", VILLAGE, 200)] * pieces)
    return simulate_day(built, told, day=DAY, **{**CALM, **options})


def arrivals(run):
    return sorted(run.parcels().collect()["delivered_s"] / 60)


def test_hands_that_are_too_few_miss_the_round():
    # Three pieces at 20 minutes each are ready at 8:20, 8:40 and 9:00: the round of 8:45 takes two.
    run = country({"sort_rate_pieces_h": 3.0}, rounds=(525.0,))
    assert arrivals(run) == [555, 555, 555 + 1440]


def test_a_closed_office_hands_nothing_over_before_it_opens():
    run = country({"sort_rate_pieces_h": 60.0, "open_min": 540.0, "close_min": 1080.0})
    # Opens at 9:00, ready at 9:01 and so on; the round of 9:30 takes all.
    first = run.parcels().collect().row(0, named=True)
    assert (first["stop2_arrive_s"] / 60, first["stop2_ready_s"] / 60) == (480, 541)
    late = country({"sort_rate_pieces_h": 60.0, "open_min": 600.0, "close_min": 1080.0})
    assert arrivals(late) == [600 + 1440] * 3


def test_who_finds_no_room_waits_outside_until_a_round_has_left():
    run = country({"sort_rate_pieces_h": 60.0, "storage_pieces": 2.0})
    assert arrivals(run) == [600, 600, 600 + 1440]
    third = run.parcels().collect().sort("delivered_s").row(2, named=True)
    assert third["queue_s"] == (570 - 480) * 60 + 60  # outside from 8:00 to 9:30, then a minute's work
    house = run["facilities"].filter(place_id=TOWN).sort("from_min")
    assert house["stored"].to_list()[:4] == [2, 2, 2, 1]
    assert house["kept_out"].sum() == 1
    assert house["storage_pieces"][0] == 2


def test_pieces_are_fetched_at_the_office_and_keep_their_shelf_until_then():
    run = country(
        {"sort_rate_pieces_h": 60.0, "fetched_percent": 100.0, "storage_pieces": 2.0}, locker_stay_h=1e-9 + 0.01
    )
    told = run.parcels().collect()
    assert set(told["status"]) == {"at_office"}
    assert set(told["at_place_id"]) == {TOWN}
    assert sorted(told["delivered_s"] / 60)[:2] == [481, 482]
    # The third waits outside until the first has been fetched, and is handed over long before the round of 9:30.
    assert 482 < max(told["delivered_s"]) / 60 < 570


def test_hours_that_end_before_they_begin_are_refused():
    with pytest.raises(DataError) as told:
        country({"sort_rate_pieces_h": 3.0, "open_min": 600.0, "close_min": 600.0})
    assert told.value.faults[0].key == "simulate.bad_hours"


@pytest.mark.slow
def test_a_county_with_offices_by_case():
    bare = province("jilin")
    wanted = demand(bare, 2020)
    asked = RuralOptions(counties=("220623",))
    ready = design_rounds(baseline(bare, wanted), asked).network
    made = township(ready, wanted, "220623", Office(fetched_percent=60.0))
    told = {row["case"]: row for row in made["measures"].iter_rows(named=True)}
    # The same parcels every time; limits cost time, fetching frees shelves, hands cost money.
    assert len({row["parcels"] for row in told.values()}) == 1
    assert told["rounds"]["kept_out"] == 0 < told["fetched"]["kept_out"] < told["offices"]["kept_out"]
    assert told["offices"]["on_time_percent"] <= told["rounds"]["on_time_percent"]
    assert told["more_hands"]["yuan_day"] > told["fetched"]["yuan_day"] == told["offices"]["yuan_day"]
    assert told["offices"]["fetched_percent"] == 0 < told["fetched"]["fetched_percent"]


def test_offices_that_are_none_are_refused_all_at_once():
    with pytest.raises(UsageError) as told:
        Office(hands=0, shelf_pieces=0.5, fetched_percent=101.0).check()
    assert [fault.key for fault in told.value.faults] == ["township.hands", "township.shelf", "township.fetched"]
