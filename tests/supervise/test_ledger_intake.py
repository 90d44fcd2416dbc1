"""Intake: every line accounted for, once, with two clocks; nothing of a person kept."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postroad.errors import DataError, PostroadError, UsageError
from postroad.face.cli import main
from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Counter, Ledger, quarantine, reading, shelf, take
from postroad.supervise.ledger.asking import frame_of
from postroad.supervise.ledger.epcis import document
from postroad.supervise.ledger.proving import audit, prove
from postroad.supervise.ledger.store import Shelf
from tests.supervise.ledger_world import KNOWN, acceptance, delivery, resident, scan, write


@pytest.fixture
def ring(tmp_path):
    return KeyRing.open(tmp_path / "keys")


def rows(root: Path, kind: str, as_of: dt.datetime | None = None) -> pl.DataFrame:
    with Ledger.open(root).query(as_of=as_of) as link:
        return frame_of(link, f"SELECT * FROM {kind} ORDER BY waybill, line")


def test_same_file_twice_changes_nothing(tmp_path, ring):
    file = write(tmp_path / "scans.csv", [scan("YT0000000001", "EMK", "2026-03-09 08:00:00", other_id="H2")])
    first = take(tmp_path / "l", file, ring, known_at=KNOWN)
    before = sorted(p.name for p in (tmp_path / "l").rglob("*"))
    again = take(tmp_path / "l", file, ring, known_at=KNOWN)
    assert (first.stored, again.already, again.seq) == (1, True, first.seq)
    assert sorted(p.name for p in (tmp_path / "l").rglob("*")) == before


def test_every_line_has_one_fate(tmp_path, ring):
    good = scan("YT0000000001", "EMK", "2026-03-09 08:00:00")
    made = [
        good, good, {**good, "other_id": "H9"},  # taken, repeated, corrects
        {**good, "waybill": "RR123456785CN"}, {**good, "waybill": "RR123456784CN"},  # right and wrong check digit
        {**good, "waybill": "YT0000000002", "event_at": "2026-02-30 08:00:00"},
        {**good, "waybill": "YT0000000003", "event": "XYZ"},
        {**good, "waybill": "YT0000000004", "event_at": "2027-01-01 00:00:00"},
        {**good, "waybill": "", "facility_id": ""}, {**good, "waybill": "YT0000000005", "facility_id": "H\u200b1"},
    ]  # fmt: skip
    file = write(tmp_path / "scans.csv", made)
    with file.open("a") as more:
        more.write('\nYT0000000009,"torn\nYT,too,few\n')
    taken = take(tmp_path / "l", file, ring, known_at=KNOWN)
    assert (taken.lines, taken.stored, taken.corrected, taken.repeated, taken.quarantined, taken.blank) == (
        13,
        3,
        1,
        1,
        8,
        1,
    )
    assert taken.reasons == {"missing": 1, "s10_check_digit": 1, "unreadable": 1, "not_a_choice": 1, "future": 1,
                             "strange_signs": 1, "torn_quotes": 1, "wrong_number_of_cells": 1}  # fmt: skip
    assert rows(tmp_path / "l", "scans")["other_id"].to_list() == [None, "H9"]
    aside = quarantine(tmp_path / "l")
    assert aside.filter(reason="missing")["column"].to_list() == ["waybill", "facility_id"]
    assert aside.filter(reason="s10_check_digit")["shape"].to_list() == ["AA999999999AA"]


@pytest.mark.parametrize("harm", ["none", "cut short", "another's", "gone"])
def test_keys_kept_beside_a_part_are_believed_only_when_they_are_its_own(tmp_path, ring, harm):
    """A correction a week later finds its record by the keys kept, and just as well when they are damaged."""
    root = tmp_path / "l"
    take(root, write(tmp_path / "acceptances-1.csv", [acceptance("YT0000000001"), acceptance("YT0000000002")]), ring,
         known_at=KNOWN)  # fmt: skip
    other = {"accepted_at": "2026-03-05 10:00:00", "packaging": "paper"}
    take(root, write(tmp_path / "acceptances-2.csv", [acceptance("YT0000000003", **other)]), ring, known_at=KNOWN)
    (kept,) = (root / "keys").glob("*.npy")
    if harm == "cut short":
        kept.write_bytes(kept.read_bytes()[:-8])
    elif harm == "another's":
        np.save(kept, np.arange(3, dtype=np.uint64)[::-1])
    elif harm == "gone":
        kept.unlink()
    taken = take(root, write(tmp_path / "acceptances-3.csv", [acceptance("YT0000000002", **other)]), ring,
                 known_at=KNOWN)  # fmt: skip
    assert (taken.stored, taken.corrected) == (1, 1)
    assert rows(root, "acceptances")["packaging"].to_list()[1:] == ["paper", "paper"]


def test_two_clocks(tmp_path, ring):
    late = KNOWN + dt.timedelta(days=2)
    take(
        tmp_path / "l",
        write(tmp_path / "acceptances-1.csv", [acceptance("YT0000000001", tape_mm="60")]),
        ring,
        known_at=KNOWN,
    )
    file = write(tmp_path / "acceptances-2.csv", [acceptance("YT0000000001"), acceptance("YT0000000002")])
    assert take(tmp_path / "l", file, ring, known_at=late).corrected == 1
    assert rows(tmp_path / "l", "acceptances")["tape_mm"].to_list() == [45, 45]
    assert rows(tmp_path / "l", "acceptances", KNOWN)["tape_mm"].to_list() == [60]
    # The first version sent again is known already and does not come back to life.
    old = write(tmp_path / "acceptances-3.csv", [acceptance("YT0000000001", tape_mm="60")] * 2)
    again = take(tmp_path / "l", old, ring, known_at=late)
    assert (again.repeated, again.stored) == (2, 0)
    assert rows(tmp_path / "l", "acceptances")["tape_mm"].to_list() == [45, 45]


def test_withdrawal_ends_a_record_for_good(tmp_path, ring):
    take(
        tmp_path / "l",
        write(tmp_path / "deliveries-1.csv", [delivery("YT0000000001"), delivery("YT0000000002")]),
        ring,
        known_at=KNOWN,
    )
    gone = take(
        tmp_path / "l",
        write(tmp_path / "deliveries-2.csv", [delivery("YT0000000001", action="withdraw")]),
        ring,
        known_at=KNOWN,
    )
    assert gone.withdrawn == 1
    assert rows(tmp_path / "l", "deliveries")["waybill"].to_list() == ["YT0000000002"]
    back = take(
        tmp_path / "l",
        write(tmp_path / "deliveries-3.csv", [delivery("YT0000000001", manner="station")]),
        ring,
        known_at=KNOWN,
    )
    assert back.reasons == {"key_withdrawn": 1}
    assert rows(tmp_path / "l", "deliveries").height == 1


def test_records_with_their_own_number_move_days(tmp_path, ring):
    one = scan("YT0000000001", "EMK", "2026-03-09 08:00:00", record_id="a")
    take(tmp_path / "l", write(tmp_path / "scans-1.csv", [one, {**one, "record_id": "b"}]), ring, known_at=KNOWN)
    moved = take(
        tmp_path / "l",
        write(tmp_path / "scans-2.csv", [{**one, "event_at": "2026-03-01 08:00:00"}]),
        ring,
        known_at=KNOWN,
    )
    assert moved.corrected == 1
    assert sorted(rows(tmp_path / "l", "scans")["event_at"].dt.day().to_list()) == [1, 9]


def test_nothing_of_a_person_is_stored(tmp_path, ring):
    number = resident("99900019900101001")
    made = [acceptance("YT0000000001"), acceptance("YT0000000002", id_number=number[:-1] + "0"),
            acceptance(number, waybill_note="x"), acceptance("YT0000000003", product_id=f"call {number}")]  # fmt: skip
    made = [{**row, "sender_name": "王小明", "phone": "13800138000"} for row in made]
    taken = take(tmp_path / "l", write(tmp_path / "acceptances.csv", made), ring, known_at=KNOWN)
    assert set(taken.not_taken) == {"sender_name", "phone", "waybill_note"}
    assert taken.reasons == {"personal_data": 2}
    kept = b"".join(p.read_bytes() for p in (tmp_path / "l").rglob("*") if p.is_file())
    held = rows(tmp_path / "l", "acceptances")
    text = held.drop("sender").write_json() + quarantine(tmp_path / "l").write_json()
    for secret in (number, "王小明", "13800138000"):
        assert secret.encode() not in kept
        assert secret not in text
    assert held.filter(waybill="YT0000000001")["id_ok"].to_list() == [True]
    assert held.filter(waybill="YT0000000002")["id_ok"].to_list() == [False]


def test_pseudonyms_rotate_by_month(tmp_path, ring):
    made = [
        acceptance("YT0000000001"),
        acceptance("YT0000000002"),
        acceptance("YT0000000003", accepted_at="2026-02-09 10:00:00"),
    ]
    take(tmp_path / "l", write(tmp_path / "acceptances.csv", made), ring, known_at=KNOWN)
    a, b, c = rows(tmp_path / "l", "acceptances")["sender"]
    assert a == b != c
    assert set(ring.periods) == {"2026-02", "2026-03"}


def test_forms_give_the_same_records(tmp_path, ring):
    made = [
        scan("YT0000000001", "EMK", "2026-03-09 08:00:00", other_id="H2"),
        scan("YT0000000002", "EMJ", "2026-03-09 09:00:00"),
    ]
    write(tmp_path / "scans.csv", made)
    frame = pl.DataFrame(made).with_columns(pl.col("other_id").replace("", None))
    frame.with_columns(pl.col("event_at").str.to_datetime()).write_parquet(tmp_path / "scans.parquet")
    (tmp_path / "scans.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made), "utf-8")
    told = document({"scans": frame}, "2026-03-10T00:00:00Z")
    (tmp_path / "day.jsonld").write_text(json.dumps(told), "utf-8")
    (tmp_path / "scans-zh.csv").write_bytes(
        "运单号,企业,场所,事件,事件时间,对端,来历\n".encode("gb18030")
        + b"".join(",".join(row.values()).encode() + b"\r\n" for row in made)
    )
    found = []
    for n, name in enumerate(("scans.csv", "scans.parquet", "scans.jsonl", "day.jsonld")):
        assert take(tmp_path / str(n), tmp_path / name, ring, known_at=KNOWN).stored == 2
        found.append(rows(tmp_path / str(n), "scans").drop("line"))
    assert all(frame.equals(found[0]) for frame in found)
    zh = write(tmp_path / "scans-zh.csv", [{"运单号": r["waybill"], "企业": r["operator_id"], "场所": r["facility_id"],
               "事件": r["event"], "事件时间": r["event_at"], "对端": r["other_id"],
               "来历": r["origin"]} for r in made])  # fmt: skip
    zh.write_bytes(zh.read_text("utf-8").replace("\n", "\r\n").encode("gb18030"))
    assert take(tmp_path / "zh", zh, ring, known_at=KNOWN).stored == 2
    assert rows(tmp_path / "zh", "scans").drop("line").equals(found[0])


def test_epcis_errors_are_honoured_in_any_order(tmp_path, ring):
    at = "2026-03-09 08:00:00"
    frame = pl.DataFrame([scan(f"YT000000000{n}", "EMK", at, record_id=f"urn:e:{n}", other_id="H2") for n in (1, 2)])
    (tmp_path / "a.jsonld").write_text(json.dumps(document({"scans": frame}, "2026-03-10T00:00:00Z")), "utf-8")
    error = document({"scans": frame.head(1)}, "2026-03-10T00:00:00Z", withdraw=True)
    (tmp_path / "e.jsonld").write_text(json.dumps(error), "utf-8")
    for order in ("ae", "ea"):
        for name in order:
            take(tmp_path / order, tmp_path / f"{name}.jsonld", ring, known_at=KNOWN)
        assert rows(tmp_path / order, "scans")["waybill"].to_list() == ["YT0000000002"], order


def test_epcis_document_is_held_against_its_schema(tmp_path, ring):
    frame = pl.DataFrame([scan("YT0000000001", "EMK", "2026-03-09 08:00:00", other_id="H2")])
    told = document({"scans": frame}, "2026-03-10T00:00:00Z")
    event = told["epcisBody"]["eventList"][0]
    told["epcisBody"]["eventList"] += [{**event, "eventTime": "yesterday"}, {**event, "postroad:kind": "no"},
                                       {k: v for k, v in event.items() if k != "epcList"}]  # fmt: skip
    (tmp_path / "a.jsonld").write_text(json.dumps(told), "utf-8")
    taken = take(tmp_path / "l", tmp_path / "a.jsonld", ring, known_at=KNOWN)
    assert (taken.lines, taken.stored, taken.reasons) == (4, 1, {"epcis_event": 3 - 1, "epcis_no_record": 1})
    broken = {**told, "schemaVersion": "1.2", "creationDate": 5}
    (tmp_path / "b.jsonld").write_text(json.dumps(broken), "utf-8")
    with pytest.raises(DataError) as caught:
        take(tmp_path / "l", tmp_path / "b.jsonld", ring, known_at=KNOWN)
    assert len(caught.value.faults) == 2


def test_rehearsal_and_real_records_never_mix(tmp_path, ring):
    write(tmp_path / "scans-1.csv", [scan("YT0000000001", "EMK", "2026-03-09 08:00:00")])
    take(tmp_path / "l", tmp_path / "scans-1.csv", ring, known_at=KNOWN)
    real = [{k: v for k, v in scan("YT0000000002", "EMK", "2026-03-09 08:00:00").items() if k != "origin"}]
    with pytest.raises(UsageError):
        take(tmp_path / "l", write(tmp_path / "scans-2.csv", real), ring, known_at=KNOWN)
    mixed = [
        scan("YT0000000003", "EMK", "2026-03-09 08:00:00"),
        scan("YT0000000004", "EMK", "2026-03-09 08:00:00", origin="observed"),
    ]
    assert take(tmp_path / "l", write(tmp_path / "scans-3.csv", mixed), ring, known_at=KNOWN).reasons == {
        "other_origin": 1
    }


@pytest.mark.parametrize("begun", [False, True])
def test_a_file_without_records_says_nothing_of_where_they_are_from(tmp_path, ring, begun):
    if begun:
        take(tmp_path / "l", write(tmp_path / "scans.csv", [scan("YT0000000001", "EMK", "2026-03-09 08:00:00")]), ring)
    empty = tmp_path / "scans-none.csv"
    empty.write_text("waybill,operator_id,facility_id,event,event_at\n")
    torn = tmp_path / "scans-torn.csv"
    torn.write_text("waybill,operator_id,facility_id,event,event_at\nYT0000000002,YTO\n")
    if begun:
        assert [take(tmp_path / "l", file, ring).quarantined for file in (empty, torn)] == [0, 1]
        return
    with pytest.raises(DataError) as told:
        take(tmp_path / "l", empty, ring)
    assert told.value.faults[0].key == "ledger.nothing_in"
    assert not (tmp_path / "l").exists()
    assert take(tmp_path / "l", torn, ring).quarantined == 1


@pytest.mark.parametrize(("names", "where", "stored"), [
    ("code", "gb18030", 3), ("code", "utf-8", 3), ("chinese", "gb18030", 3), ("chinese", "utf-8", 3),
    ("code", "both", 2),
])  # fmt: skip
def test_the_encoding_of_a_file_is_that_of_its_lines(tmp_path, ring, names, where, stored):
    """By the header where that tells; else GB18030 only where no line is UTF-8, so that none is misread."""
    made = [scan(f"YT000000000{n}", "EMK", "2026-03-09 08:00:00", other_id=other)
            for n, other in enumerate(("H2", "长春中心", "四平"))]  # fmt: skip
    text = write(tmp_path / "scans.csv", made).read_text("utf-8")
    if names == "chinese":
        text = text.replace("waybill,", "运单号,", 1)
    head, *lines = text.encode("utf-8" if where == "both" else where).splitlines(keepends=True)
    if where == "both":
        lines[1] = lines[1].decode().encode("gb18030")
    (tmp_path / "scans.csv").write_bytes(head + b"".join(lines))
    taken = take(tmp_path / "l", tmp_path / "scans.csv", ring, known_at=KNOWN)
    assert (taken.stored, taken.quarantined) == (stored, 3 - stored)
    assert set(rows(tmp_path / "l", "scans")["other_id"]) <= {"H2", "长春中心", "四平"}


def test_what_is_broken_in_the_folder_is_named(tmp_path, ring):
    good = [acceptance("YT0000000001"), acceptance("YT0000000002")]
    take(tmp_path / "l", write(tmp_path / "acceptances.csv", good), ring, known_at=KNOWN)
    take(
        tmp_path / "l", write(tmp_path / "acceptances-later.csv", [{**good[0], "tape_mm": "50"}]), ring, known_at=KNOWN
    )
    first, second = (tmp_path / "l" / part.path for part in Ledger.open(tmp_path / "l").parts("acceptances"))
    (replaced,) = (tmp_path / "l" / "superseded").iterdir()
    commit = tmp_path / "l" / "commits" / "00000002.json"
    for file, key in (
        (first, "ledger.part_changed"), (second, "ledger.part_missing"), (replaced, "ledger.part_missing"),
        (replaced, "ledger.part_changed"), (commit, "ledger.part_changed"),
    ):  # fmt: skip
        held = file.read_bytes()
        file.write_bytes(held[: len(held) // 2]) if key == "ledger.part_changed" else file.unlink()
        with pytest.raises(DataError) as told:
            rows(tmp_path / "l", "acceptances")
        assert [(fault.key, dict(fault.facts)["path"]) for fault in told.value.faults] == [
            (key, file.relative_to(tmp_path / "l").as_posix())
        ]
        file.write_bytes(held)
    assert rows(tmp_path / "l", "acceptances").height == 2


def test_files_that_cannot_be_taken_leave_nothing(tmp_path, ring):
    take(
        tmp_path / "l",
        write(tmp_path / "scans.csv", [scan("YT0000000001", "EMK", "2026-03-09 08:00:00")]),
        ring,
        known_at=KNOWN,
    )
    before = sorted(str(p) for p in (tmp_path / "l").rglob("*"))
    (tmp_path / "scans-no.csv").write_text("waybill,event\nYT0000000001,EMK\n", "utf-8")
    (tmp_path / "scans-no.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "other.csv").write_text("a\n", "utf-8")
    for name in ("scans-no.csv", "scans-no.parquet", "other.csv", "absent.csv"):
        with pytest.raises((DataError, UsageError)):
            take(tmp_path / "l", tmp_path / name, ring, known_at=KNOWN)
    assert sorted(str(p) for p in (tmp_path / "l").rglob("*")) == before


def test_the_same_queries_run_on_object_storage(tmp_path, ring):
    import fsspec

    first = [scan("YT0000000001", "EMK", "2026-03-09 08:00:00"), scan("YT0000000002", "EMK", "2026-03-09 08:00:00")]
    take(tmp_path / "l", write(tmp_path / "scans-1.csv", first), ring, known_at=KNOWN)
    take(tmp_path / "l", write(tmp_path / "scans-2.csv", [{**first[0], "other_id": "H7"}]), ring, known_at=KNOWN)
    wanted = rows(tmp_path / "l", "scans")
    store = fsspec.filesystem("memory")
    store.put(str(tmp_path / "l" / "parts"), "/bucket/ledger/parts", recursive=True)
    for part in (tmp_path / "l" / "parts").rglob("*.parquet"):
        part.unlink()
    with Ledger.open(tmp_path / "l", Shelf("memory://bucket/ledger", store)).query() as link:
        found = frame_of(link, "SELECT * FROM scans ORDER BY waybill, line")
    assert found.equals(wanted)
    assert wanted["other_id"].to_list() == ["H7", None]


@pytest.mark.parametrize("scheme", ["memory://", "file://"])
def test_a_ledger_on_object_storage_stands_alone(tmp_path, ring, capsys, monkeypatch, scheme):
    away = f"{scheme}{tmp_path if scheme == 'file://' else tmp_path.name}"
    root, address = tmp_path / "l", f"{away}/a/ledger"
    take(root, write(tmp_path / "acceptances-1.csv", [acceptance("YT0000000001"), acceptance("YT0000000002")]), ring,
         known_at=KNOWN)  # fmt: skip
    place = shelf.reach(address)
    assert shelf.put(Ledger.open(root), place)["commits"] == 1
    take(root, write(tmp_path / "acceptances-2.csv", [acceptance("YT0000000002", packaging="paper")]), ring,
         known_at=KNOWN)  # fmt: skip
    files = sorted(path.name for path in (root / "commits").iterdir())
    ledger = Ledger.open(root)
    wanted, proof = rows(root, "acceptances"), prove(ledger, "YT0000000002")
    monkeypatch.setattr("sys.argv", ["postroad", "ledger", "shelve", address, "--ledger", str(root), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["commits"] == len(files) - 1 == 1
    assert shelf.put(ledger, place) == {"commits": 0, "files": 0, "bytes": 0}
    shutil.rmtree(root)
    held = shelf.opened(place)
    with held.query() as link:
        assert frame_of(link, "SELECT * FROM acceptances ORDER BY waybill, line").equals(wanted)
    assert prove(held, "YT0000000002") == proof
    take(root, write(tmp_path / "acceptances-3.csv", [acceptance("YT0000000003")]), ring, known_at=KNOWN)
    with pytest.raises(DataError):
        shelf.put(Ledger.open(root), place)
    with pytest.raises(UsageError):
        shelf.reach("nowhere://x")
    with pytest.raises(UsageError):
        shelf.opened(shelf.reach(f"{away}/empty"))
    assert list(tmp_path.rglob("*.part")) == []


def test_files_under_way_together_are_settled_in_order(tmp_path, ring, monkeypatch):
    """Among good files: the same one again, one that breaks while it is read, and that one's copy."""
    good = [
        write(tmp_path / f"scans-{k}.csv", [scan(f"YT000000000{k}", "EMK", "2026-03-09 08:00:00")]) for k in range(4)
    ]
    again = tmp_path / "scans-again.csv"
    again.write_bytes(good[0].read_bytes())
    broken = [write(tmp_path / f"scans-broken-{k}.csv", [scan("YT0000000009", "EMK", "2026-03-09 08:00:00")] * 2)
              for k in range(2)]  # fmt: skip
    whole = reading._csv_chunk

    def breaking(helpings, names, columns, plan, *rest):
        if any(b"YT0000000009" in data.tobytes() for data in helpings()) and plan is not None:
            raise DataError.of("ledger.cannot_read", path="x", detail="y")
        return whole(helpings, names, columns, plan, *rest)

    monkeypatch.setattr(reading, "_csv_chunk", breaking)
    line = [good[0], again, broken[0], good[1], broken[1], good[2], good[3], tmp_path / "nowhere.csv"]
    with Counter(tmp_path / "l", ring) as counter:
        fates = list(counter.take_all(line, known_at=KNOWN))
    assert [path for path, _ in fates] == line
    told = [fate if isinstance(fate, PostroadError) else (fate.already, fate.seq) for _, fate in fates]
    assert [t for t in told if not isinstance(t, PostroadError)] == [
        (False, 1),
        (True, 1),
        (False, 2),
        (False, 3),
        (False, 4),
    ]
    assert [isinstance(t, PostroadError) for t in told] == [False, False, True, False, True, False, False, True]
    assert rows(tmp_path / "l", "scans").height == 4
    assert audit(Ledger.open(tmp_path / "l")) == []
    named = {part.path for part in Ledger.open(tmp_path / "l").parts("scans")}
    assert named == {p.relative_to(tmp_path / "l").as_posix() for p in (tmp_path / "l" / "parts").rglob("*.parquet")}
