"""``postroad draw`` as an office uses it: files in, files out, exit codes."""

import datetime as dt
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from postroad.face.cli import main
from postroad.language import choose


def postroad(*words, cwd):
    command = [sys.executable, "-c", "from postroad.face.cli import main; main()", *map(str, words)]
    base = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "COLUMNS": "160", "LANG": "C.UTF-8"}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=base)


@pytest.fixture
def lists(tmp_path):
    rows = "".join(f"O{k},{1 + k % 3},OP{k % 2},{125 + k / 100},{43 + k / 100},fire\n" for k in range(12))
    (tmp_path / "units.csv").write_text("\ufeffid,weight,operator,lon,lat,skills\n" + rows, "utf-8")
    people = "".join(f"I{k},125.0,43.0,fire;xray,5\n" for k in range(4))
    (tmp_path / "people.csv").write_text("id,lon,lat,skills,most\n" + people, "utf-8")
    return tmp_path


def freeze(folder, seed_at, *more):
    lists = ("--list", "units.csv", "--inspectors", "people.csv", "--size", 4, "--ceiling", 6)
    seed = ("--seed-source", "beacon", "--seed-at", seed_at, "--out", "commit.json")
    return postroad("draw", "commit", *lists, *seed, *more, cwd=folder)


def test_commit_reveal_verify_estimate(lists):
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=4)
    done = freeze(lists, soon.isoformat(), "--json")
    assert done.returncode == 0, done.stderr
    digest = json.loads(done.stdout)["digest"]
    early = postroad("draw", "reveal", "commit.json", "--seed", "0123456789", "--out", "receipt.json", cwd=lists)
    assert (early.returncode, (lists / "receipt.json").exists()) == (2, False)
    assert "does not exist before" in early.stderr
    time.sleep(max(0.0, (soon - dt.datetime.now(dt.UTC)).total_seconds() + 0.1))
    done = postroad("draw", "reveal", "commit.json", "--seed", "0123456789", "--strike", "O1=closed", "--out",
                    "receipt.json", cwd=lists)  # fmt: skip
    assert done.returncode == 0, done.stderr
    again = postroad("draw", "reveal", "commit.json", "--seed", "0123456780", "--out", "receipt.json", cwd=lists)
    assert again.returncode == 2
    done = postroad("-l", "zh", "draw", "verify", "commit.json", "receipt.json", "--digest", digest, cwd=lists)
    assert (done.returncode, "相符" in done.stdout) == (0, True)
    receipt = json.loads((lists / "receipt.json").read_text("utf-8"))
    assert postroad("draw", "verify", "commit.json", "receipt.json", "--digest", "0" * 64, cwd=lists).returncode == 2
    rows = "".join(f"{row['unit']},{k % 2}\n" for k, row in enumerate(receipt["drawn"]))
    (lists / "results.csv").write_text("unit,breach\n" + rows, "utf-8")
    done = postroad("draw", "estimate", "commit.json", "receipt.json", "--results", "results.csv", "--json", cwd=lists)
    assert 0 < json.loads(done.stdout)["rate"] < 1
    done = postroad("draw", "verifier", "--out", "give", cwd=lists)
    assert sorted(path.name for path in (lists / "give").iterdir()) == [
        "verify_draw.html", "verify_draw.js", "verify_draw.py"]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "words",
    [
        ["commit", "--list", "nowhere.csv", "--size", 1, "--seed-source", "b", "--seed-at", "2099-01-01T00:00:00Z",
         "--out", "x.json"],
        ["commit", "--list", "units.csv", "--size", 1, "--seed-source", "b", "--seed-at", "2020-01-01T00:00:00Z",
         "--out", "x.json"],
        ["commit", "--list", "units.csv", "--size", 99, "--seed-source", "b", "--seed-at", "2099-01-01T00:00:00Z",
         "--out", "x.json"],
        ["reveal", "units.csv", "--seed", "0123456789", "--out", "x.json"],
        ["verify", "units.csv", "units.csv"],
        ["reveal", "units.csv", "--seed", "0123456789", "--strike", "O1", "--out", "x.json"],
    ],
)  # fmt: skip
def test_what_is_wrong_ends_with_two_and_a_sentence(lists, language, words, monkeypatch, capsys):
    monkeypatch.chdir(lists)
    monkeypatch.setattr(sys, "argv", ["postroad", "-l", language, "draw", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    choose("en")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.strip()
    assert ("。" in said) == (language == "zh")
    assert not (lists / "x.json").exists()
