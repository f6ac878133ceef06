"""to_panel: sales lines become a Panel of one frequency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Dates, Floats, Ints
from tradewind.data.cleaning import Cleaning, cleaning_of
from tradewind.data.lives import ended, last_sales, outliers
from tradewind.data.periods import anchored, partial_periods, period_start
from tradewind.data.plans import planned_promotions, stock_levels
from tradewind.data.statuses import is_sold
from tradewind.errors import DataError
from tradewind.panel import SEPARATOR, Panel, every

PLACE = ("product", "channel", "location")
CARRIED = ("price", "regular_price", "competitor_price")
"""Columns that a period without a line takes from the period before it (else from the next one)."""

SUMMED = ("views", "carts")
STATIC = ("category", "brand", "name")


@dataclass(frozen=True, slots=True)
class Grid:
    """Where each period of each series lies in the flat columns of a panel.

    keys     one row per series: unique_id and the columns of `by`, ascending by unique_id
    ds       every period, [T]
    first    first period of each series as a place in ds, [N]
    offset   place of that period in the flat columns, [N + 1]; every series runs to the end of ds
    """

    keys: pl.DataFrame
    ds: Dates
    first: Ints
    offset: Ints

    @property
    def size(self) -> int:
        return int(self.offset[-1])

    def place(self, series: Ints, period: Ints) -> Ints:
        """Place in the flat columns of (series, period) pairs."""
        places: Ints = self.offset[series] + period - self.first[series]
        return places

    def spread(self, cells: pl.DataFrame, column: str, empty: float) -> Floats:
        """A flat column with `cells` (series, period, column) in place and `empty` elsewhere."""
        flat = np.full(self.size, empty)
        values = cells[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
        flat[self.place(cells["series"].to_numpy(), cells["period"].to_numpy())] = values
        return flat


def to_panel(
    lines: pl.DataFrame,
    freq: str,
    by: Sequence[str] = ("product",),
    products: pl.DataFrame | None = None,
    stock: pl.DataFrame | None = None,
    calendar: pl.DataFrame | None = None,
) -> tuple[Panel, Cleaning]:
    """A panel of units sold per period, and what had to be mended for it.

    lines      canonical lines; those that are not sales (by status) only count for stock and views
    freq       "h", "D", "W-MON" … "W-SUN" (weeks that begin on that day), "MS"
    by         what makes a series: ("product",) or with "channel", "location"
    products   product, and any columns that go into the static table (category, brand, name, …)
    stock      snapshots: product (channel, location), ds, stock
    calendar   planned promotions: start, end, promotion, and product and channel where not for all

    Every series runs from its first sale to the last period of the lines. In a period:
    y                  units; 0 where nothing was sold
    price              weighted by units; carried forward (at the start backward) where nothing was
                       sold. regular_price and competitor_price likewise
    promotion          the share of the units sold in a promotion times its depth, in [0, 1]; the
                       strongest one where nothing was sold, 0 where no line speaks
    stock              the last one told; null where none was told
    views, carts       sums; 0 where no line speaks
    outlier            whether y is far from the series' usual, see `lives.outliers`

    Static: `by`, category, brand, name, currency, last_sale, ended.

    Raises DataError if `by` or `freq` is unknown or a series mixes currencies.
    """
    freq = anchored(freq)
    if "product" not in by or not set(by) <= set(PLACE):
        raise DataError(f"by must hold 'product' and may hold 'channel', 'location'; it is {by}")
    by = [c for c in PLACE if c in by]
    cells, keys = _cells(lines, freq, by)
    cells, done = _whole_periods(cells, lines, freq)
    grid, cells, more = _grid(cells, keys, freq)
    done += more
    static = _static(lines, grid.keys, by, products)
    columns = _columns(grid, cells, lines)
    if stock is not None:
        told = stock_levels(stock, grid.keys, by, freq)
        known = grid.spread(_on_grid(told, grid), "stock", np.nan)
        columns["stock"] = np.where(np.isnan(known), columns.get("stock", np.nan), known)
    if calendar is not None:
        plan = planned_promotions(calendar, grid.keys, by, freq, grid.ds)
        planned = grid.spread(_on_grid(plan, grid), "promotion", 0.0)
        columns["promotion"] = np.maximum(columns.get("promotion", 0.0), planned)
    panel, more = _panel(grid, columns, static, freq)
    return panel, done + more


def _cells(lines: pl.DataFrame, freq: str, by: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per series and period with a line; and the key of each series, sorted by unique_id."""
    have = set(lines.columns)
    parts = [pl.col(c).fill_null("") if c in by else pl.lit("") for c in PLACE]
    unique_id = pl.concat_str(parts, separator=SEPARATOR).str.strip_chars_end(SEPARATOR)
    keys = lines.select(by).unique().with_columns(unique_id.alias("unique_id")).sort("unique_id")
    keys = keys.with_row_index("series")
    coded = lines.join(keys.drop("unique_id"), on=list(by), how="left", nulls_equal=True)
    _check_currency(coded, keys)
    sold = pl.when(is_sold()).then("quantity").otherwise(0.0).alias("q")
    coded = coded.select(
        pl.col("series").cast(pl.Int64), period_start("ordered_at", freq).alias("ds"), "ordered_at",
        sold, *[c for c in (*CARRIED, *SUMMED, "promotion", "stock") if c in have],
    )  # fmt: skip
    q = pl.col("q")
    made = [q.sum().alias("y")]
    for c in [c for c in CARRIED if c in have]:
        units = q.filter(pl.col(c).is_not_null())
        mean = (pl.col(c) * q).sum() / units.sum()
        made.append(pl.when(units.sum() > 0).then(mean).otherwise(pl.col(c).mean()).alias(c))
    if "promotion" in have:
        share = (pl.col("promotion") * q).sum() / q.sum()
        made.append(
            pl.when(q.sum() > 0).then(share).otherwise(pl.col("promotion").max()).alias("promotion")
        )
    made += [pl.col(c).sum() for c in SUMMED if c in have]
    if "stock" in have:
        made.append(pl.col("stock").sort_by("ordered_at").drop_nulls().last())
    return coded.group_by("series", "ds").agg(made), keys


