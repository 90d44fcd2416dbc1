"""``postroad design --trunk`` as a user meets it: what cannot be designed is refused, what is designed is whole."""

import json

import polars as pl
import pytest

import postroad as library
from tests.face.test_commands import postroad

FAR = (pl.col("from_place_id") == "2201") & (pl.col("to_place_id") == "X-DALIAN")


def _short(jilin):
    hours = pl.when(FAR).then(2.0).otherwise("promise_h")
    return {"promise_pairs": jilin.promise_pairs.with_columns(promise_h=hours)}


def _cut_off(jilin):
    return {"road_links": jilin.road_links.head(5)}


def _no_train(jilin):
    row = library.province("jilin").line_hauls.head(0)
    fields = {"line_haul_id": "X1", "from_place_id": "2201", "to_place_id": "2202", "mode": "rail",
              "service_ref": "G0", "depart_min": 600.0, "duration_min": 60.0, "days": "1234567", "season": "any",
              "capacity_pieces": 100.0, "origin": "assumed", "source": jilin.sources["source_id"][0]}  # fmt: skip
    return {"line_hauls": pl.DataFrame([fields], schema_overrides=row.schema).select(
        [name if name in fields else pl.lit(None, kind).alias(name) for name, kind in row.schema.items()])}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("broken", "word"), [(_short, "大连"), (_cut_off, "大连"), (_no_train, "G0")])
def test_what_cannot_be_designed_ends_with_two_and_nothing_is_written(tmp_path, broken, word):
    jilin = library.province("jilin")
    pack = jilin.with_(**broken(jilin)).save(tmp_path / "pack")
    done = postroad("-l", "zh", "design", pack, "--trunk", "--out", tmp_path / "out")
    assert done.returncode == 2, done.stderr
    assert word in done.stderr + done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_planned_stands_beside_simulated_on_the_page(tmp_path):
    words = ("--time-limit", "8", "--learn", "0.004", "--simulate", "0.004", "--json")
    done = postroad("design", "jilin", "--trunk", *words, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    folder = tmp_path / "trunk"
    classes = {row["promise_class"]: row for row in told["simulated"]}
    for row in classes.values():
        assert row["simulated_percent"] <= row["best_percent"] + 1e-9
        assert row["best_road_percent"] <= row["best_percent"] + 1e-9
    late = sum(row["parcels"] for row in told["lost"])
    every = classes["all"]
    assert late == round(every["parcels"] * (1 - every["simulated_percent"] / 100))
    for tongue, held in (
        ("zh", ("计划与模拟", "晚到的原因")),
        ("en", ("Planned against simulated", "Why parcels are late")),
    ):
        text = (folder / f"trunk-{tongue}.html").read_text("utf-8")
        assert all(word in text for word in held)
    roster = pl.read_parquet(folder / "roster.parquet")
    crews = pl.read_parquet(folder / "crews.parquet")
    assert roster["driver"].n_unique() == crews["drivers"].sum()
    assert pl.read_parquet(folder / "ends.parquet").height > 60
