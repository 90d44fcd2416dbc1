"""The page in a real browser: it stands, asks nothing of the network, and fits a telephone."""

import json
import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars",
]  # fmt: skip
PROBE = """<script>addEventListener('load', () => {
const seen = {rows: document.querySelectorAll('tr[data-target]').length,
 charts: document.querySelectorAll('svg.chart').length, counties: document.querySelectorAll('path.county').length,
 requests: performance.getEntriesByType('resource').length, lang: document.documentElement.lang,
 overflow: document.documentElement.scrollWidth - innerWidth,
 empty: [...document.querySelectorAll('h2')].filter(h => !h.textContent.trim()).length};
document.title = 'SEEN' + JSON.stringify(seen);
})</script></body>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    if CHROMIUM is None:
        if os.environ.get("POSTROAD_REQUIRE_BROWSER"):
            pytest.fail("a browser is required here and none is installed")
        pytest.skip("no Chromium on this machine")
    from postroad.face.cli.run import run

    folder = tmp_path_factory.mktemp("pages")
    run("jilin", to=folder, as_of="2026-11-24", seed=0)
    return folder


FRAME = """<body><iframe src="{page}" style="width:{width}px;height:900px;border:0"></iframe><script>
addEventListener('load', () => {{ const page = document.querySelector('iframe').contentDocument;
document.title = 'SEEN' + JSON.stringify({{page: page.documentElement.scrollWidth,
 table: Math.max(...[...page.querySelectorAll('.scroll:not(.wide)')].map(box => box.scrollWidth - box.clientWidth))}});
}})</script></body>"""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
def test_the_page_fits_every_screen(pages, language, width, tmp_path):
    # In a frame, because a browser window cannot be made as narrow as a telephone.
    framed = tmp_path / "frame.html"
    framed.write_text(FRAME.format(page=(pages / f"jilin-{language}.html").as_uri(), width=width), "utf-8")
    options = [f"--user-data-dir={tmp_path / 'profile'}", "--allow-file-access-from-files", "--dump-dom"]
    dom = subprocess.run(
        [CHROMIUM, *FLAGS, *options, framed.as_uri()], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    found = json.loads(dom.split("<title>SEEN")[1].split("</title>")[0].replace("&quot;", '"'))
    assert found["page"] <= width
    assert found["table"] <= 0


def seen(path, width, tmp_path):
    """What a script in the page finds after loading."""
    probed = tmp_path / path.name
    probed.write_text(path.read_text("utf-8").replace("</body>", PROBE), "utf-8")
    options = [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1200", "--dump-dom"]
    dom = subprocess.run(
        [CHROMIUM, *FLAGS, *options, probed.as_uri()], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    return json.loads(dom.split("<title>SEEN")[1].split("</title>")[0].replace("&quot;", '"'))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 500])
def test_the_page_stands_in_a_browser(pages, language, width, tmp_path):
    found = seen(pages / f"jilin-{language}.html", width, tmp_path)
    assert found["rows"] == 36
    assert found["charts"] >= 5
    assert found["counties"] == 60
    assert found["requests"] == 0
    assert found["empty"] == 0
    assert found["overflow"] <= 0
    assert found["lang"].startswith(language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_prints_to_paper(pages, language, tmp_path):
    paper = tmp_path / "page.pdf"
    options = [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={paper}", "--no-pdf-header-footer"]
    page = (pages / f"jilin-{language}.html").as_uri()
    subprocess.run([CHROMIUM, *FLAGS, *options, page], check=True, capture_output=True, timeout=120)
    assert paper.read_bytes().startswith(b"%PDF")
    assert paper.stat().st_size > 50_000
