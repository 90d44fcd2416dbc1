"""``postroad draw`` as an office uses it: files in, files out, exit codes."""

import datetime as dt
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from postroad.face.cli import main
from postroad.language import choose


def ran(monkeypatch, capsys, folder, *words):
    """Run a command of the draw here, and return its exit code with what it printed."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["postroad", "draw", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    held = capsys.readouterr()
    return ended.value.code or 0, held.out, held.err


@pytest.fixture
def lists(tmp_path):
    rows = "".join(f"O{k},{1 + k % 3},OP{k % 2},{125 + k / 100},{43 + k / 100},fire\n" for k in range(12))
    (tmp_path / "units.csv").write_text("\ufeffid,weight,operator,lon,lat,skills\n" + rows, "utf-8")
    people = "".join(f"I{k},125.0,43.0,fire;xray,5\n" for k in range(4))
    (tmp_path / "people.csv").write_text("id,lon,lat,skills,most\n" + people, "utf-8")
    return tmp_path


def freeze(office, seed_at, *more):
    lists = ("--list", "units.csv", "--inspectors", "people.csv", "--size", 4, "--ceiling", 6)
    seed = ("--seed-source", "beacon", "--seed-at", seed_at, "--out", "commit.json")
    return office("commit", *lists, *seed, *more)


def test_commit_reveal_verify_estimate(lists, monkeypatch, capsys):
    def office(*words):
        code, out, err = ran(monkeypatch, capsys, lists, *words)
        return SimpleNamespace(returncode=code, stdout=out, stderr=err)

    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    done = freeze(office, soon.isoformat(), "--json")
    assert done.returncode == 0, done.stderr
    digest = json.loads(done.stdout)["digest"]
    early = office("reveal", "commit.json", "--seed", "0123456789", "--out", "receipt.json")
    assert (early.returncode, (lists / "receipt.json").exists()) == (2, False)
    assert "does not exist before" in early.stderr
    time.sleep(max(0.0, (soon - dt.datetime.now(dt.UTC)).total_seconds() + 0.1))
    done = office("reveal", "commit.json", "--seed", "0123456789", "--strike", "O1=closed", "--out",
                    "receipt.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    again = office("reveal", "commit.json", "--seed", "0123456780", "--out", "receipt.json")
    assert again.returncode == 2
    done = office("verify", "commit.json", "receipt.json", "--digest", digest)
    assert (done.returncode, "It holds" in done.stdout) == (0, True)
    receipt = json.loads((lists / "receipt.json").read_text("utf-8"))
    assert office("verify", "commit.json", "receipt.json", "--digest", "0" * 64).returncode == 2
    rows = "".join(f"{row['unit']},{k % 2}\n" for k, row in enumerate(receipt["drawn"]))
    (lists / "results.csv").write_text("unit,breach\n" + rows, "utf-8")
    done = office("estimate", "commit.json", "receipt.json", "--results", "results.csv", "--json")
    assert 0 < json.loads(done.stdout)["rate"] < 1
    done = office("verifier", "--out", "give")
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


LATER = ("--size", 1, "--seed-source", "drand", "--seed-at", "2099-01-01T00:00:00Z", "--out", "x.json")


@pytest.mark.parametrize(
    ("held", "word"),
    [
        (b"id,weight,lon,lat\nA,1,nan,43\n", "not a number"),
        (b"id,weight,lon,lat\nA,1,1250,43\n", "beyond its bounds"),
        (b"id,lon,lat\nA,125,\n", "Only one of"),
        (b"id,weight\nA,inf\nB,1e3\n", "[list.csv.weight:2] 1e3 is not a whole number"),
        (b"id,weight\nA,9007199254740993\n", "whole number above 0"),
        (b"id,weight,weight\nA,1,5\n", "more than once"),
        (b"id,weight\nA,1,2\nB\n", "[list.csv:2] The line has 1 cells"),
        (b'id,weight\nA,1\n"B,2\n', "[list.csv:2] From this line on"),
        (b"id,weight\n" + b"A" * 2_000 + b",1\n", "at most 1,000"),
        (b"id;weight\nA;1\n", "it has: id;weight"),
        (b"\xff\xff\xff", "GB18030"),
        (b"", "lacks the column id"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_its_place(held, word, tmp_path, monkeypatch, capsys):
    (tmp_path / "list.csv").write_bytes(held)
    code, _, said = ran(monkeypatch, capsys, tmp_path, "commit", "--list", "list.csv", *LATER)
    assert (code, word in said, (tmp_path / "x.json").exists()) == (2, True, False), said


def test_lists_of_a_chinese_office_are_read(tmp_path, monkeypatch, capsys):
    (tmp_path / "list.csv").write_bytes(
        "编号,权重,企业,能力\r\n网点甲,2,中通,消防；安检\r\n网点乙,1,圆通,\r\n".encode("gb18030")
    )
    code, _, said = ran(monkeypatch, capsys, tmp_path, "commit", "--list", "list.csv", *LATER)
    assert code == 0, said
    unit = json.loads((tmp_path / "x.json").read_text("utf-8"))["units"][0]
    assert (unit["id"], unit["weight"], unit["operator"], unit["skills"]) == ("网点甲", 2, "中通", ["安检", "消防"])
    code, told, _ = ran(monkeypatch, capsys, tmp_path, "chances", "x.json", "--out", "chances.csv", "--json")
    told = json.loads(told)
    assert [row["chance"] for row in told["chances"]] == ["2/3", "1/3"]
    assert {row["operator"]: row["expected"] for row in told["operators"]} == pytest.approx(
        {"中通": 2 / 3, "圆通": 1 / 3}
    )
    assert "网点乙,圆通,1,1/3," in (tmp_path / "chances.csv").read_text("utf-8")


def test_recusals_and_places_that_would_have_no_effect_are_refused(lists, monkeypatch, capsys):
    (lists / "apart.csv").write_text("inspector,unit\nI0,OP1\nI0,OP7\nI9,O1\n", "utf-8")
    words = ("commit", "--list", "units.csv", "--inspectors", "people.csv", "--recusals", "apart.csv", *LATER)
    code, _, said = ran(monkeypatch, capsys, lists, *words)
    assert (code, "I0, OP7" in said, "I9, O1" in said, "I0, OP1" in said) == (2, True, True, False)
    (lists / "people.csv").write_text("id,lon,lat\nI0,125,43\nI1,,\n", "utf-8")
    code, _, said = ran(
        monkeypatch, capsys, lists, "commit", "--list", "units.csv", "--inspectors", "people.csv", *LATER
    )
    assert (code, "I1 has no place" in said) == (2, True)


def test_results_that_do_not_fit_the_draw_give_no_rate(tmp_path, monkeypatch, capsys):
    known = Path(__file__).parents[1] / "known" / "draw"
    for name in ("commit", "receipt"):
        (tmp_path / f"{name}.json").write_bytes((known / f"weighted.{name}.json").read_bytes())
    unit = json.loads((tmp_path / "receipt.json").read_text("utf-8"))["drawn"][0]["unit"]
    (tmp_path / "results.csv").write_text(f"unit,breach\n{unit},yes\nnobody,1\n{unit},1\n", "utf-8")
    words = ("estimate", "commit.json", "receipt.json", "--results", "results.csv")
    code, _, said = ran(monkeypatch, capsys, tmp_path, *words)
    assert (code, "yes is neither" in said, "nobody was not drawn" in said, "more than once" in said) == (
        2,
        *[True] * 3,
    )
    (tmp_path / "results.csv").write_text(f"unit,breach\n{unit},1\n", "utf-8")
    assert ran(monkeypatch, capsys, tmp_path, *words)[0] == 0
    receipt = (tmp_path / "receipt.json").read_text("utf-8")
    chance = json.loads(receipt)["drawn"][0]["chance"]
    (tmp_path / "receipt.json").write_text(receipt.replace(chance, "1/1000"), "utf-8")
    code, _, said = ran(monkeypatch, capsys, tmp_path, *words)
    assert (code, "1/1000" in said) == (2, True)
