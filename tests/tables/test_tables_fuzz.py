"""Corrupted packs: no crash, nothing accepted silently, every rejected row in the quarantine.

The mutator knows what it broke, and an oracle in plain Python says what each row should become; the readers must agree
with it row by row. The default run takes a few hundred packs, the slow one a hundred thousand.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tables_fuzz

HERE = Path(__file__).parent


def test_corrupted_packs_are_told_in_full():
    seen, wrong = tables_fuzz.run(200_000, 250)
    assert wrong == []
    # The mutator must really reach every outcome, or the test would prove nothing.
    assert all(seen[outcome] > 5 for outcome in ("accepted whole", "faults told", "rows in quarantine"))
    assert all(seen[f"form {kind}"] for kind in ("csv", "xlsx", "parquet", "duckdb"))


@pytest.mark.slow
def test_a_hundred_thousand_corrupted_packs(tmp_path):
    """Two processes, so that a crash of the interpreter itself is seen as one, and both cores are used."""
    quiet = {**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONPATH": str(HERE)}
    started = []
    for first in (0, 50_000):
        command = [sys.executable, "-X", "faulthandler", str(HERE / "tables_fuzz.py"), str(first), "50000"]
        with (tmp_path / f"{first}.err").open("w") as errors:
            process = subprocess.Popen(command, env=quiet, stdout=subprocess.PIPE, stderr=errors, text=True)
        started.append((process, tmp_path / f"{first}.err"))
    for process, errors in started:
        told, _ = process.communicate()
        assert process.returncode == 0, told + errors.read_text("utf-8")[-3000:]
        assert told.splitlines()[0].endswith(" 0 wrong"), told
