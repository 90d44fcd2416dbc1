"""Rounds of small counties: checked by hand, by trying everything, and by a checker that drives them again."""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.design.contract import DesignContract
from tests.design.rural_world import loads, rural

from postroad import tables
from postroad.design.rounds import RuralDesign, RuralOptions, design_rounds, verify
from postroad.design.rounds.coalitions import county_game
from postroad.design.rounds.previous import unchanged
from postroad.design.rounds.routing import Day, Ground, hopeless, solve_day, subset, timed
from postroad.design.rounds.rural import bus_trips
from postroad.design.rounds.terms import Terms
from postroad.design.rounds.weekdays import PATTERNS, assign, patterns, worst_gap
from postroad.errors import DataError, Stopped, UsageError
from postroad.face.report.rural import report
from postroad.network import Network
from postroad.parallel import Progress, Work
from postroad.timetable import Feed, buses
from postroad.travel import RoadEngine

AROUND = {
    "990101100201": (3.0, 0.0),
    "990101100202": (6.0, 1.0),
    "990101100203": (-4.0, 2.0),
    "990101100204": (0.0, 7.0),
}
ONE = {"ZTO": 1.0}


@dataclass(frozen=True)
class Asked:
    """A problem: the network, the load of every village, and whether all must be served."""

    network: Network
    deliver: float
    every: bool = False
    by_bus: bool = False
    evening: bool = False
    arrive_by_h: float | None = None
    even: float = 0.0


def design(asked: Asked, seed: int = 0, stop: Callable[[], bool] | None = None) -> RuralDesign:
    options = RuralOptions(shares=ONE, seed=seed, every_village=asked.every, arrive_by_h=asked.arrive_by_h,
                           evening=asked.evening, even=asked.even)  # fmt: skip
    own = loads(asked.network, asked.deliver, asked.deliver / 4)
    feed = buses(asked.network)
    if not asked.by_bus:
        feed = Feed({**feed.tables, **{name: feed[name].clear() for name in ("trips", "stop_times")}})
    return design_rounds(asked.network, options, Work(stop=stop), feed, own)


def broken(made: RuralDesign, network: Network) -> list[str]:
    days = dict(made.result["villages"]["village_id", "days"].iter_rows())
    return verify(made.network, Terms.of(network, "winter"), RoadEngine(network, "winter"), days)


class TestRounds(DesignContract):
    """The promises of every design method."""

    def usual(self) -> Asked:
        drawn = np.random.default_rng(5)
        spots = {f"9901011002{k:02d}": tuple(drawn.uniform(-12, 12, 2).tolist()) for k in range(12)}
        return Asked(rural(spots), 120.0)

    def solve(
        self, problem: Asked, *, seed: int = 0, time_s: float = 30.0, stop: Callable[[], bool] | None = None
    ) -> RuralDesign:
        return design(problem, seed, stop)

    def fingerprint(self, problem: Asked) -> str:
        return problem.network.fingerprint

    def small(self) -> Iterable[Asked]:
        for count, pieces in ((1, 50.0), (3, 90.0), (4, 130.0)):
            yield Asked(rural(dict(list(AROUND.items())[:count])), pieces)

    def brute_force(self, problem: Asked) -> float:
        return least_week(problem)

    def impossible(self) -> Iterable[tuple[Asked, tuple[str, ...]]]:
        lost = {"990101100205": (200.0, 200.0)}
        spots = {"u": (200.0, 201.0), "v": (200.0, 230.0)}
        yield (
            Asked(rural(AROUND | lost, [("u", "v", 30.0)], spots), 60.0, True),
            ("990101100205", "km" if False else "2"),
        )
        yield (
            Asked(rural({"990101100206": (0.0, 160.0)}, [("t", "n", 165.0)], {"n": (0.0, 160.0)}), 60.0, True),
            (
                "990101100206",
                "8.0",
            ),
        )

    def admissible(self, problem: Asked, answer: RuralDesign) -> None:
        assert broken(answer, problem.network) == []


