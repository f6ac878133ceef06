"""Stock, products, plans and purchase orders: their columns, their cells, their messages."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from tradewind.data.movements import signed
from tradewind.data.others import parse_other
from tradewind.data.snapshots import completed
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


def test_every_column_of_a_list_of_items_is_taken() -> None:
    header = "sku,parent,channel_sku,name,category,brand,status,supplier,unit_cost,successor"
    names = [*header.split(","), "launch_date", "last_order_date"]
    cells = ["A", "S", "x1", "Tea", "Food", "Leaf", "Active", "Hill", "2.5", "B"]
    days = ["2026-01-01", "2026-04-30"]
    raw = pl.DataFrame({k: [v] for k, v in zip(names, [*cells, *days], strict=True)})
    rows, columns = parse_other(raw, "products", "items.csv")
    assert columns.unused == []
    assert set(rows.columns) == {"product", *names[1:10], "launched_at", "last_order_date"}
    assert rows[0, "status"] == "active"
    assert rows[0, "last_order_date"] == datetime(2026, 4, 30)


def test_a_chinese_list_of_items_is_understood() -> None:
    raw = pl.DataFrame(
        {
            "款号": ["S", "S", "S", "S"],
            "规格编码": ["a", "b", "c", "d"],
            "商品状态": ["在售", "停售", "待上架", None],
            "停售日期": [None, "2026年4月30日", None, None],
        }
    )
    rows, columns = parse_other(raw, "products", "items.csv")
    assert columns.mapping["product"] == "规格编码"
    assert rows["parent"].to_list() == ["S"] * 4
    assert rows["status"].to_list() == ["active", "discontinued", "planned", None]
    assert rows[1, "last_order_date"] == datetime(2026, 4, 30)
    with pytest.raises(DataError, match=r"row 3, column '商品状态': '？'; wanted active, disc"):
        parse_other(
            raw.with_columns(商品状态=pl.Series(["在售", "？", "x", None])), "products", "i"
        )


def test_a_code_of_styles_alone_is_the_product() -> None:
    _, columns = parse_other(pl.DataFrame({"款号": ["S"], "品牌": ["x"]}), "products", "i.csv")
    assert columns.mapping == {"product": "款号", "brand": "品牌"}


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


def stock_of(**cells: object) -> list[tuple[object, ...]]:
    """on_hand, reserved and what could be sold of a row of a stock file."""
    raw = pl.DataFrame(
        {"sku": ["a"], "as_of": ["2026-03-01"], **{k: [v] for k, v in cells.items()}}
    )
    rows = completed(parse_other(raw, "stock", "stock.csv")[0])
    return rows.select("on_hand", "reserved", "sellable").rows()


def test_what_can_be_sold_and_what_lies_there_are_two_numbers() -> None:
    assert stock_of(sellable="7", reserved="2") == [(9, 2, 7)]
    assert stock_of(on_hand="7", reserved="2") == [(7, 2, None)]
    assert stock_of(on_hand="9", reserved="1", sellable="7") == [(9, 1, 7)]
    assert stock_of(可售库存="7") == [(7, None, 7)]
    assert stock_of(在手库存="9", 占用库存="2") == [(9, 2, None)]
    assert stock_of(库存="9") == [(9, None, None)]


def test_a_count_of_nothing_is_refused() -> None:
    raw = pl.DataFrame({"sku": ["a", "b"], "as_of": ["2026-03-01"] * 2, "on_hand": ["4", None]})
    told = raw.with_columns(sellable=pl.Series([None, "3"]))
    assert len(parse_other(told, "stock", "s.csv")[0]) == 2
    with pytest.raises(DataError, match=r"s\.csv row 3, column 'on_hand': the cell is empty; wan"):
        parse_other(told.with_columns(sellable=pl.lit(None, pl.String)), "stock", "s.csv")
    with pytest.raises(DataError, match="no column was recognised as on_hand or sellable"):
        parse_other(raw.drop("on_hand"), "stock", "s.csv")


def ledger_of(*lines: str) -> list[tuple[object, ...]]:
    """quantity and movement of a ledger whose first line is the header."""
    raw = pl.read_csv("\n".join(lines).encode(), infer_schema=False)
    rows, columns = parse_other(raw, "movements", "m.csv")
    return signed(rows, "m.csv", columns.mapping).select("quantity", "movement").rows()


def test_what_goes_out_is_below_zero_however_a_ledger_says_so() -> None:
    assert ledger_of("sku,date,quantity", "a,2026-03-01,5", "a,2026-03-02,-2") == [
        (5, None),
        (-2, None),
    ]
    typed = ("sku,date,qty,movement type", "a,2026-03-01,5,receipt", "a,2026-03-02,2,Sale")
    more = ("a,2026-03-03,1,return", "a,2026-03-04,-3,adjust", "a,2026-03-04,4,transfer out")
    assert ledger_of(*typed, *more) == [
        (5, "receipt"),
        (-2, "sale"),
        (1, "return"),
        (-3, "adjust"),
        (-4, "transfer"),
    ]
    ways = ("sku,date,qty,type,in/out", "a,2026-03-01,5,transfer,out", "a,2026-03-02,2,receipt,OUT")
    assert ledger_of(*ways) == [(-5, "transfer"), (-2, "receipt")]
    assert ledger_of(*typed[:2], "a,2026-03-02,-2,Sale") == [(5, "receipt"), (-2, "sale")]


def test_a_chinese_ledger_is_understood() -> None:
    header = "商品编码,仓库,出入库时间,数量,出入库类型,单据编号"
    rows = ("a,上海,2026-03-01 09:00,12,入库,R1", "a,上海,2026-03-02 10:30,5,出库,S1")
    raw = pl.read_csv("\n".join([header, *rows]).encode(), infer_schema=False)
    read, columns = parse_other(raw, "movements", "m.csv")
    assert columns.unused == []
    assert signed(read, "m.csv", columns.mapping).select(
        "product", "location", "moved_at", "quantity", "movement", "reference"
    ).rows() == [
        ("a", "上海", datetime(2026, 3, 1, 9), 12, None, "R1"),
        ("a", "上海", datetime(2026, 3, 2, 10, 30), -5, None, "S1"),
    ]
    assert ledger_of(header, "a,上海,2026-03-01,12,采购入库,", "a,上海,2026-03-02,2,盘亏,") == [
        (12, "receipt"),
        (-2, "adjust"),
    ]


def test_a_bad_cell_of_a_ledger_is_named() -> None:
    header = "sku,date,qty,type"
    with pytest.raises(DataError, match=r"m\.csv row 3, column 'type': 'gift'; wanted receipt, sa"):
        ledger_of(header, "a,2026-03-01,5,in", "a,2026-03-01,5,gift")
    with pytest.raises(DataError, match=r"m\.csv row 3, column 'qty': -2 goes out below zero"):
        ledger_of(header, "a,2026-03-01,5,sale", "a,2026-03-01,-2,sale")
    with pytest.raises(DataError, match=r"row 2, column 'qty': 'viel'; wanted a number"):
        ledger_of(header, "a,2026-03-01,viel,sale")
