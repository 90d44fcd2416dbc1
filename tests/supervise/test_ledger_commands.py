"""``postroad ledger`` as an office uses it: a rehearsal from the feed to the scorecard, and what it says when wrong."""

from __future__ import annotations

import json
import sys

import pytest

from postroad.face.cli import main
from postroad.face.cli.display import moment
from postroad.language import choose


@pytest.fixture
def office(tmp_path, monkeypatch, capsys):
    """Run a command in a folder of its own; return exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTROAD_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "160")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["postroad", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        choose("en")
        return ended.value.code or 0, told.out, told.err

    return run


def test_a_rehearsal_from_feed_to_scorecard(office, tmp_path):
    code, out, _ = office(
        "ledger", "feed", "jilin", "--days", 2, "--pieces", 1000, "--from", "2026-01-12", "--out", "feed"
    )
    assert code == 0
    assert "synthetic" in out
    assert office("ledger", "seal", "Li", "Wang")[0] == 0
    code, out, _ = office("ledger", "intake", "feed", "--json")
    taken = json.loads(out)
    assert code == 0
    assert sum(t["lines"] for t in taken) > 14_000
    assert all(t["already"] for t in json.loads(office("ledger", "intake", "feed", "--json")[1]))
    found = {}
    for words in (("checks", "--claims", "claims"), ("balance", "--until", "2026-01-20T00:00:00")):
        code, out, _ = office("ledger", *words)
        assert code == 0
        assert "synthetic" in out
        told = json.loads(office("ledger", *words, "--json")[1])
        assert told["origin"] == "synthetic"
        found |= told.get("claims", {})
    waybill = (
        next(iter((tmp_path / "feed").glob("acceptances-SF-*.csv"))).read_text("utf-8").splitlines()[1].split(",")[0]
    )
    assert office("ledger", "prove", waybill, "--out", "p.json")[0] == 0
    told = json.loads(office("ledger", "audit", "--json")[1])
    assert office("ledger", "verify", "p.json", "--root", told["root"])[0] == 0
    assert office("ledger", "verify", "p.json", "--root", "00" * 32)[0] == 2
    code, out, _ = office("ledger", "verify", "p.json")
    assert (code, "All three: yes" in out, "No published root" in out) == (0, True, True)
    assert "hexadecimal" in office("ledger", "verify", "p.json", "--root", "xyz")[2]
    assert office("ledger", "prove", "--size", 5, "--out", "grown.json")[0] == 0
    grown = json.loads((tmp_path / "grown.json").read_text("utf-8"))
    early = "2026-01-12T08:00:00+08:00"
    assert len({moment(at) for at in (early, "2026-01-12T00:00:00Z", early[:19])}) == 1
    for wrong in (("checks", "--level", "moon"), ("checks", "--days", "2026-01-13..2026-01-12"),
                  ("balance", "--leak", "nan"), ("balance", "--leak", "1"),
                  ("intake", "out/ledger-shares")):  # fmt: skip
        assert office("ledger", *wrong)[0] == 2, wrong
    code, _, said = office("ledger", "checks", "--extract", "postgresql+psycopg://li:secret@127.0.0.1:1/x")
    assert (code, "cannot be reached" in said, "secret" in said) == (2, True, False)
    both = ("--root", grown["new_root"], "--old-root", grown["old_root"])
    code, out, _ = office("ledger", "verify", "grown.json", *both)
    assert (code, "Both published roots" in out) == (0, False)
    assert office("ledger", "verify", "grown.json", "--root", "00" * 32)[0] == 2
    code, out, _ = office("ledger", "quarantine", "--out", "aside.csv", "--most", 2)
    assert (code, "synthetic" in out, "lines of" in out) == (0, True, True)
    aside = json.loads(office("ledger", "quarantine", "--json")[1])
    assert aside["origin"] == "synthetic"
    assert len({(row["file"], row["line"]) for row in aside["quarantine"]}) == sum(t["quarantined"] for t in taken)
    told = (tmp_path / "aside.csv").read_text("utf-8").splitlines()
    assert (len(told), told[1].endswith(",synthetic")) == (1 + aside["rows"], True)
    assert office("ledger", "quarantine", "--file", "nowhere.csv")[0] == 2
    for name, rows in found.items():
        assert len((tmp_path / "claims" / f"{name}.csv").read_text("utf-8").splitlines()) == 1 + len(rows), name
    assert sum(map(len, found.values())) > 0
    beside = next((tmp_path / "out/ledger/quarantine").iterdir())
    beside.rename(tmp_path / "gone")
    code, out, _ = office("ledger", "audit")
    assert (code, f"quarantine/{beside.name}" in out) == (2, True)
    (tmp_path / "gone").rename(beside)
    code, out, _ = office("score", "jilin", "--ledger", "out/ledger", "--json")
    lines = {line["indicator"]["id"]: line for line in json.loads(out)["lines"]}
    for name in ("three_check_rate", "e_waybill_rate", "no_secondary_packaging_rate", "reusable_transit_bag_rate",
                 "plastic_violation_rate"):  # fmt: skip
        latest = lines[name]["latest"]
        assert (latest["origin"], latest["scope"], latest["period"]) == ("synthetic", "ledger", "2026")
        assert lines[name]["status"] == "unknown"


def test_two_officers_at_the_desk(office, tmp_path):
    office("ledger", "feed", "jilin", "--pieces", 800, "--from", "2026-01-12", "--out", "feed")
    office("ledger", "seal", "Li", "Wang")
    office("ledger", "intake", "feed")
    from postroad.supervise.ledger import Ledger
    from postroad.supervise.ledger.asking import frame_of

    with Ledger.open("out/ledger").query() as link:
        sender = frame_of(link, "SELECT hex(sender) AS s FROM acceptances WHERE id_kind = 'resident_id' LIMIT 1")["s"][
            0
        ]
    shares = [w for n in (1, 2) for w in ("--share", f"out/ledger-shares/share-{n}.json")]
    code, out, _ = office("ledger", "reidentify", sender, *shares, "--reason", "case 7")
    assert code == 0
    assert out.startswith("999")
    assert json.loads(office("ledger", "audit", "--json")[1])["openings"][0]["reason"] == "case 7"
    assert office("ledger", "reidentify", sender, *shares[:2], "--reason", "case 7")[0] == 2
    assert office("ledger", "forget", "2026-01", *shares[:2], "--reason", "year over")[0] == 2
    assert office("ledger", "forget", "2026-01", *shares, "--reason", "year over")[0] == 0
    code, _, told = office("ledger", "reidentify", sender, *shares, "--reason", "case 7")
    assert (code, "year over" in told) == (2, True)
    assert "year over" in office("ledger", "audit")[1]


def test_what_is_wrong_is_said_in_both_languages(office, tmp_path):
    (tmp_path / "scans-1.csv").write_text("waybill,event\n", "utf-8")
    code, _, err = office("ledger", "intake", "scans-1.csv", "absent.csv")
    assert code == 2
    assert "facility_id" in err
    assert "absent.csv" in err
    assert "--ledger" not in err
    code, _, err = office("-l", "zh", "ledger", "checks", "--ledger", "nowhere")
    assert code == 2
    assert "没有台账" in err
    assert office("ledger", "balance", "--until", "soon")[0] == 2


def test_rules_name_what_has_no_source(office):
    told = json.loads(office("ledger", "rules", "--json")[1])
    assert {r["rule"] for r in told if r["basis"] == "configuration"} >= {"machine_capacity", "one_person", "balance"}
    code, out, _ = office("ledger", "rules")
    assert code == 0
    assert "no source found" in out
