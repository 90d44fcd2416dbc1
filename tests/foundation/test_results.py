"""Results: the same question has the same id, a folder is whole or absent, and what is saved comes back."""

import polars as pl
import pytest

from postroad.errors import UsageError
from postroad.results import Result, Stamp

FRAME = pl.DataFrame({"place_id": ["220102", "220103"], "share": [0.25, 0.75]})


def made(**options):
    return Result(Stamp.now("test", "abc", options, seed=3), {"shares": FRAME}, {"objective": 1.5})


def test_the_same_question_has_the_same_id_and_another_has_not():
    assert made(p=2).run_id == made(p=2).run_id
    assert made(p=2).run_id != made(p=3).run_id


def test_what_is_saved_comes_back(tmp_path):
    folder = made(p=2).save(tmp_path / "run")
    back = Result.load(folder)
    assert back.run_id == made(p=2).run_id
    assert back["shares"].equals(FRAME)
    assert back.facts["objective"] == 1.5


def test_saving_again_replaces_and_leaves_nothing_beside(tmp_path):
    made(p=2).save(tmp_path / "run")
    made(p=3).save(tmp_path / "run")
    assert Result.load(tmp_path / "run").stamp.options["p"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_failed_save_leaves_the_old_result(tmp_path):
    made(p=2).save(tmp_path / "run")
    broken = Result(Stamp.now("test", "abc"), {"shares": "no frame"})
    with pytest.raises(AttributeError):
        broken.save(tmp_path / "run")
    assert Result.load(tmp_path / "run").stamp.options["p"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_without_a_stamp_is_no_result(tmp_path):
    FRAME.write_parquet(tmp_path / "shares.parquet")
    with pytest.raises(UsageError, match=r"run\.json"):
        Result.load(tmp_path)


def test_a_table_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="shares"):
        made()["flows"]
