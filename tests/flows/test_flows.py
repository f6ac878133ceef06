"""Flows: from a file to a forecast in one workspace, and what stays true on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tradewind.data.assemble import to_panel
from tradewind.data.synthetic import ShopSettings, SyntheticShop, shop
from tradewind.errors import DataError, UnknownName
from tradewind.flows import models
from tradewind.flows.asked import Question
from tradewind.flows.backtest import backtest
from tradewind.flows.forecast import Foretold, forecast
from tradewind.flows.load import load
from tradewind.flows.shop import last_observed, see
from tradewind.flows.trends import Call, trends
from tradewind.store import Workspace, calendar, products, runs, sales

AT = datetime(2026, 1, 1)
ZONE = "Europe/Berlin"
NAIVE = ("seasonal_naive", "average")
"""Models that need no time: these tests are about the flows."""
ASKED = Question(h=7, freq="D", preset="fast", n_windows=2, models=NAIVE)


@pytest.fixture(scope="module")
def made() -> SyntheticShop:
    settings = ShopSettings(products=8, days=120, categories=3, stock_column=False)
    return shop(settings, np.random.default_rng(7))


@pytest.fixture(scope="module")
def file(made: SyntheticShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's order lines as a merchant exports them, categories included."""
    path = tmp_path_factory.mktemp("export") / "orders.csv"
    lines = made.lines.join(made.products.select("product", "category", "name"), on="product")
    lines.select(
        pl.col("event_id").alias("order_id"),
        pl.col("ordered_at").alias("date"),
        "product",
        pl.col("name").alias("product_name"),
        "category",
        "customer",
        "quantity",
        "price",
        "currency",
        "status",
    ).write_csv(path)
    return path


@pytest.fixture(scope="module")
def place(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("shop")) as workspace:
        load(workspace, file, at=AT, zone=ZONE)
        yield workspace


@pytest.fixture(scope="module")
def first(place: Workspace) -> Foretold:
    return forecast(place, ASKED, at=AT)


def dump(workspace: Workspace) -> list[pl.DataFrame]:
    return [sales.lines(workspace.db), products.table(workspace.db)]


def test_the_panel_has_the_sales_of_the_file(place: Workspace, made: SyntheticShop) -> None:
    seen = see(place, ASKED.settled(place))
    assert seen.panel.frame["y"].sum() == made.panel.frame["y"].sum()
    assert seen.currency == "EUR"
    assert seen.known is None
    assert seen.roles.known == ()
    assert "price" in seen.roles.past
    assert seen.roles.static == ("category",)


def test_the_panel_of_the_columns_needed_is_the_panel_of_all(
    made: SyntheticShop, tmp_path: Path
) -> None:
    told = made.lines.with_columns(
        (pl.col("quantity") % 3 / 10).alias("promotion"),
        pl.when(pl.col("quantity") > 1).then(pl.col("quantity") * 7).alias("stock"),
        (pl.col("price") + 1).alias("regular_price"),
    )
    with Workspace(tmp_path) as workspace:
        sales.append(workspace.db, told, "one")
        asked = Question(freq="D", by=("product", "channel", "location"), h=7)
        seen = see(workspace, asked.settled(workspace))
        whole, cleaning = to_panel(sales.lines(workspace.db), "D", asked.by)
    whole = whole.until(last_observed(whole))
    assert {"promotion", "stock", "regular_price"} <= set(seen.panel.frame.columns)
    assert_frame_equal(seen.panel.frame, whole.frame)
    assert_frame_equal(seen.cleaning.entries, cleaning.entries)


def test_loading_the_same_file_again_changes_nothing(place: Workspace, file: Path) -> None:
    before = dump(place)
    again = load(place, file, at=datetime(2026, 1, 2))
    assert (again.appended.new, again.appended.changed, again.new_products) == (0, 0, 0)
    assert all(a.equals(b) for a, b in zip(before, dump(place), strict=True))


def test_the_status_of_an_order_is_not_that_of_its_product(place: Workspace) -> None:
    assert "paid" in sales.lines(place.db)["status"].to_list()
    assert products.table(place.db)["status"].null_count() == 8


