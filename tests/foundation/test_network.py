import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from postroad import tables
from postroad.errors import DataError, UsageError
from postroad.network import Network, province, shipped_packs


def small() -> Network:
    """Three places on a line, two road links, one of them opened in 2022."""
    sources = frame("sources", source_id=["s"], title=["by hand"])
    places = frame(
        "places",
        place_id=["22", "2201", "220102"],
        name_zh=["甲省", "乙市", "丙区"],
        level=["province", "prefecture", "county"],
        kind=["province", "prefecture_city", "district"],
        parent_id=[None, "22", "2201"],
        lon=[125.0, 125.1, 125.2],
        lat=[43.0, 43.1, 43.2],
        origin=["observed"] * 3,
        source=["s"] * 3,
    )
    nodes = frame(
        "road_nodes",
        node_id=["1", "2", "3"],
        lon=[125.0, 125.1, 125.2],
        lat=[43.0, 43.1, 43.2],
        layer=["road"] * 3,
        origin=["observed"] * 3,
        source=["s"] * 3,
    )
    links = frame(
        "road_links",
        link_id=["a", "b"],
        from_node=["1", "2"],
        to_node=["2", "3"],
        length_km=[10.0, 12.0],
        road_class=["primary", "primary"],
        opened_on=[None, dt.date(2022, 1, 1)],
        origin=["observed"] * 2,
        source=["s"] * 2,
    )
    return Network({"sources": sources, "places": places, "road_nodes": nodes, "road_links": links}, {"name": "small"})


def frame(table: str, **columns: list) -> pl.DataFrame:
    """A table of the schema with these columns filled and the rest empty."""
    empty = tables.empty(table)
    given = pl.DataFrame(columns)
    if "origin" not in columns:
        given = given.with_columns(pl.lit("observed").alias("origin"), pl.lit("s").alias("source"))
    missing = [pl.lit(None).cast(empty.schema[c]).alias(c) for c in empty.columns if c not in given.columns]
    return given.with_columns(missing).select(empty.columns).cast(dict(empty.schema))


def test_the_small_network_is_clean():
    assert small().check() == []


def test_a_network_cannot_be_changed_by_assignment_or_through_a_table_it_hands_out():
    network = small()
    before = network.fingerprint
    with pytest.raises(AttributeError, match="with_"):
        network.places = network.places
    handed = network["road_links"]
    handed[0, "length_km"] = 999.0
    handed.extend(handed)
    assert network["road_links"]["length_km"].to_list() == [10.0, 12.0]
    assert Network({t: network[t] for t in network.tables}).fingerprint == before


def test_no_verb_changes_its_subject(tmp_path):
    network = small()
    before = {t: network[t] for t in network.tables}
    fingerprint = network.fingerprint
    longer = network.road_links.with_columns(pl.col("length_km") * 2)
    verbs = [
        lambda: network.with_(road_links=longer),
        lambda: network.on(dt.date(2021, 1, 1)),
        network.check,
        network.describe,
        lambda: network.save(tmp_path / "pack"),
        network._repr_html_,
        lambda: repr(network),
    ]
    for verb in verbs:
        verb()
        for table, was in before.items():
            assert_frame_equal(network[table], was)
    assert Network({t: network[t] for t in network.tables}).fingerprint == fingerprint
    assert network.with_(road_links=longer).fingerprint != fingerprint


def test_row_order_and_column_order_do_not_change_the_fingerprint():
    network = small()
    turned = {t: network[t].reverse().select(reversed(network[t].columns)) for t in network.tables}
    assert Network(turned).fingerprint == network.fingerprint


def test_the_fingerprint_is_the_same_on_every_machine():
    frames = {"sources": frame("sources", source_id=["s"], title=["by hand 手工"])}
    only = {"sources": frames["sources"].select("source_id", "title", "origin", "source")}
    assert len(Network(frames).fingerprint) == 64
    assert Network(frames).fingerprint == Network(frames).fingerprint
    assert only["sources"].height == 1


def test_with_refuses_a_dangling_reference_and_says_where():
    network = small()
    broken = network.road_links.with_columns(pl.lit("nowhere").alias("to_node"))
    with pytest.raises(DataError) as refused:
        network.with_(road_links=broken)
    assert {(f.table, f.column) for f in refused.value.faults} == {("road_links", "to_node")}


def test_a_day_keeps_what_is_open():
    network = small()
    assert network.on(dt.date(2021, 12, 31)).road_links["link_id"].to_list() == ["a"]
    assert network.on(dt.date(2022, 1, 1)).road_links["link_id"].to_list() == ["a", "b"]


@pytest.mark.parametrize("form", ["pack", "pack.xlsx", "pack.duckdb"])
def test_what_is_saved_is_loaded_again(form, tmp_path):
    network = small()
    path = network.save(tmp_path / form)
    assert Network.load(path).fingerprint == network.fingerprint


def test_an_unknown_province_names_those_that_ship():
    with pytest.raises(UsageError) as refused:
        province("atlantis")
    assert "jilin" in refused.value.say("en")
    assert "jilin" in shipped_packs()


def test_an_unknown_table_is_refused():
    with pytest.raises(UsageError):
        small()["dragons"]
    with pytest.raises(DataError):
        Network({"dragons": pl.DataFrame()})