def _check_currency(coded: pl.DataFrame, keys: pl.DataFrame) -> None:
    if coded["currency"].drop_nulls().n_unique() < 2:
        return
    kinds = coded.group_by("series").agg(pl.col("currency").drop_nulls().unique().sort())
    mixed = kinds.filter(pl.col("currency").list.len() > 1).sort("series")
    if len(mixed):
        name = keys["unique_id"][mixed[0, "series"]]
        raise DataError(
            f"series {name!r} has prices in {mixed[0, 'currency'].to_list()}; a mean over them says "
            f"nothing: convert them to one currency, or make a series per channel"
        )


def _whole_periods(
    cells: pl.DataFrame, lines: pl.DataFrame, freq: str
) -> tuple[pl.DataFrame, Cleaning]:
    """Leave out the first and last period where the lines cover them in part."""
    days = lines["ordered_at"].dt.truncate("1d").unique().sort()
    partial = partial_periods(days, freq)
    rest = cells.filter(~pl.col("ds").is_in(partial))
    if not partial or not (rest["y"] > 0).any():
        return cells, Cleaning()
    units = (
        cells.filter(pl.col("ds").is_in(partial)).group_by("ds").agg(pl.col("y").sum()).sort("ds")
    )
    rows = units.select(
        "ds",
        pl.col("y").alias("before"),
        pl.lit("the data cover this period in part").alias("note"),
    )
    return rest, cleaning_of("partial_period", rows)


def _grid(
    cells: pl.DataFrame, keys: pl.DataFrame, freq: str
) -> tuple[Grid, pl.DataFrame, Cleaning]:
    """Series from their first sale to the last period; the cells within them, with their period."""
    births = cells.filter(pl.col("y") > 0).group_by("series").agg(pl.col("ds").min().alias("born"))
    births = births.sort("series")
    lost = keys.filter(~pl.col("series").is_in(births["series"].implode()))
    done = cleaning_of("never_sold", lost.select("unique_id", pl.lit("no sale").alias("note")))
    ds = pl.datetime_range(
        births["born"].min(), cells["ds"].max(), every(freq), time_unit="us", eager=True  # type: ignore[arg-type]  # polars types min as any literal
    ).to_numpy()  # fmt: skip
    first = np.searchsorted(ds, births["born"].to_numpy()).astype(np.int64)
    offset = np.concatenate([[0], np.cumsum(len(ds) - first)]).astype(np.int64)
    keys = births.join(
        keys.with_columns(pl.col("series").cast(pl.Int64)), on="series", maintain_order="left"
    )
    kept = (
        keys.drop("series", "born")
        .with_row_index("series")
        .with_columns(pl.col("series").cast(pl.Int64))
    )
    renumbered = births.with_row_index("number")
    cells = cells.join(renumbered, on="series", how="inner")
    early = cells.filter(pl.col("ds") < pl.col("born"))
    done += cleaning_of(
        "before_launch",
        early.head(1000).select(
            kept["unique_id"].gather(early["number"].head(1000)), "ds", pl.col("y").alias("before"),
            pl.lit("before the first sale").alias("note"),
        ),
        len(early),
    )  # fmt: skip
    cells = cells.filter(pl.col("ds") >= pl.col("born")).drop("series", "born")
    cells = cells.with_columns(pl.col("number").cast(pl.Int64).alias("series")).drop("number")
    return Grid(kept, ds, first, offset), _on_grid(cells, Grid(kept, ds, first, offset)), done


