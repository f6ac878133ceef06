"""Options are JSON all through, and show what they were given."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tradewind.charts import fan_chart, grid, learning_figure, show
from tradewind.charts.fan import fan_of
from tradewind.charts.grid import cells
from tradewind.charts.history import matrix, promoted
from tradewind.charts.products import names_of, products_of
from tradewind.charts.report import Report
from tradewind.charts.scores import calibration_chart, error_by_step_chart, skill_chart
from tradewind.charts.sparkline import sparkline
from tradewind.charts.words import LANGUAGES, Language, Words
from tradewind.errors import UnknownName

Make = Callable[..., Report]


def fan(report: Report, unique_id: str = "SKU-00001") -> dict[str, list[float | None]]:
    option = fan_chart(
        report.forecast,
        unique_id,
        report.panel,
        known=report.known,
        price_column="price",
        promotion_columns=("display",),
    )
    json.dumps(option, allow_nan=False)
    assert len(option["grid"]) == len(option["xAxis"]) == len(option["yAxis"]) == 3
    assert {len(axis["data"]) for axis in option["xAxis"]} == {104 + 8}
    assert option["aria"]["label"]["description"]
    return {s["id"]: s["data"] for s in option["series"]}


def test_a_fan_shows_the_quantiles_it_was_given(shop_report: Make) -> None:
    report = shop_report(3)
    lines = fan(report)
    own = report.forecast.select(["SKU-00001"])
    low, median, high = np.moveaxis(own.at((0.1, 0.5, 0.9))[0], 1, 0)
    assert lines["median"][:104] == [None] * 104
    np.testing.assert_allclose(lines["median"][104:], median, atol=6e-4)  # type: ignore[arg-type]
    bottom = np.array(lines["low80"][104:], dtype=float)
    np.testing.assert_allclose(bottom, low, atol=6e-4)
    height = np.array(lines["band80"][104:], dtype=float)
    np.testing.assert_allclose(bottom + height, high, atol=2e-3)


def test_sales_and_estimated_demand_are_told_apart(shop_report: Make) -> None:
    report = shop_report(3)
    lines = fan(report)
    rows = report.panel.only(["SKU-00001"]).frame
    assert lines["sold"][:104] == rows["y"].to_list()
    wanted = rows.select(pl.when(pl.col("demand") > pl.col("y")).then("demand"))["demand"]
    assert lines["demand"][:104] == wanted.to_list()
    assert wanted.drop_nulls().len() > 0


def test_planned_prices_and_promotions_reach_into_the_horizon(shop_report: Make) -> None:
    report = shop_report(3)
    lines = fan(report)
    assert report.known is not None
    ahead = report.known.only(["SKU-00001"]).frame
    assert lines["price"][104:] == ahead["price"].round(3).to_list()
    assert [v == 1 for v in lines["promotion"][104:]] == (ahead["display"] > 0).to_list()


def test_a_series_without_a_forecast_is_named(shop_report: Make) -> None:
    report = shop_report(2)
    with pytest.raises(UnknownName, match="SKU-9"):
        fan_of(report.forecast, "SKU-9", report.panel)


def test_a_matrix_equals_a_plain_loop(shop_report: Make) -> None:
    report = shop_report(4)
    ids, dates = ("SKU-00002", "SKU-00000"), report.panel.ds[10:20]
    got = matrix([report.panel], ids, dates, "y")
    for i, key in enumerate(ids):
        for j, ds in enumerate(dates.astype("datetime64[us]").tolist()):
            row = report.panel.frame.filter(pl.col("unique_id") == key, pl.col("ds") == ds)
            assert got[i, j] == row[0, "y"]
    flags = promoted([report.panel], ids, dates, ("display", "no such column"))
    assert (flags == (matrix([report.panel], ids, dates, "display") > 0)).all()


def test_score_charts_are_json_and_name_the_chosen_model(shop_report: Make) -> None:
    report = shop_report(2)
    skill = skill_chart(report.leaderboard, "trees")
    steps = error_by_step_chart(report.error_by_step, "trees", "week", Words("zh"))
    calibration = calibration_chart(report.calibration)
    json.dumps([skill, steps, calibration], allow_nan=False)
    values = [bar["value"] for bar in skill["series"][0]["data"]]
    assert values[-1] == 46.2
    assert skill["yAxis"]["data"][-1] == "ensemble"
    assert skill["xAxis"]["min"] == 0
    assert [s["name"] for s in steps["series"]] == ["trees", "ensemble", "theta"]
    assert calibration["series"][1]["data"][-1] == [80.0, 79.8]


def test_negative_skill_gives_the_bars_room_below_zero() -> None:
    table = pl.DataFrame({"model": ["a", "b"], "skill": [0.1, -0.4]})
    assert skill_chart(table, "a")["xAxis"]["min"] == -40


def test_products_come_best_seller_first_with_sums_over_joint_paths(shop_report: Make) -> None:
    report = shop_report(12, max_products=5)
    products = products_of(report)
    assert len(products.ids) == 5
    sold = report.panel.frame.group_by("unique_id").agg(pl.col("y").sum()).sort("y").reverse()
    assert list(products.ids) == sold["unique_id"].head(5).to_list()
    low, median, high = products.totals.T
    assert (low < median).all()
    assert (median < high).all()
    sums = products.quantiles[:, :, 2].sum(axis=1)
    np.testing.assert_allclose(median, sums, rtol=0.05)


def test_names_that_read_alike_are_told_apart_by_their_product(shop_report: Make) -> None:
    report = shop_report(3)
    static = report.panel.static.with_columns(name=pl.Series(["Milk", "Milk", None]))
    report = replace(report, panel=replace(report.panel, static=static))
    names = names_of(report, tuple(report.panel.ids))
    assert names == ("Milk · SKU-00000", "Milk · SKU-00001", "SKU-00002")


def test_a_sparkline_leaves_gaps_where_nothing_is_known() -> None:
    svg = sparkline(np.array([1.0, np.nan, 2.0]), np.array([3.0]), 'a "label"')
    assert svg.count("M") == 3
    assert "a &quot;label&quot;" in svg
    assert "nan" not in svg
    assert sparkline(np.array([np.nan]), np.zeros(0), "x") == ""


def test_show_draws_in_a_notebook_without_a_network(shop_report: Make) -> None:
    report = shop_report(2)
    html = show(fan_chart(report.forecast, "SKU-00001", report.panel))._repr_html_()
    assert html.startswith("<iframe srcdoc=")
    assert "src=&quot;http" not in html
    assert len(html) < 600_000  # ECharts lies in it compressed


def test_a_fan_chart_may_show_the_last_of_the_history_alone(shop_report: Make) -> None:
    report = shop_report(2)
    option = fan_chart(report.forecast, "SKU-00001", report.panel, last=10)
    assert len(option["xAxis"][0]["data"]) == 10 + report.forecast.h


def test_show_says_in_words_what_a_chart_shows(shop_report: Make) -> None:
    report = shop_report(2)
    option = fan_chart(report.forecast, "SKU-00001", report.panel)
    assert repr(show(option)) == option["aria"]["label"]["description"]


def test_show_draws_a_figure_with_its_title_in_the_colours_of_a_mode() -> None:
    curves = pl.DataFrame({"step": [0, 10, 20], "validation": [0.9, 0.5, 0.6]})
    figure = learning_figure(curves)
    shown = show(figure, mode="dark")
    assert "Best after 10 steps: 0.500" in shown._repr_html_()
    assert "token:brand" in json.dumps(figure.option)
    assert "token:" not in json.dumps(shown.option)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_learning_curve_draws_the_losses_that_were_told(language: Language) -> None:
    curves = pl.DataFrame({"step": [0, 5], "loss": [None, 0.5], "validation": [1.0, 0.75]})
    both = learning_figure(curves, Words(language)).option["series"]
    assert [one["data"] for one in both] == [[[5, 0.5]], [[0, 1.0], [5, 0.75]]]
    alone = learning_figure(curves.drop("validation"), Words(language))
    assert len(alone.option["series"]) == 1


def test_a_grid_sets_words_left_and_numbers_right_and_escapes_what_it_is_given() -> None:
    html = grid(pl.DataFrame({"name": ["<b>", None], "units": [1234, 5]}))._repr_html_()
    assert '<td align="left" style="text-align:left">&lt;b&gt;</td>' in html
    assert '<td align="right" style="text-align:right">1,234</td>' in html
    assert '<td align="left" style="text-align:left">–</td>' in html


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([33.0, 12.0], ["33", "12"]),
        ([0.25, None], ["0.25", "–"]),
        ([1 / 3, 1000.0], ["0.333", "1,000.000"]),
    ],
)
def test_numbers_of_a_grid_have_the_decimals_that_their_column_needs(
    values: list[float | None], said: list[str]
) -> None:
    assert cells(pl.Series(values)) == said
