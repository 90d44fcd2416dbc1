"""The peak by year: the base year's own hubs suffice for it, a doubled volume does not fit, and what mends it."""

import datetime as dt

import polars as pl
import pytest

from postroad.errors import Stopped, UsageError
from postroad.evaluate import peak_mends
from postroad.evaluate.peak import breaks, rehearse
from postroad.evaluate.ready import base_plants, opened


def test_the_base_years_hubs_suffice_for_it_and_not_for_2025():
    told = rehearse("jilin", (2020, 2025), ("base",))
    first, last = told["years"].sort("year").iter_rows(named=True)
    assert first["peak_pieces"] == 8_450_000
    assert first["broken"] == 0
    assert first["worst_short"] == pytest.approx(1.0)
    assert first["lines"] == 0
    assert last["capital_yuan"] == pytest.approx(last["lines"] * 20e6)
    assert last["lines"] >= last["broken"] > 0
    assert last["worst_short"] > 1.3
    assert breaks(told) == {"base": 2025}


def test_it_stops_when_asked():
    with pytest.raises(Stopped):
        rehearse("jilin", (2020,), ("base",), stop=lambda: True)


@pytest.fixture
def needed(monkeypatch):
    """Every hub needs twice its rate of the base year, whatever the levers."""
    hubs = base_plants("jilin").filter(kind="hub")
    twice = hubs.with_columns(pl.col("sort_rate_pieces_h") * 2)
    monkeypatch.setattr(peak_mends, "sized", lambda *_: (None, {"hub_plants": twice}, None))
    return hubs


def test_sorters_twice_as_large_mend_a_doubled_need_and_cost_what_their_size_costs(needed):
    told = peak_mends.mends("jilin", "base", 2025, ["changchun-sorter", "second-tier-sorters"])
    # Lines bought one by one: 20,000 pieces an hour for 20 million, a tenth a year and a twentieth for upkeep.
    bare = told.filter(levers="").filter(pl.col("sizes") != "").row(0, named=True)
    lines = (needed["sort_rate_pieces_h"] / 20_000).ceil().sum()
    assert (bare["sizes"], bare["mends"]) == (f"lines={lines:.0f}", True)
    assert bare["cost_yuan"] == pytest.approx(lines * 20e6 * 0.15)
    first = told.filter(pl.col("sizes").str.contains("factor"), "mends").row(0, named=True)
    assert first["sizes"] == "changchun-sorter.factor=2, second-tier-sorters.factor=2"
    assert first["worst_short"] == pytest.approx(1.0)
    plain = told.filter(levers="changchun-sorter+second-tier-sorters", sizes="").row(0, named=True)
    # Factors of 1.5 and 1.4 have to become 2: twice the one cost, two and a half times the other.
    held = opened("jilin")[1]
    one, other = (held[name].cost for name in ("changchun-sorter", "second-tier-sorters"))
    assert first["cost_yuan"] == pytest.approx(
        2.0 * (one.capital_yuan / 10 + one.yearly_yuan) + 2.5 * (other.capital_yuan / 10 + other.yearly_yuan), rel=1e-3
    )
    assert not plain["mends"]
    assert plain["broken"] == needed.height
    assert told.filter(levers="", sizes="")["worst_short"][0] == pytest.approx(2.0)
    assert told["cost_yuan"][0] == told.filter("mends")["cost_yuan"].min()


def test_no_bundle_without_room_for_every_hub_mends(needed):
    told = peak_mends.mends("jilin", "base", 2025, ["changchun-sorter"])
    assert not told.filter(~pl.col("sizes").str.contains("lines"))["mends"].any()
    with pytest.raises(UsageError):
        peak_mends.mends("jilin", "base", 2025, ["no-such-lever"])


def test_a_step_smaller_leaves_a_hub_too_small(needed):
    lever = opened("jilin")[1]["changchun-sorter"].with_(factor=1.99)
    plants = peak_mends.kept_plants("jilin", [lever], dt.date(2025, 12, 31)).filter(kind="hub", place_id="2201")
    own = needed.filter(place_id="2201")["sort_rate_pieces_h"][0]
    assert plants["sort_rate_pieces_h"][0] == pytest.approx(1.99 * own)
