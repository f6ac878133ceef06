"""Marketplace exports: each is known by its header, and read as its maker means it."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from tradewind.data.exports import EXPORTS, export_of
from tradewind.data.load import Loaded, load_table
from tradewind.data.read import read
from tradewind.errors import DataError
from tradewind.flows.load import Remembered, look, mapping_of

FILES = Path(__file__).parent / "exports"


def loaded(name: str) -> Loaded:
    """The repaired lines of one of the fixtures."""
    return load_table(FILES / name)


def rows(name: str, *columns: str) -> list[tuple[object, ...]]:
    """Some columns of a fixture's lines, in the order of the file."""
    return loaded(name).lines.select(columns).rows()


@pytest.mark.parametrize(
    ("name", "export"),
    [
        ("shopify-orders.csv", "shopify-orders"),
        ("shopify.json", "shopify-json"),
        ("woocommerce-orders.csv", "woocommerce-orders"),
        ("woocommerce.json", "woocommerce-json"),
        ("amazon-orders.txt", "amazon-orders"),
        ("amazon-settlement.txt", "amazon-settlement"),
        ("taobao-items.csv", "taobao-items"),
        ("taobao-orders.csv", "taobao-orders"),
        ("taobao-undated-items.csv", "taobao-undated-items"),
        ("jd-orders.csv", "jd-orders"),
        ("pinduoduo-orders.csv", "pinduoduo-orders"),
        ("erp-sheet.csv", "erp-sheet"),
    ],
)
def test_each_export_is_known_by_its_header(name: str, export: str) -> None:
    headers = read(FILES / name).columns
    found = export_of(headers)
    assert found is not None
    assert found.name == export
    assert [one.name for one in EXPORTS if one.fits(headers)] == [export]


def test_another_table_is_no_export() -> None:
    assert export_of(["date", "sku", "quantity", "price"]) is None


def test_shopify_lines_inherit_their_order() -> None:
    assert rows("shopify-orders.csv", "product", "quantity", "price", "currency", "status") == [
        ("LS-M", 2.0, 19.5, "USD", "paid"),
        ("HAT-1", 1.0, 19.0, "USD", "paid"),
        ("HAT-1", 1.0, 19.0, "USD", "returned"),
        ("LS-M", 1.0, 19.5, "USD", "cancelled"),
        ("Gift Wrap", 4.0, 10.0, "USD", "pending"),
        ("Gift Wrap", 2.0, 10.0, "USD", "paid"),
    ]
    first = loaded("shopify-orders.csv").lines.row(0, named=True)
    assert first["ordered_at"] == datetime(2025, 11, 28, 23, 50, 10)  # the shop's own evening
    assert (first["regular_price"], first["brand"], first["channel"]) == (
        25.0,
        "Harbour",
        "Shopify",
    )


def test_shopify_returns_have_their_own_day_and_say_what_became_of_the_goods() -> None:
    told = loaded("shopify.json").lines
    back = told.filter(pl.col("status") == "return").row(0, named=True)
    assert back["ordered_at"].date() == date(2025, 12, 5)
    assert (back["product"], back["quantity"], back["restockable"]) == ("LS-M", -1.0, True)
    sold = told.filter(pl.col("status") == "paid")
    assert sold.select("product", "quantity").rows() == [("LS-M", 2.0), ("902", 1.0)]
    assert told["status"].to_list() == ["paid", "paid", "return", "cancelled"]


def test_woocommerce_prices_are_those_of_a_unit() -> None:
    assert rows("woocommerce-orders.csv", "product", "quantity", "price", "status") == [
        ("MUG-BLUE", 2.0, 12.0, "paid"),
        ("TEA-250", 4.0, 10.0, "paid"),
        ("MUG-BLUE", 1.0, 12.0, "cancelled"),
        ('Mug "second choice"', 1.0, 7.5, "paid"),
    ]
    assert rows("woocommerce.json", "product", "quantity", "price", "status") == [
        ("MUG-BLUE", 2.0, 12.0, "paid"),
        ("561", 4.0, 9.0, "paid"),  # 36.00 after the coupon
        ("MUG-BLUE", 1.0, 12.0, "pending"),
    ]