def least_week(problem: Asked) -> float:
    """The least cost of a week with one vehicle of one type in each tier, over all orders and all cuts into trips."""
    network = problem.network
    terms, engine = Terms.of(network, "winter"), RoadEngine(network, "winter")
    ids = network["places"]["place_id"].to_list()
    ways = engine.ways(ids, ids)
    deliver, collect = problem.deliver, problem.deliver / 4
    count = len(ids) - 2

    def cheapest(stops: list[int], depot: int, pieces: float) -> float:
        best = math.inf
        for van, order in itertools.product(terms.vans, itertools.permutations(stops)):
            for cuts in itertools.product((False, True), repeat=len(stops) - 1):
                trips: list[list[int]] = [[order[0]]]
                for stop, cut in zip(order[1:], cuts, strict=True):
                    if cut:
                        trips.append([stop])
                    else:
                        trips[-1].append(stop)
                if any(len(trip) * pieces > van.pieces for trip in trips):
                    continue
                km = minutes = 0.0
                for trip in trips:
                    path = [depot, *trip, depot]
                    km += sum(float(ways.km[a, b]) for a, b in itertools.pairwise(path))
                    minutes += sum(float(ways.minutes[a, b]) for a, b in itertools.pairwise(path)) + terms.load_min
                minutes += len(stops) * terms.village_min
                best = min(best, terms.vehicle_day_yuan + km * van.yuan_km + minutes / 60 * van.yuan_h)
        return best

    handled = count * (deliver + collect) * terms.piece_min / 60 * terms.vans[0].yuan_h
    tier1 = cheapest([1], 0, count * deliver) + handled
    tier2 = cheapest(list(range(2, len(ids))), 1, deliver) + handled
    pieces = count * (deliver + collect)
    fixed = min(
        terms.centre_day_yuan + terms.machine_sort_yuan(pieces), terms.branch_day_yuan + terms.hand_sort_yuan(pieces)
    )
    return 7 * (tier1 + tier2 + fixed + min(terms.node_day_yuan, terms.agent_day_yuan))


def test_every_village_on_its_days_and_nothing_broken() -> None:
    network = rural(AROUND)
    made = design(Asked(network, 20.0))
    assert made.network.check() == []
    assert made.result["villages"]["days_a_week"].to_list() == [5, 5, 5, 5]
    assert broken(made, network) == []


def test_the_checker_sees_what_is_broken() -> None:
    network = rural(AROUND)
    made = design(Asked(network, 60.0))
    late = made.network["round_stops"].with_columns(arrive_min=pl.col("arrive_min") - 30.0)
    heavy = made.network["round_stops"].with_columns(deliver_pieces=pl.col("deliver_pieces") * 40)
    fewer = made.network["rounds"].with_columns(days=pl.lit("135"))
    early = made.network["rounds"].with_columns(depart_min=pl.lit(300.0))
    terms, engine = Terms.of(network, "winter"), RoadEngine(network, "winter")
    days = dict(made.result["villages"]["village_id", "days"].iter_rows())
    for word, changed in (("cannot be reached", {"round_stops": late}), ("pieces in a vehicle", {"round_stops": heavy}),
                          ("instead of", {"rounds": fewer}), ("before its pieces", {"rounds": early})):  # fmt: skip
        assert any(word in line for line in verify(made.network.with_(**changed), terms, engine, days)), word


def test_why_names_what_stops_a_village_and_the_repair() -> None:
    network = rural(AROUND | {"990101100206": (0.0, 160.0)}, [("t", "n", 165.0)], {"n": (0.0, 160.0)})
    made = design(Asked(network, 60.0))
    assert [fault.key for fault in made.why()] == ["rounds.too_far"]
    assert "8.0" in made.why("990101100206")[0].say("en")
    assert made.why("990101100201") == []
    assert made.result["villages"].height == 4
    with pytest.raises(DataError):
        made.why("990101100299")


def test_sharing_is_cheaper_and_groups_never_gain_by_leaving() -> None:
    network = rural(AROUND)
    options = RuralOptions(shares={"ZTO": 0.5, "YTO": 0.3, "CHINAPOST": 0.2})
    made = design_rounds(network, options, loads=loads(network, 100.0, 25.0))
    towns = made.result["townships"]
    cost = dict(towns["way", "yuan_week"].iter_rows())
    assert cost["shared_bus"] <= cost["shared_round"] + 1e-6 < cost["shared_centre"] < cost["alone"]
    game = county_game(made.plans[0])
    assert game.whole == pytest.approx(cost["shared_round"], rel=1e-6)
    assert game.alone.sum() == pytest.approx(cost["alone"], rel=1e-6)
    splits = made.result["splits"]
    for rule in ("shapley", "nucleolus", "equal_profit"):
        assert splits[f"{rule}_fen"].sum() == splits["together_fen"][0]
        assert splits[f"{rule}_stable"].all()


