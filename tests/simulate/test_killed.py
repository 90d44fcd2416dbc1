"""Killed with no warning: a day leaves nothing that looks finished, a trial goes on where it was."""

import os
import signal
import subprocess
import sys
import time

import pytest

from postroad import results
from postroad.errors import UsageError
from postroad.results import Stamp
from postroad.simulate.day import Run

READY = """
import sys
from pathlib import Path
from postroad.demand import demand
from postroad.design.lines.baseline import baseline
from postroad.network import province
from postroad.parallel import Work
from postroad.simulate.day import simulate_day
from postroad.simulate.trial import Stretch, trial
jilin = province("jilin")
wanted = demand(jilin, 2020)
ready = baseline(jilin, wanted)
out = Path(sys.argv[1])
"""
DAY = READY + "simulate_day(ready, wanted, day='peak', scale=0.05, out=out / 'run')"
TRIAL = READY + (
    "print(trial(ready, wanted, stretches=Stretch.cut('2020-05-12', 1), worlds=4, scale=0.001, facts=out / 'facts', "
    "work=Work(cache=out / 'cases'))['summary'].write_csv())"
)


def started(program, folder):
    return subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)


def until(seen, process, seconds=240):
    for _ in range(seconds * 50):
        if seen() or process.poll() is not None:
            return
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_day_leaves_nothing_that_looks_finished(tmp_path):
    process = started(DAY, tmp_path)
    until(lambda: list(tmp_path.glob(".run-*/parcels/*")), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(tmp_path.glob(".run-*"))
    assert not (tmp_path / "run").exists()
    with pytest.raises(UsageError):
        Run.load(tmp_path / "run")
    assert started(DAY, tmp_path).wait() == 0
    assert Run.load(tmp_path / "run").parcels().limit(1).collect().height == 1
    assert not list(tmp_path.glob(".run-*"))  # what the killed one left is swept away


@pytest.mark.slow
def test_a_killed_trial_goes_on_and_gives_the_same_bytes(tmp_path):
    whole = started(TRIAL, tmp_path / "whole").communicate()[0]
    again = tmp_path / "again"
    process = started(TRIAL, again)
    until(lambda: list(again.glob("cases/*.pickle")), process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = {file: file.stat().st_mtime_ns for file in again.glob("cases/*.pickle")}
    assert 1 <= len(done) < 4
    assert started(TRIAL, again).communicate()[0] == whole
    assert {file: file.stat().st_mtime_ns for file in done} == done  # not run a second time
    names = {file.name for file in (again / "facts").glob("*.parquet")}
    assert len(names) == 4


def test_what_a_living_process_is_writing_is_left_alone(tmp_path):
    mine = tmp_path / f".run-{results._HERE}-{os.getpid()}-abc"
    dead = tmp_path / f".run-{results._HERE}-{2**22 + 1}-abc"
    other = tmp_path / ".run-elsewhere-1-abc"
    for folder in (mine, dead, other):
        folder.mkdir()
    results.save(tmp_path / "run", Stamp("kind", "inputs"), {})
    assert (mine.is_dir(), dead.is_dir(), other.is_dir()) == (True, False, True)
