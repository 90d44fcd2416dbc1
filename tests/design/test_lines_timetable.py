"""The designed timetable: a small province, its promises and repairs, and what it does when something is missing."""

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import postroad
from postroad.demand import demand
from postroad.design.lines import design_trunk
from postroad.design.lines.batches import counted_from
from postroad.design.lines.capacity import Plant, levelled, needs, short
from postroad.design.lines.costs import legs, lines
from postroad.design.lines.designing import mends, on_winter_roads, with_seasons
from postroad.design.lines.exchange import exchanges
from postroad.design.lines.gtfs import feed
from postroad.design.lines.mending import mended, yuan
from postroad.design.lines.pairs import stands_for
from postroad.design.lines.promise import ACCEPTED, by_hour, journey, percentile, promises, spread, without_flow
from postroad.design.lines.refusals import check_plants, check_services
from postroad.design.lines.repair import repairs
from postroad.design.lines.thinning import MAY_MISS, Ledger, poured
from postroad.design.lines.timetable import assembled, by_rule
from postroad.design.lines.variants import changes
from postroad.design.lines.week import by_weekday, week
from postroad.errors import DataError, InfeasibleError, Stopped, UsageError
from postroad.evaluate.planned import against, by_class
from postroad.timetable.services import services


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


@pytest.fixture(scope="module")
def table(jilin):
    return by_rule(jilin, demand(jilin))


@pytest.fixture(scope="module")
def told(table):
    return promises(table)


def test_every_promised_pair_is_told_both_ways(jilin, told):
    pairs = jilin.promise_pairs
    same = (pairs["from_place_id"] == pairs["to_place_id"]).sum()
    assert told.height == 2 * pairs.height - same
    assert ((told["share_percent"] >= 0) & (told["share_percent"] <= 100 + 1e-9)).all()
    assert (told["p50_h"] <= told["p95_h"]).all()


def test_a_pair_holds_exactly_when_its_share_is_reached(told):
    assert (told["holds"] == (told["share_percent"] >= told["share_asked_percent"] - 1e-9)).all()
    # the slack has the sign of the verdict
    assert (told.filter("holds")["slack_h"] >= -1e-9).all()
    assert (told.filter(~pl.col("holds"))["slack_h"] < 0).all()


def test_a_journey_adds_up_to_the_time_at_the_door(table):
    door = table.door
    for pair, slot in itertools.product(range(0, len(table.work.ways), 997), (3, 20, 41)):
        steps = journey(table, pair, slot)
        assert sum(one["minutes"] for one in steps) == pytest.approx(door[pair, slot], abs=1e-6)
        assert all(one["minutes"] >= -1e-9 for one in steps)


def test_a_promise_counts_from_the_cut_off_after_acceptance(table):
    at = np.array([600.0, 1079.0, 1081.0])
    assert counted_from(table.work, "220102", at).tolist() == [1080.0, 1080.0, 2520.0]  # a district: 18:00
    assert counted_from(table.work, "220122", at).tolist() == [960.0, 2400.0, 2400.0]  # a county: 16:00


def test_a_percentile_counts_pieces():
    assert percentile(np.array([[1.0, 5.0, 9.0]]), np.array([[50.0, 45.0, 5.0]]), 0.95) == 5.0


def test_a_prefecture_stands_for_its_districts(jilin):
    own = stands_for(jilin, "2202")
    assert "220202" in own
    assert "220281" not in own
    assert stands_for(jilin, "220281") == ["220281"]


def test_taking_a_line_away_breaks_promises_and_repairs_mend_them(table, told):
    """Let one metro line run at noon only, and see the pair fail and a priced repair bring it back."""
    arc = ("2201", "2202")
    departures = {**table.departures, arc: [(720.0, table.work.roads.minutes(*arc))]}
    broken = assembled(table.work, departures, table.waves, table.handling, None)
    after = promises(broken)
    failing = after.filter(~pl.col("holds"), pl.col("from_place_id") == "2201", pl.col("to_place_id") == "2202")
    assert failing.height
    assert told.filter("holds").height > after.filter("holds").height
    mending = repairs(broken, failing)
    assert (mending["share_percent"] >= 95 - 1e-9).all()
    assert mending.filter("best")["yuan_day"].min() == mending["yuan_day"].min()
    assert mending.filter(repair="direct")["yuan_day"].min() > 0


