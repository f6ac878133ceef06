"""Which header is which noun."""

from __future__ import annotations

import polars as pl
import pytest

from tradewind.data.columns import guess_columns
from tradewind.data.headers import ALIASES, HEADERS, KIND, PLAIN, squeezed
from tradewind.errors import DataError, UnknownName

ORDERS = pl.DataFrame(
    {
        "子订单编号": ["1", "2"],
        "订单编号": ["9", "9"],
        "商品编码": ["A1", "B2"],
        "商品名称": ["鞋", "帽"],
        "下单时间": ["2024-03-01 10:00:00", "2024-03-02 11:00:00"],
        "购买数量": ["2", "1"],
        "单价（元）": ["¥9.50", "¥3.00"],
        "是否促销": ["是", "否"],
        "类目": ["服装", "服装"],
        "库存": ["7", "3"],
        "买家": ["u1", "u2"],
        "店铺": ["天猫", "京东"],
        "仓库": ["SH", "BJ"],
        "浏览量": ["100", "200"],
        "加购件数": ["5", "6"],
        "竞品价": ["9", "3"],
        "订单状态": ["交易成功", "交易关闭"],
    }
)


def test_chinese_headers_are_understood() -> None:
    assert guess_columns(ORDERS).mapping == {
        "line": "子订单编号",
        "order": "订单编号",
        "product": "商品编码",
        "name": "商品名称",
        "date": "下单时间",
        "quantity": "购买数量",
        "price": "单价（元）",
        "promotion": "是否促销",
        "category": "类目",
        "stock": "库存",
        "customer": "买家",
        "channel": "店铺",
        "location": "仓库",
        "views": "浏览量",
        "carts": "加购件数",
        "competitor_price": "竞品价",
        "status": "订单状态",
    }


@pytest.mark.parametrize("header", ["Unit Price", "unit_price", "UNIT-PRICE (USD)", "unitPrice"])
def test_case_spaces_and_units_do_not_matter(header: str) -> None:
    table = pl.DataFrame({"SKU": ["A"], "Date": ["2024-03-01"], "Qty": ["2"], header: ["9"]})
    assert guess_columns(table).header("price") == header


def test_a_name_whose_cells_do_not_fit_is_not_taken() -> None:
    table = pl.DataFrame({"sku": ["A"], "date": ["spring"], "day": ["2024-03-01"], "qty": ["2"]})
    assert guess_columns(table).header("date") == "day"


def test_the_only_column_left_serves() -> None:
    table = pl.DataFrame({"thing": ["A"], "when it was": ["2024-03-01"], "how many": ["2"]})
    columns = guess_columns(table)
    assert columns.mapping == {"product": "thing", "date": "when it was", "quantity": "how many"}
    assert all("only column left" in g.why for g in columns.guesses)


def test_a_name_serves_where_there_is_no_code() -> None:
    table = pl.DataFrame({"商品名称": ["鞋"], "日期": ["2024-03-01"], "销量": ["2"]})
    columns = guess_columns(table)
    assert columns.header("product") == "商品名称"
    assert columns.header("name") is None


DAYS = ["2024-03-01", "2024-03-02", "2024-03-01", "2024-03-02"]
PLAIN_TABLE = {
    "code": ["A1", "A1", "B2", "B2"],
    "name": ["Tea", "Tea", "Cup", "Cup"],
    "row": ["1", "2", "3", "4"],
    "who": ["Ann", "Bob", "Cy", "Ann"],
    "shop": ["North", "North", "North", "North"],
    "units": ["2", "1", "4", "3"],
    "money": ["9.5", "4.75", "3.2", "2.4"],
}
"""Four rows of two products; a test chooses the headers."""


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"sku": "code", "name": "name"}, {"product": "sku", "name": "name"}),
        ({"id": "code", "name": "name"}, {"product": "id", "name": "name"}),
        ({"编号": "code", "名称": "name"}, {"product": "编号", "name": "名称"}),
        ({"商品id": "code", "标题": "name"}, {"product": "商品id", "name": "标题"}),
        ({"sku": "code", "Item": "name"}, {"product": "sku", "name": "Item"}),
        ({"item": "code", "description": "name"}, {"product": "item", "name": "description"}),
        ({"商品编码": "code", "商品": "name"}, {"product": "商品编码", "name": "商品"}),
        ({"name": "name"}, {"product": "name"}),
        ({"id": "row", "name": "name"}, {"product": "name"}),
        ({"sku": "code", "name": "who"}, {"product": "sku"}),
        ({"sku": "code", "name": "shop"}, {"product": "sku"}),
        ({"id": "row", "sku": "code", "title": "name"}, {"product": "sku", "name": "title"}),
        ({"sku": "code", "sales": "money"}, {"product": "sku", "amount": "sales"}),
        ({"sku": "code", "渠道": "who", "店铺": "shop"}, {"channel": "渠道", "location": "店铺"}),
        ({"sku": "code", "店铺": "shop"}, {"product": "sku", "channel": "店铺"}),
    ],
    ids=lambda value: " ".join(value),
)
def test_plain_headers_are_understood_by_what_stands_beside(
    headers: dict[str, str], wanted: dict[str, str]
) -> None:
    cells = {header: PLAIN_TABLE[kind] for header, kind in headers.items()}
    table = pl.DataFrame({**cells, "date": DAYS, "quantity": PLAIN_TABLE["units"]})
    found = guess_columns(table).mapping
    assert {noun: found.get(noun) for noun in wanted} == wanted
    assert "name" in wanted or "name" not in found


