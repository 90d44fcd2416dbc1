"""Mutated records: none crashes the intake, none is lost without a word, what is taken is what a plain reader sees."""

from __future__ import annotations

import csv
import hashlib
import random
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Ledger, blocks, bytewise, judging, plain, quarantine, reading, take
from postroad.supervise.ledger.asking import frame_of
from postroad.supervise.ledger.hashset import HashSet
from postroad.supervise.ledger.kinds import kind_of
from tests.supervise.ledger_world import KNOWN, acceptance, delivery, resident, scan, write

NASTY = (
    '"', "'", ",", "\t", "\r", "\x00", "\x1f", "\u200b", "\u3000", "，", "\ufeff", "-1", "1e400", "NaN", "inf", "null",
    "2026-02-30 00:00:00", "2026-03-09T10:00:00+08:00", "2026-03-09T10:00:00Z", "9999-12-31 23:59:59",
    "0001-01-01 00:00:00", "true", "TRUE", "0", "是", "RR123456785CN", "RR123456784CN", "王小明", "13800138000",
    "'; DROP TABLE scans; --", "../../x", "=1+1", "💥", "a" * 70, "", " ", "withdraw", "none", "synthetic", "observed",
    "٣", "99999999999999999999",
)  # fmt: skip
ROWS = {"acceptances": acceptance, "scans": lambda w: scan(w, "EMK", "2026-03-09 08:00:00"), "deliveries": delivery}


