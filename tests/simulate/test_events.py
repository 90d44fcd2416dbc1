"""The events of a run in every form, part by part."""

import json

import polars as pl
import pytest
from tests.simulate.worlds import CALM, DAY, line, network, parcels

from postroad.errors import UsageError
from postroad.simulate.day import epcis, simulate_day
from postroad.supervise.ledger.epcis import fits

BOTH = [line("220101", "2201", 720, 60), line("2201", "220201", 900, 60), line("220201", "2201", 720, 60),
        line("2201", "220101", 900, 60)]  # fmt: skip


def ran(folder, **how):
    made = network(lines=BOTH)
    told = parcels(made, [("220101001001", "220201001001", 60 + k) for k in range(20)])
    return simulate_day(made, told, day=DAY, out=folder, **CALM, **how)


def of_document(folder):
    told = json.loads((folder / "epcis.json").read_text("utf-8"))
    assert (told["type"], told["schemaVersion"]) == ("EPCISDocument", "2.0")
    return told["epcisBody"]["eventList"]


def test_all_forms_tell_the_same_events(tmp_path, monkeypatch):
    monkeypatch.setattr(epcis, "ROWS", 7)
    for form in epcis.FORMS:
        ran(tmp_path / form, events=-1, event_form=form)
    document = of_document(tmp_path / "document")
    lines = (tmp_path / "lines" / "epcis.jsonl").read_text("utf-8").splitlines()
    table = pl.read_parquet(tmp_path / "parquet" / "epcis.parquet")
    assert [json.loads(row) for row in lines] == document
    assert table["emsevt_code"].to_list() == [event["emsevt:code"] for event in document]
    assert table["epc"].to_list() == [event["epcList"][0] for event in document]
    assert table["epc"].n_unique() == 20


def test_what_happens_to_a_parcel_step_by_step(tmp_path):
    ran(tmp_path / "run", events=1)
    every = of_document(tmp_path / "run")
    assert all(fits({**event, "bizStep": step}) for event in every for step in (event["bizStep"], epcis.TRYING))
    assert not fits({**every[0], "bizStep": "delivering"})
    told = [(e["bizStep"], e["emsevt:code"], e["readPoint"]["id"][19:]) for e in every]
    assert told == [
        ("commissioning", "EMA", "220101001001"), ("picking", "EMA", "220101001001"),
        ("arriving", "EMB", "220101"), ("departing", "EMC", "220101"), ("arriving", "EMD", "2201"),
        ("departing", "EMC", "2201"), ("arriving", "EMG", "220201"), ("departing", "EMG", "220201"),
        ("accepting", "EMI", "220201001001"),
    ]  # fmt: skip


def test_the_size_of_a_part_does_not_show(tmp_path, monkeypatch):
    ran(tmp_path / "whole", events=11)
    monkeypatch.setattr(epcis, "ROWS", 3)
    ran(tmp_path / "parts", events=11)
    assert (tmp_path / "whole/epcis.json").read_bytes() == (tmp_path / "parts/epcis.json").read_bytes()
    assert len({event["epcList"][0] for event in of_document(tmp_path / "parts")}) == 11


def test_an_unknown_form_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(UsageError) as told:
        ran(tmp_path / "run", events=1, event_form="xml")
    assert told.value.faults[0].key == "simulate.event_form"
    assert not (tmp_path / "run").exists()
