"""The day engine on worlds whose answers can be checked by hand, and its promises: conservation, stamps, errors."""

import polars as pl
import pytest
from tests.simulate.worlds import CALM, DAY, line, network, parcels, round_

from postroad.errors import DataError, InfeasibleError, Stopped, UsageError
from postroad.simulate.day import Disruption, Run, simulate_day


def simple(rate=60.0, pieces=100, **more):
    """Villages of two counties with a morning collection and an afternoon delivery, one hub between."""
    a, a_stops = round_("in-a", "220101", 480, [("220101001001", 500), ("220101001002", 520)])
    b, b_stops = round_("out-b", "220201", 900, [("220201001001", 930), ("220201001002", 950)])
    lines = [
        line("220101", "2201", 560, 60, pieces),
        line("2201", "220201", 700, 100, pieces),
        line("220201", "2201", 560, 60),
        line("2201", "220101", 700, 60),
    ]
    return network(
        plants=[{"place_id": "2201", "sort_rate_pieces_h": rate}],
        lines=lines,
        rounds=[a, b],
        stops=a_stops + b_stops,
        **more,
    )


def one(run):
    return run.parcels().collect().row(0, named=True)


def test_one_parcel_by_hand():
    """Accepted 8:00, collected 8:20, at the centre 8:40, off 9:20, hub 10:20, sorted 10:21, off 11:40, out 15:00."""
    made = simple()
    run = simulate_day(made, parcels(made, [("220101001001", "220201001002", 480)]), day=DAY, **CALM)
    row = one(run)
    minute = {name: row[name] / 60 for name in row if name.endswith("_s") and row[name] is not None}
    assert minute["accepted_s"] == 480
    assert minute["collected_s"] == 500
    assert [row[f"stop{k}_place_id"] for k in (1, 2, 3, 4)] == ["220101", "2201", "220201", None]
    assert minute["stop1_arrive_s"] == pytest.approx(520, abs=0.02)
    assert minute["stop1_depart_s"] == 560
    assert minute["stop2_arrive_s"] == 620
    assert minute["stop2_ready_s"] == 621
    assert (minute["stop2_depart_s"], minute["stop3_arrive_s"], minute["stop3_depart_s"]) == (700, 800, 900)
    assert (minute["out_s"], minute["delivered_s"]) == (900, 950)
    assert (row["status"], row["attempts"], row["reason"], row["late_s"]) == ("at_door", 1, "none", 0)
    assert run["summary"].filter(flow_class="all")["delivered"].item() == 1


def test_who_does_not_fit_waits_for_the_next_day_and_says_so():
    made = simple(pieces=2)
    held = parcels(made, [("220101001001", "220201001001", 400 + k) for k in range(5)])
    run = simulate_day(made, held, day=DAY, **CALM)
    facts = run.parcels().collect().sort("parcel")
    assert [round(s / 1440 / 60) for s in facts["delivered_s"]] == [1, 1, 2, 2, 3]
    assert facts["left_over_times"].to_list() == [0, 0, 1, 1, 2]
    assert facts["late_s"].to_list()[:2] == [0, 0]
    assert facts["reason"].to_list()[4] == "full"
    assert run["trips"].filter(line_haul_id="L000")["left_over"].to_list()[:3] == [3, 1, 0]


def test_urgent_products_board_first():
    made = simple(pieces=1)
    rows = [("220101001001", "220201001001", 400, "INTRA", "A"), ("220101001001", "220201001001", 401, "MEDICAL", "A")]
    facts = simulate_day(made, parcels(made, rows), day=DAY, **CALM).parcels().collect().sort("parcel")
    assert facts["delivered_s"][1] < facts["delivered_s"][0]


def test_a_sorter_stopped_between_times_holds_everyone_behind_it():
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)])
    closed = Disruption("plant", 600, 690, place_id="2201")
    row = one(simulate_day(made, held, day=DAY, disruptions=[closed], **CALM))
    assert row["stop2_ready_s"] == 691 * 60
    slowed = Disruption("plant", 600, 690, factor=0.5, place_id="2201")
    row = one(simulate_day(made, held, day=DAY, disruptions=[slowed], **CALM))
    assert row["stop2_ready_s"] == 622 * 60


def test_a_closed_road_cancels_and_a_slow_one_delays():
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)])
    ends = {"from_place_id": "220101", "to_place_id": "2201"}
    row = one(simulate_day(made, held, day=DAY, disruptions=[Disruption("road", 0, 1440, **ends)], **CALM))
    assert row["stop1_depart_s"] == (560 + 1440) * 60
    slow = Disruption("road", 0, 1440, factor=0.5, **ends)
    row = one(simulate_day(made, held, day=DAY, disruptions=[slow], **CALM))
    assert (row["stop2_arrive_s"], row["road_delay_s"]) == (680 * 60, 60 * 60)


