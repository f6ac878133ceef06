"""The report in Chromium: it draws, the picker works, nothing overflows, nothing complains."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tradewind.charts import fan_chart, show
from tradewind.charts.report import Report, render
from tradewind.charts.words import LANGUAGES, Language

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run"
)
SIZES = [(1440, 900), (390, 844)]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield running
        running.close()


@pytest.fixture
def opened(
    browser: Browser, tmp_path: Path, shop_report: Callable[..., Report]
) -> Iterator[Callable[..., Page]]:
    """Open a report of n products at a width; fails at the end on any message of the console."""
    complaints: list[str] = []
    requests: list[str] = []
    pages: list[Page] = []

    def open_page(language: Language, size: tuple[int, int], n: int = 12, **more: object) -> Page:
        file = tmp_path / f"{language}.html"
        file.write_text(render(shop_report(n, **more), language), encoding="utf-8")
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []
    assert not [url for url in requests if url.startswith("http")]


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_is_drawn_and_nothing_overflows(
    opened: Callable[..., Page], language: Language, size: tuple[int, int]
) -> None:
    page = opened(language, size)
    charts = page.locator(".chart")
    assert charts.count() == 5
    for chart in charts.all():
        chart.scroll_into_view_if_needed()
        chart.locator("canvas").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_the_picker_finds_a_product_and_links_to_it(opened: Callable[..., Page]) -> None:
    page = opened("en", SIZES[0])
    page.locator("#query").fill("rice 5")
    page.locator("#list button").first.wait_for()
    assert page.locator("#list button").count() == 1
    assert page.locator("#product-title").inner_text().startswith("Rice 5 kg: about")
    assert "id=SKU-00004" in page.url
    page.locator("#product").scroll_into_view_if_needed()
    page.locator("#product canvas").wait_for()
    page.goto(page.url)
    page.reload()
    assert page.locator("#product-title").inner_text().startswith("Rice 5 kg: about")
    page.locator("#query").fill("no such thing")
    assert "No product matches" in page.locator("#found").inner_text()


def test_dark_and_light_can_be_switched(opened: Callable[..., Page]) -> None:
    page = opened("en", SIZES[0])
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.locator("#theme").click()
    assert page.evaluate(ground) != before
    assert page.locator("#theme").inner_text() == "Light"


def test_the_data_of_a_product_can_be_taken_away(opened: Callable[..., Page]) -> None:
    page = opened("en", SIZES[0])
    with page.expect_download() as waiting:
        page.locator('[data-csv="product"]').click()
    rows = Path(waiting.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "ds,sold,demand,promotion,median,low80,high80,low50,high50,price"
    assert len(rows) == 1 + 104 + 8


def test_hostile_names_do_nothing(opened: Callable[..., Page]) -> None:
    evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    page = opened("en", SIZES[0], 3, names=(evil,), name=evil)
    page.locator("#product").scroll_into_view_if_needed()
    page.locator("#product canvas").first.hover()
    assert page.locator("#product-title").inner_text().startswith(evil)


def test_a_chart_of_a_notebook_draws_in_its_frame(
    browser: Browser, tmp_path: Path, shop_report: Callable[..., Report]
) -> None:
    report = shop_report(2)
    option = fan_chart(report.forecast, "SKU-00001", report.panel)
    file = tmp_path / "notebook.html"
    file.write_text(show(option, title="A finding")._repr_html_(), encoding="utf-8")
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("canvas").wait_for()
    assert frame.get_by_text("A finding").is_visible()
    assert complaints == []
    page.close()
