"""Vans to townships, rounds from there, and buses to villages: by hand."""

import polars as pl
import pytest
from tests.simulate.worlds import CALM, DAY, network, parcels, round_

from postroad.errors import DataError, UsageError
from postroad.network import overlaid
from postroad.simulate.day import Disruption, simulate_day

TOWNS = ("220101002", "220101003")


def rural(room=4.0, season="any", buses=(), **village):
    """Collected by 4:10, ready at the seat one a minute.

    A van to two townships at 8:00 and 9:00, home 10:00; rounds at 9:30 and 11:00.
    """
    early, early_stops = round_("in", "220101", 100, [("220101001002", 250)])
    van, van_stops = round_("V", "220101", 420, [(TOWNS[0], 480), (TOWNS[1], 540)])
    van |= {"duration_min": 180.0, "capacity_pieces": room, "tier": 1, "season": season}
    van_stops = [{**stop, "leave_min": stop["arrive_min"] + 10, "ready_min": stop["arrive_min"] + 15}
                 for stop in van_stops]  # fmt: skip
    rounds, stops = [early, van], [*early_stops, *van_stops]
    for name, leaves in zip(TOWNS, (570, 660), strict=True):
        own, its = round_(f"T{name}", name, leaves, [(f"{name}001", leaves + 30)])
        rounds.append({**own, "county_id": "220101", "season": season, **village})
        stops += its
    seat = {"place_id": "220101", "sort_rate_pieces_h": 60.0, "kind": "county_centre"}
    return network(plants=[seat], rounds=rounds, stops=stops, buses=buses)


def minutes(run):
    told = run.parcels().collect().sort("parcel")
    return [None if s is None else s / 60 for s in told["delivered_s"]]


def test_a_van_brings_parcels_to_a_township_whose_round_takes_them_on():
    made = rural()
    run = simulate_day(made, parcels(made, [("220101001002", f"{TOWNS[0]}001", 200)]), day=DAY, **CALM)
    assert minutes(run) == [600]
    row = run.parcels().collect().row(0, named=True)
    assert [row[f"stop{k}_place_id"] for k in (1, 2)] == ["220101", TOWNS[0]]
    assert (row["stop2_arrive_s"] / 60, row["stop2_depart_s"] / 60) == (495, 570)


def test_the_stops_of_a_van_share_its_room_in_order_of_readiness():
    made = rural(room=2.0)
    to = (TOWNS[1], TOWNS[0], TOWNS[1], TOWNS[0])
    held = parcels(made, [("220101001002", f"{town}001", 200 + k) for k, town in enumerate(to)])
    run = simulate_day(made, held, day=DAY, **CALM)
    assert minutes(run) == [690, 600, 690 + 1440, 600 + 1440]
    assert run["trips"].filter(pl.col("line_haul_id").str.contains(">"))["left_over"].to_list()[:1] == [1]


def test_outbound_pieces_find_the_room_that_was_freed_at_their_township():
    """Full to the second township, the van takes nobody at the first; what it left there rides home the next day."""
    made = rural(room=1.0)
    ends = [("220101001002", f"{TOWNS[1]}001", 200), (f"{TOWNS[0]}001", "220101001002", 0)]
    full = simulate_day(made, parcels(made, ends), day=DAY, **CALM).parcels().collect().sort("parcel")
    alone = simulate_day(made, parcels(made, ends[1:]), day=DAY, **CALM).parcels().collect()
    # Collected at 10:00 either way; the next day's van is empty when it passes.
    assert full["collected_s"][0] == alone["collected_s"][0] == 600 * 60
    assert full["stop1_depart_s"][0] == alone["stop1_depart_s"][0] == (490 + 1440) * 60


def test_a_round_waits_a_while_for_a_late_van():
    made = rural()
    held = parcels(made, [("220101001002", f"{TOWNS[0]}001", 200)])
    slow = Disruption("round", 400, 500, factor=0.5, place_id="220101")
    late = minutes(simulate_day(made, held, day=DAY, disruptions=[slow], **CALM))
    # The van is an hour and a quarter behind: at 9:30 it comes, and the round goes at once and takes its half hour.
    assert late[0] == pytest.approx(600, abs=0.01)
    slower = Disruption("round", 400, 500, factor=0.4, place_id="220101")
    waited = minutes(simulate_day(made, held, day=DAY, disruptions=[slower], **CALM))
    assert waited[0] == pytest.approx(420 + 75 / 0.4 + 30, abs=0.01)
    given_up = minutes(simulate_day(made, held, day=DAY, disruptions=[slower], **CALM, round_wait_min=5.0))
    assert given_up[0] == pytest.approx(600 + 1440, abs=0.01)


