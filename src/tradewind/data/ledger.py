"""Ledger: stock levels from snapshots and the movements after them, and where the two disagree."""

from __future__ import annotations

import polars as pl

from tradewind.errors import DataError

PLACE = ("product", "channel", "location")
SITE = ("channel", "location")
DAY = pl.duration(days=1, microseconds=-1)
"""From the first moment of a day to its last."""
TOLERANCE = 1e-6
"""Pieces: rounding is no disagreement."""


def history(snapshots: pl.DataFrame, movements: pl.DataFrame) -> pl.DataFrame:
    """product, channel, location, ds, stock, until: what could be sold, after each event.

    snapshots   product, channel, location, ds, on_hand, stock (what could be sold), in pieces
    movements   product, channel, location, ds, quantity (below zero where something goes out)

    The level is that of the last snapshot at or before, plus the movements after it; before the
    first snapshot of a place, that snapshot less the movements up to it; of a place without one,
    what came in since its first movement. A snapshot without a time of day is taken at the end of
    its day. The level holds up to `until`, the end of the last day in the ledger of its channel and
    location; null where there is none: then a snapshot speaks for its own moment alone.

    Raises DataError where snapshots tell channels or locations apart and movements name none.
    """
    if movements.is_empty():
        return snapshots.select(*PLACE, "ds", "stock", _never().alias("until"))
    events = _events(snapshots, _as_told(snapshots, movements))
    start = (pl.col("stock") - pl.col("moved")).forward_fill().backward_fill().over(PLACE)
    ends = events.filter(pl.col("on_hand").is_null()).group_by(SITE).agg(_ledger_end())
    level = (start.fill_null(0.0) + pl.col("moved")).alias("stock")
    levels = events.with_columns(level)
    joined = levels.join(ends, on=SITE, how="left", nulls_equal=True, maintain_order="left")
    one = joined.unique([*PLACE, "at"], keep="last", maintain_order=True)
    return one.select(*PLACE, pl.col("at").alias("ds"), "stock", "until")


def disagreements(snapshots: pl.DataFrame, movements: pl.DataFrame) -> pl.DataFrame:
    """product, channel, location, as_of, counted, expected, difference: the largest first.

    A snapshot disagrees where what it counts on hand differs from the snapshot before plus the
    movements since. The time between the two must touch that of the ledger: nothing is expected
    of days of which no movement was loaded. Arguments and errors as those of `history`.
    """
    events = _events(snapshots, _as_told(snapshots, movements))
    start = (pl.col("on_hand") - pl.col("moved")).forward_fill().shift(1).over(PLACE)
    before = pl.when(pl.col("on_hand").is_not_null()).then("at").forward_fill().shift(1)
    moved = events.filter(pl.col("on_hand").is_null())
    spans = moved.group_by(SITE).agg(pl.col("at").min().alias("since"), _ledger_end())
    found = (
        events.with_columns(
            (start + pl.col("moved")).alias("expected"), before.over(PLACE).alias("before")
        )
        .filter(pl.col("on_hand").is_not_null(), pl.col("expected").is_not_null())
        .join(spans, on=SITE, nulls_equal=True)
        .filter(pl.col("at") >= pl.col("since"), pl.col("before") <= pl.col("until"))
    )
    difference = pl.col("on_hand") - pl.col("expected")
    return (
        found.filter(difference.abs() > TOLERANCE)
        .select(
            *PLACE,
            pl.col("ds").alias("as_of"),
            pl.col("on_hand").alias("counted"),
            "expected",
            difference.alias("difference"),
        )
        .sort(pl.col("difference").abs(), *PLACE, "as_of", descending=[True, *[False] * 4])
    )


def _events(snapshots: pl.DataFrame, movements: pl.DataFrame) -> pl.DataFrame:
    """Both by place and moment, with `moved`, the sum of the movements up to it.

    A movement of the very moment of a snapshot comes before it: it was counted.
    """
    midnight = pl.col("ds") == pl.col("ds").dt.truncate("1d")
    counted = snapshots.with_columns(
        pl.when(midnight).then(pl.col("ds") + DAY).otherwise("ds").alias("at")
    )
    moved = movements.with_columns(pl.col("ds").alias("at"))
    both = pl.concat([moved, counted], how="diagonal_relaxed").sort(
        *PLACE, "at", maintain_order=True
    )
    return both.with_columns(pl.col("quantity").fill_null(0.0).cum_sum().over(PLACE).alias("moved"))


def _as_told(snapshots: pl.DataFrame, movements: pl.DataFrame) -> pl.DataFrame:
    """The movements by the places that the snapshots tell apart."""
    if snapshots.is_empty() or movements.is_empty():
        return movements
    for place in SITE:
        if snapshots[place].null_count() == len(snapshots):
            movements = movements.with_columns(pl.lit(None, pl.String).alias(place))
        elif movements[place].null_count() == len(movements):
            raise DataError(
                f"the stock tells {place}s apart and the movements name none; load both with the "
                f"column {place}, or both without"
            )
    return movements


def _ledger_end() -> pl.Expr:
    return (pl.col("at").max().dt.truncate("1d") + DAY).alias("until")


def _never() -> pl.Expr:
    return pl.lit(None, pl.Datetime("us"))
