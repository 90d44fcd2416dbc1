"""Benchmarks: ``python -m benchmarks NAME [options] --json``, each against a named peer in the same run.

A subject is one file here; importing it calls ``register``. It returns rows (see ``Row``), which ``RESULTS.md`` keeps
when they matter. ``alone`` measures one function in a process of its own, so that time and peak memory are its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """One comparison: seconds and peak memory (MB) of ours and of the peer; a ratio above 1 means ours is faster."""

    subject: str
    size: str
    peer: str
    ours_s: float
    peer_s: float
    ours_mb: float | None = None
    peer_mb: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times as fast as the peer ours is."""
        return self.peer_s / self.ours_s if self.ours_s else float("inf")

    def as_dict(self) -> dict[str, Any]:
        """Return the row with its ratio, date, machine and commit."""
        told = {"date": datetime.now(UTC).date().isoformat(), **asdict(self), "ratio": round(self.ratio, 2)}
        return {**told, "machine": machine(), "commit": commit()}

    def as_line(self) -> str:
        """Return the row as a line of ``RESULTS.md``."""
        row = self.as_dict()
        memory = " / ".join(f"{mb:.0f}" if mb else "-" for mb in (self.ours_mb, self.peer_mb))
        cells = (row["date"], self.subject, self.size, f"{self.ours_s:.2f} s", f"{self.peer}: {self.peer_s:.2f} s")
        return "| " + " | ".join((*cells, f"{self.ratio:.2f}", memory, row["machine"], row["commit"], self.note)) + " |"


Options = argparse.Namespace
_subjects: dict[
    str, tuple[Callable[[Options], list[Row] | dict[str, Any]], Callable[[argparse.ArgumentParser], None]]
] = {}


def register(
    name: str,
    run: Callable[[Options], list[Row] | dict[str, Any]],
    arguments: Callable[[argparse.ArgumentParser], None] | None = None,
) -> None:
    """Make a subject known: what runs it (giving rows, or one record to print), and what options it adds."""
    _subjects[name] = (run, arguments or _no_options)


def _no_options(_: argparse.ArgumentParser) -> None:
    """Add no option."""


def known() -> list[str]:
    """Return the subjects there are: the files beside this one."""
    return sorted(file.stem for file in HERE.glob("*.py") if not file.stem.startswith("_"))


def main(words: list[str] | None = None) -> int:
    """Run one subject and print its rows; exit code 2 for a subject that does not exist."""
    words = sys.argv[1:] if words is None else words
    if not words or words[0] not in known():
        print("usage: python -m benchmarks NAME [options] [--json]\nNAME is one of: " + ", ".join(known()))
        return 0 if words[:1] in (["--help"], ["-h"]) else 2
    name = words[0]
    import_module(f"benchmarks.{name}")
    run, arguments = _subjects[name]
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    arguments(parser)
    options = parser.parse_args(words[1:])
    rows = run(options)
    if isinstance(rows, dict):
        print(json.dumps(rows, ensure_ascii=False))
    elif options.json:
        print(json.dumps([row.as_dict() for row in rows], ensure_ascii=False, indent=1))
    else:
        print("\n".join(row.as_line() for row in rows))
    return 0


def alone(function: str, *arguments: Any, imports: Sequence[str] = ()) -> dict[str, Any]:
    """Run ``module:function`` in a process of its own; return ``seconds``, ``processor_s``, ``peak_mb`` and its result.

    The time is that of the call alone, without starting Python and importing ``imports``; the peak is of the whole
    process.
    """
    words = json.dumps([function, list(arguments), list(imports)])
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._alone", words], cwd=HERE.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{function} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def call(words: str) -> dict[str, Any]:
    """Return what ``alone`` reports, from inside the process that it started."""
    function, arguments, imports = json.loads(words)
    for needed in imports:
        import_module(needed)
    module, _, name = function.partition(":")
    target = getattr(import_module(module), name)
    start, worked = time.perf_counter(), time.process_time()
    result = target(*arguments)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "processor_s": worked, "peak_mb": peak, "result": result}


def machine() -> str:
    """Return the processor and the number of cores that may be used."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model} x{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}"


def commit() -> str:
    """Return the short name of the commit measured, with a + when files have changed since."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"
