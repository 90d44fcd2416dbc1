"""The page an outlet opens, in a real browser: files chosen, button pressed, verdict read, nothing sent."""

import json
from pathlib import Path

import pytest

from postroad.supervise.verifier import files

pytestmark = pytest.mark.browser
KNOWN = Path(__file__).parents[1] / "known" / "draw"


def test_the_page_says_what_holds_and_what_does_not(chromium, tmp_path):
    (tmp_path / "verify.html").write_text(files()["verify_draw.html"], "utf-8")
    digest = json.loads((KNOWN / "weighted.receipt.json").read_text("utf-8"))["digest"]
    page, asked = chromium.new_page(), []
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
    page.close()
    assert asked == [(tmp_path / "verify.html").as_uri()]