def test_a_bus_feeds_a_township_when_its_hold_and_fee_allow() -> None:
    """Few pieces: the bus at 0.3 yuan a piece is cheaper than a van for 44 km."""
    network = rural(AROUND)
    made = design(Asked(network, 8.0, by_bus=True))
    assert made.result["bus_lines"]["feeds"].to_list() == [True]
    assert made.network["bus_holds"].height >= 1
    assert not made.network["rounds"].filter(depot_place_id="990101").height
    assert broken(made, network) == []
    assert made.result["bus_lines"]["worst_delay_min"][0] <= Terms.of(network).delay_bound_min


def test_a_bus_line_without_times_is_named_and_carries_nothing() -> None:
    network = rural(AROUND)
    feed = buses(network)
    blank = feed["stop_times"].with_columns(arrival_time=pl.lit(""), departure_time=pl.lit(""))
    made = design_rounds(network, RuralOptions(shares=ONE), feed=Feed({**feed.tables, "stop_times": blank}),
                         loads=loads(network, 8.0, 2.0))  # fmt: skip
    assert made.result["bus_lines"]["note"].to_list() == ["rounds.bus_no_trips"]
    assert not made.network["bus_holds"].height
    fault = made.untimed[0]
    assert fault.say("zh") in report(network, made, "zh")
    assert fault.value == "990101100"
    assert f"{made.result['bus_lines']['van_yuan_piece'][0]:.2f} yuan" in fault.say("en")


def test_a_village_without_coordinates_is_named() -> None:
    network = rural(AROUND)
    at = pl.when(pl.col("place_id") == "990101100203").then(None).otherwise(pl.col("lon"))
    made = design(Asked(network.with_(places=network["places"].with_columns(lon=at)), 60.0))
    assert [(fault.key, fault.value) for fault in made.why()] == [("rounds.no_position", "990101100203")]
    assert made.result["villages"].height == 3


@pytest.mark.parametrize("pieces", [8.0, 45.0, 300.0])
def test_what_villages_cost_adds_up_to_the_whole(pieces: float) -> None:
    made = design(Asked(rural(AROUND), pieces, by_bus=True))
    villages = made.result["villages"].with_columns(
        week=7 * (pl.col("deliver_pieces_day") + pl.col("collect_pieces_day"))
    )
    towns = made.result["townships"].filter(way="shared_bus")
    for own, whole, unit in (("yuan_piece", "yuan_week", 1.0), ("km_piece", "km_week", 1.0),
                             ("co2e_g_piece", "co2e_kg_week", 1000.0)):  # fmt: skip
        assert (villages["week"] * villages[own]).sum() == pytest.approx(unit * towns[whole].sum())
    assert made.objective == pytest.approx(towns["yuan_week"].sum())


def test_resumes_from_its_cache(tmp_path: Any) -> None:
    network = rural(AROUND)
    own = loads(network, 50.0, 10.0)
    first = design_rounds(network, RuralOptions(shares=ONE), Work(cache=tmp_path), loads=own)
    kept = sorted(file.stat().st_mtime_ns for file in tmp_path.iterdir())
    again = design_rounds(network, RuralOptions(shares=ONE), Work(cache=tmp_path), loads=own)
    assert kept
    assert kept == sorted(file.stat().st_mtime_ns for file in tmp_path.iterdir())
    assert again.network == first.network
    assert again.result.facts == first.result.facts


def test_a_county_in_this_process_is_stopped_midway_and_shows_life() -> None:
    network = rural(AROUND)
    asked: list[int] = []
    told: list[Progress] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 4

    with pytest.raises(Stopped):
        design_rounds(network, RuralOptions(shares=ONE), Work(stop=stop, progress=told.append),
                      loads=loads(network, 50.0, 10.0))  # fmt: skip
    assert len(asked) == 5
    assert len(told) >= 4


