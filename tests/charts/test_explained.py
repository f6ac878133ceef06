"""The page of an explanation: its sentences, its charts, and how it looks in Chromium."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from playwright.sync_api import sync_playwright

from tradewind.charts.explained import (
    Explained,
    Page,
    Supposed,
    matters_figure,
    parts_figure,
    render,
    sentences,
    supposed_sentences,
    waterfall_figure,
)
from tradewind.charts.words import LANGUAGES, Language, Words
from tradewind.panel import dates_from

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NBSP = "\u00a0"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
GROUPS = {
    "lags": -12.0,
    "season": 8.0,
    "price": 34.0,
    "promotion": 20.0,
    "holiday": 0.0,
    "category": 0.4,
    "other": 0.0,
}


def told(steps: int = 40, h: int = 8) -> Explained:
    """210 units in eight weeks, 34 of them by a price that is 12 % below usual."""
    rng = np.random.default_rng(1)
    ds = dates_from(datetime(2025, 1, 6), steps + h, "W-MON")
    parts = {name: rng.normal(0, 3, steps + h) for name in ("season", "price", "promotion", "rest")}
    level, trend = np.full(steps + h, 20.0), np.linspace(-2, 2, steps + h)
    y = level + trend + sum(parts.values())
    each = {name: np.full(h, value / h) for name, value in GROUPS.items()}
    baseline = 210 - sum(GROUPS.values())
    table = {"ds": ds[steps:], "shown": np.full(h, 210 / h), "baseline": np.full(h, baseline / h)}
    return Explained(
        shop="Tea house",
        product="T-1",
        name="Green tea",
        freq="W-MON",
        steps=h,
        date=None,
        unit="units",
        interval=(210.0, 180.0, 245.0),
        baseline=baseline,
        groups=GROUPS,
        facts={
            "price": -0.12,
            "planned_price": 1.0,
            "promoted": 3.0,
            "planned_promotion": 1.0,
            "lags": -0.2,
            "season": 0.05,
        },
        by_period=pl.DataFrame(table | each),
        parts=pl.DataFrame(
            {"ds": ds, "y": y, "level": level, "trend": trend, **parts, "holiday": 0.0 * level}
        ),
        cutoff=steps - 1,
        version="units-W-product/1",
        cutoff_ds=ds[steps - 1].item(),
    )


def supposed(h: int = 8) -> Supposed:
    """A tenth cheaper: 234 instead of 210."""
    ds = dates_from(datetime(2025, 10, 13), h, "W-MON")
    columns = {"before": 26.0, "before_low": 20.0, "before_high": 33.0}
    after = {"after": 29.0, "after_low": 22.0, "after_high": 37.0}
    table = pl.DataFrame({"ds": ds} | {k: np.full(h, v) for k, v in (columns | after).items()})
    return Supposed(
        "Green tea",
        "W-MON",
        "units",
        (("price", "price=-10%"),),
        (210.0, 180.0, 245.0),
        (234.0, 200.0, 271.0),
        association=True,
        table=table,
    )


def page() -> Page:
    matters = pl.DataFrame(
        {"group": ["price", "lags"], "importance": [0.2, 0.1], "share": [0.67, 0.33]}
    )
    return Page(told(), supposed(), matters, datetime(2025, 10, 12))


def test_sentences_state_cause_size_and_certainty() -> None:
    english = [s.replace(NBSP, " ") for s in sentences(told(), Words("en"))]
    assert english == [
        "About 210 units over the next 8 weeks.",
        "80 % interval 180–245.",
        "With everything as usual it would be about 160.",
        "Price 12 % below usual adds about 34 units (of 210).",
        "Promotion planned in 3 of 8 weeks adds about 20 units (of 210).",
        "Selling 20 % less lately than in the year's mean takes away about 12 units (of 210).",
        "A season 5 % above the mean adds about 8.0 units (of 210).",
        "Nothing else makes a difference of 1 % or more.",
    ]
    chinese = [s.replace(NBSP, " ") for s in sentences(told(), Words("zh"))]
    assert chinese[:4] == [
        "未来 8 周预计约 210 件。",
        "80% 区间 180–245。",
        "若一切照常，约为 160。",
        "售价比平时低 12%，约增加 34 件（共 210）。",
    ]


def test_a_period_and_money_have_their_own_words() -> None:
    one = replace(told(), steps=1, date=datetime(2025, 10, 20), unit="EUR")
    english = sentences(one, Words("en"))
    assert english[0] == "About 210 EUR in the week of 20 Oct 2025."
    assert "The planned promotion adds about 20 EUR (of 210)." in english
    assert sentences(one, Words("zh"))[0] == "2025年10月20日当周预计约 210 EUR。"


def test_a_cause_that_goes_the_other_way_is_told_without_its_side() -> None:
    more = replace(told(), facts={**told().facts, "lags": 0.2, "season": -0.05})
    english = [s.replace(NBSP, " ") for s in sentences(more, Words("en"))]
    assert "The course of recent sales takes away about 12 units (of 210)." in english
    assert "The season's course adds about 8.0 units (of 210)." in english


def test_shares_of_all_products_are_written_as_the_language_has_them() -> None:
    for language, share in zip(LANGUAGES, (f"20.0{NBSP}%", "20.0%"), strict=True):
        table = page().matters
        assert table is not None
        figure = matters_figure(table, Words(language))
        assert figure.option["series"][0]["data"][-1]["label"]["formatter"] == share


def test_a_price_effect_is_called_an_association() -> None:
    english = [s.replace(NBSP, " ") for s in supposed_sentences(supposed(), Words("en"))]
    assert english[0] == "With price=-10%: about 234 instead of 210 units (+24)."
    assert english[1] == "80 % interval 200–271 instead of 180–245."
    assert "association" in english[-1]
    promoted = replace(supposed(), association=False)
    assert not any("association" in s for s in supposed_sentences(promoted, Words("en")))


def test_the_bars_of_the_waterfall_end_at_the_forecast() -> None:
    option = waterfall_figure(told(), Words("en")).option
    floor, height = (series["data"] for series in option["series"])
    names = option["yAxis"]["data"]
    assert names == [
        "Forecast",
        "Category",
        "Season",
        "Recent sales",
        "Promotion",
        "Price",
        "As usual",
    ]
    assert (floor[0], height[0]["value"]) == (0, 210)
    top = {n: f + bar["value"] for n, f, bar in zip(names, floor, height, strict=True)}
    assert top["Price"] == pytest.approx(159.6 + 34)
    assert top["Promotion"] == pytest.approx(159.6 + 34 + 20)
    assert floor[names.index("Recent sales")] == pytest.approx(159.6 + 54 - 12)


def test_parts_that_are_nothing_have_no_panel() -> None:
    figure = parts_figure(told(), Words("en"))
    names = [axis.get("name") for axis in figure.option["yAxis"]]
    assert names == ["", "Season", "Price", "Promotion", "Rest"]
    assert figure.data.columns[0] == "ds"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_one_language(language: Language) -> None:
    text = render(page(), language)
    body = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.S)
    assert bool(CHINESE.search(body)) == (language == "zh")
    bare = replace(page(), supposed=None, matters=None)
    assert Words(language)("whatif_none").split("price")[0] in render(bare, language)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_is_drawn_and_nothing_overflows(
    tmp_path: Path, language: Language, size: tuple[int, int]
) -> None:
    file, said = tmp_path / "page.html", list[str]()
    file.write_text(render(page(), language), encoding="utf-8")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        opened = chromium.new_page(viewport={"width": size[0], "height": size[1]})
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("request", lambda request: said.append(request.url))
        opened.goto(file.as_uri())
        charts = opened.locator(".chart")
        assert charts.count() == 4
        for chart in charts.all():
            chart.scroll_into_view_if_needed()
            chart.locator("canvas").first.wait_for()
        ground = "getComputedStyle(document.body).backgroundColor"
        before = opened.evaluate(ground)
        opened.locator("#theme").click()
        assert opened.evaluate(ground) != before
        assert opened.evaluate("document.documentElement.scrollWidth") == size[0]
        chromium.close()
    assert [text for text in said if not text.startswith(("file:", "data:"))] == []
