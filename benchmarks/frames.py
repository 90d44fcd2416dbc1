"""The map with every village and all flows under a moving hand, in a headless browser: how long a frame takes.

``python -m benchmarks frames --json``. Without a graphics card the browser draws with its processor, which is told too.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import commit, machine, register
from benchmarks.web import serve

SCREENS = {"villages and flows": "layers=villages,flows&theme=none", "outlines alone": "layers=&theme=none"}
COUNT = """() => { window.frames_ = []; let last = performance.now();
 const step = (now) => { window.frames_.push(now - last); last = now; window.going_ = requestAnimationFrame(step); };
 requestAnimationFrame(step); }"""
DRAWER = """() => { const pen = document.createElement('canvas').getContext('webgl2');
 const about = pen && pen.getExtension('WEBGL_debug_renderer_info');
 return about ? pen.getParameter(about.UNMASKED_RENDERER_WEBGL) : 'unknown'; }"""
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--steps", type=int, default=120, help="steps of the hand that moves the map")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Start a server and a browser, move the map, and return the frames' times."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="postroad-frames-") as home, sync_playwright() as play:
        process, address = serve(Path(home))
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            held = [moved(page, address.split("/api/")[0], name, options.steps) for name in SCREENS]
            return {"screens": held, "machine": machine(), "commit": commit()}
        finally:
            browser.close()
            process.terminate()
            process.wait(timeout=30)


def moved(page: Any, base: str, name: str, steps: int) -> dict[str, Any]:
    """Drag the map about and return how long its frames took."""
    page.goto(f"{base}/jilin/map?{SCREENS[name]}&at=126.3,43.6,6.6")
    page.wait_for_selector(".maplibregl-canvas")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(3000)
    page.mouse.move(900, 450)
    page.mouse.down()
    page.evaluate(COUNT)
    for k in range(steps):
        page.mouse.move(900 + 200 * ((k % 40) / 40 - 0.5), 450 + 100 * ((k % 30) / 30 - 0.5))
    times = sorted(page.evaluate("() => { cancelAnimationFrame(window.going_); return window.frames_; }"))
    page.mouse.up()
    at = lambda share: round(times[min(len(times) - 1, int(share * len(times)))], 1)  # noqa: E731
    return {"screen": name, "frames": len(times), "p50_ms": at(0.5), "p95_ms": at(0.95), "most_ms": at(1.0),
            "drawn_by": page.evaluate(DRAWER)}  # fmt: skip


register("frames", run, arguments)