@pytest.mark.parametrize(
    ("header", "noun"),
    [
        *(("单价", "price"), ("金额", "amount"), ("库存", "stock"), ("浏览量", "views")),
        *(("加购", "carts"), ("竞品价", "competitor_price"), ("cart", "carts"), ("view", "views")),
        *(("competitor", "competitor_price"), ("Total Sales", "amount"), ("均价", "price")),
        *(("当前库存", "stock"), ("成交额", "amount"), ("加购次数", "carts"), ("访问量", "views")),
    ],
)
def test_plain_headers_of_numbers(header: str, noun: str) -> None:
    table = pl.DataFrame({"sku": ["A"], "date": ["2024-03-01"], "qty": ["2"], header: ["9"]})
    assert guess_columns(table).header(noun) == header


@pytest.mark.parametrize(
    ("header", "noun"),
    [
        *(("店铺", "channel"), ("渠道", "channel"), ("平台名称", "channel"), ("仓库", "location")),
        *(("Store Name", "location"), ("仓库名", "location"), ("类目", "category")),
        *(("类目名称", "category"), ("品牌", "brand"), ("品牌名称", "brand"), ("标题", "name")),
        *(("商品名称", "name"), ("title", "name"), ("Customer Name", "customer")),
    ],
)
def test_plain_headers_of_text(header: str, noun: str) -> None:
    table = pl.DataFrame({"sku": ["A"], "date": ["2024-03-01"], "qty": ["2"], header: ["x"]})
    assert guess_columns(table).header(noun) == header


def test_an_empty_column_is_said_to_be_empty() -> None:
    table = pl.DataFrame({"sku": ["A"], "date": ["2024-03-01"], "qty": ["2"], "channel": [None]})
    assert ("channel", "channel", "", "named so, but empty") in guess_columns(table).rows()


def test_what_is_missing_and_cannot_be_mapped_is_to_be_added() -> None:
    table = pl.DataFrame({"sku": ["A"], "date": ["2024-03-01"]})
    with pytest.raises(DataError, match=r"quantity; the table has \['sku', 'date'\]; add it"):
        guess_columns(table).check("s.csv")


def test_what_is_missing_is_named_with_what_there_is() -> None:
    columns = guess_columns(pl.DataFrame({"a": ["x"], "b": ["y"]}))
    assert columns.missing == ["product", "date", "quantity"]
    with pytest.raises(DataError, match=r"s\.csv.*product.*\['a', 'b'\]"):
        columns.check("s.csv")


def test_a_correction_takes_the_header_from_its_guess() -> None:
    table = pl.DataFrame(
        {"sku": ["A"], "date": ["2024-03-01"], "quantity": ["2"], "shipped": ["3"]}
    )
    columns = guess_columns(table).corrected({"y": "shipped"})
    assert columns.header("quantity") == "shipped"
    assert columns.unused == ["quantity"]
    assert next(g.why for g in columns.guesses if g.noun == "quantity") == "told by you"
    assert columns.corrected({"price": "shipped"}).missing == ["quantity"]
    assert columns.corrected({"quantity": ""}).missing == ["quantity"]


@pytest.mark.parametrize("word", ["y", "Quantity", "qty"])
def test_nouns_have_aliases(word: str) -> None:
    columns = guess_columns(ORDERS).corrected({word: "库存"})
    assert columns.header("quantity") == "库存"
    assert columns.header("stock") is None


@pytest.mark.parametrize("told", [{"colour": "库存"}, {"y": "重量"}])
def test_an_unknown_word_lists_what_there_is(told: dict[str, str]) -> None:
    with pytest.raises(UnknownName, match=r"quantity|库存"):
        guess_columns(ORDERS).corrected(told)


def test_rows_show_samples_and_unused_headers() -> None:
    rows = guess_columns(ORDERS.with_columns(pl.lit("x").alias("备注"))).rows()
    assert rows[0] == ("product", "商品编码", "A1 · B2", "named so, holds text")
    assert rows[-1] == ("", "备注", "x", "not used")


def test_the_table_of_headers_is_sound() -> None:
    assert set(HEADERS) == set(KIND)
    assert set(ALIASES.values()) <= set(KIND)
    for noun, names in HEADERS.items():
        assert [n for n in names if squeezed(n) != n] == [], noun
        for other, theirs in HEADERS.items():
            assert other == noun or not set(names) & set(theirs), (noun, other)
        assert len(set(names)) == len(names), noun
    for noun, names in PLAIN.items():
        assert [n for n in names if squeezed(n) != n] == [], noun
        assert not set(names) & set(HEADERS[noun]), noun