def _on_grid(cells: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Cells (series, ds, …) that lie inside the life of their series, with `period` for ds."""
    period = np.searchsorted(grid.ds, cells["ds"].to_numpy())
    cells = cells.with_columns(pl.Series("period", period.astype(np.int64)))
    first = pl.Series(grid.first[cells["series"].to_numpy()])
    return cells.filter((cells["period"] >= first) & (cells["period"] < len(grid.ds)))


def _columns(grid: Grid, cells: pl.DataFrame, lines: pl.DataFrame) -> dict[str, Floats]:
    columns = {"y": grid.spread(cells, "y", 0.0)}
    for c in (*CARRIED, "promotion", "stock", *SUMMED):
        if c not in cells.columns or cells[c].is_null().all():
            continue
        columns[c] = grid.spread(cells, c, 0.0 if c in (*SUMMED, "promotion") else np.nan)
    told = np.zeros(grid.size, dtype=np.bool_)
    told[grid.place(cells["series"].to_numpy(), cells["period"].to_numpy())] = True
    columns["told"] = told.astype(np.float64)
    return columns


def _panel(
    grid: Grid, columns: dict[str, Floats], static: pl.DataFrame, freq: str
) -> tuple[Panel, Cleaning]:
    lengths = np.diff(grid.offset)
    series = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)
    places = np.arange(grid.size) - np.repeat(grid.offset[:-1] - grid.first, lengths)
    told = columns.pop("told") > 0
    frame = pl.DataFrame({"series": series, "ds": grid.ds[places], **columns}, nan_to_null=True)
    carried = [c for c in CARRIED if c in columns]
    frame = frame.with_columns(
        pl.col(c).forward_fill().backward_fill().over("series") for c in carried
    )
    frame = frame.with_columns(outliers().alias("outlier"))
    unique_id = grid.keys["unique_id"].gather(frame["series"])
    frame = frame.drop("series").insert_column(0, unique_id)
    done = _gaps(frame, told) + _outlier_list(frame)
    sales = last_sales(frame["y"].to_numpy(), grid.offset)
    over = ended(sales, freq)
    last = pl.Series("last_sale", grid.ds[grid.first + sales.last])
    static = static.with_columns(last.cast(pl.Datetime("us")), pl.Series("ended", over))
    stopped = static.filter("ended").select(
        "unique_id", pl.col("last_sale").alias("ds"),
        pl.lit("no sale since, far longer than its usual pause").alias("note"),
    )  # fmt: skip
    return Panel(frame, freq, static), done + cleaning_of("ended", stopped)


def _gaps(frame: pl.DataFrame, told: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Cleaning:
    missing = np.flatnonzero(~told)
    rows = frame[missing[:1000]].select("unique_id", "ds", pl.lit("0").alias("after"))
    return cleaning_of("missing_period", rows, len(missing))


def _outlier_list(frame: pl.DataFrame) -> Cleaning:
    marked = frame.filter("outlier").select(
        "unique_id", "ds", pl.col("y").alias("before"), pl.lit("marked, not changed").alias("note")
    )
    return cleaning_of("outlier", marked)


def _static(
    lines: pl.DataFrame, keys: pl.DataFrame, by: Sequence[str], products: pl.DataFrame | None
) -> pl.DataFrame:
    """unique_id, what makes the series, and what never changes (the last value told)."""
    told = [
        c
        for c in (*STATIC, "currency")
        if c in lines.columns and lines[c].null_count() < len(lines)
    ]
    static = keys.drop("series")
    if told:
        ordered = lines.select(*by, "ordered_at", *told).sort("ordered_at")
        last = ordered.group_by(by).agg(pl.col(c).drop_nulls().last() for c in told)
        static = static.join(last, on=list(by), how="left", nulls_equal=True, maintain_order="left")
    if products is None:
        return static
    if "product" not in products.columns or products["product"].is_duplicated().any():
        raise DataError("the products table needs a column product, with each product once")
    static = static.join(
        products, on="product", how="left", suffix="_listed", maintain_order="left"
    )
    both = [c for c in told if f"{c}_listed" in static.columns]
    return static.with_columns(pl.coalesce(f"{c}_listed", c).alias(c) for c in both).drop(
        [f"{c}_listed" for c in both]
    )
