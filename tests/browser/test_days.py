"""The four working days, each walked in the browser from its first screen to its last, without the command line."""

import datetime as dt
import re

import pytest

from tests.browser.test_console import opened, settled

pytestmark = pytest.mark.browser
LONG = 300_000


@pytest.fixture
def seat(chromium, server, shots):
    page = opened(chromium, server, 1440)

    def go(screen):
        page.goto(f"{server.base}/jilin/{screen}{'&' if '?' in screen else '?'}language=en")
        settled(page)
        return page

    def shot(name):
        page.screenshot(path=shots / f"day-{name}.png")

    yield page, go, shot
    assert page.faults == []
    page.context.close()


def test_the_provincial_planner(seat):
    page, go, shot = seat
    go("figures")
    assert page.locator("mark, tr").count() > 10
    page.click("button:text('Sign off these readings')")
    page.wait_for_selector("td:has-text('local')")
    shot("planner-1-figures")
    go("targets")
    page.click("a[data-target='express-volume']")
    page.wait_for_selector(".drawer .parts")
    page.wait_for_selector(".drawer a[href*='bundle=']")  # the levers that move it, each a way on
    shot("planner-2-target")
    go("levers")
    page.locator("td input[type=checkbox]").first.check()
    page.click("button:text('Keep')")
    page.locator("td input[type=checkbox]").nth(1).check()
    settled(page)
    shot("planner-3-levers")
    go("map?theme=service&place=222426")
    page.wait_for_selector(".about dl")
    shot("planner-4-map")
    go("targets?as_of=2023-06-30")
    page.click("button[aria-expanded]")
    with page.expect_download() as download:
        page.click("a:text('Midterm · Word')")
    assert download.value.suggested_filename == "jilin-midterm-2023-06-30-en.docx"
    assert page.locator("a:text('Final · Word')").count() == 0  # the plan has not ended on that day
    with page.expect_download() as download:
        page.locator("a[href*='report?form=docx']").first.click()
    assert download.value.suggested_filename == "jilin-2023-06-30-en.docx"


def test_the_enterprise_network_planner(seat, tmp_path):
    page, go, shot = seat
    go("data?part=records")
    file = tmp_path / "scans-of-mine.csv"
    file.write_text(
        "waybill,operator_id,facility_id,event,event_at\nYT0000000001,YTO,H1,EMG,2026-03-09 10:00:00\n"
        "YT0000000002,YTO,H1,EMG,2099-01-01 00:00:00\n", "utf-8"
    )  # fmt: skip
    page.set_input_files("#records-file", file)
    page.wait_for_selector("a[href*='/quarantine']", timeout=LONG)
    assert "Taken in" in page.inner_text("main")
    with page.expect_download() as download:
        page.click("a[href*='/quarantine']")
    assert download.value.suggested_filename.startswith("quarantine-")
    shot("enterprise-1-records")
    for year in ("2020", "2025"):  # so that there are two plans to compare
        go("trunk")
        page.fill("input[name=year]", year)
        page.click("button:text('Make the trunk timetable')")
        page.wait_for_selector("svg .haul", timeout=LONG, state="attached")
        page.wait_for_url("**run=*", timeout=LONG)
    settled(page)
    assert page.locator("text=vehicles at the docks by half hour").count()
    assert page.locator("summary:has-text('Sort waves of')").count()
    page.locator("svg.spacetime a").nth(3).click()
    page.wait_for_selector("svg.spacetime.one .haul.picked", state="attached")
    shot("enterprise-2-trunk")
    page.locator("button:text('Compare')").last.click()
    page.wait_for_selector("main section ul.parts li, main p:has-text('same')", timeout=LONG)
    shot("enterprise-2-compare")
    page.click("button:text('Simulate a day')")
    page.wait_for_selector("text=Arrivals and sorting by half hour", timeout=LONG)
    go("map?layers=hub,line_hauls&play=1")
    page.wait_for_selector(".player .counted span")
    before = page.inner_text(".player .clock")
    page.wait_for_function("before => document.querySelector('.player .clock').textContent !== before", arg=before)
    page.locator(".player input[type=range]").fill("900")
    page.wait_for_function("() => /[1-9]/.test(document.querySelector('.player .counted span').textContent)")
    shot("enterprise-3-day")
    go("villages")
    page.click("button:text('Design')")
    page.wait_for_selector("svg.bars", timeout=LONG)
    settled(page)
    assert page.locator("svg.bars").count() >= 2
    page.locator("label:has-text('My operator') select").select_option("ZTO")
    page.wait_for_selector("text=It has to reveal")
    assert page.locator("svg.rounds path.round").count() > 5
    shot("enterprise-4-villages")


