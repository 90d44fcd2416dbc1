"""The first view of the console after a cold start: seconds until the scorecard stands, and bytes over the wire.

``python -m benchmarks first_view --json``. A server is started on an empty folder and a browser with an empty cache
opens its address; the first of the views meets a server that has answered nothing yet. The clock runs from the address
being opened to the first target that can be read. What the wire carries is counted as the browser
received it, compressed.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import commit, machine, register
from benchmarks.web import serve

WIRE = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
 .reduce((sum, one) => sum + one.transferSize, 0)"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--starts", type=int, default=3, help="cold starts of the server")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds and bytes of the first view of each start, and of a second reader's view after it."""
    return {"views": [started() for _ in range(options.starts)], "machine": machine(), "commit": commit()}


def started() -> dict[str, Any]:
    """Start a server and return what its first and its second reader wait for."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="postroad-view-") as home, sync_playwright() as play:
        process, address = serve(Path(home))
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        try:
            first_s, wire = viewed(browser, address)
            second_s, _ = viewed(browser, address)
            return {"first_s": round(first_s, 2), "second_s": round(second_s, 2), "wire_kb": round(wire / 1024, 1)}
        finally:
            browser.close()
            process.terminate()
            process.wait(timeout=30)


def viewed(browser: Any, address: str) -> tuple[float, int]:
    """Open the console with an empty cache; return the seconds until targets stand and the bytes received."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("a[data-target]")
    took = time.perf_counter() - began
    page.wait_for_load_state("networkidle")
    wire = page.evaluate(WIRE)
    context.close()
    return took, int(wire)


register("first_view", run, arguments)
