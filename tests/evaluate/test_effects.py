"""Levers put into Jilin and measured: what must not change does not, sums hold, and workers do not show."""

import importlib
import os
import signal
from fractions import Fraction

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from postroad.errors import DataError, UsageError
from postroad.evaluate import Case, Choice, Question, by_year, compare, effects, measured, prepared
from postroad.evaluate.case import ALL_MEASURES, prepared_for, ran
from postroad.evaluate.compare import paired
from postroad.evaluate.ready import base_plants, moves_run, opened
from postroad.parallel import Progress, Work

STILL = Question(scale=0.0)
"""No parcels: only what tables say, in a second or two."""
TWO = (Choice("lockers"), Choice("transit-bags"))


@pytest.fixture(scope="module")
def told():
    return effects(STILL, TWO, worlds=2, aims={"locker_groups": 2000.0, "rest_place_share": 100.0})


def test_shares_sum_to_what_the_bundle_does_and_lie_with_the_lever_that_does_it(told):
    for (name,), group in told["shares"].group_by(["measure"]):
        total = sum((Fraction(x) for x in group["share"]), Fraction(0))
        assert float(total) == pytest.approx(group["after"][0] - group["before"][0], rel=1e-9, abs=1e-9), name
    gain = {(row["measure"], row["lever"]): row["gain"] for row in told["shares"].iter_rows(named=True)}
    assert gain["locker_groups", "lockers"] > 0 == gain["locker_groups", "transit-bags"]
    assert gain["reusable_bag_rate", "transit-bags"] > 0 == gain["reusable_bag_rate", "lockers"]


def test_the_frontier_begins_with_doing_nothing_and_every_bundle_has_its_cost(told):
    front = told["frontier"].filter(measure="reusable_bag_rate")
    assert front["levers"].to_list() == ["", "transit-bags"]
    cost = dict(told["bundles"]["levers", "cost_yuan"].iter_rows())
    assert cost["lockers+transit-bags"] == pytest.approx(cost["lockers"] + cost["transit-bags"])


def test_the_order_of_levers_changes_nothing_but_the_order(told):
    turned = effects(STILL, TWO[::-1], worlds=2)
    key = ["measure", "lever"]
    assert_frame_equal(turned["shares"].sort(key), told["shares"].sort(key))


def test_a_slip_and_another_size_move_the_effect():
    plain = measured(Case(STILL, (Choice("lockers"),), 0))["locker_groups"]
    later = measured(Case(STILL, (Choice("lockers", (("slip_years", 2.0),)),), 0))["locker_groups"]
    fewer = measured(Case(STILL, (Choice("lockers", (("groups", 100.0),)),), 0))["locker_groups"]
    assert 1707 < later < plain
    assert fewer == 1807


def test_plants_keep_the_size_of_the_base_year_until_a_lever_changes_them():
    network, _ = prepared("jilin", [], 2025)
    rate = dict(network.hub_plants.filter(kind="hub")["place_id", "sort_rate_pieces_h"].iter_rows())
    base = dict(base_plants("jilin").filter(kind="hub")["place_id", "sort_rate_pieces_h"].iter_rows())
    assert rate == base
    changed, _ = prepared("jilin", [opened("jilin")[1]["changchun-sorter"]], 2025)
    rates = changed.hub_plants.filter(kind="hub", place_id="2201")["sort_rate_pieces_h"]
    assert rates[0] == pytest.approx(1.5 * base["2201"])


def test_third_tier_hubs_are_sized_by_the_trunk_and_the_network_passes_every_check():
    network, _ = prepared("jilin", [opened("jilin")[1]["third-tier-hubs"]], 2025)
    assert set(network.hub_plants.filter(kind="hub")["place_id"]) >= {"2205", "220182"}
    assert network.check() == []


def test_bundles_side_by_side_are_paired():
    told = compare(STILL, [[], [Choice("lockers")]], worlds=2)
    row = told["measures"].filter(measure="locker_groups", bundle="lockers").row(0, named=True)
    assert row["change"] == 569
    assert row["half_width"] == 0.0
    assert paired([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]) == (1.0, 0.0)


def test_what_cannot_be_asked_is_refused_by_name():
    with pytest.raises(UsageError, match="magic"):
        effects(STILL, [Choice("magic")])
    with pytest.raises(UsageError, match="nothing"):
        effects(STILL, TWO, measures=["nothing"])
    with pytest.raises(UsageError):
        effects(STILL, [Choice("lockers"), Choice("lockers")])
    with pytest.raises(UsageError):
        compare(STILL, [[]])


