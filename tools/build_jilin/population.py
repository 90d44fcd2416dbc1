"""Population: the census by county and zone, and shares below it by a stated rule with exact totals.

The urban people of a county or zone are shared among its urban villages and communities, the rural people among its
rural ones, each unit with the weight of its class; largest remainders make the sums exact. Where a county has people
of a class but no unit of it, they are shared among all its units.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tools.build_jilin.inputs import Inputs

WEIGHT = {"111": 3.0, "112": 2.0, "121": 2.0, "122": 1.2, "123": 0.4, "210": 1.3, "220": 1.0}
BY_KIND = {
    "community": ("111", 2.5),
    "quasi_community": ("111", 0.4),
    "village": ("220", 1.0),
    "quasi_village": ("220", 0.2),
}


def shared(total: int, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole shares of a total in proportion to weights, by largest remainder; they sum to the total."""
    exact = total * weights / weights.sum()
    floor = np.floor(exact).astype(np.int64)
    order = np.lexsort((np.arange(weights.size), -(exact - floor)))
    floor[order[: total - floor.sum()]] += 1
    return floor


def populations(inputs: Inputs, places: pl.DataFrame) -> pl.DataFrame:
    """Return the population of every place of the province."""
    census = inputs.table("population_county_2020").select(
        place_id="code",
        period=pl.lit("2020"),
        population_persons=pl.col("pop_2020").cast(pl.Int64),
        urban_persons=pl.col("urban_pop").cast(pl.Int64),
        rural_persons=pl.col("rural_pop").cast(pl.Int64),
        area_km2=pl.col("area_km2").cast(pl.Float64),
        origin=pl.lit("observed"),
        source=pl.lit("census-2020"),
    )
    below = _below(census, places)
    return pl.concat([census, below], how="diagonal").sort("place_id")


def _below(census: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    units = places.filter(pl.col("level").is_in(["township", "village"])).sort("place_id")
    parents = set(units["parent_id"].to_list())
    leaves = units.filter(~pl.col("place_id").is_in(parents))
    leaves = leaves.with_columns(county=pl.col("place_id").str.slice(0, 6))
    rows = []
    totals = {r[0]: (r[1], r[2]) for r in census["place_id", "urban_persons", "rural_persons"].iter_rows()}
    for (county,), group in sorted(leaves.group_by("county"), key=lambda pair: pair[0]):
        kinds = group["kind"].to_list()
        classes = [c or BY_KIND.get(k, ("111", 1.0))[0] for c, k in zip(group["urban_rural"], kinds, strict=True)]
        weight = np.array([
            WEIGHT[c] if given else BY_KIND.get(k, ("111", 1.0))[1]
            for given, c, k in zip(group["urban_rural"], classes, kinds, strict=True)
        ])  # fmt: skip
        urban = np.array([c.startswith("1") for c in classes])
        town = _pool(totals[county][0], weight, urban)
        country = _pool(totals[county][1], weight, ~urban)
        rows += zip(
            group["place_id"].to_list(), (town + country).tolist(), town.tolist(), country.tolist(), strict=True
        )
    schema = ["place_id", "population_persons", "urban_persons", "rural_persons"]
    villages = pl.DataFrame(rows, schema=schema, orient="row")
    people = pl.col("population_persons", "urban_persons", "rural_persons").sum()
    towns = villages.filter(pl.col("place_id").str.len_chars() == 12)
    towns = towns.group_by(pl.col("place_id").str.slice(0, 9)).agg(people)
    below = pl.concat([villages, towns.select(schema)])
    return below.with_columns(period=pl.lit("2020"), origin=pl.lit("derived"), source=pl.lit("rule-population"))


def _pool(total: int, weight: NDArray[np.float64], own: NDArray[np.bool_]) -> NDArray[np.int64]:
    if total == 0:
        return np.zeros(weight.size, np.int64)
    return shared(total, np.where(own, weight, 0.0) if own.any() else weight)
