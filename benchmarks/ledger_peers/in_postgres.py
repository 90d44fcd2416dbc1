"""The same work by COPY and SQL on a PostgreSQL server of its own, given most of the machine."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.ledger_peers.files import KNOWN, UNTIL, in_order

# Committed is committed: fsync stays on, as for every contender. With wal_level minimal and a table made in the same
# transaction PostgreSQL writes its rows once, not twice.
SETTINGS = {
    "wal_level": "minimal", "max_wal_senders": "0",
    "shared_buffers": "2GB", "work_mem": "512MB",
    "maintenance_work_mem": "1GB", "max_wal_size": "16GB", "max_parallel_workers_per_gather": "2", "jit": "on",
    "autovacuum": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
}  # fmt: skip
TABLES = {"acceptances": "ra", "scans": "rs", "deliveries": "rd", "outlets": "outlets", "machines": "machines"}
CLAIMS = ("too_fast", "two_cities", "after_departure", "closed_outlet", "unknown_machine", "no_departure")


def run(feed: str, work: str) -> dict[str, Any]:
    """Copy every file in, then check and balance; the server's start is not counted."""
    began = time.perf_counter()
    files = in_order(Path(feed))
    script = (
        Path(__file__)
        .with_name("postgres.sql")
        .read_text("utf-8")
        .replace("UNTIL", str(UNTIL))
        .replace("KNOWN", str(KNOWN))
    )
    before, after = script.split("-- COPY --")
    copies = []
    for file in files:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        with file.open(encoding="utf-8") as held:
            names = ", ".join(next(csv.reader(held)))
        table = next(t for k, t in TABLES.items() if file.name.startswith(k))
        copies.append(f"\\copy {table} ({names}) FROM '{file}' (FORMAT csv, HEADER)")
        copies.append(f"INSERT INTO taken VALUES ('{digest}');")
    read = time.perf_counter() - began
    with server() as port:
        sql = Path(work) / "run.sql"
        sql.write_text(before + "\n".join(copies) + after, "utf-8")
        start = time.perf_counter()
        words = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port),
                 "-U", "bench", "-d", "postgres", "-f", str(sql)]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        seconds = read + time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told = {k: int(v) for k, v in (line.split("|") for line in done.stdout.splitlines() if "|" in line)}
    counts = {k: told[k] for k in ("valid", "quarantined", "gaps", "pieces", "unexplained")}
    return {**counts, "claims": {k: told[k] for k in CLAIMS},
            "seconds": seconds}  # fmt: skip


@contextmanager
def server() -> Iterator[int]:
    """A server in a temporary folder, run by a user who is not root."""
    folder = Path(tempfile.mkdtemp(prefix="postroad-pg-"))
    as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_other:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    try:
        subprocess.run([*as_other, "initdb", "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"],
                       check=True, capture_output=True, cwd="/")  # fmt: skip
        options = " ".join(f"-c {k}='{v}'" for k, v in SETTINGS.items())
        control = [*as_other, "pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log")]
        subprocess.run([*control, "-o", f"-p {port} {options}", "start"],
                       check=True, capture_output=True, cwd="/")  # fmt: skip
        yield port
    finally:
        subprocess.run(
            [*as_other, "pg_ctl", "-D", str(data), "-m", "immediate", "stop"], capture_output=True, check=False, cwd="/"
        )
        shutil.rmtree(folder, ignore_errors=True)
