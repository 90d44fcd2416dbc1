"""Levers on a small network: by hand, in any order, refused with both names where order would matter."""

import datetime as dt
import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.errors import DataError
from postroad.network import Network, province
from postroad.plan.levers import Change, Cost, Lever, apply, levers, without, yearly_costs
from postroad.plan.levers.reading import read
from postroad.plan.plan import plan

DAY = dt.date(2025, 12, 31)
COST = Cost("assumed", "s", "state", capital_yuan_each=100.0, yearly_yuan_each=10.0)


MARKS = {"origin": "observed", "source": "s"}


def table(*rows):
    return pl.DataFrame([{**row, **MARKS} for row in rows])


def place(place_id, parent_id, level, kind, k):
    return {"place_id": place_id, "name_zh": place_id, "parent_id": parent_id, "level": level, "kind": kind,
            "lon": 125.0 + k, "lat": 43.0}  # fmt: skip


def site(site_id, place_id, kind, tier=None, cells=None):
    return {"site_id": site_id, "place_id": place_id, "kind": kind, "tier": tier, "cells": cells, "status": "open"}


def network():
    counties = [place(f"22010{k}", "2201", "county", "district", k) for k in (1, 2, 3)]
    above = [place("22", None, "province", "province", 0), place("2201", "22", "prefecture", "prefecture_city", 0)]
    people = [{"place_id": f"22010{k}", "period": "2020", "population_persons": 100 * k} for k in (1, 2, 3)]
    plants = [
        {"plant_id": f"p{k}", "place_id": f"22010{k}", "kind": "hub", "sort_rate_pieces_h": 1000.0 * k} for k in (1, 2)
    ]
    return Network(
        {
            "sources": table({"source_id": "s", "title": "by hand"}),
            "places": table(*above, *counties),
            "populations": table(*people),
            "sites": table(site("L1", "220101", "locker_group", cells=40), site("H1", "220102", "hub", tier=3)),
            "hub_plants": table(*plants),
        }
    )


def lever(name, *changes, start=dt.date(2021, 1, 1), ramp=0.0, **parameters):
    return Lever("甲", name, name, "resize", ("P01",), (), start, ramp, COST, changes, parameters)


LOCKERS = Change(
    "sites",
    "open",
    make={"kind": "locker_group", "status": "open", "cells": 84},
    at={"level": "county", "lacking": "locker_group"},
)
FASTER = Change("hub_plants", "scale", where={"place_id": "220101"}, column="sort_rate_pieces_h", value=1.5)
MORE = Change("hub_plants", "scale", column="sort_rate_pieces_h", value=2.0)


def test_opening_goes_to_the_most_people_first_and_follows_the_ramp():
    half = apply(network(), [lever("lockers", LOCKERS, start=dt.date(2021, 1, 1), ramp=10.0)], dt.date(2025, 12, 31))
    assert half.opened == {"lockers": 1}
    opened = half.network.sites.filter(source="levers")
    assert opened["place_id"].to_list() == ["220103"]
    assert opened["origin"].to_list() == ["assumed"]
    assert apply(network(), [lever("lockers", LOCKERS)], DAY).opened == {"lockers": 2}


def test_nothing_happens_before_the_start():
    before = apply(network(), [lever("lockers", LOCKERS, start=dt.date(2026, 1, 1))], DAY)
    assert before.network == network()


def test_a_slip_moves_the_effect():
    slipped = lever("lockers", LOCKERS, start=dt.date(2025, 6, 1)).with_(slip_years=1)
    assert apply(network(), [slipped], DAY).opened == {}


def test_factors_multiply_and_a_parameter_fills_a_value():
    change = Change("hub_plants", "scale", column="sort_rate_pieces_h", value="$factor")
    both = apply(network(), [lever("a", change, factor=2.0), lever("b", FASTER)], DAY).network
    assert both.hub_plants["sort_rate_pieces_h"].to_list() == [3000.0, 4000.0]
    again = apply(network(), [lever("a", change, factor=2.0).with_(factor=3.0)], DAY).network
    assert again.hub_plants["sort_rate_pieces_h"].to_list() == [3000.0, 6000.0]


def test_a_changed_row_is_assumed_and_the_rest_stays_observed():
    changed = apply(network(), [lever("b", FASTER)], DAY).network.hub_plants
    assert changed["origin"].to_list() == ["assumed", "observed"]
    assert changed["source"].to_list() == ["levers", "s"]


