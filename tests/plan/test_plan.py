"""The plan as data: all rows there, and every kind of mistake found at once with its remedy."""

import copy
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.errors import DataError, UsageError
from postroad.network import pack_folder
from postroad.plan.plan import plan, read


@pytest.fixture(scope="module")
def jilin():
    return plan("jilin")


@pytest.fixture
def content():
    return tomllib.loads((pack_folder("jilin") / "plan.toml").read_text("utf-8"))


def test_all_hundred_rows_are_there_in_order(jilin):
    assert [row.id for row in jilin.rows] == [f"P{n:02d}" for n in range(1, 101)]


def test_every_task_row_has_a_task_and_every_task_a_measure(jilin):
    rows = {row.id for row in jilin.rows if row.kind in ("task", "safeguard")}
    assert rows <= {task.row for task in jilin.tasks}
    for task in jilin.tasks:
        assert task.moves or (task.measure_zh and task.measure_en)


def test_every_row_that_sets_a_target_has_one(jilin):
    aimed = {row for target in jilin.targets for row in target.rows}
    assert {row.id for row in jilin.rows if row.kind == "target"} <= aimed


def test_the_seven_programmes_are_there(jilin):
    assert [p.id for p in jilin.programmes] == [f"B{n}" for n in range(1, 8)]


def test_targets_worked_out_from_wording_follow_from_their_baseline(jilin):
    volume = jilin.target("express-volume")
    assert volume.value == pytest.approx(volume.baseline_value * 1.15**5, rel=1e-5)
    revenue = jilin.target("postal-revenue")
    assert revenue.value == pytest.approx(2 * revenue.baseline_value)


def test_targets_without_a_baseline_are_marked(jilin):
    orphans = {target.id for target in jilin.targets if target.orphan}
    assert {"outlet-standard", "e-waybill", "24h-core-cities", "foreign-channels"} <= orphans
    assert not {"postal-revenue", "reusable-bags"} & orphans


def test_the_fingerprint_follows_the_content(jilin, content):
    assert plan("jilin").fingerprint == jilin.fingerprint
    content["targets"][0]["en"] = "Something else"
    assert read(content).fingerprint != jilin.fingerprint


def test_an_unknown_plan_names_those_that_ship():
    with pytest.raises(UsageError, match="jilin"):
        plan("atlantis")


def test_a_broken_file_is_refused(tmp_path):
    (tmp_path / "plan.toml").write_text("[[targets]\n")
    with pytest.raises(DataError):
        plan(tmp_path / "plan.toml")


def drop(entry, key):
    entry.pop(key)


MISTAKES = {
    "plan.missing": lambda c: drop(c["targets"][0], "direction"),
    "plan.stranger": lambda c: c["targets"][0].update(colour="red"),
    "plan.twice": lambda c: c["rows"].append(copy.deepcopy(c["rows"][0])),
    "plan.choice": lambda c: c["targets"][0].update(direction="sideways"),
    "plan.no_row": lambda c: c["tasks"][0].update(row="P999"),
    "plan.no_target": lambda c: c["tasks"][5].update(moves=["nothing-known"]),
    "plan.no_measure": lambda c: c["tasks"][5].update(moves=[]),
    "plan.not_orphan": lambda c: c["orphan_baselines"][0].update(indicator="postal_revenue"),
    "plan.numeric_without_value": lambda c: drop(c["targets"][0], "value"),
    "plan.nothing_proposed": lambda c: next(t for t in c["targets"] if t["wording"] == "unmeasurable").update(
        proposed_zh=""
    ),
    "plan.orphan_mark": lambda c: c["targets"][0].update(orphan=True),
    "plan.wrong_way": lambda c: c["targets"][0].update(value=1.0),
    "plan.compound_from_zero": lambda c: c["targets"][0].update(baseline_value=-1.0),
    "plan.not_number": lambda c: c["targets"][0].update(value="8.99亿"),
    "plan.not_text": lambda c: c["targets"][0].update(unit=3),
    "plan.not_texts": lambda c: c["targets"][0].update(rows="P46"),
    "plan.not_whole_number": lambda c: c["plan"].update(end="2025"),
    "plan.not_yes_or_no": lambda c: c["targets"][0].update(orphan="no"),
    "plan.not_day": lambda c: c["targets"][0].update(deadline="2025-12-31"),
    "plan.not_a_table": lambda c: c["targets"].append(7),
    "plan.not_a_list": lambda c: c.update(targets="none"),
    "plan.no_field": lambda c: c["tasks"][5].update(assumed=["colour"]),
    "plan.ends_before": lambda c: c["plan"].update(end=2019),
    "plan.undated_mark": lambda c: drop(c["targets"][0], "deadline"),
    "plan.baseline_year": lambda c: c["targets"][0].update(baseline_period="end of 2020"),
    "plan.deadline_before_baseline": lambda c: c["targets"][0].update(baseline_period="2026"),
}


@pytest.mark.parametrize("key", MISTAKES)
def test_each_mistake_is_found_and_its_remedy_said(content, key):
    MISTAKES[key](content)
    with pytest.raises(DataError) as refused:
        read(content)
    faults = [fault for fault in refused.value.faults if fault.key == key]
    assert faults
    assert faults[0].remedy("zh")
    assert faults[0].remedy("en")


def test_all_mistakes_are_found_at_once(content):
    for key in ("plan.twice", "plan.choice", "plan.no_row", "plan.no_target", "plan.orphan_mark"):
        MISTAKES[key](content)
    with pytest.raises(DataError) as refused:
        read(content)
    assert len({fault.key for fault in refused.value.faults}) >= 5


def test_a_value_that_is_no_finite_number_is_refused(content):
    content["targets"][0]["value"] = float("nan")
    with pytest.raises(DataError):
        read(content)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_field_is_taken_or_refused_but_never_a_crash(data):
    content = tomllib.loads((pack_folder("jilin") / "plan.toml").read_text("utf-8"))
    block = data.draw(st.sampled_from(["targets", "tasks", "projects", "rows", "programmes", "orphan_baselines"]))
    entry = data.draw(st.sampled_from(content[block]))
    field = data.draw(st.sampled_from(sorted(entry)))
    odd = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.booleans(), st.dates())
    entry[field] = data.draw(st.one_of(odd, st.lists(odd, max_size=2)))
    faults = []
    try:
        read(content)
    except DataError as refused:
        faults = refused.faults
    assert all(fault.remedy("zh") and fault.remedy("en") for fault in faults)


def test_what_the_plan_does_not_state_is_said_to_be_assumed(jilin):
    for task in jilin.tasks:
        assert "owner" in task.assumed
        assert set(task.assumed) <= {"owner", "partners"}
    paid = {task.row for task in jilin.tasks if task.payer not in ("unknown", "unfunded")}
    assert paid == {"P27", "P98"}
    assert all("status" in project.assumed for project in jilin.projects)


def test_the_description_counts_what_is_there_and_what_lacks(jilin):
    counts = jilin.describe()
    assert counts["rows"] == 100
    assert counts["targets"] == len(jilin.targets)
    assert counts["targets_without_day"] == 5
    assert counts["tasks_without_payer"] == counts["tasks"] - 2
    assert counts["targets_without_baseline"] == sum(target.orphan for target in jilin.targets)
