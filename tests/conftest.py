"""Debian's Chromium, started once in each process, since a second player in one is refused; and names of columns."""

import functools
import os
import shutil
import sys

import pytest

from postroad.face.report.result_sheet import head, table_label
from postroad.results import Result

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--enable-unsafe-swiftshader",
    "--use-angle=swiftshader",
]  # fmt: skip


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        if os.environ.get("POSTROAD_REQUIRE_BROWSER"):
            pytest.fail("a browser is required here and none is installed")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@functools.cache
def _nameless(name: str, told) -> bool:
    return told(name, "zh") == name


@pytest.fixture(autouse=True, scope="session")
def made_results():
    """What every result that the package makes in a test leaves without a name, by table and column."""
    found: list[str] = []
    plain = Result.__init__

    def watched(self, *args, **named):
        plain(self, *args, **named)
        if str(sys._getframe(1).f_globals.get("__name__", "")).startswith("postroad."):
            for table, frame in self.tables.items():
                found.extend([table] if _nameless(table, table_label) else [])
                found.extend(f"{table}.{column}" for column in frame.columns if _nameless(column, head))
            found.extend(fact for fact, value in self.facts.items()
                         if isinstance(value, (int, float)) and _nameless(fact, head))  # fmt: skip

    Result.__init__ = watched
    yield found
    Result.__init__ = plain


@pytest.fixture(autouse=True)
def _every_column_has_a_name(made_results):
    yield
    nameless, made_results[:] = sorted(set(made_results)), []
    assert not nameless, f"a result shows these by their raw names: {', '.join(nameless)}"
