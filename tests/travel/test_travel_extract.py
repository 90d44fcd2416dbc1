"""A road extract written by hand, read back as a road graph, and travelled on."""

import numpy as np
import osmium
import polars as pl
import pytest

from postroad.errors import DataError
from postroad.network import province
from postroad.travel import RoadEngine, travel
from postroad.travel.extract import read_extract, with_extract

STEP = 0.1  # of latitude: 11.12 km


def write(path, ways, spots):
    """Write nodes {id: (lon, lat)} and ways [(nodes, tags)]."""
    writer = osmium.SimpleWriter(str(path))
    for ref, at in spots.items():
        writer.add_node(osmium.osm.mutable.Node(id=ref, location=at, version=1))
    for number, (refs, tags) in enumerate(ways, 1):
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags, version=1))
    writer.close()
    return path


@pytest.fixture
def extract(tmp_path):
    """A trunk road north (five nodes), a tertiary road east from its middle, a motorway beside it, a court, a path."""
    spots = {i: (125.0, 43.0 + STEP * i) for i in range(5)}
    spots |= {10: (125.1, 43.2), 11: (125.2, 43.2), 20: (125.01, 43.0), 21: (125.01, 43.4)}
    spots |= {30: (125.5, 43.5), 31: (125.501, 43.5)}
    ways = [
        ([0, 1, 2, 3, 4], {"highway": "trunk", "ref": "G102", "name": "京抚线"}),
        ([2, 10, 11], {"highway": "tertiary"}),
        ([20, 21], {"highway": "motorway", "oneway": "yes"}),
        ([0, 20], {"highway": "motorway_link"}),
        ([4, 21], {"highway": "motorway_link"}),
        ([30, 31], {"highway": "residential"}),
        ([1, 30], {"highway": "footway"}),
        ([3, 31], {"highway": "secondary", "access": "no"}),
    ]
    return write(tmp_path / "small.osm.pbf", ways, spots)


def test_crossings_ends_and_shapes_become_nodes(extract):
    got = read_extract(extract)
    # The trunk road has a node in every step, because each is longer than the shape length.
    assert set(got.nodes["node_id"]) == {"0", "1", "2", "3", "4", "10", "11", "20", "21"}
    assert dict(got.links["road_class"].value_counts().iter_rows()) == {
        "trunk": 4, "tertiary": 2, "motorway": 1, "link": 2,
    }  # fmt: skip
    trunk = got.links.filter(road_class="trunk")
    np.testing.assert_allclose(trunk["length_km"], STEP * 111.195, rtol=1e-3)
    assert set(trunk["ref"]) == {"G102"}
    assert set(trunk["name"]) == {"京抚线"}
    assert (got.ways, got.islands) == (6, 1)
    assert dict(got.nodes.select("node_id", "layer").iter_rows())["20"] == "expressway"


def test_nodes_between_crossings_are_left_out_on_short_stretches(tmp_path):
    spots = {i: (125.0, 43.0 + 0.001 * i) for i in range(100)}
    got = read_extract(write(tmp_path / "line.osm.pbf", [(list(spots), {"highway": "primary"})], spots))
    assert got.nodes.height == 2 + int(99 * 0.1112 / 2.0)
    assert got.links["length_km"].sum() == pytest.approx(99 * 0.111195, rel=1e-3)


def test_a_network_travels_on_the_extract(extract):
    jilin = province("jilin")
    places = jilin.places.filter(pl.col("place_id").is_in(["22", "2201", "220102", "220103"])).sort("place_id")
    places = places.with_columns(lon=pl.Series([125.0] * 4), lat=pl.Series([43.0, 43.0, 43.4, 43.2]))
    rest = jilin.places.filter(~pl.col("place_id").is_in(["22", "2201", "220102", "220103"]))
    network = with_extract(jilin.with_(places=pl.concat([places, rest])), read_extract(extract))
    assert network.check() == []
    engine = RoadEngine(network)
    assert engine.name == "osm_extract"
    ways = engine.ways(["2201"], ["220103", "X-BEIJING"])
    assert ways.km[0, 0] == pytest.approx(2 * STEP * 111.195, rel=1e-3)
    assert ways.minutes[0, 0] == pytest.approx(60 * ways.km[0, 0] / 55, rel=1e-2)
    assert np.isfinite(ways.minutes).all()
    assert set(travel(network, between=["2201", "220103"])["source"]) == {"osm-extract"}


def test_a_file_that_is_no_extract_is_refused(tmp_path):
    path = tmp_path / "broken.osm.pbf"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataError) as told:
        read_extract(path)
    assert told.value.faults[0].key == "travel.bad_extract"
    empty = write(tmp_path / "empty.osm.pbf", [], {1: (125.0, 43.0)})
    with pytest.raises(DataError) as told:
        read_extract(empty)
    assert told.value.faults[0].key == "travel.empty_extract"
