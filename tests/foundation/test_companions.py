"""What lies beside a pack's tables: outlines, plan, levers, modes, drills; for a province of one's own too."""

from __future__ import annotations

import pickle

import pytest

import postroad
from postroad.errors import UsageError
from postroad.evaluate.mode import modes
from postroad.face.report.map import outlines_of
from postroad.network import COMPANIONS, Network
from postroad.plan.levers import levers
from postroad.plan.plan import plan
from postroad.simulate.drill import names, script


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The reference province under another name, in a folder of its own."""
    folder = tmp_path_factory.mktemp("own") / "province"
    postroad.province("jilin").save(folder)
    text = (folder / "pack.toml").read_text("utf-8").replace('name = "jilin"', 'name = "other"')
    (folder / "pack.toml").write_text(text, "utf-8")
    return folder


def test_they_go_with_the_tables_into_a_folder(own):
    assert all((own / name).exists() for name in COMPANIONS)
    assert plan(own).targets
    assert len(levers(own, plan(own)).levers) == len(levers("jilin", plan("jilin")).levers)
    assert modes(own) == modes("jilin")


def test_a_province_of_ones_own_has_its_outlines_drills_and_map(own):
    network = Network.load(own)
    assert network.name == "other"
    assert network == postroad.province("jilin")
    assert names(network) == names(postroad.province("jilin")) != ()
    assert script("hub-fire-siping", network).id == "hub-fire-siping"
    assert outlines_of(network) == outlines_of(postroad.province("jilin"))
    assert "<svg" in network.map("en").svg


def test_they_stay_through_verbs_and_processes(own):
    import datetime as dt

    network = Network.load(own)
    for one in (network.on(dt.date(2020, 6, 1)), network.with_(), pickle.loads(pickle.dumps(network))):
        assert one.beside("plan.toml") == own / "plan.toml"


def test_a_network_without_a_folder_has_none(tmp_path):
    network = Network({})
    assert network.beside("plan.toml") is None
    assert names(network) == ()
    with pytest.raises(UsageError):
        network.map()
    network.save(tmp_path / "empty")
    assert not (tmp_path / "empty" / "drills").exists()