def act(page, words, **given):
    """Open the form of an act, fill it in and send it."""
    page.locator("main button", has_text=re.compile(words)).first.click()
    form = page.locator("dialog form")
    for name, value in given.items():
        form.locator(f"[name='{name}']").fill(value)
    form.locator("button.primary").click()
    page.wait_for_selector("dialog", state="detached")


def test_the_market_supervisor(seat):
    page, go, shot = seat
    go("supervision")
    if page.locator("button:text('Fill')").count() or page.locator("main .card button.primary").count():
        page.locator("main .card button.primary").first.click()
        page.wait_for_url("**seen=*", timeout=LONG)
        settled(page)
    assert page.locator("main section").count() > 1
    shot("supervisor-1-queue")
    go("supervision?part=draws")
    soon = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=20)
    told = {"seed_source": "a number to be public soon", "seed_at": soon.isoformat()}
    act(page, "Freeze", id_="CC-TEST", size="12", **told)
    page.wait_for_selector("tbody a:text('CC-TEST')")
    page.click("tbody a:text('CC-TEST')")
    page.wait_for_selector("text=nothing has been drawn")
    # The seed is a public value of a moment that must first have come.
    page.wait_for_timeout(max(0.0, 1000 * (soon - dt.datetime.now(dt.UTC)).total_seconds()) + 1000)
    act(page, "Reveal", seed="271828182845904523536028747135")
    page.wait_for_selector("a:text('CC-TEST-receipt.json')")
    settled(page)
    shot("supervisor-2-revealed")
    page.locator("tbody a").first.click()
    page.wait_for_selector("button:text('Verify')")
    page.locator("section button.primary", has_text=re.compile("erify")).first.click()
    page.wait_for_selector("main .notice strong")
    assert page.locator("main .notice.bad").count() == 0
    shot("supervisor-2-draw")
    go("supervision?part=cases&table=hazards")
    page.locator("tbody a").first.click()
    page.wait_for_selector(".facts")
    shot("supervisor-3-case")
    for part in ("credit", "rates", "balance", "alerts"):
        go(f"supervision?part={part}")
        shot(f"supervisor-4-{part}")
        if part == "rates":
            assert "the whole list" in page.inner_text("main")


def test_the_emergency_and_peak_coordinator(seat):
    page, go, shot = seat
    go("drills")
    page.click("button:text('Look ahead')")
    page.wait_for_selector("svg.heat .load", timeout=LONG)
    assert page.locator("svg.heat text.word").count() >= 10
    shot("coordinator-0-board")
    assert page.locator("section.card select option").count() >= 3
    page.locator("section.card button.primary:text('Run the drill')").first.click()
    page.wait_for_selector("h3:text('After-action review')", timeout=LONG)
    settled(page)
    assert page.locator("text=ranked").count() or page.locator("tbody tr").count() > 1
    shot("coordinator-1-drill")
    assert "Mail displaced" in page.inner_text("main")
    page.click("a:text('Relief ledger')")
    page.wait_for_url("**table=relief*")
    settled(page)
    shot("coordinator-2-relief")
