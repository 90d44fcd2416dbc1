"""The public names exist, load late, and a network's verbs leave it as it is."""

import subprocess
import sys

import pytest

import postroad as pr
from postroad.errors import UsageError


def test_every_public_name_is_there_and_no_other():
    for name in pr.__all__:
        assert getattr(pr, name) is not None
    with pytest.raises(AttributeError, match="province"):
        pr.nothing  # noqa: B018


def test_importing_postroad_loads_nothing_heavy():
    code = "import sys, postroad; print([m for m in ('polars', 'numba', 'fastapi', 'scipy') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_day_is_simulated_and_the_network_stays_as_it_is():
    jilin = pr.province("jilin")
    before = jilin.fingerprint
    run = jilin.simulate("2020-11-12", scale=0.0005, seed=1)
    assert run["summary"].height > 0
    assert jilin.fingerprint == before
    assert jilin.line_hauls.height == 0


def test_a_design_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="trunk"):
        pr.province("jilin").design("castles")


def test_a_word_nobody_knows_is_refused_with_those_that_are_known():
    jilin = pr.province("jilin")
    with pytest.raises(UsageError, match="time_s") as told:
        jilin.design("trunk", time_limit=60)
    assert "time_limit" in str(told.value)
    with pytest.raises(UsageError, match="not_home"):
        jilin.simulate("2020-11-12", at_home=0.9)
