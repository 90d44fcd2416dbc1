"""The page an outlet opens, in a real browser: files chosen, button pressed, verdict read, nothing sent."""

import json
import os
import shutil
from pathlib import Path

import pytest

from postroad.supervise.verifier import files

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
KNOWN = Path(__file__).parents[1] / "known" / "draw"


def test_the_page_says_what_holds_and_what_does_not(tmp_path):
    if CHROMIUM is None:
        if os.environ.get("POSTROAD_REQUIRE_BROWSER"):
            pytest.fail("a browser is required here and none is installed")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    (tmp_path / "verify.html").write_text(files()["verify_draw.html"], "utf-8")
    digest = json.loads((KNOWN / "weighted.receipt.json").read_text("utf-8"))["digest"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page, asked = browser.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "verify.html").as_uri())
        for receipt, published, word in (
            ("weighted", digest, "HOLDS 相符"),
            ("weighted", "0" * 64, "DOES NOT HOLD 不符"),
            ("certain", "", "DOES NOT HOLD 不符"),
        ):
            page.set_input_files("#commit", KNOWN / "weighted.commit.json")
            page.set_input_files("#receipt", KNOWN / f"{receipt}.receipt.json")
            page.fill("#published", published)
            page.evaluate("document.getElementById('verdict').textContent = ''")
            page.click("#go")
            page.wait_for_function("document.getElementById('verdict').textContent !== ''")
            assert page.inner_text("#verdict") == word
        browser.close()
    assert asked == [(tmp_path / "verify.html").as_uri()]
