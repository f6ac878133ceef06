"""to_panel: sales lines become a Panel of one frequency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tradewind.arrays import Bools, Dates, Floats, Ints
from tradewind.data.cleaning import Cleaning, cleaning_of
from tradewind.data.grid import Grid
from tradewind.data.lives import ended, outliers, rhythm
from tradewind.data.parts import parts_of
from tradewind.data.periods import anchored, partial_periods, period_start
from tradewind.data.statuses import is_sold
from tradewind.data.stock_levels import stock_levels
from tradewind.data.totals import CARRIED, SUMMED, columns_of, is_told
from tradewind.errors import DataError
from tradewind.panel import SEPARATOR, Panel, every

PLACE = ("product", "channel", "location")
STATIC = ("category", "brand", "name", "currency")
NEEDED = (*PLACE, "ordered_at", "quantity", "price", "currency", "status")
"""Columns of the lines that every panel is made of."""
KEPT = (*CARRIED, *SUMMED, "promotion", "stock")
"""Columns of the lines that a panel has where any line tells them."""


def to_panel(
    lines: pl.DataFrame,
    freq: str,
    by: Sequence[str] = ("product",),
    products: pl.DataFrame | None = None,
    stock: pl.DataFrame | None = None,
) -> tuple[Panel, Cleaning]:
    """A panel of units sold per period, and what had to be mended for it.

    lines      canonical lines; those that are not sales (by status) only count for stock and views
    freq       "h", "D", "W-MON" … "W-SUN" (weeks that begin on that day), "MS"
    by         what makes a series: ("product",), or with "channel", "location"
    products   product, and any columns that go into the static table (category, brand, name, …)
    stock      snapshots: product (channel, location), ds, stock

    Every series runs from its first sale to the last period of the lines. In a period:
    y                  units; 0 where nothing was sold
    price              weighted by units; carried forward (at the start backward) where nothing was
                       sold. regular_price and competitor_price likewise
    promotion          depth weighted by units, in [0, 1]; the deepest one where nothing was sold,
                       0 where no line tells of one
    stock              the last one told; null where none was told
    views, carts       sums; 0 where no line tells of any
    outlier            whether y is far from the series' usual, see `lives.outliers`

    Static: what makes the series, category, brand, name, currency, last_sale, ended.

    Raises DataError if `by` or `freq` is unknown or a series mixes currencies.
    """
    freq = anchored(freq)
    if "product" not in by or not set(by) <= set(PLACE):
        raise DataError(f"by must hold 'product' and may hold 'channel', 'location'; it is {by}")
    by = [c for c in PLACE if c in by]
    keys = _keys(lines, by)
    coded = _coded(lines, keys, by, freq)
    _check_currency(lines, coded["series"], keys)
    static = _static(lines, coded["series"], keys.select("series", "unique_id", *by), products)
    coded, done = _whole_periods(coded, lines["ordered_at"], freq)
    grid, place, more = _grid(coded, keys, freq)
    done += more
    told = np.bincount(place, minlength=grid.size + 1)[: grid.size] > 0
    columns = columns_of(coded, place, grid)
    del coded, place
    if stock is not None:
        known = grid.spread(stock_levels(stock, grid.keys, by, freq), "stock", np.nan)
        columns["stock"] = np.where(np.isnan(known), columns.get("stock", np.nan), known)
    panel, more = _panel(grid, columns, static, freq)
    return panel, done + _gaps(grid, told) + more


def _keys(lines: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """One row per series, by unique_id: series, unique_id and the columns of `by`."""
    parts = [pl.col(c).fill_null("") if c in by else pl.lit("") for c in PLACE]
    unique_id = pl.concat_str(parts, separator=SEPARATOR).str.strip_chars_end(SEPARATOR)
    kinds = pl.concat([part.unique() for part in parts_of(lines.select(by))]).unique()
    keys = kinds.with_columns(unique_id.alias("unique_id")).sort("unique_id")
    return keys.with_columns(pl.int_range(pl.len(), dtype=pl.Int32).alias("series"))


def _coded(lines: pl.DataFrame, keys: pl.DataFrame, by: Sequence[str], freq: str) -> pl.DataFrame:
    """The lines with their series, ds, units sold (q) and what a panel keeps of them."""
    kept = [c for c in KEPT if c in lines.columns]
    series = keys.drop("unique_id")
    wanted = lines.select(*by, "ordered_at", "quantity", "status", *kept)
    numbered = [
        part.select(by).join(
            series, on=list(by), how="left", nulls_equal=True, maintain_order="left"
        )
        for part in parts_of(wanted)
    ]
    return wanted.with_columns(pl.concat([part["series"] for part in numbered])).select(
        "series", *["ordered_at"] * ("stock" in kept), period_start("ordered_at", freq).alias("ds"),
        pl.when(is_sold()).then(pl.col("quantity").clip(0)).otherwise(0.0).alias("q"), *kept,
    )  # fmt: skip


def _check_currency(lines: pl.DataFrame, series: pl.Series, keys: pl.DataFrame) -> None:
    if lines.select(pl.col("currency").drop_nulls().n_unique()).item() < 2:
        return
    told = pl.DataFrame([series, lines["currency"]]).drop_nulls().unique()
    kinds = told.group_by("series").agg(pl.col("currency").sort()).sort("series")
    mixed = kinds.filter(pl.col("currency").list.len() > 1)
    if len(mixed):
        raise DataError(
            f"series {keys['unique_id'][mixed[0, 'series']]!r} has prices in "
            f"{mixed[0, 'currency'].to_list()}; their mean says nothing: load exchange "
            f"rates (--kind rates), or make a series per channel"
        )


def _whole_periods(coded: pl.DataFrame, at: pl.Series, freq: str) -> tuple[pl.DataFrame, Cleaning]:
    """Leave out the first and last period where the lines cover them in part."""
    parts = [part.to_series().dt.truncate("1d").unique() for part in parts_of(at.to_frame())]
    days = pl.concat(parts).unique().sort()
    partial = partial_periods(days, freq)
    if not partial:
        return coded, Cleaning()
    rest = coded.filter(~pl.col("ds").is_in(partial))
    if not (rest["q"] > 0).any():
        return coded, Cleaning()
    lost = coded.filter(pl.col("ds").is_in(partial)).group_by("ds").agg(pl.col("q").sum())
    rows = lost.sort("ds").select("ds", pl.col("q").alias("before"), _note("covered in part"))
    return rest, cleaning_of("partial_period", rows)


def _grid(coded: pl.DataFrame, keys: pl.DataFrame, freq: str) -> tuple[Grid, Ints, Cleaning]:
    """Series from their first sale to the last period, and each line's place in them.

    A line of a series that never sold, or before its first sale, gets the place after the last.
    """
    sold = coded.lazy().filter(pl.col("q") > 0).select("series", "ds")
    births = sold.group_by("series").agg(pl.col("ds").min().alias("born")).sort("series").collect()
    kept = keys.filter(pl.col("series").is_in(births["series"].implode()))
    lost = keys.filter(~pl.col("series").is_in(births["series"].implode()))
    done = cleaning_of("never_sold", lost.select("unique_id", _note("not a single sale")))
    ds, born = _every_ds(coded["ds"], births["born"], freq), births["born"].to_numpy()
    kept = kept.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("series"))
    grid = Grid.of(kept, ds, np.searchsorted(ds, born).astype(np.int64))
    number = np.full(len(keys), -1)
    number[births["series"].to_numpy()] = np.arange(len(births))
    series, at = number[coded["series"].to_numpy()], coded["ds"].to_numpy()
    early = (at < born[series]) & (series >= 0)
    if early.any():
        rows = coded.filter(early).unique(["series", "ds"], maintain_order=True)
        ids = keys["unique_id"].gather(rows["series"])
        done += cleaning_of("before_launch", rows.select(ids, "ds", _note("before the first sale")))
    place = grid.place(series, np.searchsorted(ds, at))
    place[early | (series < 0)] = grid.size
    return grid, place, done


def _every_ds(seen: pl.Series, born: pl.Series, freq: str) -> Dates:
    ends = pl.DataFrame({"a": [born.min()], "b": [seen.max()]})
    start, stop = pl.col("a").first(), pl.col("b").first()
    every_one = ends.select(pl.datetime_range(start, stop, every(freq), time_unit="us").alias("ds"))
    periods: Dates = every_one["ds"].to_numpy()
    return periods


def _panel(
    grid: Grid, columns: dict[str, Floats], static: pl.DataFrame, freq: str
) -> tuple[Panel, Cleaning]:
    sales = rhythm(columns["y"], grid.offset)
    marked = outliers(columns["y"], grid.offset)
    lengths = np.diff(grid.offset)
    step = np.arange(grid.size) - np.repeat(grid.offset[:-1] - grid.first, lengths)
    frame = pl.DataFrame({"ds": grid.ds[step]})
    del step
    for name in list(columns):
        values = pl.Series(name, columns.pop(name), nan_to_null=True)
        frame.insert_column(frame.width, values)
    frame.insert_column(frame.width, pl.Series("outlier", marked))
    number = pl.Series(np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths))
    frame.insert_column(0, grid.keys["unique_id"].gather(number))
    done = cleaning_of(
        "outlier",
        frame.filter("outlier").select(
            "unique_id", "ds", pl.col("y").alias("before"), _note("marked, not changed")
        ),
    )
    last = pl.Series("last_sale", grid.ds[grid.first + sales.last])
    static = grid.keys.select("unique_id").join(static, on="unique_id", maintain_order="left")
    static = static.with_columns(last, pl.Series("ended", ended(sales, freq)))
    stopped = static.filter("ended").select(
        "unique_id", pl.col("last_sale").alias("ds"), _note("no sale since then")
    )
    return Panel(frame, freq, static), done + cleaning_of("ended", stopped)


def _gaps(grid: Grid, told: Bools) -> Cleaning:
    """Periods that no line told of: they hold zero."""
    places = np.flatnonzero(~told)
    some: Ints = places[:1000]
    series = np.searchsorted(grid.offset, some, side="right") - 1
    period = some - (grid.offset[:-1] - grid.first)[series]
    ids = grid.keys["unique_id"].gather(series)
    rows = pl.DataFrame({"unique_id": ids, "ds": grid.ds[period]}).with_columns(
        pl.lit("0").alias("after"), _note("no line in this period")
    )
    return cleaning_of("missing_period", rows, len(places))


def _static(
    lines: pl.DataFrame, series: pl.Series, keys: pl.DataFrame, products: pl.DataFrame | None
) -> pl.DataFrame:
    """unique_id, what makes the series, and what never changes (the last value told)."""
    told = [c for c in STATIC if c in lines.columns and is_told(lines, c)]
    static = keys
    if told:
        kinds = lines.lazy().select(*told, "ordered_at").with_columns(series)
        kinds = kinds.group_by("series", *told).agg(pl.col("ordered_at").max()).sort("ordered_at")
        last = kinds.group_by("series").agg(pl.col(c).drop_nulls().last() for c in told)
        static = keys.join(last.collect(), on="series", how="left", maintain_order="left")
    static = static.drop("series")
    if products is None:
        return static
    if "product" not in products.columns or products["product"].is_duplicated().any():
        raise DataError("the products table needs a column product that names each product once")
    listed = products.rename({c: f"{c}\x00" for c in told if c in products.columns})
    static = static.join(listed, on="product", how="left", maintain_order="left")
    for c in told:
        if f"{c}\x00" in static.columns:
            static = static.with_columns(pl.coalesce(f"{c}\x00", c).alias(c)).drop(f"{c}\x00")
    return static


def _note(text: str) -> pl.Expr:
    return pl.lit(text).alias("note")
