"""The four working days, each walked in the browser from its first screen to its last, without the command line."""

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
    shot("planner-1-figures")
    go("targets")
    page.click("a[data-target='express-volume']")
    page.wait_for_selector(".drawer .parts")
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
    go("targets")
    with page.expect_download() as download:
        page.locator("a[href*='form=docx']").first.evaluate("link => link.click()")
    assert download.value.suggested_filename.endswith(".docx")


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
    for _ in range(2):  # twice, so that there are two plans to compare
        go("trunk")
        page.click("button:text('Make the trunk timetable')")
        page.wait_for_selector("svg .haul", timeout=LONG, state="attached")
        page.wait_for_url("**run=*", timeout=LONG)
    settled(page)
    assert page.locator("text=vehicles at the docks by half hour").count()
    shot("enterprise-2-trunk")
    go("map?layers=hub,line_hauls&play=1")
    page.wait_for_selector(".player output")
    shot("enterprise-3-day")
    go("villages")
    assert page.locator("button:text('Design')").count()
    shot("enterprise-4-villages")


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


def test_the_emergency_and_peak_coordinator(seat):
    page, go, shot = seat
    go("drills")
    assert page.locator("section.card select option").count() >= 3
    page.locator("section.card button.primary").first.click()
    page.wait_for_url("**run=*", timeout=LONG)
    settled(page)
    assert page.locator("text=ranked").count() or page.locator("tbody tr").count() > 1
    shot("coordinator-1-drill")
    go("supervision?part=cases&table=emergencies")
    shot("coordinator-2-relief")
