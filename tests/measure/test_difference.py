"""Two plans of one network held against each other."""

from __future__ import annotations

import polars as pl
import pytest

import postroad
from postroad.measure.difference import difference

SIGNED = {"origin": "assumed", "source": "rule-travel"}


@pytest.fixture(scope="module")
def base():
    jilin = postroad.province("jilin")
    towns = jilin["places"].filter(pl.col("place_id").str.starts_with("222403"), level="township")["place_id"]
    a, b, c, d = towns.sort()[:4]
    hauls = [
        ("L1", "2201", "2202", 480, 100, 500.0), ("L2", "2201", "2202", 1200, 100, 500.0),
        ("L3", "2202", "2201", 600, 200, 700.0),
    ]  # fmt: skip
    rounds = [("R1", 480, "1234567", 90.0), ("R2", 500, "135", 60.0)]
    stops = [("R1", 1, a, 500), ("R1", 2, b, 520), ("R2", 1, c, 530), ("R2", 2, d, 550)]
    return jilin, made(jilin, hauls, rounds, stops), (a, b, c, d)


def made(jilin, hauls, rounds, stops):
    line_hauls = [
        {"line_haul_id": i, "from_place_id": f, "to_place_id": t, "mode": "road", "depart_min": float(m),
         "duration_min": 90.0, "capacity_pieces": float(c), "cost_yuan": y, **SIGNED}
        for i, f, t, m, c, y in hauls
    ]  # fmt: skip
    ways = [
        {"round_id": i, "county_id": "222403", "depot_place_id": "222403", "way": "shared_round",
         "depart_min": float(m), "days": d, "cost_yuan": y, **SIGNED}
        for i, m, d, y in rounds
    ]  # fmt: skip
    visits = [
        {"round_id": i, "stop": n, "place_id": p, "arrive_min": float(m), "deliver_pieces": 5.0, "collect_pieces": 1.0,
         **SIGNED}
        for i, n, p, m in stops
    ]  # fmt: skip
    return jilin.with_(line_hauls=pl.DataFrame(line_hauls), rounds=pl.DataFrame(ways), round_stops=pl.DataFrame(visits))


def test_a_plan_does_not_differ_from_itself(base):
    _, plan, _ = base
    same = difference(plan, plan)
    assert same.facts["same"]
    assert all(same[name].is_empty() for name in ("tables", "rows", "hubs", "villages"))
    assert set(same["line_hauls"]["change"]) == set(same["rounds"]["change"]) == {"same"}
    assert same.facts["rounds"]["drivers_affected"] == 0
    assert same.facts["rounds"]["kept_percent"] == 100.0


def test_line_hauls_are_paired_by_their_hour_whatever_their_numbers(base):
    jilin, plan, (a, b, c, d) = base
    hauls = [
        ("X9", "2201", "2202", 1215, 100, 500.0), ("X1", "2201", "2202", 480, 150, 600.0),
        ("L3", "2202", "2201", 60, 200, 700.0),
    ]  # fmt: skip
    stops = [("R1", 1, a, 500), ("R1", 2, b, 520), ("R2", 1, c, 530), ("R2", 2, d, 550)]
    after = made(jilin, hauls, [("R1", 480, "1234567", 90.0), ("R2", 500, "135", 60.0)], stops)
    found = difference(plan, after)
    by_change = {row["change"]: row for row in found["line_hauls"].iter_rows(named=True)}
    assert (by_change["resized"]["before_id"], by_change["resized"]["after_id"]) == ("L1", "X1")
    assert by_change["resized"]["capacity_change_pieces"] == 50
    assert (by_change["retimed"]["before_id"], by_change["retimed"]["shift_min"]) == ("L2", 15)
    assert by_change["removed"]["before_id"] == by_change["added"]["after_id"] == "L3"  # nine hours off: another one
    told = found.facts["line_hauls"]
    assert (told["cost_before_yuan"], told["cost_after_yuan"]) == (1700.0, 1800.0)
    assert found["tables"].filter(table="line_hauls").row(0, named=True) == {
        "table": "line_hauls", "added": 2, "removed": 2, "changed": 1, "rows_before": 3, "rows_after": 3,
    }  # fmt: skip


