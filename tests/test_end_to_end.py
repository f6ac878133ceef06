"""One test from a merchant's files to a decision that is kept: everything the nouns must carry.

Two targets, sample paths, stock, censored days, customers, a hierarchy of two levels.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tradewind.arrays import Floats
from tradewind.data.demand import mark_censored
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.decision import Decision, Reason
from tradewind.event import Event
from tradewind.flows.asked import Question
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.flows.shop import see
from tradewind.flows.trends import Call, trends
from tradewind.store import Workspace, decisions, events, forecasts, sales, stock

AT = datetime(2026, 1, 1)
LEAD_TIME_DAYS, CRITICAL_RATIO = 5, 0.9


def test_from_a_merchants_files_to_a_decision(tmp_path: Path) -> None:
    made = shop(
        ShopSettings(products=10, days=150, categories=2, cover=0.3), np.random.default_rng(5)
    )
    orders = made.lines.join(made.products.select("product", "category"), on="product")
    file = tmp_path / "orders.csv"
    orders.select(
        pl.col("event_id").alias("order_id"),
        pl.col("ordered_at").alias("date"),
        *("product", "category", "customer", "quantity", "price", "currency", "status"),
    ).write_csv(file)
    snapshots = made.panel.frame.select(
        pl.col("ds").alias("counted_at"), pl.col("unique_id").alias("product"),
        pl.col("stock").alias("on_hand"),
    )  # fmt: skip

    with Workspace(tmp_path / "shop") as workspace:
        # what we know: lines with customers, prices, and stock
        loaded = load(workspace, file, at=AT, zone="Europe/Berlin")
        assert loaded.cleaning.counts()["cancelled"] > 0
        stock.append(workspace.db, snapshots, "stock file")
        lines = sales.lines(workspace.db)
        assert lines["customer"].n_unique() > 20

        # days on which stock limited sales are marked, and demand lies above sales there
        asked = Question(target="demand", h=14, freq="D", n_windows=2, models=("average", "theta"))
        seen = see(workspace, asked.settled(workspace))
        days = mark_censored(seen.panel).frame.filter(pl.col("censored"))
        assert len(days) > 10
        assert (days["demand"] >= days["y"]).all()
        assert days["demand"].sum() > days["y"].sum()

        # what will happen, for two targets, with paths
        demand = forecast(workspace, asked, at=AT)
        price = forecast(workspace, Question(**{**asked.to_dict(), "target": "price"}), at=AT)
        assert (demand.forecast.target, price.forecast.target) == ("demand", "price")
        assert (np.diff(demand.forecast.quantiles, axis=2) >= 0).all()
        paths = demand.series.paths(500, np.random.default_rng(1))
        assert paths.shape == (10, 14, 500)
        assert (paths >= 0).all()

        # a hierarchy of two levels adds up, and its sums are surer than if all errors were one
        category, total = (
            forecast(workspace, Question(**{**asked.to_dict(), "level": level}), at=AT)
            for level in ("category", "total")
        )
        assert np.allclose(category.mean.sum(axis=0), total.mean[0])
        assert np.allclose(demand.mean.sum(axis=0), total.mean[0])
        width = demand.forecast.at((0.1, 0.9))[:, :, 1] - demand.forecast.at((0.1, 0.9))[:, :, 0]
        summed = total.forecast.at((0.1, 0.9))[0]
        assert (summed[:, 1] - summed[:, 0] < width.sum(axis=0)).all()
        kept = forecasts.read(workspace.db, total.run.run_id, "total")
        assert np.allclose(kept.quantiles, total.forecast.quantiles)

        # what rises and falls
        moves = trends(workspace, asked, call=Call(span=14), at=AT)
        assert set(moves.table["direction"]) <= {"rise", "flat", "fall", "unclear"}

        # what to do: the demand of the lead time at the critical ratio, less what is there
        until = paths[:, :LEAD_TIME_DAYS].sum(axis=1)
        on_hand = dict(made.stock.select("product", "on_hand").iter_rows())
        orders_due = [
            order_of(key, until[k], float(on_hand[key]), demand.run.run_id, demand.seen.digest)
            for k, key in enumerate(demand.series.ids)
        ]
        decisions.add(workspace.db, AT, orders_due)
        read = decisions.read(workspace.db, demand.run.run_id)
        assert read == orders_due
        assert any(d.amount > 0 for d in read)
        for d, need in zip(read, until, strict=True):
            if d.amount > 0:
                served = (need <= float(d.reason.values["on_hand"]) + d.amount).mean()
                assert served >= CRITICAL_RATIO
                assert d.expected["service_level"] == pytest.approx(served)

        # what came of it
        done = Event(
            AT + timedelta(days=5), read[0].subject, "order", 1.0, read[0].amount, "pieces"
        )
        events.add(workspace.db, [done])
        assert events.read(workspace.db) == [done]


def order_of(product: str, need: Floats, on_hand: float, run: str, digest: str) -> Decision:
    """The newsvendor's order: the quantile of demand over the lead time, less what is on hand."""
    level = float(np.quantile(need, CRITICAL_RATIO, method="higher"))
    amount = max(np.ceil(level - on_hand), 0.0)
    return Decision(
        subject=product,
        action="order",
        amount=float(amount),
        unit="pieces",
        reason=Reason("cover_lead_time", {"days": float(LEAD_TIME_DAYS), "on_hand": on_hand}),
        expected={"service_level": float((need <= on_hand + amount).mean())},
        forecast_version=run,
        data_digest=digest,
    )