def test_a_plan_that_stands_is_kept_while_it_costs_little_more() -> None:
    """A little more load and another seed: the same order of stops, where a fresh search need not find it."""
    drawn = np.random.default_rng(2)
    network = rural({f"9901011002{k:02d}": tuple(drawn.uniform(-12, 12, 2).tolist()) for k in range(20)})
    first = design(Asked(network, 90.0))
    kept = design(Asked(first.network, 91.0), seed=3)
    assert unchanged(first.network, kept.network) == 1.0
    assert broken(kept, first.network) == []
    fuller = design(Asked(first.network, 190.0), seed=3)
    assert broken(fuller, first.network) == []
    assert unchanged(first.network, fuller.network) < 1.0


def test_rounds_that_no_longer_do_are_made_anew_and_the_others_stay() -> None:
    """One village gets three times as much and one is new: the rounds of the others are as they were."""
    drawn = np.random.default_rng(6)
    network = rural({f"9901011002{k:02d}": tuple(drawn.uniform(-12, 12, 2).tolist()) for k in range(24)})
    names = network["places"].filter(level="village")["place_id"]
    own = loads(network, 200.0, 20.0)
    options = RuralOptions(shares=ONE)
    first = design_rounds(network, options, loads=own.filter(pl.col("place_id") != names[23]))
    more = pl.when(place_id=names[7]).then(600.0).otherwise(pl.col("deliver_pieces"))
    second = design_rounds(first.network, replace(options, seed=3), loads=own.with_columns(deliver_pieces=more))
    assert broken(second, network) == []
    assert first.network["rounds"].filter(tier=2).height > 2
    assert 0.5 < unchanged(first.network, second.network) < 1.0


def test_bad_options_are_named() -> None:
    network = rural(AROUND)
    with pytest.raises(UsageError, match="NOBODY"):
        design_rounds(network, RuralOptions(shares={"NOBODY": 1.0}), loads=loads(network, 1.0, 1.0))
    with pytest.raises(UsageError, match="安徒"):
        design_rounds(network, RuralOptions(counties=("安徒",)), loads=loads(network, 1.0, 1.0))
    town = network["places"].filter(level="township")["place_id"][0]
    with pytest.raises(DataError, match=town):
        design_rounds(network, RuralOptions(counties=(town,)), loads=loads(network, 1.0, 1.0))


# Weekdays.


def test_patterns_are_as_regular_as_can_be() -> None:
    for count, known in PATTERNS.items():
        best = min(worst_gap(p) for p in itertools.combinations(range(7), count))
        assert all(len(p) == count and worst_gap(p) == best for p in known)


@given(st.lists(st.sampled_from([3, 5, 7]), min_size=1, max_size=40), st.integers(0, 999))
@settings(max_examples=50, deadline=None)
def test_days_are_as_many_as_asked_and_load_is_even(days: list[int], seed: int) -> None:
    drawn = np.random.default_rng(seed)
    pieces, angle = drawn.uniform(5, 30, len(days)), drawn.uniform(-3, 3, len(days))
    chosen = assign(np.array(days), pieces, angle)
    assert [len(p) for p in chosen] == days
    week = np.zeros(7)
    for pattern, own, count in zip(chosen, pieces, days, strict=True):
        week[list(pattern)] += own * 7 / count
    assert week.sum() == pytest.approx((pieces * 7).sum())
    largest = max((own * 7 / count for own, count in zip(pieces, days, strict=True) if count < 7), default=0.0)
    assert week.max() - week.min() <= 3 * largest + 1e-9


@given(st.sampled_from([3, 5, 7]), st.sets(st.integers(0, 6), min_size=1))
def test_a_village_is_served_only_while_its_station_is_open(count: int, on: set[int]) -> None:
    """As often as asked where it is open so often, and at gaps no other choice of open days makes shorter."""
    days = tuple(sorted(on))
    made = patterns(count, days)
    size = min(count, len(days))
    least = min(worst_gap(p) for p in itertools.combinations(days, size))
    assert made
    assert all(set(p) <= on and len(p) == size and worst_gap(p) == least for p in made)


