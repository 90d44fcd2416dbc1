"""Two hundred readers at the console from a second process on loopback: how long they wait, and what it costs.

``python -m benchmarks web [--readers 200] [--seconds 60] [--every 1.0] --json``. Each reader signs in once, then reads
what the console reads, with its own pauses. The rate limits stand as they are shipped.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import commit, machine, register

PATHS = (
    "/jilin/targets", "/api/words", "/api/about", "/api/session", "/api/provinces", "/api/provinces/jilin/scorecard",
    "/api/provinces/jilin/scorecard?as_of=2023-06-30", "/api/provinces/jilin/scorecard/frame", "/api/provinces/jilin",
    "/api/provinces/jilin/outlines", "/api/provinces/jilin/coverage", "/api/provinces/jilin/points/county",
    "/api/provinces/jilin/points/village", "/api/provinces/jilin/sites/hub", "/api/provinces/jilin/search?q=antu",
    "/api/provinces/jilin/places/222426", "/api/provinces/jilin/figures", "/api/jobs",
)  # fmt: skip

WATCH_S = 60.0
"""How often the server's memory is read."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=2.0, help="mean pause between two requests of a reader")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Start a server, read from it, and return what the readers saw."""
    with tempfile.TemporaryDirectory(prefix="postroad-web-") as home:
        process, address = serve(Path(home))
        try:
            return asyncio.run(load(address, process.pid, options.readers, options.seconds, options.every))
        finally:
            process.terminate()
            process.wait(timeout=30)


def serve(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start ``postroad serve`` on a free port and return its process and the address that signs in."""
    log = home / "log"
    words = [sys.executable, "-c", "from postroad.face.cli import main; main()", "serve", "--port", "0", "--home", home]
    with log.open("w") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, env={**os.environ, "COLUMNS": "400"})
    for _ in range(600):
        if found := re.search(r"http://\S+/api/session/key\?key=\S+", log.read_text()):
            return process, found[0]
        time.sleep(0.1)
    raise RuntimeError(log.read_text())


async def load(address: str, pid: int, readers: int, seconds: float, every: float) -> dict[str, Any]:
    """Let readers read for some time and return latencies, faults and the server's memory before and after."""
    import httpx

    base = address.split("/api/")[0]
    times: list[float] = []
    wrong: dict[str, int] = {}
    async with httpx.AsyncClient(base_url=base, timeout=60) as first:
        await first.get(address)
        for path in PATHS:
            await first.get(path)
    before, until = memory_mb(pid), time.monotonic() + seconds

    async def reader(seed: int) -> None:
        chance = random.Random(seed)
        async with httpx.AsyncClient(base_url=base, timeout=60) as client:
            await client.get(address)
            await asyncio.sleep(chance.uniform(0, every))
            while time.monotonic() < until:
                began = time.perf_counter()
                try:
                    status = (await client.get(chance.choice(PATHS))).status_code
                except httpx.HTTPError as lost:
                    status = type(lost).__name__
                times.append(time.perf_counter() - began)
                if status != 200:
                    wrong[str(status)] = wrong.get(str(status), 0) + 1
                await asyncio.sleep(chance.expovariate(1 / every))

    held: list[float] = []

    async def watch() -> None:
        while time.monotonic() < until:
            await asyncio.sleep(min(WATCH_S, max(0.0, until - time.monotonic())))
            held.append(memory_mb(pid))

    await asyncio.gather(watch(), *(reader(seed) for seed in range(readers)))
    times.sort()
    at = lambda share: round(1000 * times[min(len(times) - 1, int(share * len(times)))], 1)  # noqa: E731
    return {
        "readers": readers, "seconds": seconds, "requests": len(times), "a_second": round(len(times) / seconds, 1),
        "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "most_ms": at(1.0), "faults": wrong,
        "memory_before_mb": before, "memory_after_mb": memory_mb(pid),
        "memory_by_minute_mb": held, "machine": machine(), "commit": commit(),
    }  # fmt: skip


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


register("web", run, arguments)
