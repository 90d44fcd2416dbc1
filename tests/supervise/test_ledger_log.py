"""The log: hashes against the standard library, proofs that hold and that must not, officers, alerts, kill -9."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import multiprocessing
import os
import random
import shutil
import time
from pathlib import Path
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.errors import DataError, UsageError
from postroad.supervise import alarm, alert, merkle
from postroad.supervise.alert import alerts, expectation, record, settle
from postroad.supervise.identity import KeyRing, Share, make_seal
from postroad.supervise.ledger import Counter, Ledger, extract, take, writer
from postroad.supervise.ledger.asking import frame_of
from postroad.supervise.ledger.checks import check
from postroad.supervise.ledger.opening import forget, forgettings, openings, reidentify
from postroad.supervise.ledger.proving import (
    audit,
    consistent,
    prove,
    verify,
    verify_consistent,
)
from postroad.supervise.records import Actor
from postroad.supervise.records import audit as log
from postroad.supervise.records.desk import Forbidden
from postroad.supervise.sha256 import leaves, macs
from tests.supervise.ledger_child import extract_all, take_all
from tests.supervise.ledger_world import KNOWN, acceptance, resident, scan, write


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=1, max_size=40), st.binary(min_size=1, max_size=100))
def test_hashes_are_those_of_the_standard_library(texts, key):
    texts = [t.encode("utf-8", "replace").decode() for t in texts]
    column = pl.Series(texts)
    assert [row.tobytes() for row in leaves(column)] == [hashlib.sha256(b"\x00" + t.encode()).digest() for t in texts]
    assert [row.tobytes() for row in macs(key, column)] == [hmac.digest(key, t.encode(), "sha256") for t in texts]


def root_by_definition(hashes):
    """RFC 6962, section 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return merkle.node_hash(root_by_definition(hashes[:split]), root_by_definition(hashes[split:]))


def test_trees_of_every_small_size():
    hashes = [merkle.leaf_hash(bytes([n])) for n in range(33)]
    # Published vectors of the certificate-transparency project: the empty tree, and a leaf of nothing.
    assert merkle.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    growing = merkle.Growing()
    assert growing.root == merkle.EMPTY
    for n in range(1, 34):
        growing.add(hashes[n - 1])
        tree = merkle.Tree(hashes[:n])
        assert growing.root == tree.root
        assert tree.root == root_by_definition(hashes[:n])
        for i in range(n):
            path = tree.inclusion(i)
            assert merkle.verify_inclusion(hashes[i], i, n, path, tree.root)
            assert not merkle.verify_inclusion(merkle.leaf_hash(b"x"), i, n, path, tree.root)
            assert not merkle.verify_inclusion(hashes[i], i + 1, n, path, tree.root)
        for m in range(1, n + 1):
            path = tree.consistency(m)
            assert merkle.verify_consistency(m, n, root_by_definition(hashes[:m]), tree.root, path)
            assert not merkle.verify_consistency(m, n, merkle.leaf_hash(b"x"), tree.root, path)


@pytest.fixture
def held(tmp_path):
    ring = KeyRing.open(tmp_path / "keys")
    shares = make_seal(ring, ("Li", "Wang"))
    rows = [acceptance(f"YT000000{n:04d}", **({"opened": "false"} if n == 3 else {})) for n in range(40)]
    take(tmp_path / "l", write(tmp_path / "acceptances.csv", rows), ring, known_at=KNOWN)
    take(tmp_path / "l", write(tmp_path / "scans.csv", [scan("YT0000000001", "EMK", "2026-03-09 08:00:00")]), ring,
         known_at=KNOWN)  # fmt: skip
    return Ledger.open(tmp_path / "l"), ring, shares


