"""The peak by year: the base year's own hubs suffice for it, and a doubled volume does not fit."""

import pytest

from postroad.errors import Stopped
from postroad.evaluate.peak import breaks, rehearse


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
