"""What every village receives and sends on a mean day, from the yearly flows of the demand room, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from postroad.demand.parcels import CARRYING
from postroad.demand.weights import leaf_weights
from postroad.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.demand import Demand
    from postroad.network import Network

DAYS_A_YEAR = 365.0


def village_loads(made: Demand) -> pl.DataFrame:
    """Return place_id, deliver_pieces and collect_pieces of a mean day for every place a parcel may be drawn to."""
    flows = made.flows
    ends = pl.concat([flows["origin_id"], flows["destination_id"]]).unique().sort()
    groups, place_ids = leaf_weights(made.network, ends)
    sums = [
        dict(flows.group_by(side).agg(pl.col("pieces").sum()).iter_rows()) for side in ("destination_id", "origin_id")
    ]
    found = np.zeros((2, place_ids.len()))
    for end, (weight, number) in zip(ends, groups, strict=True):
        for way, total in enumerate(sums):
            np.add.at(found[way], number, total.get(end, 0.0) / DAYS_A_YEAR * weight / weight.sum())
    return pl.DataFrame({"place_id": place_ids, "deliver_pieces": found[0], "collect_pieces": found[1]})


def shares(network: Network, given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return each operator's share of the pieces: as given, or equal, as the demand room draws them.

    ``UsageError`` names operators that do not carry parcels, and shares that are not positive.
    """
    carrying = network["operators"].filter(pl.col("kind").is_in(CARRYING))["operator_id"].sort().to_list()
    if given is None:
        return {operator: 1.0 / len(carrying) for operator in carrying}
    strange = sorted(name for name, share in given.items() if name not in carrying or not share > 0)
    if strange or not given:
        raise UsageError.of("rounds.bad_shares", value=", ".join(strange), known=", ".join(carrying))
    total = sum(given.values())
    return {name: given[name] / total for name in sorted(given)}
