"""The peak by year: the base year's own hubs suffice for it, and a doubled volume does not fit."""

import pytest

from postroad.errors import Stopped
from postroad.evaluate.peak import FULL, breaks, rehearse, strained
from postroad.evaluate.ready import opened
from postroad.evaluate.sizing import added, rating, sized


def test_the_base_years_hubs_suffice_for_it_and_not_for_2025():
    told = rehearse("jilin", (2020, 2025), ("base",))
    first, last = told["years"].sort("year").iter_rows(named=True)
    assert first["peak_pieces"] == 8_450_000
    assert first["broken"] == 0
    assert first["worst_short"] == pytest.approx(1.0)
    assert last["broken"] > 0
    assert last["worst_short"] > 1.3
    assert breaks(told) == {"base": 2025}


def test_it_stops_when_asked():
    with pytest.raises(Stopped):
        rehearse("jilin", (2020,), ("base",), stop=lambda: True)


def test_a_size_costs_in_proportion_to_the_rate_it_adds():
    levers = opened("jilin")[1]
    sorter = levers["changchun-sorter"]
    assert rating(sorter).column == "sort_rate_pieces_h"
    assert (added(sorter, 1.5), added(sorter, 2.0), added(sorter, 1.0)) == (1.0, 2.0, 0.0)
    assert rating(levers["third-tier-hubs"]) is None
    assert added(levers["third-tier-hubs"], None) == 1.0


@pytest.mark.slow
def test_both_sorters_at_the_right_size_carry_the_peak_of_2025_and_less_does_not():
    found = sized("jilin", "base", 2025, ["changchun-sorter", "second-tier-sorters"])
    best = found.row(0, named=True)
    assert best["mends"]
    assert best["levers"] == "changchun-sorter+second-tier-sorters"
    assert not found["mends"][1:].any()
    sizes = dict(part.split("=") for part in best["sizes"].split())
    levers = opened("jilin")[1]
    smaller = [levers[name].with_(factor=float(size) - 0.1) for name, size in sizes.items()]
    assert strained("jilin", "base", 2025, smaller)["short"][0] > FULL