def test_three_checks_are_proved_to_a_stranger(held):
    ledger, _, _ = held
    published = ledger.head.root
    proof = json.loads(json.dumps(prove(ledger, "YT0000000007")))
    every = {"real_name": True, "open_box": True, "machine_check": True}
    told = {"holds": True, "root": published, "origin": "synthetic", "all_three": True, "checks": every,
            "replaced_later": False}  # fmt: skip
    assert verify(proof, published) == told
    assert verify(json.loads(json.dumps(prove(ledger, "YT0000000003"))), published)["checks"]["open_box"] is False
    forged = json.loads(json.dumps(prove(ledger, "YT0000000003")))
    forged["record"]["text"] = forged["record"]["text"].replace("false", "true", 1)
    assert verify(forged, published)["holds"] is False
    assert verify(proof, "00" * 32)["holds"] is False
    assert verify({**proof, "origin": "observed"}, published)["holds"] is False
    # The record says true of its label and false of the open box: names are not the proof's to give.
    renamed = json.loads(json.dumps(prove(ledger, "YT0000000003")))
    names = renamed["record"]["columns"]
    one, two = names.index("opened"), names.index("label_private")
    names[one], names[two] = names[two], names[one]
    with pytest.raises(DataError):
        verify(renamed, published)
    assert resident("99900019900101001") not in json.dumps(proof)
    with pytest.raises(DataError):
        verify({"record": {}})
    with pytest.raises(UsageError):
        prove(ledger, "YT9999999999")


def test_the_log_is_only_added_to(held, tmp_path):
    ledger, ring, _ = held
    take(ledger.root, write(tmp_path / "scans-2.csv", [scan("YT0000000002", "EMK", "2026-03-09 08:00:00")]), ring,
         known_at=KNOWN)  # fmt: skip
    grown = ledger.again()
    for size in range(1, grown.head.size + 1):
        proof = consistent(grown, size)
        assert verify_consistent(proof)
        assert not verify_consistent({**proof, "old_root": "11" * 32})
        assert verify_consistent(proof, proof["old_root"], proof["new_root"])
        assert not verify_consistent(proof, "11" * 32)
        assert not verify_consistent(proof, None, "11" * 32)
    assert audit(grown) == []
    part = grown.root / grown.parts("scans")[0].path
    part.write_bytes(part.read_bytes()[:-1] + b"!")
    commit = grown.root / "commits" / "00000001.json"
    commit.write_text(commit.read_text("utf-8").replace('"lines": 40', '"lines": 41'), "utf-8")
    assert {f.key for f in audit(grown.again())} == {"ledger.part_changed", "ledger.commit_changed"}


def test_rows_added_to_those_replaced_or_set_aside_are_found(held, tmp_path):
    ledger, ring, _ = held
    rows = [acceptance("YT0000000007", packaging="paper"), {**acceptance("YT0000000008"), "packaging": "glass"}]
    take(ledger.root, write(tmp_path / "acceptances-more.csv", rows), ring, known_at=KNOWN)
    ledger = ledger.again()
    assert audit(ledger) == []
    for folder in ("superseded", "quarantine"):
        (file,) = (ledger.root / folder).iterdir()
        good = file.read_bytes()
        frame = pl.read_parquet(file)
        more = pl.concat([frame, frame.with_columns((pl.col("line") + 1).cast(frame["line"].dtype))])
        strange = [frame.with_columns(part=pl.lit("parts/none"))] if folder == "superseded" else []
        for content in (more, frame.clear(), *strange):
            content.write_parquet(file)
            assert [(f.key, dict(f.facts)["path"]) for f in audit(ledger)] == [
                ("ledger.part_changed", f"{folder}/{file.name}"),
            ]  # fmt: skip
        file.write_bytes(good[:20])
        assert [f.key for f in audit(ledger)] == ["ledger.part_changed"]
        file.unlink()
        assert [f.key for f in audit(ledger)] == ["ledger.part_missing"]
        file.write_bytes(good)


def test_two_officers_open_one_number_and_leave_a_record(held, tmp_path):
    ledger, ring, shares = held
    with ledger.query() as link:
        sender = frame_of(link, "SELECT hex(sender) AS s FROM acceptances LIMIT 1")["s"][0]
    files = [share.save(tmp_path / f"{n}.json") for n, share in enumerate(shares)]
    assert [oct(f.stat().st_mode & 0o777) for f in files] == ["0o600", "0o600"]
    loaded = tuple(Share.load(f) for f in files)
    number = reidentify(ledger, sender, loaded, ring, "case 7", KNOWN)
    assert number == resident("99900019900101001")
    assert [(o["officers"], o["reason"]) for o in openings(ledger.again())] == [(["Li", "Wang"], "case 7")]
    one = (shares[0], Share("Wang", os.urandom(32)))
    alone = (shares[0], Share("Li", shares[0].half))
    renamed = (Share("Zhao", shares[0].half), shares[1])  # the right halves under a name of no officer
    for pair in (one, alone, renamed):
        with pytest.raises(UsageError):
            reidentify(ledger.again(), sender, pair, ring, "case 8", KNOWN)
    with pytest.raises(UsageError):
        reidentify(ledger.again(), sender, loaded, ring, " ", KNOWN)
    # Even an opening that failed is on record.
    assert [o["granted"] for o in openings(ledger.again())] == [True, False, False, False]


