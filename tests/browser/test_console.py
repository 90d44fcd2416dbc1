"""Every screen in both languages, wide and narrow: it stands, asks nothing of the outside, and anyone can use it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser
SCREENS = ["targets", "map", "trunk", "villages", "levers", "drills", "supervision", "figures", "data"]
MORE = ["targets?target=express-volume", "map?place=2224&theme=minutes&from=2201", "data?part=uploads",
        "data?part=accounts", "data?table=places", "supervision?part=draws", "supervision?part=cases",
        "supervision?part=alerts", "data?part=records"]  # fmt: skip
SIZES = {1440: 900, 690: 976, 390: 844}


def opened(chromium, server, width, scheme="light"):
    context = chromium.new_context(viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme)
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.faults.append(f"{said.text} {said.location['url']}"))
    page.on(
        "request", lambda asked: asked.url.startswith((server.base, "blob:", "data:")) or page.faults.append(asked.url)
    )
    page.goto(server.key_address)
    page.wait_for_selector("h1")
    return page


def settled(page):
    # By selectors alone: the page's policy forbids what the tests would like to evaluate.
    page.wait_for_selector("main h1", state="attached", timeout=60_000)
    page.wait_for_selector("[aria-busy]", state="detached", timeout=60_000)
    page.wait_for_load_state("networkidle")


@pytest.fixture(
    scope="module", params=[(width, language) for width in (1440, 390) for language in ("zh", "en")], ids=str
)
def seat(request, chromium, server):
    width, language = request.param
    page = opened(chromium, server, width)
    yield page, width, language
    page.context.close()


@pytest.mark.parametrize("screen", SCREENS + MORE)
def test_the_screen_stands(seat, server, shots, screen):
    page, width, language = seat
    page.faults.clear()
    page.goto(f"{server.base}/jilin/{screen}{'&' if '?' in screen else '?'}language={language}")
    settled(page)
    page.screenshot(path=shots / f"{re.sub(r'[^a-z]+', '-', screen)}-{language}-{width}.png")
    assert page.faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_attribute("html", "lang").startswith(language)
    text = page.inner_text("body")
    assert "Loading" not in text, "a part that never came"
    assert "正在读取" not in text
    assert not re.search(r"\b(col|act|table|lead|screen|part_of)_[a-z]", text), "a word without its text"
    if language == "en":
        buttons = page.eval_on_selector_all("button", "all => all.map(one => one.textContent)")
        assert all(not re.search("[一-鿿]", one) for one in buttons if one not in ("中文",)), buttons
    # The list of a big table repeats one shape; axe needs to see it once.
    found = Axe().run(
        page, options={"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
    )
    grave = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    assert grave == [], [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in grave]


@pytest.mark.parametrize(
    "screen", ["targets?target=postal-revenue", "supervision?part=draws", "data", "levers?bundle=lockers", "figures"]
)
def test_dark_has_contrast_too(chromium, server, screen):
    page = opened(chromium, server, 1440, "dark")
    page.goto(f"{server.base}/jilin/{screen}{'&' if '?' in screen else '?'}language=en")
    settled(page)
    found = Axe().run(page, options={"runOnly": ["color-contrast"]})
    assert [v["nodes"][0]["html"] for v in found.response["violations"]] == []
    assert "target=" not in screen or page.locator(".drawer svg.chart .fan").count(), "the target was not opened"
    page.context.close()


def test_a_cold_start_is_light(chromium, server):
    page = opened(chromium, server, 1440)
    cold = page.context.browser.new_context()
    cold.add_cookies(page.context.cookies())
    fresh = cold.new_page()
    fresh.goto(f"{server.base}/jilin/targets")
    fresh.wait_for_selector("a[data-target]")
    sizes = fresh.evaluate("performance.getEntriesByType('resource').map(one => [one.name, one.transferSize])")
    assert not any("maplibre" in name for name, _ in sizes)
    assert sum(size for _, size in sizes) < 1_000_000 / 4, sizes
    cold.close()
    page.context.close()


def test_the_address_is_the_state(chromium, server):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/targets?language=en")
    page.click("a[data-target='express-volume']")
    page.wait_for_selector(".drawer h2")
    assert "target=express-volume" in page.url
    assert page.inner_text(".drawer h2").startswith("Express volume")
    page.reload()
    page.wait_for_selector(".drawer h2")
    page.keyboard.press("Escape")
    page.wait_for_selector(".drawer", state="detached")
    page.go_back()
    page.wait_for_selector(".drawer")
    page.context.close()


def test_the_keyboard_reaches_every_screen(chromium, server):
    page = opened(chromium, server, 1440)
    for number, screen in enumerate(SCREENS, 1):
        page.keyboard.press(f"Alt+{number}")
        page.wait_for_url(f"**/{screen}*")
        settled(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")
    page.context.close()


def test_a_redrawn_screen_keeps_the_keyboard_where_it_stood(chromium, server):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/targets?language=en")
    settled(page)
    page.focus(".nav a[href*='/figures']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/figures*")
    settled(page)
    assert page.evaluate("document.activeElement.getAttribute('href').includes('/figures')")
    page.keyboard.press("Alt+9")
    page.wait_for_url("**/data*")
    settled(page)
    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


def test_the_slider_goes_back_in_time(chromium, server):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/targets?language=en&as_of=2023-06-30")
    page.wait_for_selector("a[data-target]")
    assert "2023-06-30" in page.inner_text("header .lead")
    row = page.inner_text("a[data-target='express-volume']")
    assert "2024" not in row.split("2025")[0]
    page.context.close()


def test_a_place_is_found_and_explained(chromium, server):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/map?language=en")
    page.wait_for_selector(".maplibregl-canvas", timeout=60_000)
    page.fill("input[type=search]", "antu")
    page.wait_for_selector(".hits button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hits button:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector(".about dl")
    assert "222426" in page.url
    assert "安图县" in page.inner_text(".about")
    page.context.close()


def test_a_file_is_sent_checked_and_answered(chromium, server, tmp_path):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/data?part=uploads&language=en")
    page.wait_for_selector(".drop")
    file = tmp_path / "sources.csv"
    file.write_text("source_id,title,origin,source\nmine,My register,observed,mine\nbad,Other,guessed,mine\n", "utf-8")
    page.set_input_files("#pack-file", file)
    page.wait_for_selector("text=faults were found", timeout=60_000)
    assert "guessed" in page.inner_text("main")
    with page.expect_download() as download:
        page.click("text=rows set aside")
    assert download.value.suggested_filename.startswith("quarantine-")
    page.context.close()


def test_the_text_of_a_plan_is_read_beside_its_figures(chromium, server):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/figures?language=en")
    page.click("text=or paste it")
    page.fill("textarea", "2020年，快递业务量完成447亿件，快递业务收入60.73亿元。年均增长15%以上。")
    page.click("button:text('Check')")
    page.wait_for_selector(".reader mark")
    assert page.locator(".reader mark").count() >= 2
    page.context.close()


def test_the_public_sees_what_is_published_and_no_more(chromium, server):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server.base}/jilin/data?language=en")
    page.wait_for_selector("text=Published results")
    assert page.locator(".nav a").count() == 0
    page.click("button:text('Sign in')")
    page.fill("input[name=name]", "nobody")
    page.fill("input[name=password]", "not the pass word at all")
    page.click("dialog button.primary")
    page.wait_for_selector("dialog [role=alert]")
    context.close()


def test_it_prints(chromium, server, tmp_path):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/targets?language=zh")
    settled(page)
    page.pdf(path=tmp_path / "targets.pdf", format="A4")
    assert (tmp_path / "targets.pdf").stat().st_size > 50_000
    page.context.close()


@pytest.mark.parametrize(
    "screen", ["targets?target=postal-revenue", "levers?bundle=lockers", "figures", "data", "drills"]
)
def test_nothing_is_cut_off_on_paper(chromium, server, screen):
    page = opened(chromium, server, 690)
    page.emulate_media(media="print")
    page.goto(f"{server.base}/jilin/{screen}{'&' if '?' in screen else '?'}language=zh")
    settled(page)
    assert page.locator("h1").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 690
    page.context.close()


def test_kept_bundles_stand_in_the_address(chromium, server):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/levers?language=en&bundle=lockers")
    page.click("button:text('Keep')")
    page.wait_for_url("**keep=lockers*")
    page.locator("td input[type=checkbox]").first.check()
    page.wait_for_selector(".bars .word >> nth=1")
    page.click("button:text('Keep')")
    page.wait_for_selector("h2:text('side by side')")
    kept = page.url
    page.goto(f"{server.base}/jilin/targets")
    settled(page)
    page.goto(kept)
    page.wait_for_selector("h2:text('side by side')")
    rows = page.locator("section:has(h2:text('side by side')) tbody tr")
    assert rows.count() == 2
    rows.nth(0).locator("button").click()
    page.wait_for_function("() => !location.search.includes('%7C')")
    rows.first.wait_for()
    assert rows.count() == 1
    page.context.close()


def test_a_source_is_found_from_its_value(chromium, server):
    page = opened(chromium, server, 1440)
    page.goto(f"{server.base}/jilin/targets?language=en&target=express-volume")
    page.locator(".drawer a[href*='part=sources']").first.click()
    page.wait_for_url("**part=sources*")
    page.wait_for_selector("main section.card h2")
    page.context.close()
