"""The report holds everything it needs, says everything in one language, and trusts no name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from tradewind.charts.report import Money, Report, render
from tradewind.charts.show import echarts
from tradewind.charts.texts import TEXTS
from tradewind.charts.theme import tokens
from tradewind.charts.words import LANGUAGES, Language

Make = Callable[..., Report]


def without_echarts(html: str) -> str:
    return html.replace(echarts(), "")


def page_data(html: str) -> dict[str, object]:
    text = re.search(r'<script type="application/json" id="page">(.*?)</script>', html, re.S)
    assert text is not None
    data: dict[str, object] = json.loads(text[1])
    return data


def test_the_head_says_from_when_on_returns_are_missing(shop_report: Make) -> None:
    waiting = shop_report(3, provisional_from=date(2024, 12, 20))
    assert "sales from 20 Dec 2024 on still wait for returns" in render(waiting, "en")
    assert "2024年12月20日 起的销售，退货还没有到齐" in render(waiting, "zh")
    assert "still wait for returns" not in render(shop_report(3), "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_from_anywhere(shop_report: Make, language: Language) -> None:
    html = render(shop_report(5), language)
    assert echarts() in html
    rest = without_echarts(html)
    assert not re.findall(r"https?://", rest)
    assert not re.findall(r"""(?:src|@import|url\()\s*=?\s*["']?(?!data:)\w+[:/]""", rest)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_left_untranslated(shop_report: Make, language: Language) -> None:
    rest = without_echarts(render(shop_report(5), language))
    body = re.sub(r"<(script|style)\b.*?</\1>", "", rest, flags=re.S)
    seen = re.sub(r"<[^>]*>", " ", body)
    keys = {key for key in TEXTS if "_" in key}
    assert not {key for key in keys if re.search(rf"\b{key}\b", seen)}
    assert not re.findall(r"\{\w+\}", seen)
    if language == "en":
        names = re.sub(r"燕麦奶 1 升|洗衣液 2 千克", "", seen)
        assert not re.findall(r"[\u4e00-\u9fff]", names)
    else:
        assert '<html lang="zh-CN" data-red-up>' in rest
        assert "未来 8 周" in seen


def test_hostile_names_stay_text(shop_report: Make) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    html = render(shop_report(4, names=(evil,), name=evil), "en")
    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html
    data = page_data(html)
    products = data["products"]
    assert isinstance(products, list)
    assert products[0]["n"].startswith(evil)


def test_every_token_named_by_an_option_exists(shop_report: Make) -> None:
    html = render(shop_report(3), "en")
    named = set(re.findall(r'"token:([\w-]+)"', html))
    assert named
    assert named <= set(tokens())


def test_every_figure_has_a_title_a_summary_and_its_data(shop_report: Make) -> None:
    html = without_echarts(render(shop_report(3), "en"))
    figures = re.findall(r"<figure.*?</figure>", html, re.S)
    assert len(figures) == 5
    for figure in figures:
        assert "<h3" in figure
        assert 'role="img" aria-label="' in figure
        assert "data-csv=" in figure
    charts = page_data(html)["charts"]
    assert isinstance(charts, dict)
    assert all(chart["csv"].count("\n") > 3 for chart in charts.values())


def test_a_thousand_products_stay_under_eight_megabytes(shop_report: Make) -> None:
    html = render(shop_report(1000), "en")
    assert len(html.encode()) < 8_000_000
    assert len(page_data(html)["products"]) == 1000  # type: ignore[arg-type]


def test_more_products_than_fit_are_counted_and_said(shop_report: Make) -> None:
    html = render(shop_report(30, max_products=7), "en")
    assert len(page_data(html)["products"]) == 7  # type: ignore[arg-type]
    assert "the 7 best sellers of 30" in html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("n", [0, 1])
def test_one_product_and_none_make_a_report(shop_report: Make, n: int, language: Language) -> None:
    empty = pl.DataFrame()
    tables = dict.fromkeys(("leaderboard", "error_by_step", "calibration", "repairs"), empty)
    html = render(shop_report(n, trends=empty, money=None, n_windows=0, **tables), language)
    assert len(page_data(html)["products"]) == n  # type: ignore[arg-type]
    assert "tradewind backtest" in html


def test_the_overview_says_what_to_do_then_why_then_how_sure(shop_report: Make) -> None:
    report = shop_report(6)
    html = render(report, "en")
    assert re.search(r"<h1>Plan for [\d,]+ units over the next 8 weeks</h1>", html)
    assert "Trust ensemble: in 4 back-tests it scored 46" in html
    assert "cost $69,500 less than planning by the mean of the last 4 weeks" in html
    worse = render(shop_report(6, money=Money("rule", 3.0, 2.0)), "en")
    assert "cost $1 more than planning by the mean of the last 4 weeks" in worse


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_overview_says_whether_promotions_are_planned(
    shop_report: Make, language: Language
) -> None:
    k = LANGUAGES.index(language)
    with_plan, without = shop_report(5), shop_report(5, known=None)
    assert with_plan.known is not None
    n = with_plan.known.frame.group_by("unique_id").agg(pl.col("display").max() >= 0.05)["display"]
    assert TEXTS["plan_some"][k].format(n=n.sum(), all=5) in render(with_plan, language)
    assert TEXTS["plan_none"][k] in render(without, language)
    never = render(shop_report(5, known=None, promotion_columns=()), language)
    assert TEXTS["plan_none"][k] not in never


def test_a_model_below_the_naive_is_not_praised(shop_report: Make) -> None:
    board = pl.DataFrame({"model": ["ensemble"], "skill": [-0.2], "coverage80": [0.6]})
    html = render(shop_report(3, leaderboard=board), "en")
    assert "treat it with caution" in html
    assert "Trust ensemble" not in html


def test_errors_by_step_stand_beside_the_best_rival_and_the_naive(shop_report: Make) -> None:
    charts = page_data(render(shop_report(2), "en"))["charts"]
    assert isinstance(charts, dict)
    names = [line["name"] for line in charts["steps"]["option"]["series"]]
    assert names == ["ensemble", "trees", "seasonal_naive"]


def test_red_up_can_be_set_against_the_language(shop_report: Make) -> None:
    assert 'lang="zh-CN">' in render(shop_report(2, red_up=False), "zh")
    assert 'lang="en" data-red-up>' in render(shop_report(2, red_up=True), "en")


def test_lost_sales_are_summed_where_stock_was_short(shop_report: Make) -> None:
    report = shop_report(3)
    html = render(report, "en")
    limited = report.panel.frame.filter("censored")
    lost = (limited["demand"] - limited["y"]).clip(0).sum()
    assert f"Stock ran out in {len(limited)} product-weeks: about {lost:,.0f} more" in html