def test_a_month_forgotten_by_two_officers_cannot_be_opened_and_all_else_stands(held, tmp_path):
    ledger, ring, shares = held
    with ledger.query() as link:
        sender = frame_of(link, "SELECT hex(sender) AS s FROM acceptances LIMIT 1")["s"][0]
    before, published, proof = ring.key("2026-03"), ledger.head, prove(ledger, "YT0000000007")
    rates = check(ledger).rates
    other = KeyRing.open(tmp_path / "keys")  # as another process has it in mind
    for period, pair, reason in (("2026-02", shares, "old"), ("2026-03", shares, ""),
                                 ("2026-03", (shares[0], Share("Wang", os.urandom(32))), "old")):  # fmt: skip
        with pytest.raises(UsageError):
            forget(ledger.again(), period, pair, ring, reason, KNOWN)
    assert ring.periods["2026-03"] == before
    forget(ledger.again(), "2026-03", shares, ring, "kept long enough", KNOWN)
    other.key("2026-04")  # writes the ring: the forgotten key must not come back with it
    ring = KeyRing.open(tmp_path / "keys")
    assert "2026-03" not in ring.periods
    assert before.hex() not in ring.path.read_bytes().hex()
    with pytest.raises(UsageError, match="kept long enough"):
        reidentify(ledger.again(), sender, shares, ring, "case 9", KNOWN)
    # A late record of that month gets a new key: what was sealed before stays shut, what is sealed now opens.
    late = acceptance("YT0000009999", id_number=resident("99900019900101002"))
    take(ledger.root, write(tmp_path / "acceptances-late.csv", [late]), ring, known_at=KNOWN)
    with pytest.raises(UsageError, match="kept long enough"):
        reidentify(ledger.again(), sender, shares, ring, "case 9", KNOWN)
    with ledger.again().query() as link:
        new = frame_of(link, "SELECT hex(sender) AS s FROM acceptances WHERE waybill = 'YT0000009999'")["s"][0]
    assert reidentify(ledger.again(), new, shares, ring, "case 10", KNOWN) == resident("99900019900101002")
    held_now = ledger.again()
    assert [(f["granted"], f["officers"]) for f in forgettings(held_now)] == [
        (False, ["Li", "Wang"]), (True, ["Li", "Wang"]),
    ]  # fmt: skip
    assert [o["granted"] for o in openings(held_now)] == [False, False, True]
    assert audit(held_now) == []
    assert verify(proof, published.root)["holds"]
    assert verify(prove(held_now, "YT0000000007"), held_now.head.root)["holds"]
    assert check(ledger).rates.equals(rates)


def counted(days, outlets, rng, surge=None):
    """Acceptances by outlet, day and hour: Poisson around a level of its own."""
    rows = []
    for o in range(outlets):
        for d in range(days):
            for h in range(8, 20):
                n = rng.poisson(6 + o % 5)
                if surge == (o, d, h):
                    n += 40
                rows.append((f"O{o}", dt.date(2026, 2, 1) + dt.timedelta(days=d), h, n))
    return pl.DataFrame(rows, schema=["outlet_id", "day", "hour", "seen"], orient="row")


def test_expectation_is_the_mean_of_quiet_days():
    past = counted(28, 6, np.random.default_rng(1))
    cells, spread, day_spread = expectation(past, dt.date(2026, 3, 1))
    means = cells.group_by("outlet_id").agg(pl.col("mean").mean()).sort("outlet_id")["mean"].to_list()
    assert means == pytest.approx([6 + o % 5 for o in range(6)], rel=0.08)
    assert max(spread, day_spread) < 0.05


@pytest.fixture
def counts_of(monkeypatch):
    """A ledger whose counts are given, so that a month costs no intake."""
    held = {}
    monkeypatch.setattr(alert, "_counts", lambda *_: held["counts"].with_columns(pl.lit("YT").alias("operator_id")))
    stand_in = SimpleNamespace(origin="synthetic")

    def judged(counts, day):
        held["counts"] = counts
        return alerts(stand_in, day)

    return judged