def test_minutes_of_winter_are_not_slowed_by_winter_again():
    winter = {**CALM, "winter_factor": 0.5}
    for season, expected in (("winter", 600.0), ("any", 420 + 75 * 2 + 60)):
        made = rural(season=season)
        held = parcels(made, [("220101001002", f"{TOWNS[0]}001", 100)])
        assert minutes(simulate_day(made, held, day="2021-01-13", **winter))[0] == pytest.approx(expected, abs=0.02)


def test_days_of_the_week_and_room_decide_when_a_village_is_served():
    made = rural(days="5", capacity_pieces=1.0)  # Fridays; the day is a Wednesday
    held = parcels(made, [("220101001002", f"{TOWNS[0]}001", 200 + k) for k in range(2)])
    run = simulate_day(made, held, day=DAY, **CALM, tail_days=12)
    assert minutes(run) == [600 + 2 * 1440, 600 + 9 * 1440]
    assert run["rounds"].filter(round_id=f"T{TOWNS[0]}/1")["left_over"].to_list()[:2] == [1, 0]


def test_a_bus_takes_parcels_to_a_village_to_be_fetched_and_others_back():
    ride = {"duration_min": 30.0, "capacity_pieces": 1.0, "handover_min": 5.0}
    buses = [{"from_place_id": "220101", "to_place_id": "220101001001", "depart_min": 600.0, **ride},
             {"from_place_id": "220101001001", "to_place_id": "220101", "depart_min": 700.0, **ride}]  # fmt: skip
    made = rural(buses=buses)
    rows = [("220101001002", "220101001001", 100), ("220101001002", "220101001001", 101),
            ("220101001001", "220101001002", 102)]  # fmt: skip
    rows.append(("220101001002", "220101", 1439))  # the seat itself gets parcels too, and is no stop of a bus
    told = simulate_day(made, parcels(made, rows), day=DAY, **CALM).parcels().collect().sort("parcel")
    assert [s / 60 for s in told["delivered_s"][:2]] == [635, 635 + 1440]
    assert told["status"][:2].to_list() == ["at_station"] * 2
    assert told["collected_s"][2] == 700 * 60
    assert told["stop1_arrive_s"][2] == pytest.approx(735 * 60, abs=1)


def test_a_place_served_from_two_depots_is_refused():
    both, stops = round_("X", "220101", 500, [(f"{TOWNS[0]}001", 550)])
    made = rural()
    made = made.with_(
        rounds=pl.concat([made["rounds"], pl.DataFrame([{**both, "origin": "assumed", "source": "src"}])],
                         how="diagonal_relaxed"),
        round_stops=pl.concat([made["round_stops"], pl.DataFrame(stops).with_columns(
            origin=pl.lit("assumed"), source=pl.lit("src"))], how="diagonal_relaxed"),
    )  # fmt: skip
    with pytest.raises(DataError, match="220101002001"):
        simulate_day(made, parcels(made, [("220101001002", f"{TOWNS[0]}001", 100)]), day=DAY, **CALM)


def test_a_designs_tables_are_laid_over_a_network(tmp_path):
    made = rural()
    (tmp_path / "rural").mkdir()
    rows = made["rounds"].head(1).with_columns(days=pl.lit("2"), source=pl.lit("rule-new"))
    rows.write_parquet(tmp_path / "rural" / "rounds.parquet")
    with pytest.raises(DataError):  # stops of the rounds that went
        overlaid(made, tmp_path)
    made["round_stops"].filter(round_id=rows["round_id"][0]).write_parquet(tmp_path / "rural" / "round_stops.parquet")
    laid = overlaid(made, tmp_path)
    assert laid["rounds"]["days"].to_list() == ["2"]
    assert "rule-new" in laid["sources"]["source_id"].to_list()
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match="none"):
        overlaid(made, tmp_path / "none")
