"""The map with every village and all flows under a moving hand, in a headless browser: what a frame costs.

``python -m benchmarks frames --json``. Three things are told of each screen: how long frames took on the wall, how much
of the page's main thread each one used (scripts, style, layout; what no graphics card can take off it), and how much
processor time the browser's drawing process used. Without a graphics card the latter draws everything, so the same is
measured of an empty map of the same library and size: the floor below which this machine cannot go.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import commit, machine, register
from benchmarks.web import serve

SCREENS = {"villages and flows": "layers=villages,flows&theme=none", "villages": "layers=villages&theme=none",
           "outlines alone": "layers=&theme=none"}  # fmt: skip
FLOOR = "empty map"
COUNT = """() => { window.frames_ = []; let last = performance.now();
 const step = (now) => { window.frames_.push(now - last); last = now; window.going_ = requestAnimationFrame(step); };
 requestAnimationFrame(step); }"""
DRAWER = """() => { const pen = document.createElement('canvas').getContext('webgl2');
 const about = pen && pen.getExtension('WEBGL_debug_renderer_info');
 return about ? pen.getParameter(about.UNMASKED_RENDERER_WEBGL) : 'unknown'; }"""
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
EMPTY = """<!doctype html><body style="margin:0"><div id="box" style="width:1440px;height:900px"></div>
<script type="module">import * as libre from "/assets/{library}";
new libre.Map({{container: "box", center: [126.3, 43.6], zoom: 6.6, fadeDuration: 0, attributionControl: false,
 style: {{version: 8, sources: {{}}, layers: [
 {{id: "paper", type: "background", paint: {{"background-color": "#eee"}}}}]}}}});
</script>"""
MAIN = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--steps", type=int, default=120, help="steps of the hand that moves the map")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Start a server and a browser, move the map, and return what the frames cost."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="postroad-frames-") as home, sync_playwright() as play:
        process, address = serve(Path(home))
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            base = address.split("/api/")[0]
            page.route("**/floor", lambda route: route.fulfill(content_type="text/html", body=_empty()))
            views = {name: f"{base}/jilin/map?{asked}&at=126.3,43.6,6.6" for name, asked in SCREENS.items()}
            held = [moved(page, name, view, options.steps) for name, view in {**views, FLOOR: f"{base}/floor"}.items()]
            return {"screens": held, "machine": machine(), "commit": commit()}
        finally:
            browser.close()
            process.terminate()
            process.wait(timeout=30)


def _empty() -> str:
    from importlib.resources import files

    built = files("postroad.face").joinpath("console", "assets")
    names = [entry.name for entry in built.iterdir() if re.fullmatch(r"maplibre-gl-[\w-]+\.js", entry.name)]
    return EMPTY.format(library=next(name for name in names if "worker" not in name))


def moved(page: Any, name: str, view: str, steps: int) -> dict[str, Any]:
    """Drag the map about and return what its frames cost."""
    page.goto(view)
    page.wait_for_selector(".maplibregl-canvas")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(3000)
    asked = page.context.new_cdp_session(page)
    asked.send("Performance.enable")
    page.mouse.move(900, 450)
    page.mouse.down()
    page.evaluate(COUNT)
    before, drew = _main(asked), _drawing(page)
    for k in range(steps):
        page.mouse.move(900 + 200 * ((k % 40) / 40 - 0.5), 450 + 100 * ((k % 30) / 30 - 0.5))
    main_ms, drawing_ms = 1000 * (_main(asked) - before), 1000 * (_drawing(page) - drew)
    times = sorted(page.evaluate("() => { cancelAnimationFrame(window.going_); return window.frames_; }"))
    page.mouse.up()
    at = lambda share: round(times[min(len(times) - 1, int(share * len(times)))], 1)  # noqa: E731
    return {"screen": name, "frames": len(times), "p50_ms": at(0.5), "p95_ms": at(0.95), "most_ms": at(1.0),
            "main_thread_ms": round(main_ms / len(times), 1), "drawing_cpu_ms": round(drawing_ms / len(times), 1),
            "drawn_by": page.evaluate(DRAWER)}  # fmt: skip


def _main(asked: Any) -> float:
    held = {one["name"]: one["value"] for one in asked.send("Performance.getMetrics")["metrics"]}
    return float(sum(held[name] for name in MAIN))


def _drawing(page: Any) -> float:
    """Return the processor seconds that the browser's drawing process has used."""
    whole = page.context.browser.new_browser_cdp_session()
    told = whole.send("SystemInfo.getProcessInfo")["processInfo"]
    whole.detach()
    return float(sum(one["cpuTime"] for one in told if one["type"] == "GPU"))


register("frames", run, arguments)
