"""The merchant's other files: stock, products, planned promotions and prices, purchase orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from tradewind.data.calendars import PLACES, PLANS
from tradewind.data.columns import Columns, Guess, guess_columns
from tradewind.data.dates import WANTED, parse_dates
from tradewind.data.headers import squeezed
from tradewind.data.numbers import parse_numbers
from tradewind.data.parse import Cells
from tradewind.data.promotions import parse_promotions
from tradewind.errors import DataError, UnknownName


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of file holds.

    columns   our noun → "text", "date", "number" or "promotion"
    needed    nouns that must be there
    also      noun → what else its column may be called
    """

    columns: Mapping[str, str]
    needed: tuple[str, ...]
    also: Mapping[str, tuple[str, ...]]


KINDS = {
    "stock": Kind(
        {
            "product": "text",
            "counted_at": "date",
            "on_hand": "number",
            "channel": "text",
            "location": "text",
        },
        ("product", "counted_at", "on_hand"),
        {
            "counted_at": ("as_of", "date", "ds", "snapshot date", "日期", "盘点日期", "盘点时间"),
            "on_hand": (
                *("sellable", "available", "stock", "quantity"),
                *("可售库存", "可用库存", "库存", "在手库存"),
            ),
        },
    ),
    "products": Kind(
        {
            **dict.fromkeys(("product", "name", "category", "brand", "supplier"), "text"),
            "unit_cost": "number",
            "currency": "text",
            "pack_size": "number",
            "launched_at": "date",
            **dict.fromkeys(("successor", "channel", "channel_sku"), "text"),
        },
        ("product",),
        {
            "unit_cost": ("cost", "cost price", "成本", "成本价", "采购价", "进价", "单位成本"),
            "launched_at": ("launch", "launch date", "上市日期", "上市时间", "上架时间"),
            "supplier": ("supplier name", "供应商", "供应商名称"),
            "pack_size": ("case pack", "units per case", "装箱数", "箱规"),
            "successor": ("替代商品", "替代商品编码"),
            "channel_sku": ("listing", "channel code", "平台商品编码", "平台货号"),
        },
    ),
    "calendar": Kind(
        {
            "start": "date",
            "end": "date",
            **dict.fromkeys(("event", "kind", "status", "scope", *PLACES), "text"),
            **dict.fromkeys(PLANS, "number"),
            "promotion": "promotion",
        },
        ("start",),
        {
            "start": ("from", "start date", "date", "ds", "开始日期", "开始时间", "日期"),
            "end": ("to", "end date", "until", "结束日期", "结束时间"),
            "event": ("campaign", "festival", "活动", "活动名称", "大促", "节日"),
            "kind": ("type", "phase", "类型", "活动类型", "阶段"),
            "status": ("planned confirmed", "state", "状态", "活动状态"),
            "scope": ("applies to", "range", "范围", "适用范围", "活动范围"),
            "promotion": ("depth", "discount", "off", "折扣", "力度", "优惠力度", "促销"),
            "ad_spend": ("spend", "ad cost", "budget", "广告费", "推广费", "广告花费", "投放预算"),
            "stock": ("available", "sellable", "planned stock", "计划库存", "可售库存"),
        },
    ),
    "bundles": Kind(
        {
            **dict.fromkeys(("bundle", "component"), "text"),
            "quantity": "number",
            **dict.fromkeys(("starts", "ends"), "date"),
        },
        ("bundle", "component", "quantity"),
        {
            "bundle": ("kit", "set", "套装", "套装编码", "组合装"),
            "component": ("item", "part", "子商品", "子件", "单品"),
            "starts": ("from", "start", "开始日期"),
            "ends": ("to", "end", "结束日期"),
        },
    ),
    "launches": Kind(
        {
            **dict.fromkeys(("product", "channel", "like", "name", "category", "brand"), "text"),
            "launched_at": "date",
            **dict.fromkeys(("factor", "price"), "number"),
        },
        ("product", "launched_at"),
        {
            "launched_at": ("launch date", "launch", "date", "上市日期", "上市时间", "上架时间"),
            "like": ("like sku", "like product", "similar to", "参照商品", "相似商品", "对标商品"),
            "factor": ("scale", "share", "倍数", "系数"),
            "price": ("launch price", "售价", "上市价", "价格"),
        },
    ),
    "rates": Kind(
        {
            "date": "date",
            **dict.fromkeys(("from_currency", "to_currency"), "text"),
            "rate": "number",
        },
        ("date", "from_currency", "to_currency", "rate"),
        {
            "date": ("ds", "日期"),
            "from_currency": ("from", "source", "base", "原币种", "外币"),
            "to_currency": ("to", "target", "quote", "目标币种", "本币"),
            "rate": ("exchange rate", "汇率"),
        },
    ),
    "supply": Kind(
        {
            **dict.fromkeys(("order_id", "product", "supplier", "location"), "text"),
            **dict.fromkeys(("ordered_at", "expected_at", "arrived_at"), "date"),
            "quantity": "number",
            "unit_cost": "number",
            "currency": "text",
        },
        ("order_id", "product", "ordered_at", "quantity"),
        {
            "order_id": ("po number", "采购单号", "采购单编号"),
            "ordered_at": ("date", "order date", "下单日期", "采购日期"),
            "expected_at": ("due_at", "due", "due date", "预计到货", "预计到货日期"),
            "arrived_at": ("received_at", "received", "到货日期", "入库日期"),
            "unit_cost": ("cost", "成本", "采购价", "进价", "采购单价"),
            "supplier": ("supplier name", "供应商", "供应商名称"),
        },
    ),
}
"""Every kind, and what else its columns may be called."""


