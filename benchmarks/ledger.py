"""One day of the province taken in, checked and balanced, against plain pandas and against PostgreSQL.

The files are a rehearsal feed as CSV, with planted faults. Every contender reads the same files and finds the same
valid records, rows set aside, gaps, false claims and unexplained pieces, or the run fails. Each knows every file by its
SHA-256, keeps a reason for every row set aside, makes pseudonyms, hashes every acceptance into a Merkle tree, and has
all of it on disk when it says so. Pandas and the ledger also keep every version of a record with the time it was known.
``--parcels`` is the day for the ledger; the peers get ``--peer-parcels``, and the ledger as well.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import Options, Row, alone, register

DAY = dt.date(2026, 1, 12)
SAME = ("valid", "quarantined", "gaps", "claims", "pieces", "unexplained")
PEERS = {"pandas": "pandas", "postgres": "PostgreSQL 15, COPY and SQL"}


def feed(parcels: int, folder: str) -> int:
    """Write the day's files and return the number of records."""
    import postroad
    from postroad.demand import demand
    from postroad.supervise.feed import Order, write_feed

    made = demand(postroad.province("jilin"))
    return write_feed(folder, made, DAY, 1, Order(parcels, seed=3, workers=2)).records


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--parcels", type=int, default=8_450_000)
    parser.add_argument("--peer-parcels", type=int, default=845_000)
    parser.add_argument("--peers", default="pandas,postgres")
    parser.add_argument("--feed", default="", help="a folder with the day's files, written before; made when not given")
    parser.add_argument("--work", default="", help="a folder with room for the files")


def _run(options: Options) -> list[Row]:
    work = Path(tempfile.mkdtemp(prefix="postroad-ledger-", dir=options.work or None))
    rows = []
    try:
        peers = [name for name in options.peers.split(",") if name]
        if peers:
            rows += _compared(work, options.peer_parcels, peers)
        if options.parcels:
            rows.append(_whole(work, options.parcels, options.feed))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return rows


def _compared(work: Path, parcels: int, peers: list[str]) -> list[Row]:
    records = feed(parcels, str(work / "feed"))
    ours = _ours(work)
    rows = []
    for name in peers:
        theirs = alone(f"benchmarks.ledger_peers.in_{name}:run", str(work / "feed"), str(work))
        told = theirs["result"]
        for key in SAME:
            if told[key] != ours["result"][key]:
                raise RuntimeError(f"{name} finds {key} {told[key]}, the ledger {ours['result'][key]}")
        size = f"{parcels:,} parcels, {records:,} records"
        memory = None if name == "postgres" else theirs["peak_mb"]
        seconds = told.get("seconds", theirs["seconds"])
        spent = (ours["result"]["cpu_s"], told.get("cpu_s"))
        note = f"ours {ours['result']['stages']}, theirs {told.get('stages')}, CPU s {spent}"
        rows.append(Row("ledger", size, PEERS[name], ours["seconds"], seconds, ours["peak_mb"], memory, note))
    shutil.rmtree(work / "feed")
    return rows


def _whole(work: Path, parcels: int, made: str) -> Row:
    folder = made or str(work / "feed")
    if not made:
        feed(parcels, folder)
    records = json.loads((Path(folder) / "truth.json").read_text("utf-8"))["records"]
    ours = _ours(work, folder)
    told = ours["result"]
    note = f"{told['stages']}, CPU {told['cpu_s']} s, {told['stored_mb']} MB kept"
    size = f"{parcels:,} parcels, {records:,} records"
    return Row("ledger", size, "none", ours["seconds"], 0.0, ours["peak_mb"], None, note)


def _ours(work: Path, folder: str = "") -> dict[str, Any]:
    return alone("benchmarks.ledger_peers.ours:run", folder or str(work / "feed"), str(work),
                 imports=["benchmarks.ledger_peers.warm"])  # fmt: skip


register("ledger", _run, _arguments)