@pytest.mark.slow
def test_mending_makes_failing_pairs_hold_and_says_for_how_much(table, told):
    whole = mended(table, rounds=1)
    after = promises(whole)
    assert after["holds"].sum() > told["holds"].sum()
    added = mends(whole)
    assert added.height == len(whole.mends) > 0
    assert added["yuan_day"].sum() == pytest.approx(yuan(whole) - yuan(table), rel=1e-6)
    assert whole.network.check() == []


def test_hours_of_acceptance_are_all_there(table, told):
    hours = by_hour(table)
    assert hours.group_by("pair_id", "from_place_id", "to_place_id").len().height == told.height
    assert set(hours["accept_hour"]) <= set(range(24))


def test_costs_add_up_and_no_piece_is_lost(table):
    held = lines(table)
    by = legs(table, held)
    assert by.filter(pl.col("leg") != "sorting")["cost_yuan"].sum() == pytest.approx(
        held["cost_yuan"].sum() + held["empty_yuan"].sum()
    )
    assert (held["pieces"] <= held["capacity_pieces"] + 1e-6).all()
    assert by["yuan_piece"].sum() == pytest.approx(by["cost_yuan"].sum() / table.work.pieces("ordinary").sum())
    assert spread(table).sum() == pytest.approx(table.work.pieces("ordinary").sum())


def test_empty_returns_are_what_one_direction_lacks(table):
    held = {(a, b): (v, e) for a, b, v, e in lines(table).select(
        "from_place_id", "to_place_id", "vehicles", "empty").iter_rows()}  # fmt: skip
    for (a, b), (vehicles, empty) in held.items():
        assert empty == max(0, vehicles - held.get((b, a), (0, 0))[0])


def test_winter_takes_longer_and_its_rows_stand_beside_summer(table):
    cold = on_winter_roads(table)
    arc = ("2201", "2208")
    assert cold.work.roads.minutes(*arc) > table.work.roads.minutes(*arc)
    weeks = week(table, time_s=0.0), week(cold, time_s=0.0)
    both = with_seasons(*weeks)
    assert both.check() == []
    assert set(both.line_hauls["season"]) == {"summer", "winter", "peak"}
    moved = changes(table, cold)
    assert set(moved["variant"]) == {"winter", "peak"}
    slower = moved.filter(variant="winter", from_place_id="2201", to_place_id="2208").drop_nulls("longer_min")
    assert (slower["longer_min"] > 0).all()
    # on the peak day every departure has, on every weekday, what the peak needs
    runs = zip(cold.clock.arc_of, cold.clock.depart, cold.clock.duration, strict=True)
    keys = [(*cold.clock.arcs[arc], round(at, 1), round(long, 1)) for arc, at, long in runs]
    need = dict(zip(keys, cold.poured["peak"].load, strict=True))
    rows = both.line_hauls.filter(pl.col("season").is_in(["winter", "peak"]))
    for day in ("1", "7"):
        room = dict.fromkeys(need, 0.0)
        own = rows.filter(pl.col("days").str.contains(day))
        for a, b, at, long, size in own.select("from_place_id", "to_place_id", "depart_min", "duration_min",
                                               "capacity_pieces").iter_rows():  # fmt: skip
            room[a, b, at, long] += size
        assert all(room[key] >= pieces for key, pieces in need.items())
    sundays, mondays = (by_weekday(weeks[0]).filter(weekday=day).row(0, named=True) for day in (7, 3))
    assert sundays["vehicles"] < mondays["vehicles"]
    assert sundays["pairs_hold"] <= sundays["pairs"]


def test_exchange_offices_follow_the_pieces(table):
    held = exchanges(table)
    assert held.height == 6
    going = held.filter(pl.col("peak_pieces_day") > 0)
    assert set(going["place_id"]) <= set(table.work.layout.tier)
    assert (going["floor_m2"] > 0).all()


def test_the_feed_is_read_back_as_services(jilin, table):
    import datetime as dt

    made = feed(table.network)
    summer = services(made, dt.date(2020, 6, 1))
    rows = table.network.line_hauls.filter(pl.col("season").is_in(["any", "summer"]))
    assert summer.height == rows.height


def test_a_sunday_without_trains_is_seen(table):
    """A line that does not run on a day is no service of that day."""
    import datetime as dt

    hauls = table.network.line_hauls.with_columns(days=pl.lit("123456"))
    made = feed(table.network.with_(line_hauls=hauls))
    assert services(made, dt.date(2020, 6, 7)).height == 0
    assert services(made, dt.date(2020, 6, 8)).height > 0