def mutated(row: list[str], lot: random.Random) -> bytes:
    """One line with one to three things done to it."""
    row = list(row)
    for _ in range(lot.randint(1, 3)):
        at = lot.randrange(len(row))
        what = lot.randrange(6)
        if what == 0:
            row[at] = lot.choice(NASTY)
        elif what == 1 and row[at]:
            cut = lot.randrange(len(row[at]))
            row[at] = row[at][:cut] + lot.choice(NASTY)[:3] + row[at][cut + 1 :]
        elif what == 2:
            del row[at]
        elif what == 3:
            row.insert(at, lot.choice(NASTY))
        elif what == 4:
            other = lot.randrange(len(row))
            row[at], row[other] = row[other], row[at]
        else:
            row[at] = row[at][: len(row[at]) // 2]
        if not row:
            row = [""]
    line = ",".join(row).replace("\n", " ").encode()
    if lot.random() < 0.02:
        line = line.replace(b"0", b"\xff", 1)
    return line


def files(folder, kind: str, count: int, seed: int, good_share: float):
    """A file of mutated lines with some good ones between them, and its lines."""
    lot = random.Random(seed)
    names = list(ROWS[kind]("x"))
    lines = []
    for n in range(count):
        row = [str(v) for v in ROWS[kind](f"YT{seed:04d}{n:08d}").values()]
        lines.append(",".join(row).encode() if lot.random() < good_share else mutated(row, lot))
    path = folder / f"{kind}-{seed}.csv"
    path.write_bytes(",".join(names).encode() + b"\n" + b"\n".join(lines) + b"\n")
    return path, names, lines


def plain_cells(line: bytes) -> list[str] | None:
    """What a plain reader makes of a line."""
    try:
        rows = list(csv.reader([line.removesuffix(b"\r").decode("utf-8")], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    return rows[0] if len(rows) == 1 else None


def hold(folder, kind: str, count: int, seed: int, good_share: float = 0.1) -> dict[str, int]:
    """Take a file of mutated lines and hold every line against the plain reader."""
    path, names, lines = files(folder, kind, count, seed, good_share)
    root = folder / f"l{seed}"
    taken = take(root, path, KeyRing.open(folder / "keys"), known_at=KNOWN)
    assert taken.lines == count
    aside = set(quarantine(root)["line"].to_list())
    with Ledger.open(root).query() as link:
        kept = frame_of(link, f"SELECT * FROM {kind}")
    with_line = {row["line"]: row for row in kept.iter_rows(named=True)}
    assert not aside & set(with_line)
    assert taken.stored + taken.repeated + taken.withdrawn + taken.quarantined + taken.blank == count
    table = kind_of(kind)
    for n, row in with_line.items():
        cells = plain_cells(lines[n - 1])
        assert cells is not None, lines[n - 1]
        for name, cell in zip(names, cells, strict=True):
            if name in row:
                same(row[name], cell, table.columns[name])
    return {"lines": count, "stored": taken.stored, "quarantined": taken.quarantined}


def same(held, cell: str, column) -> None:
    """A value held in the ledger is the one that was written."""
    if column.type == "boolean":
        assert held is None if cell == "" else held == (cell.lower() in ("true", "1", "是")), (column.name, cell)
    elif column.type == "integer":
        assert held == (int(cell) if cell else None), (column.name, cell)
    elif column.unit == "time":
        if held is None:
            assert cell == ""
            return
        if re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", cell, re.ASCII):
            assert f"{held}" == cell.replace("T", " ")
    elif column.name == "origin":
        assert cell in ("", "observed", "synthetic")
    else:
        assert held == (cell or column.default), (column.name, cell)


@pytest.mark.parametrize("kind", list(ROWS))
def test_mutated_records(tmp_path, kind):
    told = hold(tmp_path, kind, 3000, seed=list(ROWS).index(kind) + 1)
    assert told["stored"] > 200
    assert told["quarantined"] > 1000


def test_no_secret_of_a_bad_row_is_kept(tmp_path):
    path, _, _ = files(tmp_path, "acceptances", 3000, 9, 0.1)
    take(tmp_path / "l", path, KeyRing.open(tmp_path / "keys"), known_at=KNOWN)
    shapes = quarantine(tmp_path / "l")["shape"].drop_nulls()
    assert not shapes.str.contains(r"[1-8b-zB-Z\p{Han}]").any()
    assert pl.Series(["王", "1"]).str.contains(r"[1-8b-zB-Z\p{Han}]").all()


@pytest.mark.parametrize("kind", list(ROWS))
def test_reading_by_the_byte_decides_nothing(tmp_path, kind):
    """Lines read in one pass and the rest judged are the lines that the judge alone would take, in every cell."""
    table = kind_of(kind)
    path, names, lines = files(tmp_path, kind, 3000, 50 + list(ROWS).index(kind), 0.3)
    block = np.frombuffer(bytearray(path.read_bytes().split(b"\n", 1)[1]), np.uint8)
    cut = bytes(block).index(b"\n", len(block) // 3) + 1
    columns = reading.meant(names, table)
    extent = blocks.Extent(0, len(block), len(lines))
    told = []
    for plan in (plain.planned(names, columns, table, KNOWN), None):
        chunk = reading._csv_chunk(lambda: [block[:cut], block[cut:]], names, columns, plan, extent, 0)
        judged = judging.judge(chunk.frame, table, KNOWN)
        good = judged.good if chunk.typed is None else pl.concat([chunk.typed.frame(), judged.good])
        told.append((good.sort("line"), judged.bad, sorted(chunk.torn), chunk.blank))
        if plan is not None:
            assert chunk.typed is not None
            assert chunk.typed.height > 0.9 * told[0][0].height
    for first, second in zip(*told, strict=True):
        assert first.equals(second) if isinstance(first, pl.DataFrame) else first == second


def test_hashes_met_again():
    lot = np.random.default_rng(3).integers(0, 2**64, 5000, dtype=np.uint64)
    for made in (lot, np.append(lot, lot[17]), np.append(lot, [0]), np.append(lot, [0, 0]), lot[:1], lot[:0]):
        held = HashSet(made.astype(np.uint64))
        assert held.twice == (len(np.unique(made)) < len(made))
        asked = np.concatenate([lot[::2], lot[:3] + np.uint64(1), np.zeros(1, np.uint64)])
        assert (held.met(asked) == np.isin(asked, made.astype(np.uint64))).all()
    assert bytewise.newlines(np.frombuffer(b"a\nb\n\nc", np.uint8)) == 3


@given(lines=st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=30),
       size=st.integers(1, 120), ended=st.booleans())  # fmt: skip
def test_blocks_are_whole_lines_and_all_there_is(tmp_path_factory, lines, size, ended):
    whole = b"\n".join(lines) + (b"\n" if ended else b"")
    file = tmp_path_factory.getbasetemp() / "blocks"
    file.write_bytes(b"head\n" + whole)
    heard = hashlib.sha256()
    extents = list(blocks.extents(file, size, 5, heard.update))
    assert heard.hexdigest() == hashlib.sha256(b"head\n" + whole).hexdigest()
    found = [b"".join(data.tobytes() for data in blocks.helpings(file, extent, size)) for extent in extents]
    assert b"".join(found) == whole
    assert all(block.endswith(b"\n") for block in found[:-1])
    assert [len(block) for block in found] == [extent.size for extent in extents]
    assert [len(block.splitlines()) if b"\r" not in block else extent.lines
            for block, extent in zip(found, extents, strict=True)] == [extent.lines for extent in extents]  # fmt: skip
    longest = max(map(len, lines), default=0) + 1
    assert all(len(block) < 2 * size + 5 + longest for block in found)
    helpings = [data.tobytes() for extent in extents for data in blocks.helpings(file, extent, size)]
    assert b"".join(helpings) == whole
    assert all(data.endswith(b"\n") for data in helpings[:-1])


HARD = (
    ("S10 with the right check digit", "waybill", "RR123456785CN"), ("and the wrong one", "waybill", "RR123456784CN"),
    ("a resident's number", "waybill", resident("11010519491231002")),
    ("a leap day", "event_at", "2024-02-29 00:00:00"),
    ("a day that is none", "event_at", "2025-02-29 00:00:00"), ("a minute too many", "event_at", "2026-01-01 00:60:00"),
    ("the T of ISO 8601", "event_at", "2026-03-01T08:00:00"), ("an hour ahead", "event_at", "2026-03-10 07:00:00"),
    ("and more", "event_at", "2026-03-10 07:00:01"), ("a mobile number", "facility_id", "H13800138000"),
    ("twelve digits", "facility_id", "H138001380001"), ("a person inside", "other_id", "x11010519491231002Xx"),
    ("the longest name", "facility_id", "H" * 64), ("one sign more", "facility_id", "H" * 65),
)  # fmt: skip


@pytest.mark.parametrize(("about", "name", "value"), HARD)
def test_both_ways_of_reading_see_the_same(tmp_path, about, name, value):
    made = [scan("YT0000000001", "EMK", "2026-03-09 08:00:00"),
            {**scan("YT0000000002", "EMK", "2026-03-09 08:00:00"), name: value}]  # fmt: skip
    rows = []
    for form in ("plain", "patient"):
        file = write(tmp_path / f"scans-{form}.csv", made)
        if form == "patient":
            file.write_text(file.read_text().replace(value, f'"{value}"'))
        else:
            file.write_text(file.read_text().replace("\n", "\r\n"))
        take(tmp_path / form, file, KeyRing.open(tmp_path / "k"), known_at=KNOWN)
        with Ledger.open(tmp_path / form).query() as link:
            rows.append((frame_of(link, "SELECT * FROM scans ORDER BY line").rows(),
                         quarantine(tmp_path / form).select("line", "column", "reason").rows()))  # fmt: skip
    assert rows[0] == rows[1], about


@pytest.mark.slow
def test_a_million_mutated_records(tmp_path, capsys):
    total = {"lines": 0, "stored": 0, "quarantined": 0}
    for round_ in range(10):
        for n, kind in enumerate(ROWS):
            count = 40_000 if n == 0 else 30_000
            told = hold(tmp_path, kind, count, seed=100 + 10 * round_ + n, good_share=0.02)
            total = {k: v + told[k] for k, v in total.items()}
    with capsys.disabled():
        print("\nmutated records:", total)
    assert total["lines"] == 1_000_000


def test_digits_of_other_scripts_are_no_digits(tmp_path):
    rows = [acceptance("YT0000000001", id_number="٣" * 18),
            acceptance("YT0000000002", accepted_at="٢٠٢٦-03-09 10:00:00"),
            acceptance("RR12345678٥CN"), acceptance("YT0000000004", tape_mm="٤٥")]  # fmt: skip
    file = write(tmp_path / "acceptances.csv", rows)
    taken = take(tmp_path / "l", file, KeyRing.open(tmp_path / "k"), known_at=KNOWN)
    assert (taken.stored, taken.reasons) == (1, {"unreadable": 2, "not_a_waybill": 1})
    with Ledger.open(tmp_path / "l").query() as link:
        assert frame_of(link, "SELECT id_ok FROM acceptances")["id_ok"].to_list() == [False]