def test_levers_that_clash_are_named():
    """Two levers that set the electric share to different values cannot both be there."""
    first, other = opened("jilin")[1]["electric-vans"], opened("jilin")[1]["electric-vans"].with_(share=80.0)
    import dataclasses

    with pytest.raises(DataError, match="electric-vans"):
        prepared("jilin", [first, dataclasses.replace(other, id="more-electric-vans")], 2025)


def test_a_bundle_that_cannot_be_had_is_set_aside_and_the_others_are_compared(monkeypatch):
    """No two levers of Jilin clash; here two are made to."""

    def clashing(name, levers, *_):
        if len(levers) == 2:
            raise DataError.of("levers.clash", one="lockers", other="door-delivery", count=3)

    monkeypatch.setattr(importlib.import_module("postroad.evaluate.compare"), "tabled", clashing)
    both = [Choice("lockers"), Choice("door-delivery")]
    told = compare(STILL, [[], [Choice("lockers")], both], worlds=2)
    assert told["bundles"]["bundle"].to_list() == ["base", "lockers"]
    assert told["set_aside"]["bundle"].to_list() == ["door-delivery+lockers"]
    assert "the same 3 rows" in told["set_aside"]["reason_en"][0]
    with pytest.raises(DataError, match="door-delivery"):
        compare(STILL, [[], both], worlds=2)


def test_every_measure_has_its_words():
    for measure in ALL_MEASURES.values():
        assert measure.label("zh")
        assert measure.label("en")


RUN = Question(scale=0.002)


@pytest.mark.slow
def test_a_run_gives_every_measure_and_the_same_bytes_in_processes(tmp_path):
    chosen = (Choice("changchun-sorter"), Choice("electric-vans"))
    here = effects(RUN, chosen, worlds=1, work=Work(cache=tmp_path / "a"))
    there = effects(RUN, chosen, worlds=1, work=Work(workers=2, cache=tmp_path / "b"))
    assert here.run_id == there.run_id
    for name in here.tables:
        assert_frame_equal(here[name], there[name])
    unpriced = {"rural_yuan_piece", "village_arrival_h"}  # neither lever touches how villages are served
    assert set(here["shares"]["measure"]) == set(ALL_MEASURES) - unpriced
    assert here["counties"].height == 69
    electric = here["shares"].filter(measure="co2e_g_piece", lever="electric-vans")
    assert electric["gain"][0] > 0


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_with_a_worker_killed(tmp_path):
    distributed = pytest.importorskip("distributed")
    chosen = [Choice(name) for name in ("lockers", "transit-bags", "electric-vans")]
    here = effects(STILL, chosen, worlds=2)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        worker = next(iter(cluster.workers.values()))
        killed: list[int] = []

        def kill_one(progress: Progress) -> None:
            if progress.done >= 3 and not killed:
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)

        work = Work(cluster=cluster.scheduler_address, progress=kill_one)
        there = effects(STILL, chosen, worlds=2, work=work)
    assert killed
    for name in here.tables:
        assert_frame_equal(here[name], there[name])


def test_a_finished_case_is_not_measured_again(tmp_path):
    seen: list[Progress] = []
    effects(STILL, [TWO[1]], worlds=1, work=Work(cache=tmp_path))
    effects(STILL, [TWO[1]], worlds=1, work=Work(cache=tmp_path, progress=seen.append))
    assert seen[0].done == seen[0].total == 2


def test_shares_are_a_polars_frame_with_their_targets(told):
    assert told["shares"].schema["gain"] == pl.Float64
    assert "lockers" in told["shares"]["target"].to_list()