def test_stations_hours_and_days_are_kept() -> None:
    """One village takes parcels from 13:00 to 13:30, Monday to Friday; another not before 15:00."""
    network = rural(AROUND)
    sites = tables.conform(
        pl.DataFrame({
            "site_id": ["a", "b"], "name_zh": ["甲", "乙"], "kind": ["village_post_station"] * 2,
            "status": ["open"] * 2,
            "place_id": ["990101100201", "990101100203"], "opens_min": [780.0, 900.0], "closes_min": [810.0, None],
            "open_days": ["12345", None], "origin": ["observed"] * 2, "source": ["s"] * 2,
        }),
        "sites",
    )  # fmt: skip
    network = network.with_(sites=sites)
    made = design(Asked(network, 60.0))
    assert broken(made, network) == []
    rows = {r["village_id"]: r for r in made.result["villages"].iter_rows(named=True)}
    assert rows["990101100201"]["days"] == "12345"
    assert 780.0 <= rows["990101100201"]["arrive_min"] <= 810.0
    assert rows["990101100203"]["arrive_min"] >= 900.0
    early = made.network["round_stops"].with_columns(arrive_min=pl.col("arrive_min") - 60.0)
    told = verify(made.network.with_(round_stops=early), Terms.of(network), RoadEngine(network, "winter"), {})
    assert any("closed at" in line for line in told)


# One day of one depot.


def ground(count: int, seed: int) -> Ground:
    drawn = np.random.default_rng(seed)
    at = np.r_[[[0.0, 0.0]], drawn.uniform(-10, 10, (count, 2))]
    km = np.hypot(*(at[:, None] - at).transpose(2, 0, 1)) * 1.3
    return Ground(tuple(f"p{k}" for k in range(count + 1)), km, km / 24 * 60)


@given(st.integers(1, 12), st.integers(0, 999), st.floats(1, 900), st.floats(0, 300))
@settings(max_examples=25, deadline=None)
def test_a_day_visits_all_with_all_pieces_within_every_limit(n: int, seed: int, deliver: float, collect: float) -> None:
    terms = Terms.of(rural(AROUND))
    day = Day(ground(n, seed), np.r_[0, np.full(n, deliver)], np.r_[0, np.full(n, collect)], 480.0, terms, 4.0)
    rounds = solve_day(day, iterations=40)
    assert rounds is not None
    given_, taken = np.zeros(n + 1), np.zeros(n + 1)
    for one in rounds:
        assert one.duration_min + terms.load_min + (terms.charge_min if one.charged else 0) <= terms.shift_min + 0.1
        for visit in one.visits:
            given_[visit.row] += visit.deliver
            taken[visit.row] += visit.collect
    assert given_[1:] == pytest.approx(np.full(n, deliver))
    assert taken[1:] == pytest.approx(np.full(n, collect))


def test_leaving_stops_out_never_makes_a_round_later_or_longer() -> None:
    terms = Terms.of(rural(AROUND))
    day = Day(ground(10, 3), np.r_[0, np.full(10, 90.0)], np.r_[0, np.full(10, 20.0)], 480.0, terms, 4.0)
    rounds = solve_day(day) or []
    kept = subset(day, rounds, {1, 3, 5, 7})
    assert sorted(v.row for one in kept for v in one.visits if v.row) == [1, 3, 5, 7]
    assert sum(one.km for one in kept) <= sum(one.km for one in rounds) + 1e-9
    assert all(timed(day, o.van, o.charged, [(v.row, v.deliver, v.collect) for v in o.visits]) == o for o in kept)


# Which township serves a village.


def two_townships(border_km: float) -> Network:
    """A second township 15 km east of the first with a village; the first has one beside it and one this far east."""
    spots = {"990101100201": (1.0, 0.0), "990101100202": (border_km, 0.0), "990101100203": (15.0, 1.0)}
    network = rural(spots, [("t", "n", 15.0)], {"n": (15.0, 0.0)})
    places = network["places"]
    like = places.filter(place_id="990101100203")
    town = like.with_columns(place_id=pl.lit("990101101"), level=pl.lit("township"), kind=pl.lit("town"),
                             parent_id=pl.lit("990101"), lat=pl.col("lat") - 1 / 111.195)  # fmt: skip
    theirs = pl.when(place_id="990101100203").then(pl.lit("990101101")).otherwise("parent_id")
    return network.with_(places=pl.concat([places.with_columns(parent_id=theirs), town]))


