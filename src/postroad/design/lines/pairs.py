"""The promised pairs of the plan, as counties and zones: which units each end of a pair stands for (P44)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from postroad.design.lines.work import Trunk
    from postroad.network import Network


def stands_for(network: Network, place: str) -> list[str]:
    """Return the units of a place: a prefecture's districts and zones (its counties where it has none), or itself."""
    return _standing(network).get(place, [place])


def _standing(network: Network) -> dict[str, list[str]]:
    """The units of every prefecture that has any."""
    places = network["places"].filter(pl.col("level") == "county").sort("place_id")
    above = set(network["places"].filter(pl.col("level") == "prefecture")["place_id"])
    all_: dict[str, list[str]] = {}
    urban: dict[str, list[str]] = {}
    for place, parent, kind in places.select("place_id", "parent_id", "kind").iter_rows():
        if parent in above:
            all_.setdefault(parent, []).append(place)
            if kind in ("district", "dev_zone"):
                urban.setdefault(parent, []).append(place)
    return {**all_, **urban}


def promised_units(network: Network) -> pl.DataFrame:
    """Return both directions of every promised pair as units: promise_class, pair_id, origin_id, destination_id, ...

    ``pair_id`` numbers the pairs from 0; from and to are those of the direction.
    """
    rows, units = [], _standing(network)
    wanted = ["promise_class", "from_place_id", "to_place_id", "promise_h", "share_percent"]
    held = network["promise_pairs"].select(wanted)
    for n, (name, a, b, hours, share) in enumerate(held.iter_rows()):
        for begin, end in dict.fromkeys([(a, b), (b, a)]):
            ends = [(x, y) for x in units.get(begin, [begin]) for y in units.get(end, [end])]
            rows += [(name, n, begin, end, x, y, hours, share) for x, y in ends]
    columns = ["promise_class", "pair_id", "from_place_id", "to_place_id", "origin_id", "destination_id", "promise_h",
               "share_percent"]  # fmt: skip
    types = {"pair_id": pl.Int64, "promise_h": pl.Float64, "share_percent": pl.Float64}
    return pl.DataFrame(rows, schema={name: types.get(name, pl.String) for name in columns}, orient="row").sort(columns)


def members(work: Trunk) -> list[dict[str, Any]]:
    """Return each direction of each promised pair with the rows of ``work.pairs`` it stands for."""
    row = {ends: k for k, ends in enumerate(work.pairs.select("origin_id", "destination_id").iter_rows())}
    keys = ("promise_class", "pair_id", "from_place_id", "to_place_id", "promise_h", "share_asked_percent")
    held: dict[tuple[Any, ...], list[int]] = {}
    for *pair, origin, destination, hours, share in promised_units(work.network).iter_rows():
        if (origin, destination) in row:
            held.setdefault((*pair, hours, share), []).append(row[origin, destination])
    return [{**dict(zip(keys, key, strict=True)), "rows": sorted(rows)} for key, rows in sorted(held.items())]