def test_waves_hold_what_comes_after_their_cutoff():
    waves = [
        {"place_id": "2201", "wave": 1, "open_min": 500.0, "cutoff_min": 619.0, "release_min": 640.0},
        {"place_id": "2201", "wave": 2, "open_min": 630.0, "cutoff_min": 1200.0, "release_min": 690.0},
    ]
    made = simple(waves=waves)
    row = one(simulate_day(made, parcels(made, [("220101001001", "220201001002", 480)]), day=DAY, **CALM))
    assert row["stop2_ready_s"] == 690 * 60


def test_nobody_at_home_means_another_try_and_then_the_sender():
    made = simple()
    luck = {**CALM, "not_home": 0.99, "consent": 0.0, "tail_days": 12}
    held = parcels(made, [("220101001001", "220201001002", 480)] * 40)
    facts = simulate_day(made, held, day=DAY, **luck).parcels().collect()
    back = facts.filter(status="sent_back")
    assert back.height >= 35
    assert set(back["at_place_id"]) == {"220101001001"}
    assert (back["delivered_s"] > 4 * 86400).all()


def test_a_full_locker_refuses_and_the_station_takes_over():
    sites = [
        {
            "site_id": "S1",
            "name_zh": "柜",
            "kind": "locker_group",
            "place_id": "220201001002",
            "cells": 3,
            "status": "open",
        },
        {
            "site_id": "S2",
            "name_zh": "站",
            "kind": "village_post_station",
            "place_id": "220201001002",
            "status": "open",
        },
    ]
    made = simple(sites=sites)
    luck = {**CALM, "consent": 1.0, "locker_share": 1.0, "locker_stay_h": 1000.0, "locker_longest_h": 1000.0}
    held = parcels(made, [("220101001001", "220201001002", 480)] * 10)
    run = simulate_day(made, held, day=DAY, **luck)
    counts = dict(run.parcels().collect()["status"].cast(str).value_counts().iter_rows())
    assert counts == {"in_locker": 3, "at_station": 7}
    assert run["lockers"].select("cells", "taken", "refused").row(0) == (3, 3, 7)


def test_parcels_abroad_pass_customs():
    plants = [
        {"place_id": "2201", "sort_rate_pieces_h": 6000.0},
        {"place_id": "2201", "sort_rate_pieces_h": 60.0, "kind": "exchange_office", "handling_min": 30.0},
    ]
    a, stops = round_("in-a", "220101", 480, [("220101001001", 500)])
    lines = [line("220101", "2201", 560, 60), line("2201", "X-SEOUL", 900, 120, mode="air")]
    made = network(plants=plants, lines=lines, rounds=[a], stops=stops)
    run = simulate_day(made, parcels(made, [("220101001001", "X-SEOUL", 480)]), day=DAY, **CALM)
    row = one(run)
    assert (row["status"], row["delivered_s"]) == ("abroad", 1020 * 60)
    assert row["stop3_ready_s"] - row["stop3_arrive_s"] == 31 * 60
    assert run["facilities"].filter(kind="customs")["sorted"].sum() == 1


def test_a_run_is_saved_whole_and_read_again(tmp_path):
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)])
    run = simulate_day(made, held, day=DAY, out=tmp_path / "run", **CALM)
    again = Run.load(tmp_path / "run")
    assert again.run_id == run.run_id
    assert again["summary"].equals(run["summary"])
    assert again.parcels().collect().height == 1
    assert simulate_day(made, held, day=DAY, **CALM).run_id == run.run_id


def test_stopping_leaves_nothing(tmp_path):
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)])
    with pytest.raises(Stopped):
        simulate_day(made, held, day=DAY, out=tmp_path / "run", stop=lambda: True, **CALM)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_simulated_is_named():
    made = simple()
    there = parcels(made, [("220101001001", "X-BEIJING", 480)])
    with pytest.raises(InfeasibleError, match="X-BEIJING"):
        simulate_day(made, there, day=DAY, **CALM)
    held = parcels(made, [("220101001001", "220201001002", 480)])
    with pytest.raises(DataError, match="P0"):
        simulate_day(simple(rate=0.0), held, day=DAY, **CALM)
    with pytest.raises(UsageError, match="24"):
        simulate_day(made, held, day=DAY, days=30, **CALM)
    with pytest.raises(UsageError, match="not_home"):
        simulate_day(made, held, day=DAY, **{**CALM, "not_home": 2.0})
    with pytest.raises(DataError, match="nowhere"):
        simulate_day(made, held, day=DAY, disruptions=[Disruption("plant", 0, 1, place_id="nowhere")], **CALM)
    weekend = simple()
    lines = weekend["line_hauls"].with_columns(days=pl.lit("7"))
    with pytest.raises(InfeasibleError, match="220101"):
        simulate_day(weekend.with_(line_hauls=lines), held, day=DAY, **{**CALM, "tail_days": 2})