def test_half_way_up_the_ramp_half_of_the_change_is_there():
    half = lever("b", FASTER, start=dt.date(2020, 12, 31), ramp=10.0)
    rate = apply(network(), [half], dt.date(2025, 12, 31)).network.hub_plants["sort_rate_pieces_h"][0]
    assert rate == pytest.approx(1250.0, rel=1e-3)


ALL = [
    lever("lockers", LOCKERS, ramp=3.0, start=dt.date(2023, 1, 1)),
    lever("faster", FASTER),
    lever("more", MORE),
    lever("retier", Change("sites", "set", where={"kind": "hub"}, column="tier", value=2)),
    lever("wider", Change("sites", "add", where={"kind": "locker_group"}, column="cells", value=20)),
]


@given(st.permutations(ALL), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_order_does_not_matter(order, most):
    chosen = sorted(order[:most], key=lambda one: one.id)
    assert apply(network(), order[:most], DAY).network.fingerprint == apply(network(), chosen, DAY).network.fingerprint


def test_every_pair_that_does_not_commute_is_refused_with_both_names():
    clashing = {
        "set": Change("hub_plants", "set", column="sort_rate_pieces_h", value=5.0),
        "add": Change("hub_plants", "add", column="sort_rate_pieces_h", value=5.0),
        "scale": FASTER,
        "close": Change("hub_plants", "close", where={"place_id": "220101"}),
    }
    for one, other in itertools.combinations(clashing, 2):
        with pytest.raises(DataError) as told:
            apply(network(), [lever(one, clashing[one]), lever(other, clashing[other])], DAY)
        assert one in str(told.value)
        assert other in str(told.value)
    different = Change("hub_plants", "set", column="sort_rate_pieces_h", value=6.0)
    with pytest.raises(DataError):
        apply(network(), [lever("one", clashing["set"]), lever("two", different)], DAY)
    apply(network(), [lever("one", clashing["set"]), lever("two", clashing["set"])], DAY)


def test_the_same_site_opened_twice_is_refused():
    with pytest.raises(DataError) as told:
        apply(network(), [lever("one", LOCKERS), lever("two", LOCKERS)], DAY)
    assert "220103" in str(told.value)


def test_the_base_lacks_what_the_pack_already_has():
    base = without(network(), [Change("sites", "close", where={"kind": "hub"})])
    assert base.sites["kind"].to_list() == ["locker_group"]


def test_costs_follow_ramp_and_share():
    told = yearly_costs(
        [lever("lockers", LOCKERS, start=dt.date(2020, 12, 31), ramp=2.0)], {"lockers": 2}, range(2021, 2025)
    )
    assert told["capital_yuan"].to_list() == pytest.approx([100.0, 100.0, 0.0, 0.0], abs=0.5)
    assert told["running_yuan"].to_list() == pytest.approx([5.0, 15.0, 20.0, 20.0], abs=0.1)


def test_jilins_levers_carry_at_least_sixty_rows_and_every_other_row_says_why_not():
    held = levers("jilin", plan("jilin"))
    assert len(held.rows) >= 60
    assert {row for reason in held.without for row in reason.rows} == {f"P{k:02d}" for k in range(1, 101)} - set(
        held.rows
    )


def test_all_levers_that_act_on_the_pack_work_together_and_pass_every_check():
    held = levers("jilin", plan("jilin"))
    base = without(province("jilin"), held.base)
    done = apply(base, held.levers, DAY)
    assert done.network.check() == []
    assert done.opened["third-tier-hubs"] == 5
    assert done.opened["village-stations"] == 9321 - 8885


def test_a_levers_file_with_many_faults_tells_them_all():
    bad = {"id": "bad", "kind": "magic", "zh": "甲", "en": "a", "rows": ["P999"], "moves": ["nowhere"],
           "start": dt.date(2021, 1, 1), "ramp_years": -1, "cost": {"payer": "nobody"},
           "changes": [{"table": "nothing", "op": "set"},
                       {"table": "sites", "op": "scale", "column": "kind", "value": 2},
                       {"table": "sites", "op": "set", "column": "cells", "value": "$lost"}]}  # fmt: skip
    with pytest.raises(DataError) as told:
        read({"levers": [bad], "odd": 1}, plan("jilin"))
    keys = {fault.key for fault in told.value.faults}
    assert {"levers.bad_kind", "levers.bad_ramp", "levers.bad_cost", "levers.no_such_table", "levers.not_a_number",
            "levers.no_such_parameter", "levers.stranger", "levers.row_without"} <= keys  # fmt: skip
