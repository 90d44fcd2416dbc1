"""Taken in, checked and balanced by the ledger."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.ledger_peers.files import KNOWN, UNTIL, in_order
from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Counter, Ledger, plain
from postroad.supervise.ledger.balance import balance
from postroad.supervise.ledger.checks import check
from postroad.supervise.ledger.claims import claims
from postroad.supervise.merkle import Tree
from postroad.supervise.sha256 import leaves, macs


def warm() -> None:
    """Load what is compiled once."""
    plain.warm()
    macs(b"k" * 32, pl.Series(["a"]))
    Tree(leaves(pl.Series(["a", "b"])))


def run(feed: str, work: str) -> dict[str, Any]:
    """Take every file, then check and balance; the figures all contenders must agree on."""
    root = Path(work) / "ours"
    shutil.rmtree(root, ignore_errors=True)
    ring = KeyRing.open(root / "keys")
    start, cpu = time.perf_counter(), time.process_time()
    totals: dict[str, int] = {"lines": 0, "stored": 0, "corrected": 0, "repeated": 0, "quarantined": 0}
    with Counter(root / "ledger", ring) as counter:
        for _, taken in counter.take_all(in_order(Path(feed)), known_at=KNOWN):
            for name in totals:
                totals[name] += getattr(taken, name)
    taken_s = time.perf_counter() - start
    ledger = Ledger.open(root / "ledger")
    found = check(ledger)
    wrong = claims(ledger)
    checked_s = time.perf_counter() - start - taken_s
    mass = balance(ledger, until=UNTIL)
    balanced_s = time.perf_counter() - start - taken_s - checked_s
    size = sum(f.stat().st_size for f in (root / "ledger" / "parts").rglob("*.parquet"))
    return {
        "valid": totals["stored"] - totals["corrected"], "quarantined": totals["quarantined"], "gaps": found.gap_count,
        "claims": wrong.counts, "pieces": mass.total["pieces"], "unexplained": mass.total["unexplained"],
        "lines": totals["lines"], "cpu_s": round(time.process_time() - cpu, 1),
        "flagged": mass.flagged.height, "stored_mb": round(size / 1e6),
        "stages": {"intake": round(taken_s, 1), "checks": round(checked_s, 1), "balance": round(balanced_s, 1)},
    }  # fmt: skip