def test_the_zone_of_the_market_is_told_once(tmp_path: Path, file: Path) -> None:
    with Workspace(tmp_path) as workspace:
        with pytest.raises(DataError, match=r"column 'date': .*--zone Asia/Shanghai"):
            load(workspace, file, at=AT)
        assert sales.summary(workspace.db)["lines"] == 0
        told = load(workspace, file, at=AT, zone=ZONE)
        again = load(workspace, file, at=AT)
    assert again.appended.same == told.appended.new


def test_a_load_that_fails_half_way_changes_nothing(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise OSError("disk full")

    with Workspace(tmp_path) as workspace:
        monkeypatch.setattr(products, "merge", broken)
        with pytest.raises(OSError, match="disk full"):
            load(workspace, file, at=AT, zone=ZONE)
        assert sales.summary(workspace.db)["lines"] == 0
        assert runs.count(workspace.db) == 0


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    with (
        Workspace(tmp_path) as workspace,
        pytest.raises(DataError, match="holds no sales yet; run `tradewind load"),
    ):
        backtest(workspace, ASKED)


def test_the_first_forecast_trains_and_promotes_the_best_model(
    place: Workspace, first: Foretold
) -> None:
    tested = runs.latest(place.db, "backtest")
    assert tested is not None
    board = tested.result["leaderboard"]
    assert first.trained.version.forecaster == board[0]["model"]
    assert place.registry.find("units-D-product").promoted
    assert first.forecast.ds[0] == np.datetime64(first.seen.panel.end + timedelta(days=1))
    assert first.table.columns[:3] == ["product", "name", "ds"]
    assert len(first.table) == 8 * 7


def test_the_promoted_version_forecasts_again_without_a_back_test(
    place: Workspace, first: Foretold
) -> None:
    before = len(runs.every(place.db, "backtest"))
    again = forecast(place, ASKED, at=datetime(2026, 1, 3))
    assert len(runs.every(place.db, "backtest")) == before
    assert np.allclose(again.forecast.quantiles, first.forecast.quantiles)
    assert np.allclose(again.mean, first.mean)


def test_means_of_lower_levels_add_up_to_higher_ones(place: Workspace, first: Foretold) -> None:
    asked = {
        level: Question(**{**ASKED.to_dict(), "level": level}) for level in ("category", "total")
    }
    category = forecast(place, asked["category"], at=datetime(2026, 1, 4))
    total = forecast(place, asked["total"], at=datetime(2026, 1, 5))
    assert total.forecast.ids == ("total",)
    assert len(category.forecast.ids) == 3
    assert np.allclose(category.mean.sum(axis=0), total.mean[0])
    assert np.allclose(first.mean.sum(axis=0), total.mean[0])
    static = first.seen.panel.static
    for name, mean in zip(category.forecast.ids, category.mean, strict=True):
        mine = static.filter(pl.col("category") == name)["unique_id"].to_list()
        rows = [first.forecast.ids.index(key) for key in mine]
        assert np.allclose(first.mean[rows].sum(axis=0), mean)


def test_sums_over_channels_keep_the_names_of_products(tmp_path: Path, file: Path) -> None:
    lines = pl.read_csv(file)
    channel = pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("web")).otherwise(pl.lit("app"))
    lines = lines.with_columns(channel.alias("channel"))
    asked = Question(h=7, freq="D", by=("product", "channel"), n_windows=1, models=NAIVE)
    with Workspace(tmp_path) as workspace:
        load(workspace, lines, at=AT, zone=ZONE)
        told = forecast(workspace, asked, at=AT)
    assert told.table.columns[:3] == ["product", "name", "ds"]
    assert told.table["name"].null_count() == 0
    assert told.table["product"].n_unique() == 8


def test_retraining_promotes_a_new_version_and_rolling_back_returns(
    place: Workspace, first: Foretold
) -> None:
    forecast(place, ASKED, retrain=True, at=datetime(2026, 1, 6))
    assert place.registry.find("units-D-product").version == 2
    assert models.rollback(place, "units-D-product", at=datetime(2026, 1, 7)).version == 1
    assert models.shown(place, "units-D-product", 2)["settings"].strip()
    models.delete(place, "units-D-product", 2, at=datetime(2026, 1, 8))
    assert [v.version for v in models.listed(place)] == [first.trained.version.version]


