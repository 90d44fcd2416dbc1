"""Points that move: against every choice in a county of five blocks, and nobody loses."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

from postroad import province, tables
from postroad.design.sites.moving import Prices, _reach, move_points
from postroad.errors import DataError, UsageError
from postroad.network import Network
from postroad.travel.doorstep import flat, homes, homes_km, pace

KM = 1 / 111.195
COUNTY = "990101"


def town(points: dict[int, int]) -> Network:
    """Five city blocks on a line, 0.3, 1.6, 1.9 and 4 km from the first; ``points`` has lockers by block."""
    km, held = [0.0, 0.3, 1.6, 1.9, 4.0], province("jilin")
    ids = [f"990101001{k:03d}" for k in range(5)]
    common = {"origin": "observed", "source": "s"}

    def rows(name: str, **columns: list) -> pl.DataFrame:
        made = pl.DataFrame(columns).with_columns(**{key: pl.lit(value) for key, value in common.items()})
        return tables.conform(made, name)

    places = rows(
        "places", place_id=[COUNTY, "990101001", *ids], name_zh=list("县街甲乙丙丁戊"),
        level=["county", "township", *["village"] * 5], kind=["county", "subdistrict", *["community"] * 5],
        parent_id=[None, COUNTY, *["990101001"] * 5], county_id=[COUNTY] * 7, urban_rural=[None, None, *["111"] * 5],
        lon=[125.0] * 7, lat=[44.0, 44.0, *(44.0 + KM * x for x in km)],
    )  # fmt: skip
    people = rows("populations", place_id=ids, period=["2020"] * 5, population_persons=[100, 50, 400, 300, 900])
    at = [k for k, count in points.items() for _ in range(count)]
    sites = rows("sites", site_id=[f"L{n}" for n in range(len(at))], name_zh=["柜"] * len(at),
                 kind=["locker_group"] * len(at), status=["open"] * len(at), place_id=[ids[k] for k in at],
                 lon=[125.0] * len(at), lat=[44.0 + KM * km[k] for k in at])  # fmt: skip
    sources = pl.concat([rows("sources", source_id=["s"], title=["by hand"]), held["sources"]])
    return Network({"sources": sources, "places": places, "populations": people, "sites": sites,
                    "parameters": held["parameters"]}, {"name": "jilin"})  # fmt: skip


@pytest.mark.parametrize("points", [{0: 1, 1: 1}, {0: 2}, {2: 1, 3: 1}, {1: 1}])
@pytest.mark.parametrize("budget", [0.0, 8_000.0, 38_000.0])
def test_moves_agree_with_every_choice(points: dict[int, int], budget: float) -> None:
    network, prices = town(points), Prices(budget)
    units = homes(network)
    reach = _reach(units, homes_km(flat(units)), pace(network)).toarray()
    persons, now = units["persons"].to_numpy(), np.array([points.get(k, 0) for k in range(5)])
    before = (reach @ (now > 0)) > 0
    best = 0.0
    for then in product(*(range(int(count) + 2) for count in now)):
        gone, added = np.maximum(0, now - then).sum(), np.maximum(0, then - now).sum()
        after = (reach @ (np.array(then) > 0)) > 0
        yuan = prices.new * added - (prices.new - prices.move) * gone
        if added >= gone and yuan <= budget and (after >= before).all():
            best = max(best, float(persons @ after))
    found = move_points(network, COUNTY, prices)
    assert found.inside_before == persons @ before
    assert found.inside_after == best
    assert best <= found.bound <= best + 0.1
    assert found.yuan <= budget
    assert found.changes.height >= (best > found.inside_before)


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(DataError, match="990102"):
        move_points(town({0: 1}), "990102")
    with pytest.raises(UsageError):
        move_points(town({0: 1}), COUNTY, Prices(1.0, 5.0, 6.0))