@pytest.mark.parametrize(("border_km", "served_from"), [(14.0, "990101101"), (3.0, "990101100")])
def test_a_village_beside_another_township_is_served_from_there(border_km: float, served_from: str) -> None:
    """14 km from its own township and one from the next, it costs less from there; 3 km away it stays."""
    network = two_townships(border_km)
    made = design(Asked(network, 30.0))
    towns = dict(made.result["villages"]["village_id", "township_id"].iter_rows())
    assert towns == {"990101100201": "990101100", "990101100202": served_from, "990101100203": "990101101"}
    own = dict(made.result["villages"]["village_id", "own_township"].iter_rows())
    assert own["990101100202"] == (served_from == "990101100")
    assert broken(made, network) == []


# Electric vans.


def electric(season: str, far_km: float, villages: int = 2) -> tuple[Day, list[Any] | None]:
    """Villages side by side so far away, 250 pieces each: an electric van takes 400 and so goes once for each."""
    terms = Terms.of(rural(AROUND), season)
    van = next(v for v in terms.vans if v.kwh_km)
    terms = replace(terms, vans=(van,), shift_min=600.0)
    km = np.full((villages + 1, villages + 1), 0.5)
    km[0, 1:] = km[1:, 0] = far_km
    np.fill_diagonal(km, 0.0)
    names = tuple(f"p{k}" for k in range(villages + 1))
    day = Day(Ground(names, km, km), np.r_[0, np.full(villages, 250.0)], np.zeros(villages + 1), 480.0, terms, 4.0)
    return day, solve_day(day, iterations=60)


def test_an_electric_van_goes_less_far_in_winter() -> None:
    """280 km at 24 kWh per 100 km; in winter 1.4 times as much is used; a tenth is kept back."""
    summer, winter = (electric(season, 10.0)[0].terms.vans[0] for season in ("ordinary", "winter"))
    assert (summer.range_km, winter.range_km) == pytest.approx((252.0, 180.0))
    assert (summer.kwh_km, winter.kwh_km) == pytest.approx((0.24, 0.336))


def test_an_electric_van_charges_between_two_trips_when_the_day_is_longer_than_its_range() -> None:
    """Two trips of 110 km: 220 km are within 252 in summer; in winter 180 do not do, and one vehicle charges an hour.

    Its second trip leaves the hour later; two vans would cost 60 yuan more and save the 45 yuan of that hour.
    """
    day, rounds = electric("ordinary", 55.0)
    assert rounds is not None
    assert [(len(one.visits), one.charged) for one in rounds] == [(3, False)]
    assert rounds[0].visits[2].arrive_min - rounds[0].visits[1].arrive_min == pytest.approx(15 + 55)
    day, rounds = electric("winter", 55.0)
    assert rounds is not None
    assert [(len(one.visits), one.charged) for one in rounds] == [(3, True)]
    one = rounds[0]
    assert one.visits[2].arrive_min - one.visits[1].arrive_min == pytest.approx(60 + 55)
    drive, handing = 4 * 55, 2 * (4.0 + 250 * day.terms.piece_min)
    worked = 15 + 60 + drive + handing
    assert one.yuan == pytest.approx(60 + 220 * 0.9 + worked / 60 * 45)


def test_no_electric_van_goes_where_one_charge_does_not_reach() -> None:
    assert electric("winter", 95.0)[1] is None


def test_the_checker_sees_an_empty_battery() -> None:
    """A battery for the longest trip alone: enough when every stay at the depot is a charge, and else it runs empty."""
    network = rural(AROUND)
    network = network.with_(vehicles=network["vehicles"].filter(vehicle_id="EV_VAN"))
    made = design(Asked(network, 300.0))
    assert broken(made, network) == []
    terms, engine = Terms.of(network, "winter"), RoadEngine(network, "winter")
    small = replace(terms, charger_kw=1e3, vans=(replace(terms.vans[0], range_km=47.0),))
    stops = made.network["round_stops"]
    depots = made.network["rounds"].select("round_id", "depot_place_id")
    at_depot = stops.join(depots, on="round_id", how="left")["place_id"].is_in(["990101", "990101100"])
    tier2 = stops["round_id"].str.starts_with("R-990101100")
    assert (at_depot & tier2).any()
    charging = stops.with_columns(
        leave_min=pl.when(at_depot).then(pl.col("arrive_min") + 60.0).otherwise(pl.col("leave_min"))
    )
    told = [verify(made.network.with_(round_stops=own), small, engine, {}) for own in (stops, charging)]
    assert [any("battery" in line for line in lines) for lines in told] == [True, False]