def test_a_day_that_stands_out_in_no_single_hour_is_an_alert(counts_of):
    last = dt.date(2026, 3, 1)
    counts = counted(29, 12, np.random.default_rng(5))
    quiet = (pl.col("day") == last) & (pl.col("hour") != 12)
    silent = counts.filter(~((pl.col("outlet_id") == "O0") & quiet))  # about one piece where 72 are usual
    found = counts_of(silent, last)
    assert found.found.height > 0
    assert set(found.found["outlet_id"]) == {"O0"}
    busy = (pl.col("outlet_id") == "O4") & (pl.col("day") == last)
    raised = counts.with_columns(pl.when(busy).then(pl.col("seen") + 4).otherwise("seen").alias("seen"))
    (row,) = counts_of(raised, last).found.rows(named=True)
    assert (row["outlet_id"], row["hour"], row["direction"]) == ("O4", alert.WHOLE_DAY, "high")
    assert row["seen"] == raised.filter(busy)["seen"].sum()
    assert 100 < row["expected"] < 140
    assert "whole of" in alerts_reason(counts_of(raised, last), row)


def alerts_reason(found, row):
    return found.reason(row).say("en")


def test_false_alarms_on_quiet_days_are_rare(counts_of):
    days = [counts_of(counted(29, 10, np.random.default_rng(seed)), dt.date(2026, 3, 1)).found.height
            for seed in range(60)]  # fmt: skip
    # At a false-discovery rate of 5 % any alert on a day without cause is false: at most 3 days in 60 on average.
    assert sum(count > 0 for count in days) <= 8


