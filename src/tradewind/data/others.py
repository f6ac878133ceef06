"""The merchant's other files: stock, products, planned promotions and prices, purchase orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from tradewind.data.calendars import PLACES, PLANS
from tradewind.data.choices import CHOICES, chosen
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

    columns   our noun → "text", "date", "number", "promotion" or "choice" (`choices.CHOICES`)
    needed    nouns that must be there
    also      noun → what else its column may be called
    either    nouns of which at least one must be there, and be filled in every row
    """

    columns: Mapping[str, str]
    needed: tuple[str, ...]
    also: Mapping[str, tuple[str, ...]]
    either: tuple[str, ...] = ()


KINDS = {
    "stock": Kind(
        {
            "product": "text",
            "counted_at": "date",
            **dict.fromkeys(("sellable", "reserved", "on_hand"), "number"),
            **dict.fromkeys(("channel", "location"), "text"),
        },
        ("product", "counted_at"),
        {
            "counted_at": ("as_of", "date", "ds", "snapshot date", "日期", "盘点日期", "盘点时间"),
            "sellable": (
                *("available", "available stock", "available quantity", "qty available"),
                *("sellable stock", "atp", "free stock", "可售库存", "可用库存", "可售数量"),
                *("可用数量", "可销库存", "可售", "可用"),
            ),
            "reserved": (
                *("reserved stock", "reserved quantity", "allocated", "committed", "locked"),
                *("占用库存", "占用", "锁定库存", "锁定", "预占库存", "预留", "预留库存", "已占用"),
            ),
            "on_hand": (
                *("stock on hand", "qty on hand", "physical", "physical stock", "total stock"),
                *("在手库存", "实物库存", "实际库存", "在库数量", "账面库存", "总库存"),
                *("stock", "quantity", "库存", "库存数量"),
            ),
        },
        ("on_hand", "sellable"),
    ),
    "movements": Kind(
        {
            "product": "text",
            "moved_at": "date",
            "quantity": "number",
            **dict.fromkeys(("movement", "direction"), "choice"),
            **dict.fromkeys(("reference", "channel", "location"), "text"),
        },
        ("product", "moved_at", "quantity"),
        {
            "moved_at": (
                *("movement date", "posting date", "posted at", "date", "ds", "出入库时间"),
                *("出入库日期", "单据日期", "业务日期", "操作时间", "日期", "时间"),
            ),
            "quantity": (
                *(
                    "qty",
                    "quantity change",
                    "qty change",
                    "change",
                    "delta",
                    "出入库数量",
                    "变动数量",
                ),
                *("变动", "数量"),
            ),
            "movement": (
                *("movement type", "transaction type", "type", "reason", "出入库类型"),
                *("业务类型", "单据类型", "变动类型", "类型"),
            ),
            "direction": ("in/out", "in or out", "inbound/outbound", "出入库", "方向", "收发"),
            "reference": (
                *("reference id", "ref", "document", "document number", "movement id", "id"),
                *("单据编号", "单据号", "出入库单号", "流水号", "单号"),
            ),
        },
    ),
    "products": Kind(
        {
            **dict.fromkeys(("product", "parent", "name", "category", "brand", "supplier"), "text"),
            "status": "choice",
            "unit_cost": "number",
            "currency": "text",
            "pack_size": "number",
            **dict.fromkeys(("launched_at", "last_order_date"), "date"),
            **dict.fromkeys(("successor", "channel", "channel_sku"), "text"),
        },
        ("product",),
        {
            "product": (
                *("sku", "sku id", "sku code", "sku编码", "商品编码", "商品编号", "商家编码"),
                "规格编码",
            ),
            "parent": (
                *("parent sku", "parent product", "parent asin", "style", "style code", "spu"),
                *("spu id", "spu编码", "款式", "款号", "款式编码", "父商品", "父商品编码"),
            ),
            "status": (
                *("item status", "product status", "lifecycle", "state"),
                *("状态", "商品状态", "销售状态", "在售状态", "上架状态"),
            ),
            "last_order_date": (
                *("last order day", "last orders", "last day", "discontinued at"),
                *("discontinued date", "discontinue date", "end of life", "eol date"),
                *("停售日期", "停售时间", "停产日期", "最后订购日期", "最后销售日期", "下架日期"),
                "下架时间",
            ),
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
    missing = [noun for noun in wanted.needed if noun not in columns.mapping]
    if not missing and wanted.either and not set(wanted.either) & set(columns.mapping):
        missing = list(wanted.either)
    if missing:
        raise DataError(
            f"{source_name}: no column was recognised as {' or '.join(missing)}; the table has "
            f"{raw.columns}; say which with a mapping, e.g. {missing[0]}={raw.columns[0]}"
        )
    cells = Cells(source_name, raw, pl.Series(range(2, len(raw) + 2)), columns)
    parsed = [_parsed(cells, noun, wanted.columns[noun]) for noun in columns.mapping]
    for noun in wanted.needed:
        cells.refuse(noun, parsed[list(columns.mapping).index(noun)].is_null(), "a value")
    rows = pl.DataFrame(parsed)
    if told := [noun for noun in wanted.either if noun in rows.columns]:
        empty = rows.select(pl.all_horizontal(pl.col(told).is_null())).to_series()
        rest = " or ".join(noun for noun in wanted.either if noun != told[0])
        cells.refuse(told[0], empty, f"a value, here or as {rest}")
    return rows, columns


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
    if kind == "choice":
        word = chosen(noun, column.cast(pl.String)).alias(noun)
        wanted = f"{', '.join(list(CHOICES[noun])[:-1])} or {list(CHOICES[noun])[-1]}"
        cells.refuse(noun, word.is_null() & _is_filled(column), wanted)
        return word
    numbers = parse_numbers(column, ".")
    cells.refuse(noun, numbers.is_nan() | numbers.is_infinite(), "a number")
    return numbers.cast(pl.Float64).alias(noun)


def _is_filled(column: pl.Series) -> pl.Series:
    filled = column.is_not_null()
    return filled & (column.str.strip_chars() != "") if column.dtype == pl.String else filled
