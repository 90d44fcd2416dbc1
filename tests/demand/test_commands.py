"""The commands that read a user's files: what they write, say and refuse."""

import json

import polars as pl
from typer.testing import CliRunner

import postroad
from postroad.face.cli import app
from tests.demand.test_lade import GOOD
from tests.demand.test_lade import written as lade_file
from tests.demand.test_waybills import BAD
from tests.demand.test_waybills import written as waybill_file

run = CliRunner().invoke


def test_fit_writes_tables_a_pack_and_what_was_set_aside(tmp_path):
    asked = ["demand-fit", "--waybills", str(waybill_file(tmp_path, BAD)), "--out", str(tmp_path / "fit")]
    for language, word in (("en", "set aside"), ("zh", "隔离")):
        said = run(app, ["--language", language, *asked])
        assert said.exit_code == 0, said.output
        assert word in said.output
        assert "火星" in said.output
    assert pl.read_parquet(tmp_path / "fit" / "flows.parquet")["pieces"].sum() == 1
    assert (tmp_path / "fit" / "set_aside.parquet").is_file()
    assert postroad.province(tmp_path / "fit" / "pack").check() == []
    told = json.loads(run(app, [*asked, "--json"]).stdout)
    assert (told["rows"], told["taken"], told["unreadable"]) == (13, 1, 2)


def test_lade_writes_hours_couriers_and_a_profile(tmp_path):
    asked = ["demand-lade", str(lade_file(tmp_path, GOOD)), "--out", str(tmp_path / "out")]
    said = run(app, ["--language", "en", *asked])
    assert said.exit_code == 0, said.output
    assert "as published" in said.output
    assert pl.read_csv(tmp_path / "out" / "profiles.csv").height == 24
    assert json.loads(run(app, [*asked, "--json"]).stdout)["published"] is False