def test_rounds_are_paired_by_their_villages(base):
    jilin, plan, (a, b, c, d) = base
    hauls = [("L1", "2201", "2202", 480, 100, 500.0), ("L2", "2201", "2202", 1200, 100, 500.0),
             ("L3", "2202", "2201", 600, 200, 700.0)]  # fmt: skip
    rounds = [("S1", 480, "1234567", 80.0), ("S2", 500, "135", 60.0), ("S3", 700, "2", 30.0)]
    stops = [("S1", 1, b, 495), ("S1", 2, a, 560), ("S2", 1, c, 530), ("S3", 1, d, 760)]
    found = difference(plan, made(jilin, hauls, rounds, stops))
    told = {row["after_id"]: row for row in found["rounds"].iter_rows(named=True)}
    assert [told[k]["change"] for k in ("S1", "S2", "S3")] == ["reordered", "changed", "new"]
    facts = found.facts["rounds"]
    assert facts["drivers_affected"] == 3
    assert facts["kept_percent"] == 75.0  # a, b and c of four
    assert (facts["villages_fewer_days"], facts["villages_noticing"]) == (1, 2)
    moved = {row["place_id"]: row for row in found["villages"].iter_rows(named=True)}
    assert (moved[d]["days_before"], moved[d]["days_after"], moved[d]["shift_min"]) == (3, 1, 210)
    assert c not in moved


def test_hubs_that_change_tier_or_master_are_named(base):
    _, plan, _ = base
    rows = [{"place_id": p, "hub_place_id": h, "tier": t, **SIGNED} for p, h, t in
            (("2201", "2201", 1), ("2202", "2201", 2), ("2203", "2201", 2))]  # fmt: skip
    first = plan.with_(allocations=pl.DataFrame(rows))
    rows[2] |= {"hub_place_id": "2202", "tier": 3}
    second = plan.with_(allocations=pl.DataFrame(rows))
    assert difference(first, second)["hubs"].rows() == [("2203", 2, 3, "2201", "2202")]
    assert difference(plan, first).facts["hubs"] == 3


def test_a_removed_row_and_a_changed_cell_are_told_as_text(base):
    _, plan, _ = base
    cut = plan.with_(parameters=plan["parameters"].with_row_index().with_columns(
        value=pl.when(pl.col("index") == 0).then(pl.col("value") + 1).otherwise(pl.col("value"))
    ).filter(pl.col("index") != 3).drop("index"))  # fmt: skip
    rows = difference(plan, cut)["rows"]
    assert rows["change"].to_list().count("removed") == 1
    changed = rows.filter(change="changed").row(0, named=True)
    assert float(changed["after"]) == float(changed["before"]) + 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_command_tells_and_writes_it(base, language, tmp_path, capsys, monkeypatch):
    from postroad.face import cli
    from postroad.language import spoken

    jilin, plan, (a, *_) = base
    later = made(jilin, [("L1", "2201", "2202", 490, 100, 500.0)], [("R1", 480, "1234567", 90.0)], [("R1", 1, a, 500)])
    plan.save(tmp_path / "one")
    later.save(tmp_path / "two" / "network")
    words = [
        "postroad",
        "-l",
        language,
        "diff",
        str(tmp_path / "one"),
        str(tmp_path / "two"),
        "--out",
        str(tmp_path / "d"),
    ]
    monkeypatch.setattr("sys.argv", words)
    with spoken(language), pytest.raises(SystemExit, match="0"):  # what the command chooses ends with the block
        cli.main()
    told = capsys.readouterr().out
    assert ("改点 1" in told) if language == "zh" else ("1 retimed" in told)
    assert ("停服 3" in told) if language == "zh" else ("3 lose service" in told)
    assert {"run.json", "rows.csv", "rounds.csv", "villages.parquet"} <= {p.name for p in (tmp_path / "d").iterdir()}