@pytest.mark.parametrize(
    "name", ["taobao-items.csv", "jd-orders.csv", "erp-sheet.csv", "woocommerce.json"]
)
def test_the_clock_of_an_export_is_known(name: str) -> None:
    known = loaded(name)
    assert known.export is not None
    assert known.export.clock in ("Asia/Shanghai", "own")
    told = load_table(FILES / name, zone="Europe/Berlin").lines  # times without an offset stay
    assert told["ordered_at"].equals(known.lines["ordered_at"])


def test_amazon_counts_days_where_it_sells_also_when_clocks_change() -> None:
    told = rows("amazon-orders.txt", "ordered_at", "price", "currency", "status")
    assert told == [
        (datetime(2025, 3, 9, 1, 30), 29.99, "USD", "paid"),  # 59.98 for two; winter time
        (datetime(2025, 3, 9, 3, 30), 29.99, "USD", "paid"),  # an hour later, summer time
        (datetime(2025, 3, 10, 0, 30), 31.5, "EUR", "paid"),
        (datetime(2025, 3, 10, 23, 30), 29.99, "USD", "cancelled"),
        (datetime(2025, 3, 12, 0, 30), 4200.0, "JPY", "pending"),
    ]


def test_a_settlement_gives_what_was_sold_and_what_came_back() -> None:
    assert rows("amazon-settlement.txt", "product", "quantity", "price", "status") == [
        ("LAMP-1", 2.0, 29.99, "paid"),
        ("LAMP-1", -1.0, 29.99, "return"),
    ]
    days = loaded("amazon-settlement.txt").lines["ordered_at"].dt.date().to_list()
    assert days == [date(2025, 3, 9), date(2025, 3, 14)]  # 01:12 UTC is the evening before


def test_an_item_sent_in_two_shipments_is_two_lines(tmp_path: Path) -> None:
    head, *lines = (FILES / "amazon-settlement.txt").read_text().splitlines()
    at = head.split("\t").index("shipment-id")
    parts = []
    for number in ("S1", "S2"):
        cells = lines[1].split("\t")
        cells[at] = number
        parts.append("\t".join(cells))
    file = tmp_path / "settlement.txt"
    file.write_text("\n".join([head, *parts]))
    assert load_table(file).lines["quantity"].to_list() == [2.0, 2.0]


def test_what_was_taken_out_before_it_was_sent_is_no_demand(tmp_path: Path) -> None:
    told = json.loads((FILES / "shopify.json").read_text())
    told["orders"][0]["refunds"][0]["refund_line_items"][0]["restock_type"] = "cancel"
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(told))
    read = load_table(file).lines.filter(pl.col("product") == "LS-M")
    assert read.select("quantity", "status").rows() == [(1.0, "paid")]


def test_tmall_demand_is_gross_and_what_was_never_sent_is_none() -> None:
    assert rows("taobao-items.csv", "product", "quantity", "price", "currency", "status") == [
        ("LJ-250", 2.0, 159.0, "CNY", "paid"),
        ("ZSB-1", 1.0, 55.0, "CNY", "returned"),
        ("ZSB-1", 1.0, 59.0, "CNY", "cancelled"),
        ("LJ-250", 1.0, 0.0, "CNY", "pending"),
    ]
    assert rows("taobao-items.csv", "ordered_at")[0] == (datetime(2025, 11, 11, 0, 0, 9),)


PAIR = (FILES / "taobao-orders.csv", FILES / "taobao-undated-items.csv")


def together(*files: Path) -> pl.DataFrame:
    """The lines of files that are loaded together."""
    reads = look(
        files, Remembered(), told=mapping_of({}, None, None, None), at=datetime(2026, 1, 1)
    )
    return pl.concat([read.lines for read, _ in reads])


def test_old_tmall_items_take_day_status_and_price_from_their_orders() -> None:
    columns = ("ordered_at", "product", "quantity", "price", "regular_price", "status")
    assert together(*PAIR).select(columns).rows() == [
        (datetime(2025, 11, 11, 0, 0, 7), "CUP-G", 2.0, 27.0, 30.0, "paid"),  # 54 of 90
        (datetime(2025, 11, 11, 0, 0, 7), "POT", 1.0, 36.0, 40.0, "paid"),
        (datetime(2025, 11, 11, 8, 1, 0), "POT", 1.0, 40.0, 40.0, "returned"),  # it was sent
        (datetime(2025, 11, 11, 9, 0, 0), "CUP-W", 1.0, 30.0, 30.0, "pending"),
        (datetime(2025, 11, 11, 10, 0, 0), "CUP-W", 1.0, 30.0, 30.0, "cancelled"),
    ]
    assert together(*reversed(PAIR)).equals(together(*PAIR))