def test_a_township_no_vehicle_reaches_is_named_with_the_repair() -> None:
    """With electric vans of 60 km alone, 22 km out and back is more than 38.6 km on one charge in winter."""
    network = rural(AROUND)
    vans = network["vehicles"].filter(vehicle_id="EV_VAN").with_columns(range_km=pl.lit(60.0))
    made = design(Asked(network.with_(vehicles=vans), 60.0))
    assert {fault.key for fault in made.why()} == {"rounds.no_van_to_town"}
    assert len(made.why()) == 4
    assert "44" in made.why("990101100201")[0].say("en")


def test_nobody_is_left_out_while_a_vehicle_of_its_own_would_do() -> None:
    """One iteration finds no feasible plan; the plan of a vehicle for each stop always is one."""
    terms = Terms.of(rural(AROUND))
    late = replace(terms, closes_min=560.0)
    day = Day(ground(12, 4), np.r_[0, np.full(12, 90.0)], np.zeros(13), 480.0, late, 4.0)
    rounds = solve_day(day, iterations=0)
    assert not hopeless(day)
    assert rounds is not None
    assert sorted(v.row for one in rounds for v in one.visits if v.row) == list(range(1, 13))
    assert hopeless(replace(day, terms=replace(terms, closes_min=505.0)))


def test_places_are_reached_by_when_they_must_be() -> None:
    terms = Terms.of(rural(AROUND))
    latest = np.r_[1080.0, np.linspace(530.0, 700.0, 12)]
    day = Day(ground(12, 4), np.r_[0, np.full(12, 90.0)], np.zeros(13), 480.0, terms, 4.0, latest)
    rounds = solve_day(day)
    assert rounds is not None
    arrivals = {v.row: v.arrive_min for one in rounds for v in one.visits if v.row}
    assert len(arrivals) == 12
    assert all(at <= latest[row] for row, at in arrivals.items())


# Buses there and back.


def test_outbound_pieces_ride_back_on_the_lines_next_bus() -> None:
    network = rural(AROUND)
    made = design(Asked(network, 8.0, by_bus=True))
    holds = made.network["bus_holds"]
    out, back = holds.filter(from_place_id="990101"), holds.filter(to_place_id="990101")
    assert out.height
    assert back.height
    assert set(back["from_place_id"]) <= set(out["to_place_id"])
    trips = {t.trip_id: t for t in bus_trips(buses(network), network["places"])["990101100"]}
    for trip in trips.values():
        assert trip.back[0][0] == trip.stops[-1][0]
        assert trip.back[-1][0] == "990101"
        assert trip.back[0][1] >= trip.stops[-1][1]
    assert set(back["service_ref"]) == {trips[name].back_id for name in out["service_ref"]}
    feed = buses(network)
    one_way = Feed({**feed.tables, "trips": feed["trips"].filter(~pl.col("trip_id").str.contains("back"))})
    alone = design_rounds(
        network, RuralOptions(shares=ONE, evening=False), feed=one_way, loads=loads(network, 8.0, 2.0)
    )
    assert not alone.network["bus_holds"].height


def test_what_the_simulator_reads_is_complete() -> None:
    """Trips are numbered between loadings, nothing leaves a township before it is ready there."""
    network = rural(AROUND)
    made = design(Asked(network, 600.0))
    rounds, stops = made.network["rounds"], made.network["round_stops"]
    assert rounds.select("tier", "capacity_pieces", "vehicle_id", "days").null_count().sum_horizontal().item() == 0
    assert stops.select("trip", "leave_min", "ready_min").null_count().sum_horizontal().item() == 0
    joined = stops.join(rounds, on="round_id").sort("round_id", "stop")
    loading = (pl.col("place_id") == pl.col("depot_place_id")).cast(pl.Int64)
    counted = joined.with_columns(wanted=1 + (loading.cum_sum() - loading).over("round_id"))
    assert counted["trip"].to_list() == counted["wanted"].to_list()
    assert stops["trip"].max() == 2
    aboard = joined.filter(pl.col("place_id") != pl.col("depot_place_id")).group_by("round_id", "trip").agg(
        pl.col("deliver_pieces").sum(), pl.col("capacity_pieces").first()
    )  # fmt: skip
    assert (aboard["deliver_pieces"] <= aboard["capacity_pieces"] + 0.5).all()
    ready = stops.filter(place_id="990101100").join(rounds.filter(tier=1), on="round_id")["ready_min"].max()
    assert (rounds.filter(tier=2)["depart_min"] >= ready).all()


