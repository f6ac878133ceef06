"""The synthetic merchant's files load as what they are, and give back the truth."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tradewind.data.exports import export_of
from tradewind.data.read import read
from tradewind.data.synthetic.merchant import BUNDLE, CHANNELS, LAUNCH, Merchant, merchant
from tradewind.errors import DataError
from tradewind.flows.asked import Question
from tradewind.flows.crossborder import BY, EXPORTS, KINDS, README, load_files, write_files
from tradewind.flows.others import load_other
from tradewind.flows.shop import Seen, see
from tradewind.panel import Panel
from tradewind.store import Workspace, sales

NAMES = ("taobao-items", "jd-orders", "pinduoduo-orders", "amazon-orders")


@pytest.fixture(scope="module")
def made() -> Merchant:
    return merchant(products=10, days=180)


@pytest.fixture(scope="module")
def folder(made: Merchant, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("files") / "shop", made).folder


@pytest.fixture(scope="module")
def shop(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    shop = Workspace(tmp_path_factory.mktemp("workspace"), create=True)
    load_files(shop, folder)
    return shop


@pytest.fixture(scope="module")
def seen(shop: Workspace) -> Seen:
    return see(shop, Question(freq="D").settled(shop))


def units(panel: Panel) -> pl.DataFrame:
    keys = panel.static.select("unique_id", "product", "channel")
    sold = panel.frame.filter(pl.col("y") > 0).join(keys, on="unique_id")
    return sold.select("product", "channel", "ds", "y").sort("product", "channel", "ds")


def test_units_by_product_channel_and_day_are_the_truth(made: Merchant, seen: Seen) -> None:
    truth = units(made.shop.panel).with_columns(pl.col("channel").replace(CHANNELS))
    loaded = units(seen.panel)
    assert len(loaded) > 1000
    assert loaded.equals(truth.sort("product", "channel", "ds"))


def test_the_truth_needs_listings_bundles_and_successor(shop: Workspace, made: Merchant) -> None:
    codes = set(sales.lines(shop.db)["product"])
    assert {BUNDLE, "P0003-V1", "JD-P0001", "P0001-US"} <= codes
    assert not codes <= set(made.shop.panel.static["product"])


def test_money_is_in_the_shop_s_own_currency(seen: Seen) -> None:
    assert seen.currency == "CNY"


def test_each_export_is_known_by_its_header(folder: Path) -> None:
    found = [export_of(read(folder / name).columns) for name in EXPORTS.split()]
    assert tuple(one.name for one in found if one) == NAMES


def test_the_exports_hold_what_is_no_demand(shop: Workspace) -> None:
    statuses = set(sales.lines(shop.db)["status"])
    assert {"paid", "cancelled", "returned", "pending"} <= statuses


def test_what_stops_comes_and_is_left_out_is_seen(seen: Seen) -> None:
    assert seen.launching is not None
    assert seen.launching.series["product"].to_list() == [LAUNCH]
    assert "P0004" in seen.static.drop_nulls("last_order_date")["product"]


def test_plans_beyond_a_launch_do_not_hide_it(shop: Workspace) -> None:
    by_week = see(shop, Question().settled(shop))
    assert by_week.launching is not None
    assert by_week.launching.series["product"].to_list() == [LAUNCH]


def test_the_same_files_again_change_nothing(shop: Workspace, folder: Path) -> None:
    assert load_files(shop, folder).appended.new == 0
    assert load_other(shop, "stock", folder / "stock.csv").written == 0


def test_one_count_differs_from_the_movements(shop: Workspace, folder: Path) -> None:
    differ = load_other(shop, "movements", folder / "movements.csv").disagreements
    assert differ["difference"].to_list() == [-3.0]


def test_the_readme_names_every_file_in_both_languages(folder: Path) -> None:
    text = (folder / README).read_text(encoding="utf-8")
    assert all(text.count(name) >= 2 for name in (*EXPORTS.split(), *KINDS))
    assert "导入" in text
    assert (folder / "tmall.csv").read_bytes().decode("gb18030").startswith("子订单编号")


def test_a_folder_that_holds_something_is_left_alone(made: Merchant, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match=r"is no empty folder; name a new one"):
        write_files(tmp_path, made)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


def test_the_series_are_those_of_product_and_channel(seen: Seen) -> None:
    assert BY == ("product", "channel")
    assert set(seen.panel.static["channel"]) == set(CHANNELS.values())
