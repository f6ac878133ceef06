"""What is sold after a cutoff changes nothing that a window shows, whatever is forecast."""

from __future__ import annotations

from datetime import datetime
from functools import cache

import numpy as np
import polars as pl
import pytest

from tradewind.data.assemble import to_panel
from tradewind.data.demand import recover_demand
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.flows.asked import TARGETS, Question
from tradewind.flows.shop import Seen, seen_of, task_of
from tradewind.panel import Panel, next_ds

H, BACK = 14, 14
"""Steps of a forecast, and from the end of the history to the cutoff."""


@cache
def lines() -> pl.DataFrame:
    """Order lines of a shop that runs out of stock and keeps no record of it."""
    settings = ShopSettings(products=40, days=300, categories=3, stock_column=False, cover=0.5)
    made = shop(settings, np.random.default_rng(11))
    kinds = made.products.select("product", "category")
    return made.lines.join(kinds, on="product", how="left", maintain_order="left")


def cutoff(back: int = BACK) -> datetime:
    panel, _ = to_panel(lines(), "D")
    return next_ds(panel.end, "D", -back)


def tampered(after: datetime) -> pl.DataFrame:
    """Other sales after a day: a third of the products sell nothing more, the others ten times."""
    later = pl.col("ordered_at") >= next_ds(after, "D")
    gone = pl.col("product").hash(3) % 3 == 0
    keep = ~(later & gone) | (pl.col("ordered_at") == pl.col("ordered_at").max())
    return (
        lines()
        .filter(keep)
        .with_columns(
            pl.when(later).then(pl.col("quantity") * 10).otherwise("quantity").alias("quantity"),
            pl.when(later).then(pl.col("price") / 2).otherwise("price").alias("price"),
        )
    )


def seen(rows: pl.DataFrame, target: str) -> tuple[Seen, Question]:
    panel, cleaning = to_panel(rows, "D")
    asked = Question(target=target, h=H, freq="D", by=("product",))
    return seen_of(panel, asked, cleaning, currency="EUR", name="shop"), asked


def same(one: Panel, other: Panel) -> bool:
    return one.frame.equals(other.frame) and one.static.equals(other.static)


@pytest.mark.parametrize("target", TARGETS)
def test_later_sales_change_nothing_in_a_window(target: str) -> None:
    at = cutoff()
    (true, asked), (false, _) = seen(lines(), target), seen(tampered(at), target)
    one = task_of(asked, true).window(true.panel, at)
    two = task_of(asked, false).window(false.panel, at)
    assert not true.panel.after(at).frame.equals(false.panel.after(at).frame)
    assert same(one.past, two.past)
    assert same(one.known, two.known)


def test_later_sales_change_nothing_in_a_window_within_a_window() -> None:
    at = cutoff(2 * BACK)
    pasts = []
    for rows in (lines(), tampered(at)):
        told, asked = seen(rows, "demand")
        task = task_of(asked, told)
        outer = task.window(told.panel, cutoff())
        pasts.append(task.window(outer.past, at).past)
    assert same(*pasts)


def test_estimates_on_the_whole_history_would_have_seen_them() -> None:
    at = cutoff()
    one, two = (
        recover_demand(to_panel(rows, "D")[0]).until(at) for rows in (lines(), tampered(at))
    )
    assert not one.frame["demand"].equals(two.frame["demand"])
    assert not one.frame["censored"].equals(two.frame["censored"])


def test_demand_is_scored_against_the_estimate_of_the_whole_history() -> None:
    told, asked = seen(lines(), "demand")
    truth = task_of(asked, told).truth(told.panel, cutoff(), "demand")
    after = recover_demand(to_panel(lines(), "D")[0]).after(cutoff(), H).frame
    assert after["censored"].any()
    assert truth["demand"].equals(after["demand"])