def parse_other(
    raw: pl.DataFrame, kind: str, source_name: str, mapping: Mapping[str, str] | None = None
) -> tuple[pl.DataFrame, Columns]:
    """The rows of a file of this kind under our nouns, and which header was taken for which.

    mapping   noun → header where the guess is wrong

    Raises DataError for a needed column that is absent or a cell that does not read; UnknownName
    for a kind, noun or header that is not there.
    """
    if kind not in KINDS:
        raise UnknownName(f"no kind of file {kind!r}; there are sales, {', '.join(KINDS)}")
    wanted = KINDS[kind]
    columns = _guessed(raw, wanted, mapping or {})
    if missing := [noun for noun in wanted.needed if noun not in columns.mapping]:
        raise DataError(
            f"{source_name}: no column was recognised as {' or '.join(missing)}; the table has "
            f"{raw.columns}; say which with a mapping, e.g. {missing[0]}={raw.columns[0]}"
        )
    cells = Cells(source_name, raw, pl.Series(range(2, len(raw) + 2)), columns)
    parsed = [_parsed(cells, noun, wanted.columns[noun]) for noun in columns.mapping]
    for noun in wanted.needed:
        cells.refuse(noun, parsed[list(columns.mapping).index(noun)].is_null(), "a value")
    return pl.DataFrame(parsed), columns


def _guessed(raw: pl.DataFrame, kind: Kind, mapping: Mapping[str, str]) -> Columns:
    """Told by the user, else named as we do or in another known way, else as in sales tables."""
    for noun, header in mapping.items():
        if noun not in kind.columns:
            raise UnknownName(f"{noun!r} is not a column here; there are {list(kind.columns)}")
        if header not in raw.columns:
            raise UnknownName(f"{noun!r} is mapped to {header!r}; the table has {raw.columns}")
    by_name = {squeezed(header): header for header in reversed(raw.columns)}
    usual = guess_columns(raw)
    found: dict[str, Guess] = {}
    for noun in kind.columns:
        names = [squeezed(name) for name in (noun, *kind.also.get(noun, ()))]
        taken = {guess.header for guess in found.values()} | set(mapping.values())
        named = next((by_name[n] for n in names if n in by_name and by_name[n] not in taken), None)
        alike = next(
            (usual.header(n) for n in (noun, *kind.also.get(noun, ())) if usual.header(n)), None
        )
        if noun in mapping:
            found[noun] = Guess(noun, mapping[noun], "told by you")
        elif named is not None:
            found[noun] = Guess(noun, named, "named so")
        elif alike is not None and alike not in taken:
            found[noun] = Guess(noun, alike, "as in sales tables")
    return Columns(tuple(found.values()), usual.headers, usual.samples)


def _parsed(cells: Cells, noun: str, kind: str) -> pl.Series:
    column = cells.of(noun)
    if kind == "text":
        text = column.cast(pl.String).str.strip_chars()
        return text.set((text == "").fill_null(False), None).alias(noun)
    if kind == "date":
        try:
            parsed = parse_dates(column, None)
        except DataError as error:
            where = f"{cells.name}, column {cells.columns.mapping[noun]!r}"
            raise DataError(str(error).replace("{where}", where)) from None
        cells.refuse(noun, parsed.is_null() & _is_filled(column), WANTED)
        return parsed.cast(pl.Datetime("us")).alias(noun)
    if kind == "promotion":
        return parse_promotions(column).set(column.is_null(), None).alias(noun)
    numbers = parse_numbers(column, ".")
    cells.refuse(noun, numbers.is_nan() | numbers.is_infinite(), "a number")
    return numbers.cast(pl.Float64).alias(noun)


def _is_filled(column: pl.Series) -> pl.Series:
    filled = column.is_not_null()
    return filled & (column.str.strip_chars() != "") if column.dtype == pl.String else filled