# What rounds are to give beyond being cheap.


def test_what_is_collected_is_at_the_seat_the_same_day_once_rounds_are_back() -> None:
    network = rural(AROUND)
    made = design(Asked(network, 20.0, evening=True))
    assert broken(made, network) == []
    rounds, stops = made.network["rounds"], made.network["round_stops"]
    first = stops.join(rounds.filter(tier=1), on="round_id")
    fetched = first.filter((pl.col("deliver_pieces") == 0) & (pl.col("collect_pieces") > 0))
    assert fetched.height
    back = rounds.filter(tier=2).select((pl.col("depart_min") + pl.col("duration_min")).max()).item()
    assert fetched["arrive_min"].min() >= back
    assert first.filter(pl.col("deliver_pieces") > 0)["collect_pieces"].sum() == 0
    week = first.select((pl.col("collect_pieces") * pl.col("days").str.len_chars()).sum()).item()
    assert week == pytest.approx(7 * 4 * 5.0, rel=0.01)
    early = made.network.with_(
        round_stops=stops.with_columns(
            arrive_min=pl.when(pl.col("deliver_pieces") == 0).then(500.0).otherwise("arrive_min")
        )
    )
    told = verify(early, Terms.of(network, "winter"), RoadEngine(network, "winter"), {})
    assert any("before its rounds are back" in line for line in told)


@pytest.mark.parametrize("hour", [14.0, 11.0])
def test_villages_are_reached_by_the_hour_and_the_price_is_told(hour: float) -> None:
    network = rural({f"9901011002{k:02d}": (2.0 * k, 1.0 * k) for k in range(1, 7)})
    made = design(Asked(network, 250.0, arrive_by_h=hour))
    assert broken(made, network) == []
    villages = {*made.result["villages"]["village_id"]}
    assert made.network["round_stops"].filter(pl.col("place_id").is_in(villages))["arrive_min"].max() <= 60 * hour
    told = made.result["promises"].sort("arrive_by_min", nulls_last=True)
    assert told["chosen"].sum() == 1
    assert told["yuan_week"][0] > told["yuan_week"][-1]
    assert told["arrive_min"][0] < told["arrive_min"][-1]


def test_a_lighter_weekday_of_tier_one_carries_only_what_is_for_that_day() -> None:
    """Villages with two pieces a day are served three days a week: the county's van goes out on those days only."""
    made = design(Asked(rural({"990101100201": (3.0, 0.0)}), 2.0))
    first = made.network["rounds"].filter(tier=1)
    assert set("".join(first["days"])) == set("".join(made.network["rounds"].filter(tier=2)["days"]))
    assert len(set("".join(first["days"]))) == 3


def test_even_work_costs_no_more_than_was_asked() -> None:
    drawn = np.random.default_rng(3)
    network = rural({f"9901011002{k:02d}": tuple(drawn.uniform(-14, 14, 2).tolist()) for k in range(10)})
    usual, even = (design(Asked(network, 300.0, arrive_by_h=15.0, even=share)) for share in (0.0, 0.05))
    assert broken(even, network) == []
    assert even.objective <= 1.05 * usual.objective
    worked = [made.result["couriers"].filter(tier=2)["worked_min"] for made in (usual, even)]
    spread = [float(minutes.max() or 0.0) / float(minutes.mean() or 1.0) for minutes in worked]
    assert spread[1] < 0.95 * spread[0]


def test_hours_and_surcharges_that_cannot_be_are_named() -> None:
    with pytest.raises(UsageError) as told:
        design_rounds(rural(AROUND), RuralOptions(arrive_by_h=3.0, even=2.0))
    assert len(told.value.faults) == 2