def test_a_shift_that_begins_later_holds_the_sorter_until_then():
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)])
    shifts = pl.DataFrame({"place_id": ["2201"], "from_min": [660.0], "to_min": [1440.0], "share": [0.5]})
    row = one(simulate_day(made, held, day=DAY, shifts=shifts, **CALM))
    assert row["stop2_ready_s"] == 662 * 60
    wrong = shifts.with_columns(to_min=pl.lit(600.0))
    with pytest.raises(DataError, match="shifts"):
        simulate_day(made, held, day=DAY, shifts=wrong, **CALM)


def test_parcels_are_diverted_between_times():
    """The hub sends its parcels for the second county over the first one's centre, which has a line there too."""
    more = line("220101", "220201", 900, 30)
    a, a_stops = round_("in-a", "220101", 480, [("220101001001", 500)])
    b, b_stops = round_("out-b", "220201", 1000, [("220201001001", 1030)])
    lines = [line("220101", "2201", 560, 60), line("2201", "220201", 700, 100), line("2201", "220101", 700, 60), more,
             line("220201", "2201", 560, 60)]  # fmt: skip
    made = network(lines=lines, rounds=[a, b], stops=a_stops + b_stops)
    held = parcels(made, [("220101001001", "220201001001", 480)])
    straight = one(simulate_day(made, held, day=DAY, **CALM))
    assert [straight[f"stop{k}_place_id"] for k in (1, 2, 3)] == ["220101", "2201", "220201"]
    around = Disruption("divert", 0, 1440, place_id="220101", to_place_id="220201", via_place_id="220201")
    row = one(simulate_day(made, held, day=DAY, disruptions=[around], **CALM))
    assert [row[f"stop{k}_place_id"] for k in (1, 2, 3)] == ["220101", "220201", None]
    nowhere = Disruption("divert", 0, 1440, place_id="2201", via_place_id="X-SEOUL")
    with pytest.raises(InfeasibleError, match="X-SEOUL"):
        simulate_day(made, held, day=DAY, disruptions=[nowhere], **CALM)


def test_disruptions_may_come_as_a_table_with_moments():
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)])
    table = pl.DataFrame({"what": ["plant"], "starts": ["2021-06-02 10:00"], "ends": ["2021-06-02 11:30"],
                          "factor": [0.0], "place_id": ["2201"]})  # fmt: skip
    table = table.with_columns(pl.col("starts", "ends").str.to_datetime("%Y-%m-%d %H:%M"))
    row = one(simulate_day(made, held, day=DAY, disruptions=table, **CALM))
    assert row["stop2_ready_s"] == 691 * 60
    with pytest.raises(DataError, match="colour"):
        simulate_day(made, held, day=DAY, disruptions=table.with_columns(colour=pl.lit("red")), **CALM)


def test_warm_days_fill_the_queues_and_are_left_out_of_the_facts():
    made = simple(pieces=1)
    held = parcels(made, [("220101001001", "220201001001", 400)] * 2)
    cold = simulate_day(made, held, day=DAY, **CALM).parcels().collect()
    warm = simulate_day(made, held, day=DAY, warm_days=2, **CALM).parcels().collect()
    assert cold.height == warm.height == 2
    # Two a day come, one a day leaves: after two days two stand before whoever comes.
    assert cold["left_over_times"].sort().to_list() == [0, 1]
    assert warm["left_over_times"].sort().to_list() == [2, 3]
    both = simulate_day(made, held, day=DAY, days=2, **CALM).parcels().collect()
    assert both["day"].cast(str).to_list() == ["2021-06-02"] * 2 + ["2021-06-03"] * 2


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("postroad.simulate.day.run.write_parcels", full)
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)])
    with pytest.raises(UsageError, match="No space"):
        simulate_day(made, held, day=DAY, out=tmp_path / "run", **CALM)
    assert list(tmp_path.iterdir()) == []


def test_the_same_seed_gives_the_same_facts_and_another_does_not():
    made = simple()
    held = parcels(made, [("220101001001", "220201001002", 480)] * 30)
    luck = {**CALM, "variation": 0.3, "not_home": 0.3}
    one_, same, other = (simulate_day(made, held, day=DAY, seed=s, **luck).parcels().collect() for s in (1, 1, 2))
    assert one_.equals(same)
    assert not one_.equals(other)