@pytest.mark.parametrize("target", ["price", "revenue", "demand"])
def test_other_targets_go_through_the_same_flow(place: Workspace, target: str) -> None:
    asked = Question(**{**ASKED.to_dict(), "target": target, "n_windows": 1})
    told = forecast(place, asked, at=datetime(2026, 1, 9))
    assert told.forecast.target == asked.column
    assert np.isfinite(told.forecast.quantiles).all()
    recent = told.seen.panel.wide(asked.column)[:, -28:].mean()
    assert told.mean.mean() == pytest.approx(recent, rel=0.5)
    with pytest.raises(DataError, match="do not add up") if target == "price" else _nothing():
        forecast(place, Question(**{**asked.to_dict(), "level": "total"}), at=datetime(2026, 1, 10))


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize("target", ["units", "price", "demand"])
def test_what_cannot_be_ordered_any_more_is_forecast_as_zero_but_keeps_its_price(
    tmp_path: Path, made: SyntheticShop, target: str
) -> None:
    asked = Question(**{**ASKED.to_dict(), "target": target, "n_windows": 1})
    end = made.panel.end + timedelta(days=2)
    with Workspace(tmp_path) as workspace:
        load(workspace, made.lines, at=AT, zone=ZONE)
        before = forecast(workspace, asked, at=AT)
        gone = before.series.ids[0]
        told = pl.DataFrame({"product": [gone], "last_order_date": [end]})
        products.merge(workspace.db, told)
        after = forecast(workspace, asked, at=datetime(2026, 1, 2))
        total = Question(**{**asked.to_dict(), "level": "total"})
        summed = None if target == "price" else forecast(workspace, total, at=datetime(2026, 1, 3))
    assert after.trained.version.version == before.trained.version.version
    assert np.array_equal(after.series.quantiles[1:], before.series.quantiles[1:])
    assert np.array_equal(after.series.quantiles[0, :2], before.series.quantiles[0, :2])
    assert after.series.quantiles[0, 2:].any() == (target == "price")
    assert after.stops["product"].to_list() == ([] if target == "price" else [gone])
    assert summed is None or np.allclose(summed.mean[0], after.mean.sum(axis=0))


