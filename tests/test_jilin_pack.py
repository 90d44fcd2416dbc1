"""The reference province: counts, sums, references and origins, and that it is what its sources give."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import shapely

import postroad
from postroad.network import pack_folder


@pytest.fixture(scope="module")
def jilin():
    return postroad.province("jilin")


def count(frame: pl.DataFrame, **where) -> int:
    return frame.filter(**where).height


def test_the_pack_has_no_fault(jilin):
    assert jilin.check() == []


def test_every_unit_of_the_province_is_there(jilin):
    inside = jilin.places.filter(pl.col("level") != "external")
    assert inside.height == 13_014
    by_level = dict(inside["level"].value_counts().iter_rows())
    assert by_level == {"province": 1, "prefecture": 9, "county": 69, "township": 1_075, "village": 11_860}
    assert count(inside, kind="dev_zone") == 9
    assert count(inside, kind="village") == 9_321


def test_the_plan_counts_another_number_of_villages_and_both_are_kept(jilin):
    told = jilin.statistics.filter(region_id="22", indicator="administrative_villages")
    assert told["value"].to_list() == [9_210]


def test_every_unit_has_a_name_in_both_scripts_and_a_coordinate_with_a_grade(jilin):
    assert jilin.places["pinyin"].null_count() == 0
    assert jilin.places["lon"].null_count() == 0
    inside = jilin.places.filter(pl.col("level") != "external")
    assert inside["coordinate_quality"].null_count() == 0
    synthetic = inside.filter(coordinate_quality="S")
    assert set(synthetic["origin"]) == {"synthetic"}
    assert inside.filter(pl.col("origin") == "synthetic").height == synthetic.height
    graded = inside.filter(pl.col("coordinate_quality") != "S")
    assert count(graded, level="village") == 1_505
    assert count(graded, level="township") == 835


@pytest.mark.parametrize(
    ("name", "pinyin"), [("珲春市", "hunchunshi"), ("长春市", "changchunshi"), ("桦甸市", "huadianshi")]
)
def test_readings_that_a_dictionary_gets_wrong(jilin, name, pinyin):
    assert jilin.places.filter(name_zh=name)["pinyin"].to_list() == [pinyin]


def test_people_add_up_exactly_on_every_level(jilin):
    people = jilin.populations.join(jilin.places.select("place_id", "level", "parent_id"), on="place_id")
    columns = ["population_persons", "urban_persons", "rural_persons"]
    for level in ("province", "prefecture", "county", "township", "village"):
        assert people.filter(level=level)["population_persons"].sum() == 24_073_453
        assert people.filter(level=level)["urban_persons"].sum() == 15_079_014
    sums = people.group_by("parent_id").agg(pl.col(columns).sum())
    both = people.join(sums, left_on="place_id", right_on="parent_id", suffix="_below")
    for column in columns:
        assert (both[column] == both[f"{column}_below"]).all()
    below_county = people.filter(pl.col("level").is_in(["township", "village"]))
    assert set(below_county["origin"]) == {"derived"}


def test_synthetic_points_lie_in_their_county(jilin):
    shapes = json.loads((pack_folder("jilin") / "outlines.geojson").read_text("utf-8"))["features"]
    county = {f["properties"]["code"]: shapely.from_geojson(json.dumps(f["geometry"])) for f in shapes}
    made = jilin.places.filter(coordinate_quality="S")
    outside = 0
    for (code,), group in made.group_by("county_id"):
        # The shipped outline is simplified by about a kilometre.
        wide = shapely.buffer(county[code], 0.02)
        outside += int((~shapely.contains_xy(wide, group["lon"].to_numpy(), group["lat"].to_numpy())).sum())
    assert made.height == 10_595
    assert outside == 0


def test_sites_are_as_many_as_the_plan_counts(jilin):
    counts = dict(jilin.sites["kind"].value_counts().iter_rows())
    assert counts == {
        "hub": 13, "park": 12, "base": 4, "exchange_office": 6, "safety_centre": 9, "county_centre": 60,
        "village_post_station": 8_885, "door_delivery_village": 2_885, "pick_up_point": 266, "terminal_station": 251,
        "locker_group": 1_707, "cooperation_outlet": 982, "village_commerce_point": 6_668,
    }  # fmt: skip
    services = dict(jilin.sites.filter(kind="cooperation_outlet")["services"].value_counts().iter_rows())
    assert services == {"police": 193, "tax": 720, "government": 69}
    parks = jilin.sites.filter(kind="park")
    assert dict(parks["status"].value_counts().iter_rows()) == {"open": 10, "building": 1, "planned": 1}
    assert parks["area_m2"].sum() == 2_737_700


def test_hubs_have_the_tiers_the_plan_names_and_no_others(jilin):
    hubs = jilin.sites.filter(kind="hub").sort("place_id")
    tiers = {tier: set(group["place_id"]) for (tier,), group in hubs.group_by("tier")}
    assert tiers[1] == {"2201"}
    assert tiers[2] == {"2202", "2203", "2208", "222401"}
    assert tiers[3] == {"2205", "2207", "2204", "2206", "220182"}
    assert tiers[None] == {"220581", "222404", "220184"}


def test_what_is_placed_by_lottery_is_marked_synthetic(jilin):
    drawn = jilin.sites.filter(pl.col("source") == "rule-sites", pl.col("kind") != "county_centre")
    assert set(drawn["origin"]) == {"synthetic"}


def test_records_are_all_there_with_two_clocks(jilin):
    assert (
        jilin.parameters.filter(
            ~pl.col("source").is_in(["rule-travel", "rule-policy", "rule-rounds", "rule-service"])
        ).height
        == 131
    )
    assert jilin.statistics.height >= 294
    assert jilin.statistics["known_on"].null_count() == 0
    volume = jilin.statistics.filter(region_id="22", indicator="express_volume")
    scopes = {(r["period"], r["scope"]) for r in volume.iter_rows(named=True)}
    assert ("2020", "postal_2020") in scopes
    assert ("2023", "postal_2024") in scopes
    assert ("2024", "postal_2024") in scopes


def test_every_row_names_a_source_that_exists(jilin):
    known = set(jilin.sources["source_id"])
    for table in jilin.tables:
        frame = jilin[table]
        assert frame["origin"].null_count() == 0, table
        assert set(frame["source"]) <= known, table


def test_the_pack_is_small():
    size = sum(file.stat().st_size for file in pack_folder("jilin").rglob("*") if file.is_file())
    assert size < 15 * 2**20


@pytest.mark.slow
def test_the_pack_is_what_its_sources_give():
    sources = os.environ.get("POSTROAD_JILIN_SOURCES")
    if not sources:
        pytest.skip("POSTROAD_JILIN_SOURCES does not name the folder of source tables")
    command = [sys.executable, "-m", "tools.build_jilin", "--from", sources, "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