@pytest.mark.parametrize("file", PAIR, ids=lambda f: f.stem)
def test_half_of_a_pair_says_which_file_is_missing(file: Path) -> None:
    with pytest.raises(DataError, match=rf"{file.name}: .*订单报表.csv 宝贝报表.csv"):
        load_table(file)


@pytest.mark.parametrize(
    ("short", "message"),
    [
        (0, r"items.csv row 6, column '订单编号': '4200000000000000040' is in no order report"),
        (1, r"orders.csv row 5, column '订单编号': '4200000000000000040' is in no item report"),
    ],
)
def test_reports_of_different_orders_are_refused(tmp_path: Path, short: int, message: str) -> None:
    files = [tmp_path / file.name for file in PAIR]
    for number, file in enumerate(PAIR):
        lines = file.read_bytes().splitlines()
        files[number].write_bytes(b"\n".join(lines[:-1] if number == short else lines))
    with pytest.raises(DataError, match=message):
        together(*files)


def test_an_item_report_with_dates_needs_no_other() -> None:
    head = ["订单编号", "标题", "价格", "购买数量", "外部系统编号", "订单状态", "创建时间"]
    assert export_of(head) is None
    assert export_of(head[:-1]) is not None


def test_jd_takes_the_merchants_code_and_else_its_own() -> None:
    assert rows("jd-orders.csv", "product", "quantity", "price", "status", "location") == [
        ("BWB-500-W", 2.0, 89.0, "paid", "海风旗舰店"),
        ("BWB-500-B", 1.0, 89.0, "cancelled", "海风旗舰店"),
        ("100012345678", 1.0, 89.0, "paid", "海风旗舰店"),
    ]


def test_pinduoduo_prices_are_what_the_merchant_gets_for_a_piece() -> None:
    assert rows("pinduoduo-orders.csv", "product", "quantity", "price", "status") == [
        ("CZ-24", 2.0, 18.9, "paid"),
        ("CZ-24", 1.0, 19.9, "returned"),
        ("CZ-24", 1.0, 19.9, "cancelled"),
        ("8880002", 1.0, 9.9, "paid"),
    ]


def test_an_erp_sheet_says_its_channels_itself() -> None:
    assert rows("erp-sheet.csv", "channel", "location", "product", "price", "status") == [
        ("天猫", "海风旗舰店", "BWB-500-W", 84.0, "paid"),
        ("京东", "海风京东店", "BWB-500-W", 89.0, "paid"),
        ("拼多多", "海风官方店", "CZ-24", 19.9, "cancelled"),
    ]


def test_an_error_names_the_row_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settlement.txt"
    text = (FILES / "amazon-settlement.txt").read_text().replace("\t-29.99\t", "\tmuch\t")
    file.write_text(text)
    with pytest.raises(DataError, match=r"settlement.txt row 6, column 'amount': 'much'"):
        load_table(file)


def test_the_same_order_number_in_two_shops_is_two_orders(tmp_path: Path) -> None:
    file = tmp_path / "erp.csv"
    head, first = (FILES / "erp-sheet.csv").read_text().splitlines()[:2]
    file.write_text("\n".join([head, first, first.replace("海风旗舰店", "海风专卖店")]))
    assert load_table(file).lines["event_id"].n_unique() == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no valid JSON"),
        ("[]", "no order with lines"),
        ('[{"id": 1}]', r"order 1: wanted an object with a list `line_items`"),
        ('[{"id": 1, "line_items": [3]}]', "order 1: a line is no object but 3"),
        ('"text"', "wanted a list of orders, found str"),
    ],
)
def test_a_document_that_is_none_is_refused(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "orders.json"
    file.write_text(content)
    with pytest.raises(DataError, match=message):
        load_table(file)


def test_orders_may_stand_one_a_line(tmp_path: Path) -> None:
    orders = json.loads((FILES / "woocommerce.json").read_text())
    file = tmp_path / "orders.jsonl"
    file.write_text("\n".join(json.dumps(order) for order in orders))
    assert load_table(file).lines.equals(loaded("woocommerce.json").lines)
