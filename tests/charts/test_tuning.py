"""The page of a search for settings: what it shows is what was found, in both languages."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tradewind.charts.trials import importance_chart, shown_range, trials_chart
from tradewind.charts.tuning import Tuning, render
from tradewind.charts.words import LANGUAGES, Language, Words

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCORES = [0.8, 0.9, None, 0.7, 5.0, 0.75, 0.72]


def trials() -> pl.DataFrame:
    n = len(SCORES)
    return pl.DataFrame(
        {
            "trial": range(n),
            "state": ["pruned" if score is None else "done" for score in SCORES],
            "sql": SCORES,
            "seconds": [1.5] * n,
            "leaves": [str(31 + k) for k in range(n)],
            "level": ["nan", *["0.25"] * (n - 1)],
        }
    )


def tuning(**more: object) -> Tuning:
    told = {
        "shop": "Harbour Street Grocery",
        "model": "trees",
        "made_at": datetime(2026, 1, 5),
        "trials": trials(),
        "best": 3,
        "settings": (("leaves", 31, 34), ("level", float("nan"), 0.25)),
        "importance": {"leaves": 0.75, "level": 0.25},
        "is_kept": True,
        "windows": 3,
        "reported": 2,
        "command": "tradewind tune --model trees",
    }
    return Tuning(**(told | more))  # type: ignore[arg-type]  # a table of everything


def test_the_history_shows_scores_the_best_so_far_and_the_default() -> None:
    option = trials_chart(trials(), Words("zh"))
    json.dumps(option, allow_nan=False)
    default, best, dots = option["series"]
    assert default["data"] == [[0, 0.8], [6, 0.8]]
    assert best["data"] == [[0, 0.8], [1, 0.8], [3, 0.7], [4, 0.7], [5, 0.7], [6, 0.7], [6, 0.7]]
    assert dots["data"] == [[0, 0.8], [1, 0.9], [3, 0.7], [5, 0.75], [6, 0.72]]
    assert option["yAxis"]["min"] < 0.7
    assert 0.9 < option["yAxis"]["max"] < 5.0


def test_one_trial_alone_is_a_history() -> None:
    option = trials_chart(trials().head(1))
    json.dumps(option, allow_nan=False)
    assert option["series"][2]["data"] == [[0, 0.8]]
    low, high = shown_range(trials().head(1))
    assert low < 0.8 < high


def test_importance_is_ranked_with_the_largest_on_top() -> None:
    option = importance_chart({"a": 0.2, "b": 0.7, "c": 0.1})
    json.dumps(option, allow_nan=False)
    assert option["yAxis"]["data"] == ["c", "a", "b"]
    assert option["series"][0]["data"] == [10.0, 20.0, 70.0]


def test_the_page_says_by_how_much_and_on_what_it_stands() -> None:
    page = render(tuning())
    assert "Tuned settings of trees score 12.5\u00a0% better than the default ones" in page
    assert "7 settings were tried: 6 scored on all of 3 earlier windows, 1 given up early." in page
    assert "before the last 2, which a back-test reports" in page
    assert " 1 worse ones lie above the chart." in page
    assert "leaves mattered most: 75\u00a0%" in page
    assert "auto" in page  # nan: the model chooses by itself
    assert not re.search(r"(src|href)=[\"']https?:", page)


def test_a_search_that_found_nothing_says_so() -> None:
    page = render(tuning(is_kept=False, best=0, importance={}))
    assert "The default settings of trees stay" in page
    assert "too few to say which settings matter" in page


def test_hostile_names_do_nothing() -> None:
    evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    page = render(replace(tuning(), shop=evil))
    assert evil not in page


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_drawn_without_a_network(
    tmp_path: Path, language: Language, width: int
) -> None:
    from playwright.sync_api import sync_playwright

    file = tmp_path / "page.html"
    file.write_text(render(tuning(), language), encoding="utf-8")
    told: list[str] = []
    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: told.append(request.url))
        page.goto(file.as_uri())
        for chart in page.locator(".chart").all():
            chart.scroll_into_view_if_needed()
            chart.locator("canvas").first.wait_for()
        assert page.locator(".chart").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth") == width
        browser.close()
    assert [text for text in told if not text.startswith(("file:", "data:"))] == []