def test_trends_are_ranked_and_their_probabilities_add_up(
    place: Workspace, first: Foretold
) -> None:
    told = trends(place, ASKED, call=Call(span=5, flat=0.1), at=datetime(2026, 1, 11))
    table = told.table
    assert len(table) == 8
    assert np.allclose(table.select("p_rise", "p_flat", "p_fall").sum_horizontal(), 1)
    moves = table["direction"].is_in(["rise", "fall"])
    assert moves.to_list() == sorted(moves.to_list(), reverse=True)
    for part in (table.filter(moves), table.filter(~moves)):
        weight = (part["change"].abs() * part["probability"]).to_list()
        assert weight == sorted(weight, reverse=True)
    assert sum(told.counts.values()) == 8
    assert told.to_dict()["trends"][0]["name"] is not None


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_the_quantiles_are_written_where_they_are_wanted(
    place: Workspace, first: Foretold, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"forecast{ending}"
    told = forecast(place, ASKED, out=out, at=datetime(2026, 1, 12))
    assert told.table["mean"].round(2).to_list() != told.table["mean"].to_list()
    if ending == ".parquet":
        assert pl.read_parquet(out).equals(told.table)
    else:
        read = pl.read_csv(out, try_parse_dates=True)
        assert read.columns == told.table.columns
        assert np.allclose(read["mean"], told.table["mean"], atol=0.0051, rtol=0)
        cells = [row.rsplit(",", 10)[1:] for row in out.read_text().splitlines()[1:]]
        assert max(len(cell.partition(".")[2]) for row in cells for cell in row) <= 4
        assert read["ds"].dtype == pl.Date
    with pytest.raises(DataError, match=r"must end in \.parquet or \.csv"):
        forecast(place, ASKED, out=tmp_path / "forecast.xlsx", at=AT)


def test_new_sales_move_the_forecast_of_the_kept_version(
    tmp_path: Path, made: SyntheticShop
) -> None:
    cut = made.panel.end - timedelta(days=7)
    early = made.lines.filter(pl.col("ordered_at") < cut + timedelta(days=1))
    with Workspace(tmp_path) as workspace:
        load(workspace, early, at=AT, zone=ZONE)
        before = forecast(workspace, ASKED, at=AT)
        load(workspace, made.lines, at=datetime(2026, 1, 2))
        after = forecast(workspace, ASKED, at=datetime(2026, 1, 3))
    assert before.seen.panel.end == cut
    assert after.seen.panel.end == made.panel.end
    assert after.trained.version.version == before.trained.version.version == 1
    assert after.forecast.ds[0] == before.forecast.ds[0] + np.timedelta64(7, "D")


def test_what_is_planned_is_known_ahead(tmp_path: Path, made: SyntheticShop) -> None:
    told = made.panel.frame.filter(pl.col("promotion") > 0)
    past = told.select(
        "ds", pl.col("unique_id").alias("product"), pl.col("promotion").alias("value")
    )
    plan = past.head(1).with_columns(
        ds=pl.lit(made.panel.end + timedelta(days=3)).cast(past["ds"].dtype)
    )
    entries = pl.concat([past, plan]).with_columns(name=pl.lit("promotion"))
    with Workspace(tmp_path) as workspace:
        load(workspace, made.lines.drop("promotion"), at=AT, zone=ZONE)
        calendar.merge(workspace.db, entries)
        seen = see(workspace, ASKED.settled(workspace))
    assert seen.roles.known == ("promotion",)
    assert "price" in seen.roles.past
    assert seen.panel.end == made.panel.end
    assert seen.known is not None
    assert seen.known.frame["promotion"].max() == plan[0, "value"]
    assert seen.panel.frame["promotion"].sum() == pytest.approx(told["promotion"].sum())


def test_what_is_not_there_is_named(place: Workspace) -> None:
    with pytest.raises(UnknownName, match="no target 'profit'; there are units, price"):
        Question(target="profit")
    with pytest.raises(UnknownName, match=r"no level 'brand'; there are product, category"):
        forecast(place, Question(**{**ASKED.to_dict(), "level": "brand"}), at=AT)
    with pytest.raises(UnknownName, match="channels apart, say --by product,channel"):
        forecast(place, Question(**{**ASKED.to_dict(), "level": "channel"}), at=AT)
    with pytest.raises(UnknownName, match="has no model 'crystal_ball'"):
        backtest(place, Question(**{**ASKED.to_dict(), "models": ("crystal_ball",)}), at=AT)


def test_a_version_answers_only_with_the_plans_that_it_learnt_from(
    tmp_path: Path, made: SyntheticShop
) -> None:
    end = made.panel.end
    told = made.panel.frame.filter(pl.col("promotion") > 0)
    past = told.select(
        "ds", pl.col("unique_id").alias("product"), pl.col("promotion").alias("value")
    ).with_columns(name=pl.lit("promotion"))
    ahead = past.head(1).with_columns(ds=pl.lit(end + timedelta(days=3)).cast(past["ds"].dtype))
    with Workspace(tmp_path) as workspace:
        load(workspace, made.lines.drop("promotion"), at=AT, zone=ZONE)
        calendar.merge(workspace.db, past)
        without = forecast(workspace, ASKED, at=AT)
        calendar.merge(workspace.db, ahead)
        planned = forecast(workspace, ASKED, at=datetime(2026, 1, 2))
        again = forecast(workspace, ASKED, at=datetime(2026, 1, 3))
    assert (without.seen.roles.known, without.seen.known) == ((), None)
    assert "promotion" in without.seen.roles.past
    assert planned.seen.roles.known == ("promotion",)
    assert planned.to_dict()["planned"] == ["promotion"]
    assert planned.seen.known is not None
    rows = planned.seen.known.frame
    assert len(rows) == len(planned.seen.panel.ids) * ASKED.h
    assert rows["promotion"].null_count() == 0
    versions = [f.trained.version.version for f in (without, planned, again)]
    assert versions == [1, 2, 2]
