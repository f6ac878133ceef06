"""Stock, products, plans and purchase orders: their columns, their cells, their messages."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from tradewind.data.others import parse_other
from tradewind.errors import DataError, UnknownName


def test_a_chinese_stock_file_is_understood() -> None:
    raw = pl.DataFrame(
        {"商品编码": ["a"], "日期": ["2026-03-01"], "库存": ["1,204"], "备注": ["x"]}
    )
    rows, columns = parse_other(raw, "stock", "stock.csv")
    assert rows.select("product", "counted_at", "on_hand").row(0) == (
        "a",
        datetime(2026, 3, 1),
        1204.0,
    )
    assert columns.unused == ["备注"]


def test_chinese_headers_of_products_plans_and_orders_are_understood() -> None:
    tables = {
        "products": {"商品编码": "a", "成本价": "2.5", "箱规": "12", "上架时间": "2026-01-05"},
        "calendar": {
            "商品": "a",
            "开始时间": "2026-03-01",
            "结束时间": "2026-03-02",
            "促销": "0.2",
        },
        "supply": {"采购单号": "7", "商品编码": "a", "采购日期": "2026-03-01", "数量": "9"},
    }
    wanted = {
        "products": {"product", "unit_cost", "pack_size", "launched_at"},
        "calendar": {"product", "start", "end", "promotion"},
        "supply": {"order_id", "product", "ordered_at", "quantity"},
    }
    for kind, cells in tables.items():
        _, columns = parse_other(pl.DataFrame({k: [v] for k, v in cells.items()}), kind, "f.csv")
        assert set(columns.mapping) == wanted[kind]


def test_a_mapping_corrects_the_guess() -> None:
    raw = pl.DataFrame({"code": ["a"], "EK": ["2.5"], "cost": ["9"]})
    rows, _ = parse_other(raw, "products", "p.csv", {"product": "code", "unit_cost": "EK"})
    assert rows.row(0, named=True)["unit_cost"] == 2.5
    with pytest.raises(UnknownName, match="'colour' is not a column here"):
        parse_other(raw, "products", "p.csv", {"colour": "EK"})


def test_a_bad_cell_is_named() -> None:
    raw = pl.DataFrame({"product": ["a", "b"], "date": ["2026-03-01"] * 2, "stock": ["1", "viel"]})
    with pytest.raises(DataError, match=r"s\.csv row 3, column 'stock': 'viel'; wanted a number"):
        parse_other(raw, "stock", "s.csv")
    with pytest.raises(DataError, match=r"row 2, column 'date': 'soon'|date"):
        parse_other(raw.with_columns(date=pl.lit("soon")), "stock", "s.csv")


def test_a_needed_column_that_is_absent_is_named() -> None:
    raw = pl.DataFrame({"product": ["a"], "quantity": ["4"]})
    with pytest.raises(DataError, match="recognised as order_id or ordered_at"):
        parse_other(raw, "supply", "po.csv")
    with pytest.raises(UnknownName, match="no kind of file 'weather'"):
        parse_other(raw, "weather", "w.csv")