def test_stop_ends_a_design(jilin):
    from postroad.design.lines import timetable

    with pytest.raises(Stopped):
        timetable(jilin, demand(jilin), time_s=20.0, stop=lambda: True)


def test_a_province_without_roads_to_a_hub_says_so(jilin, table):
    cut = replace(table.work.layout, tier=table.work.layout.tier)
    assert cut.route("220102", "220202") == ["220102", "2201", "2202", "220202"]
    with pytest.raises(InfeasibleError) as caught:
        by_rule(jilin.with_(road_links=jilin.road_links.head(5)), demand(jilin))
    assert "大连" in caught.value.say("zh")
    assert len(caught.value.faults) > 1
    assert caught.value.exit_code == 2


def test_minutes_of_acceptance_are_the_middles_of_half_hours():
    assert ACCEPTED[0] == 15.0
    assert ACCEPTED.size == 48


def test_a_line_haul_on_a_train_that_does_not_run_is_refused(jilin, table):
    calls = jilin.train_calls
    daily = set(calls.filter(run_days="ALL")["train_no"]) | set(jilin.train_passages["train_no"])
    some_dates = min(set(calls["train_no"]) - daily)
    row = table.network.line_hauls.head(3).with_columns(
        mode=pl.lit("rail"), service_ref=pl.Series([calls.filter(run_days="ALL")["train_no"][0], some_dates, "G0"])
    )
    with pytest.raises(DataError) as caught:
        check_services(table.network.with_(line_hauls=row))
    assert [fault.value for fault in caught.value.faults] == [some_dates, "G0"]
    assert caught.value.exit_code == 2
    assert some_dates in caught.value.say("zh")
    check_services(jilin)


def test_a_hub_too_small_for_the_peak_is_named(table):
    plants = table.network.hub_plants
    check_plants(table.network, table)
    small = pl.when(pl.col("place_id") == "2202").then(5000.0).otherwise("sort_rate_pieces_h")
    with pytest.raises(InfeasibleError) as caught:
        check_plants(table.network.with_(hub_plants=plants.with_columns(sort_rate_pieces_h=small)), table)
    assert "吉林" in caught.value.say("zh")
    assert [fault.key for fault in caught.value.faults] == ["lines.plant_below_day"]
    least = pl.col("sort_rate_pieces_h") * pl.when(pl.col("place_id") == "2202").then(0.4).otherwise(1.0)
    few = pl.when(pl.col("place_id") == "2208").then(2).otherwise("docks")
    tight = plants.with_columns(sort_rate_pieces_h=least, docks=few)
    with pytest.raises(InfeasibleError) as both:
        check_plants(table.network.with_(hub_plants=tight), table)
    assert [fault.key for fault in both.value.faults] == ["lines.plant_too_small", "lines.docks_too_few"]
    assert "yuan a day" in both.value.say("en")


def test_departures_are_moved_until_a_hub_keeps_its_plants(table):
    ledger = Ledger(table.work, table.handling)
    clock = ledger.clock(table.departures)
    before = needs(table.work, clock, poured(table.work, clock, table.work.pieces("peak")), ledger)
    plants = {"2203": Plant(0.9 * float(before.rate["2203"].max()), 0.9 * float(before.docks["2203"].max()))}
    assert short(before, plants) > 0
    moved = levelled(table.work, table.departures, table.handling, plants, time_s=5.0)
    clock = ledger.clock(moved)
    after = needs(table.work, clock, poured(table.work, clock, table.work.pieces("peak")), ledger)
    assert short(after, plants) < short(before, plants)
    assert ledger.price(moved)[2] >= ledger.price(table.departures)[2] - MAY_MISS


def test_a_choice_of_plants_that_there_is_not(jilin):
    with pytest.raises(UsageError) as caught:
        design_trunk(jilin, demand(jilin), plants="borrowed")
    assert caught.value.exit_code == 2


def test_promised_pairs_that_pass_elsewhere_are_told_apart(jilin, table, told):
    held = without_flow(table)
    ends = {tuple(row) for row in held.select("from_place_id", "to_place_id").iter_rows()}
    assert ("X-SHENYANG", "X-HARBIN") in ends
    assert all(a.startswith("X-") and b.startswith("X-") for a, b in ends)
    # by hand: cut-off 18:00, ready 19:30, the drive, 40 minutes, the next round at 8:00 or 14:00, and the delivery
    row = held.filter(from_place_id="X-SHENYANG", to_place_id="X-HARBIN").row(0, named=True)
    there = 1170 + row["drive_min"] + 40
    begins = next(at for at in (1440 + 480, 1440 + 840, 2880 + 480) if at >= there)
    assert row["door_h"] == pytest.approx((begins + table.work.terms.delivery_min - 1080) / 60)
    assert row["holds"] == (row["door_h"] <= 24)