@pytest.fixture(scope="module")
def taken_month(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("month")
    ring = KeyRing.open(tmp_path / "keys")
    cells = counted(29, 4, np.random.default_rng(5), surge=(2, 28, 11))
    rows = []
    for n, (outlet, day, hour, seen) in enumerate(cells.iter_rows()):
        bare = {"outlet_id": outlet, "id_kind": "agreement", "id_number": "", "opened_at": "", "xray_at": ""}
        at = f"{day} {hour:02d}:00"
        rows += [acceptance(f"YT{n:06d}{k:04d}", accepted_at=f"{at}:{k % 60:02d}", **bare) for k in range(seen)]
    take(tmp_path / "l", write(tmp_path / "acceptances.csv", rows), ring, known_at=KNOWN)
    return tmp_path / "l"


@pytest.fixture
def month(taken_month, tmp_path):
    """Four weeks of four outlets with one surge on the last day."""
    return Ledger.open(shutil.copytree(taken_month, tmp_path / "l"))


def test_alerts_find_the_surge_and_keep_a_record(month):
    found = alerts(month, dt.date(2026, 3, 1))
    assert [(r["outlet_id"], r["hour"]) for r in found.found.iter_rows(named=True)] == [("O2", 11)]
    row = found.found.row(0, named=True)
    assert "O2" in found.reason(row).say("en")
    assert row["high"] < row["seen"]
    quiet = alerts(month, dt.date(2026, 2, 28))
    assert quiet.found.height == 0
    with pytest.raises(UsageError):
        alerts(month, dt.date(2026, 2, 10))
    settle(month, row, "false", "holiday", KNOWN)
    settle(month.again(), row, "hit", "found on site", KNOWN)
    settle(month.again(), {**row, "alert_id": "another"}, "false", "", KNOWN)
    settle(month.again(), {**row, "alert_id": "third", "direction": "low"}, "false", "", KNOWN)
    told = record(month.again())
    assert told["outcomes"] == {row["alert_id"]: "hit", "another": "false", "third": "false"}
    assert (told["settled"], told["hits"], told["false"], told["hit_share"]) == (3, 1, 2, 1 / 3)
    many, few = told["by_kind"]["high"], told["by_kind"]["low"]
    assert (many["settled"], many["hits"], many["hit_share"], few["hits"], few["false"]) == (2, 1, 0.5, 0, 1)
    z = NormalDist().inv_cdf(0.975)  # Wilson's interval of 1 in 2 by hand: half its width is z / 2 / sqrt(2 + z * z)
    assert many["high"] - 0.5 == pytest.approx(0.5 - many["low"]) == pytest.approx(z / 2 / (2 + z * z) ** 0.5)
    with pytest.raises(UsageError):
        settle(month.again(), row, "perhaps", "", KNOWN)


def test_outcomes_stand_in_the_database_of_record(month, desk):
    row = alerts(month, dt.date(2026, 3, 1)).found.row(0, named=True)
    settle(month, {**row, "alert_id": "early", "direction": "low"}, "hit", "from before there was a database", KNOWN)
    held = month.again()
    for outcome in ("false", "hit"):  # the last word counts, the first is kept
        alarm.settled(desk, held, row, outcome, "looked on site")
    told = alarm.told(desk, held)
    assert {name: one["outcome"] for name, one in told["outcomes"].items()} == {"early": "hit", row["alert_id"]: "hit"}
    assert told["by_kind"]["low"]["settled"] == told["by_kind"]["high"]["hits"] == 1
    assert [e["alert"]["alert_id"] for e in held.again().entries("outcome")] == ["early"]  # the log says no more of it
    assert [one["outcome"] for one in desk.history(alarm.TABLE, f"{alarm.name_of(held)}-{row['alert_id']}")] == [
        "false", "hit",
    ]  # fmt: skip
    shares = {one["kind"]: one["hits"] for one in alarm.record(desk)}
    assert shares == {"all": 2, "high": 1, "low": 1}
    with desk.store.reading() as connection:
        entries, faults = log.check(connection)
    assert (entries >= 3, faults) == (True, [])
    for role in ("public", "enterprise:YTO", "inspector:I1"):
        with pytest.raises(Forbidden):
            alarm.settled(desk.seated(Actor.named(role)), held, row, "false", "")
    with pytest.raises(Forbidden):  # another prefecture's outlet, or one on no register, is not a prefecture's
        alarm.settled(desk.seated(Actor("prefecture", "2202")), held, row, "false", "")


def killed(tmp_path: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill an intake of a dozen files at random moments, and hold the ledger against one never killed."""
    lot = random.Random(seed)
    files = []
    for n in range(12):
        rows = [scan(f"YT{n:04d}{k:06d}", "EMK", "2026-03-09 08:00:00") for k in range(60)]
        rows += [scan(f"YT{max(0, n - 1):04d}{k:06d}", "EMK", "2026-03-09 08:00:00", other_id="H9") for k in range(5)]
        files.append(str(write(tmp_path / f"scans-{n:02d}.csv", rows)))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.supervise.ledger_child"])
    take_all(str(tmp_path / "whole"), files, str(tmp_path / "told"))
    with Ledger.open(tmp_path / "whole").query() as link:
        wanted = frame_of(link, "SELECT * EXCLUDE (line) FROM scans ORDER BY ALL")
    counts = {"kills": 0, "rounds": 0, "lost": 0, "doubled": 0, "acknowledged": 0}
    while counts["kills"] < kills:
        counts["rounds"] += 1
        root = tmp_path / f"round{counts['rounds']}"
        told = tmp_path / f"told{counts['rounds']}"
        while True:
            together = counts["kills"] % 2 == 1
            run = context.Process(target=take_all, args=(str(root), files, str(told), together))
            before = told.stat().st_size if told.is_file() else 0
            run.start()
            while run.is_alive() and not (told.is_file() and told.stat().st_size > before):
                time.sleep(0.001)
            # About as long as a few files take, so that most runs are cut inside one of them.
            end = time.monotonic() + lot.uniform(0.0, 0.25)
            while run.is_alive() and time.monotonic() < end and counts["kills"] < kills:
                time.sleep(0.001)
            cut = run.is_alive() and counts["kills"] < kills
            if cut:
                run.kill()
                counts["kills"] += 1
            run.join()
            acknowledged = set(told.read_text("utf-8").split()) - {"ready"}
            if (root / "about.json").is_file():
                held = [e["source"]["name"] for e in Ledger.open(root).entries("file")]
                counts["lost"] += len(acknowledged - set(held))
                counts["doubled"] += len(held) - len(set(held))
            if not cut:
                break
        with Ledger.open(root).query() as link:
            found = frame_of(link, "SELECT * EXCLUDE (line) FROM scans ORDER BY ALL")
        assert found.equals(wanted)
        assert audit(Ledger.open(root)) == []
        counts["acknowledged"] += len(acknowledged)
    return counts


@pytest.mark.parametrize(("breaks", "kept"), [("sync_path", 1), ("replace", 3)])
def test_files_committed_together_when_the_disk_fails(tmp_path, monkeypatch, breaks, kept):
    """What is in its place stays, and all the rest is as if it had never come."""
    files = [write(tmp_path / f"scans-{n}.csv", [scan(f"YT{n:010d}", "EMK", "2026-03-09 08:00:00")]) for n in range(6)]
    ring, root = KeyRing.open(tmp_path / "keys"), tmp_path / "l"
    take(root, files[0], ring, known_at=KNOWN)
    of = writer if breaks == "sync_path" else Path
    whole = getattr(of, breaks)

    def failing(path, *rest):
        if path.name == "00000004.json.part":
            raise OSError(28, "no space")
        return whole(path, *rest)

    monkeypatch.setattr(of, breaks, failing)
    with Counter(root, ring) as counter:
        with pytest.raises(OSError, match="no space"):
            list(counter.take_all(files, known_at=KNOWN))
        held = [e["source"]["name"] for e in Ledger.open(root).entries("file")]
        assert held == [f"scans-{n}.csv" for n in range(kept)]
        assert len(list((root / "parts").rglob("*.parquet"))) == kept
        assert audit(Ledger.open(root)) == []
        monkeypatch.setattr(of, breaks, whole)
        told = [taken.already for _, taken in counter.take_all(files, known_at=KNOWN)]
    assert told == [n < kept for n in range(6)]
    assert len(list(Ledger.open(root).entries("file"))) == 6
    assert audit(Ledger.open(root)) == []


def test_kill_at_a_few_moments(tmp_path):
    told = killed(tmp_path, 4, seed=1)
    assert (told["kills"], told["lost"], told["doubled"]) == (4, 0, 0)


@pytest.mark.slow
def test_kill_at_two_hundred_moments(tmp_path, capsys):
    told = killed(tmp_path, 200, seed=2)
    with capsys.disabled():
        print("\nkill -9:", told)
    assert (told["kills"], told["lost"], told["doubled"]) == (200, 0, 0)


def extracts_killed(tmp_path: Path, database: str, kills: int, seed: int) -> dict[str, int]:
    """Kill the writing of an extract at random moments: what is read is always one whole extract, old or new."""
    lot, ring, root = random.Random(seed), KeyRing.open(tmp_path / "keys"), tmp_path / "l"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.supervise.ledger_child"])
    told = tmp_path / "told"

    def grow(n):
        rows = [scan(f"YT{n:04d}{k:06d}", "EMK", "2026-03-09 08:00:00") for k in range(200)]
        take(root, write(tmp_path / f"scans-{n}.csv", rows), ring, known_at=KNOWN)

    grow(0)
    began = time.monotonic()
    extract.write(Ledger.open(root), database)
    took = time.monotonic() - began
    files, seen = 1, {1}  # files in the ledger, and those an extract may hold: the last acknowledged one, or later
    counts = {"kills": 0, "acknowledged": 0, "seen_whole": 0}
    while counts["kills"] < kills:
        if counts["kills"] % 20 == 10 and files == max(seen):
            grow(files)
            files += 1
        told.unlink(missing_ok=True)
        run = context.Process(target=extract_all, args=(str(root), database, str(told)))
        run.start()
        while run.is_alive() and not (told.is_file() and told.stat().st_size):
            time.sleep(0.001)
        run.join(lot.uniform(0.0, 1.5 * took))
        if run.is_alive():
            run.kill()
            counts["kills"] += 1
        run.join()
        done = "done" in told.read_text("utf-8")
        counts["acknowledged"] += done
        held = extract.opened(database)
        with held.query() as link:
            there = frame_of(link, "SELECT count(*) AS n, count(DISTINCT waybill) AS d FROM scans").row(0)
        assert there == (200 * held.head.size, 200 * held.head.size)
        assert held.head.size in ({files} if done else {*seen, files})
        seen = {held.head.size}
        counts["seen_whole"] += 1
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("quarter", range(4))
def test_an_extract_killed_at_two_hundred_moments(tmp_path, postgres, capsys, quarter):
    told = extracts_killed(tmp_path, postgres.database(postgres.template), 50, seed=quarter)
    with capsys.disabled():
        print("\nkill -9 while an extract is written:", told)
    assert told["kills"] == 50
