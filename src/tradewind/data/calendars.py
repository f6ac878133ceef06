"""The merchant's calendar: promotions, prices, spend, stock and the phases of festivals, by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tradewind.data.headers import squeezed
from tradewind.errors import DataError
from tradewind.task import FESTIVAL

PLANS = (
    *("promotion", "price", "regular_price", "competitor_price", "display", "mailer"),
    *("ad_spend", "stock"),
)
"""Numbers that a calendar may plan. Prices, spend and stock are of each day they hold for."""
SCOPES = ("product", "category", "brand")
PLACES = (*SCOPES, "channel", "location")
PHASES: Mapping[str, tuple[str, ...]] = {
    "presale": ("presale", "warm up", "预售", "预热", "蓄水", "定金期"),
    "peak": (
        *("peak", "festival", "opening", "finale", "main", "大促", "爆发", "爆发期", "高潮"),
        *("正式期", "现货", "开门红", "狂欢", "狂欢日", "节日"),
    ),
    "aftermath": ("aftermath", "after", "encore", "返场", "余热", "返场期"),
}
"""What the phases of a festival are called."""
PROMOTIONS = (
    *("promotion", "discount", "coupon", "deal", "flash sale", "sale", "markdown", "bundle"),
    *("促销", "折扣", "满减", "优惠券", "秒杀", "聚划算", "百亿补贴", "直播", "清仓", "单品"),
    *("price", "display", "mailer", "ad", "ads", "advertising", "stock"),
    *("调价", "陈列", "海报", "广告", "推广", "投放", "库存", "会员日"),
)
"""Other kinds: what such a row plans stands in its numbers."""
EVENTS: Mapping[str, tuple[str, ...]] = {
    "618": ("618", "6.18", "六一八", "618大促", "618年中大促"),
    "double_11": ("double 11", "11.11", "1111", "双11", "双十一", "singles day", "d11"),
    "double_12": ("double 12", "12.12", "1212", "双12", "双十二", "d12"),
    "black_friday": ("black friday", "bfcm", "cyber week", "黑五", "黑色星期五", "网一"),
}
"""Festivals whose days are known, and what else they are called."""
STATUSES: Mapping[str, tuple[str, ...]] = {
    "planned": ("planned", "plan", "tentative", "draft", "计划", "拟定", "待定", "未确认"),
    "confirmed": ("confirmed", "approved", "done", "已确认", "确认", "已报名", "已通过"),
}
EVERYTHING = ("", "all", "shop", "全店", "全部", "所有", "全站")
"""A scope that leaves nothing out."""


def planned(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """The rows of a calendar file as one entry a day, place and name.

    rows     start, end (null: that day alone), event, kind, status, places, the numbers of PLANS
    source   what messages call the file; its first row is row 2

    →        ds, event, status, the places, name, value. A row of a festival's phase has an entry
             named after it; every row one for each number it tells

    Raises DataError for a row that plans nothing, an end before its start, an unknown kind or
    status.
    """
    rows = _whole(rows).with_row_index("row", offset=2)
    _refuse(rows, pl.col("end") < pl.col("start"), "end", "an end on or after its start", source)
    phase = _word(rows["kind"], {**PHASES, "": PROMOTIONS})
    _refuse(
        rows,
        phase.is_null() & rows["kind"].is_not_null(),
        "kind",
        f"one of {', '.join(PHASES)} (of a festival) or {', '.join(PROMOTIONS[:8])} …",
        source,
    )
    status = _word(rows["status"], STATUSES)
    unknown = status.is_null() & rows["status"].is_not_null()
    _refuse(rows, unknown, "status", "planned or confirmed", source)
    event = pl.Series([None if e is None else canonical(e) for e in rows["event"]], dtype=pl.String)
    silent = rows.select(pl.all_horizontal(pl.col(c).is_null() for c in PLANS)).to_series()
    peak = (silent & rows["kind"].is_null() & event.is_not_null()).to_list()
    told = ["peak" if p else f for p, f in zip(peak, phase, strict=True)]
    named = [f"{FESTIVAL}{e}_{f}" if e and f else None for e, f in zip(event, told, strict=True)]
    rows = rows.with_columns(
        event.alias("event"), status.alias("status"), pl.Series("phase", named, dtype=pl.String)
    )
    lost = silent & rows["phase"].is_null()
    wanted = f"a number ({', '.join(PLANS)}), or an event with one of its phases"
    _refuse(rows, lost, "kind", wanted, source)
    days = rows.with_columns(
        pl.datetime_ranges(pl.col("start"), pl.col("end"), "1d", time_unit="us").alias("ds")
    ).explode("ds")
    kept = ["ds", "event", "status", *PLACES]
    numbers = days.select(*kept, *PLANS).unpivot(
        PLANS, index=kept, variable_name="name", value_name="value"
    )
    phases = days.select(*kept, pl.col("phase").alias("name"), pl.lit(1.0).alias("value"))
    return pl.concat([phases, numbers]).drop_nulls(["name", "value"])


def canonical(event: str) -> str:
    """The name of an event: one of EVENTS where it is known by another, else as written.

    >>> canonical("双11"), canonical(" 11.11 "), canonical("Anniversary")
    ('double_11', 'double_11', 'Anniversary')
    """
    written = squeezed(event)
    for name, words in EVENTS.items():
        if written in {squeezed(word) for word in (name, *words)}:
            return name
    return event.strip()


def in_scope(rows: pl.DataFrame, known: Mapping[str, Sequence[str]], source: str) -> pl.DataFrame:
    """The rows with `scope` replaced by the product, category or brand that it names.

    known   the shop's products, categories and brands

    Raises DataError for a scope that names none of them.
    """
    if "scope" not in rows.columns:
        return rows
    rows = rows.with_columns(
        (pl.col(c) if c in rows.columns else pl.lit(None, pl.String)).alias(c) for c in SCOPES
    )
    scope = pl.col("scope").str.strip_chars()
    whole = scope.is_null() | scope.str.to_lowercase().is_in(EVERYTHING)
    open_ = ~whole
    for name in SCOPES:
        mine = open_ & scope.is_in(list(known[name]))
        rows = rows.with_columns(pl.when(mine).then(scope).otherwise(name).alias(name))
        open_ = open_ & ~scope.is_in(list(known[name]))
    numbered = rows.with_row_index("row", offset=2)
    wanted = (
        "a product, category or brand of the shop (load its sales and products first), or nothing "
        "for all of it"
    )
    _refuse(numbered, open_, "scope", wanted, source)
    return rows.drop("scope")


def _whole(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with every column that a calendar may have."""
    texts = ("event", "kind", "status", *PLACES)
    absent = [pl.lit(None, pl.String).alias(c) for c in texts if c not in rows.columns]
    absent += [pl.lit(None, pl.Float64).alias(c) for c in PLANS if c not in rows.columns]
    end = pl.col("end").fill_null(pl.col("start")) if "end" in rows.columns else pl.col("start")
    return rows.with_columns(*absent, end.alias("end"))


def _word(column: pl.Series, words: Mapping[str, Sequence[str]]) -> pl.Series:
    """Our word for each cell; null where there is none."""
    ours = {squeezed(word): name for name, all_ in words.items() for word in (name, *all_) if word}
    found = [None if cell is None else ours.get(squeezed(cell)) for cell in column]
    return pl.Series(column.name, found, dtype=pl.String)


def _refuse(
    rows: pl.DataFrame, wrong: pl.Expr | pl.Series, column: str, wanted: str, source: str
) -> None:
    """Raise DataError naming the first row that is wrong."""
    bad = rows.filter(wrong)
    if len(bad):
        raise DataError(
            f"{source} row {bad[0, 'row']}, column {column!r}: {bad[0, column]!r}; wanted {wanted}"
        )
