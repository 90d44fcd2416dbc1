"""A county of a few places for rounds: a seat, townships and villages, with Jilin's parameters and vehicles."""

import polars as pl

from postroad import province, tables
from postroad.network import Network

KM = 1 / 111.195


def _table(name: str, **columns: list) -> pl.DataFrame:
    return tables.conform(pl.DataFrame(columns).with_columns(origin=pl.lit("observed"), source=pl.lit("s")), name)


def rural(
    villages: dict[str, tuple[float, float]],
    roads: list[tuple[str, str, float]] | None = None,
    spots: dict[str, tuple[float, float]] | None = None,
) -> Network:
    """Seat 990101 at 125 E 44 N, township 990101100 20 km north of it, villages given in km east and north of that.

    ``spots`` and ``roads`` add road nodes (km from the township) and links; a road always joins seat and township.
    """
    lat = 44.0 + 20 * KM
    east = KM / 0.7193

    def at(x: float, y: float) -> tuple[float, float]:
        return 125.0 + x * east, lat + y * KM

    held = province("jilin")
    names = ["990101", "990101100", *villages]
    where = [(125.0, 44.0), (125.0, lat), *(at(*v) for v in villages.values())]
    nodes = {"s": (125.0, 44.0), "t": (125.0, lat), **{k: at(*v) for k, v in (spots or {}).items()}}
    links = [("s", "t", 22.0), *(roads or [])]
    return Network(
        {
            "sources": pl.concat([_table("sources", source_id=["s"], title=["by hand"]), held["sources"]]),
            "places": _table(
                "places",
                place_id=names,
                name_zh=[f"地{n}" for n in names],
                level=["county", "township", *["village"] * len(villages)],
                kind=["county", "town", *["village"] * len(villages)],
                parent_id=[None, "990101", *["990101100"] * len(villages)],
                county_id=["990101"] * len(names),
                lon=[p[0] for p in where],
                lat=[p[1] for p in where],
            ),
            "road_nodes": _table(
                "road_nodes",
                node_id=list(nodes),
                lon=[p[0] for p in nodes.values()],
                lat=[p[1] for p in nodes.values()],
                layer=["road"] * len(nodes),
            ),
            "road_links": _table(
                "road_links",
                link_id=[f"l{k}" for k in range(len(links))],
                from_node=[a for a, _, _ in links],
                to_node=[b for _, b, _ in links],
                road_class=["secondary"] * len(links),
                length_km=[km for _, _, km in links],
            ),
            "parameters": held["parameters"],
            "vehicles": held["vehicles"],
            "operators": held["operators"],
        },
        {"name": "jilin"},
    )


def loads(network: Network, deliver: float, collect: float) -> pl.DataFrame:
    """The same load for every village."""
    villages = network["places"].filter(level="village")["place_id"]
    return pl.DataFrame(
        {"place_id": villages, "deliver_pieces": [deliver] * len(villages), "collect_pieces": [collect] * len(villages)}
    )