def test_a_run_is_not_made_again_for_levers_that_no_engine_reads(monkeypatch):
    """Eight bundles of two levers that only measures read and one that runs read need two runs, not eight."""
    from postroad.evaluate import measuring

    seen: list[tuple[str, ...]] = []

    def run(case: Case) -> dict[str, float]:
        seen.append(tuple(choice.lever for choice in case.bundle))
        return {"mean_h": 10.0 - len(case.bundle), "_rural_share": 0.0, "_trunk_yuan": 1.0, "_trunk_kg": 0.1}

    monkeypatch.setattr(measuring, "ran", run)
    monkeypatch.setattr(
        measuring, "stood", lambda case, prices: {"_city_yuan": 0.1, "_city_kg": float(len(case.bundle))}
    )
    chosen = [Choice(name) for name in ("electric-vans", "transit-bags", "changchun-sorter")]
    told = effects(Question(scale=0.01), chosen, worlds=1)
    assert sorted(seen) == [(), ("changchun-sorter",)]
    assert told.facts["runs"] == 2
    gain = {row["lever"]: row["gain"] for row in told["shares"].filter(measure="mean_h").iter_rows(named=True)}
    assert gain == {"electric-vans": 0.0, "transit-bags": 0.0, "changchun-sorter": 1.0}


def test_worlds_are_added_until_the_shares_are_sure_enough(monkeypatch):
    """The on-time share of world w rises by 1 or 3 points: half the interval falls as worlds are added."""
    from postroad.evaluate import Worlds, measuring

    def run(case: Case) -> dict[str, float]:
        return {"on_time_metro": 50.0 + len(case.bundle) * (1.0 + 2.0 * (case.world % 2)), "_rural_share": 0.0,
                "_trunk_yuan": 1.0, "_trunk_kg": 0.1}  # fmt: skip

    monkeypatch.setattr(measuring, "ran", run)
    monkeypatch.setattr(measuring, "stood", lambda *_: {"_city_yuan": 0.1, "_city_kg": 0.1})
    one = [Choice("changchun-sorter")]
    asked = Question(scale=0.01)
    assert effects(asked, one, worlds=Worlds(2, 12, 1.4)).facts["worlds"] == 6
    assert effects(asked, one, worlds=Worlds(2, 4, 0.1)).facts["worlds"] == 4
    assert effects(asked, one, worlds=2).facts["worlds"] == 2


def test_the_cheapest_bundle_for_the_aims_and_the_price_of_what_is_beyond(told):
    row = {row["measure"]: row for row in told["cheapest"].iter_rows(named=True)}
    assert row["locker_groups"]["met"]
    assert row["reusable_bag_rate"]["aim"] == 98.0
    assert "lockers" in told.facts["cheapest"]
    assert row["rest_place_share"]["price_yuan"] is None
    assert row["rest_place_share"]["gap"] > 0


@pytest.mark.slow
def test_what_a_lever_does_grows_with_the_years():
    told = by_year(STILL, [TWO[0]], [2022, 2025], worlds=1)["shares"].filter(measure="locker_groups")
    share = dict(told["year", "share"].iter_rows())
    assert 0 < share[2022] < share[2025] == 569


@pytest.mark.slow
def test_what_is_said_to_change_no_run_changes_none():
    """All levers on parameters that no engine reads and on sites at which no parcel stops, at once."""
    held = opened("jilin")[1]
    still = tuple(Choice(lever.id) for lever in held.levers if not moves_run(lever))
    assert {"electric-vans", "bus-holds", "shared-rounds", "transit-bags"} <= {choice.lever for choice in still}
    assert ran(Case(RUN, still, 0)) == ran(Case(RUN, (), 0))


@pytest.mark.slow
def test_orders_served_from_parks_come_sooner():
    before, after = ran(Case(RUN, (), 0)), ran(Case(RUN, (Choice("smart-parks"),), 0))
    assert after["mean_h"] < before["mean_h"] - 1.0


@pytest.mark.slow
def test_seats_that_levers_open_are_really_ridden():
    both = (Choice("rail-products"), Choice("airside"))
    network, _ = prepared_for(RUN, both)
    seats = network["line_hauls"].filter(pl.col("service_ref").is_not_null())
    assert {"rail", "air"} == set(seats["mode"])
    # No stretch of a train is sold twice: all rides of one trip that share a first leg fit its hold.
    by_trip = seats.group_by("service_ref", "from_place_id").agg(pl.col("capacity_pieces").sum(), "mode")
    rail = by_trip.filter(pl.col("mode").list.first() == "rail")
    assert rail["capacity_pieces"].max() <= 400  # type: ignore[operator]
    before, after = ran(Case(RUN, (), 0)), ran(Case(RUN, both, 0))
    assert after["mean_h"] < before["mean_h"]
    assert after["_trunk_yuan"] > before["_trunk_yuan"]