def test_a_promise_shorter_than_the_drive_is_refused_with_its_minutes(jilin):
    far = (pl.col("from_place_id") == "2201") & (pl.col("to_place_id") == "X-DALIAN")
    pairs = jilin.promise_pairs
    assert pairs.filter(far).height
    short_ = jilin.with_(promise_pairs=pairs.with_columns(promise_h=pl.when(far).then(2.0).otherwise("promise_h")))
    with pytest.raises(InfeasibleError) as caught:
        design_trunk(short_, demand(short_), time_s=1.0)
    assert {fault.key for fault in caught.value.faults} == {"lines.promise_below_drive"}
    assert len(caught.value.faults) == 2  # both directions at once
    assert "大连" in caught.value.say("zh")
    assert caught.value.exit_code == 2


def test_planned_and_simulated_shares_by_hand(table, told):
    """Four parcels of one pair: in time on both clocks, on one, on none, and never delivered."""
    # a city's promise counts from 18:00; accepted at 9:00, delivered after 23, 30 and 40 hours
    nine = 9 * 3600
    made = pl.DataFrame({
        "origin_id": ["220102"] * 4, "destination_id": ["220202"] * 4, "accepted_s": [nine] * 4,
        "delivered_s": [nine + 23 * 3600, nine + 30 * 3600, nine + 40 * 3600, None],
    })  # fmt: skip
    held, _lost = against(table, made)
    row = held.filter(from_place_id="2201", to_place_id="2202").row(0, named=True)
    assert (row["parcels"], row["simulated_percent"], row["simulated_accepted_percent"]) == (4, 50.0, 25.0)
    plan = told.filter(from_place_id="2201", to_place_id="2202").row(0, named=True)
    assert row["planned_percent"] == plan["share_percent"]
    # the plan promises this pair twice, in the metropolitan circle and between neighbouring cities
    assert held["promise_class"].sort().to_list() == ["metro", "neighbours"]
    every = by_class(held).row(-1, named=True)
    assert (every["promise_class"], every["parcels"], every["pairs_hold_simulated"]) == ("all", 8, 0)


def test_causes_of_lateness_by_hand(table):
    """One parcel for each: second try, never delivered, collected too late, a feeder missed, no room on it."""
    work, clock = table.work, table.clock
    ends = list(work.pairs.select("origin_id", "destination_id").iter_rows())
    k = ends.index(("220102", "220202"))
    way, slot = work.ways[k], 18  # accepted at nine
    first = table.poured["ordinary"].taken[k, slot, 0]
    leaves = 540.0 + (float(clock.depart[first]) - 540.0) % 1440.0
    out, due = 2880.0 + 480.0, 1080.0 + 1440.0

    def parcel(ready, left, *, out=out, door=out + 60.0, tries=1):
        times = {
            "accepted_s": 540.0, "out_s": out, "delivered_s": door, "stop1_arrive_s": 0.0, "stop1_ready_s": ready,
            "stop1_depart_s": left, "stop2_arrive_s": out - 60, "stop2_ready_s": out - 30, "road_delay_s": 0.0,
            "queue_s": 0.0,
        }  # fmt: skip
        ends = {"origin_id": "220102", "destination_id": "220202", "stop1_place_id": way[0], "stop2_place_id": way[-1]}
        return {**ends, "attempts": tries, **{name: None if at is None else int(60 * at) for name, at in times.items()}}

    held = [
        parcel(600.0, leaves, out=1440.0 + 480.0, door=due + 600.0, tries=2),
        parcel(600.0, leaves, door=None),
        parcel(1440.0 + 1200.0, 1440.0 + 1210.0),
        parcel(leaves + 5.0, leaves + 700.0),
        parcel(leaves - 5.0, leaves + 700.0),
    ]
    _, lost = against(table, pl.DataFrame(held, infer_schema_length=None))
    found = dict(lost.filter(promise_class="metro").select("cause", "parcels").iter_rows())
    assert found == dict.fromkeys(("second_try", "undelivered", "collection", "feeder", "full"), 1)
    assert lost.filter(cause="feeder")["place_id"].to_list() == ["220102"] * 2  # promised twice
    assert set(lost["lost_percent"]) == {20.0}
