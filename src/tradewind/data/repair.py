"""repair: sales lines without what cannot be demand, and a record of every change."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from tradewind.data.cleaning import Cleaning, cleaning_of
from tradewind.data.statuses import NOT_SOLD, SOLD, is_sold
from tradewind.errors import DataError

KNOWN = (SOLD, "returned", *NOT_SOLD)
NORMAL_MAD = 1.4826  # standard deviation of a normal / its median absolute deviation


@dataclass(frozen=True, slots=True)
class Repairs:
    """How far a quantity may lie from its product's usual one before it counts as a mistake.

    A quantity is absurd above median · exp(max(ln `times`, `deviations` robust deviations of ln
    quantity)), and only above `units`. Products with fewer than `lines` lines are held against the
    whole table, with `times` squared.
    """

    times: float = 100.0
    deviations: float = 10.0
    units: float = 1000.0
    lines: int = 5


def repair(lines: pl.DataFrame, repairs: Repairs = Repairs()) -> tuple[pl.DataFrame, Cleaning]:
    """The lines, repaired, and what was done.

    Left out: lines without a quantity; exact duplicates; of lines with one event id all but the
    latest recorded (the last in the file where no time was recorded). Kept but apart from demand,
    by their status: cancelled, pending, return (every negative quantity), absurd. Demand is gross:
    a line that was returned later counts. A missing price becomes the product's price before it,
    else after it, first on the same channel.

    Raises DataError if nothing is left that was sold.
    """
    lines, done = _without_empty(lines)
    lines, more = _without_duplicates(lines)
    done += more
    lines, more = _with_statuses(lines)
    done += more
    lines, more = _with_absurd(lines, repairs)
    done += more
    lines, more = _with_prices(lines)
    if not lines.select(is_sold() & (pl.col("quantity") > 0)).to_series().any():
        raise DataError(
            f"no line is left that was sold; of {len(lines)} lines the repairs found "
            f"{(done + more).counts()}"
        )
    return lines, done + more


def _without_empty(lines: pl.DataFrame) -> tuple[pl.DataFrame, Cleaning]:
    if not lines["quantity"].null_count():
        return lines, Cleaning()
    empty = lines.filter(pl.col("quantity").is_null())
    return lines.filter(pl.col("quantity").is_not_null()), _listed(
        "missing_quantity", empty, note="left out"
    )


def _without_duplicates(lines: pl.DataFrame) -> tuple[pl.DataFrame, Cleaning]:
    if lines["event_id"].hash().n_unique() == len(lines):
        return lines, Cleaning()  # different hashes prove different ids
    twice = lines["event_id"].is_duplicated()
    if not twice.any():
        return lines, Cleaning()
    content = [c for c in lines.columns if c != "recorded_at"]
    suspects = lines.with_row_index("place").filter(twice)
    latest = suspects.sort("recorded_at", "place", nulls_last=False)
    told_once = latest.unique(content, keep="last", maintain_order=True)
    kept = told_once.unique("event_id", keep="last", maintain_order=True)
    exact = latest.join(told_once, on="place", how="anti")
    after = kept.select(
        "event_id", pl.col("quantity").alias("after"), pl.col("status").alias("now")
    )
    older = told_once.join(kept, on="place", how="anti").join(after, on="event_id", how="left")
    gone = pl.concat([exact["place"], older["place"]])
    rest = lines.with_row_index("place").join(
        gone.to_frame(), on="place", how="anti", maintain_order="left"
    )
    done = _listed("exact_duplicate", exact, note="stood there twice") + _listed(
        "key_duplicate",
        older,
        before=_quantity_and_status("quantity", "status"),
        after=_quantity_and_status("after", "now"),
        note="a later line with the same key replaces it",
    )
    return rest.drop("place"), done


def _quantity_and_status(quantity: str, status: str) -> pl.Expr:
    return pl.concat_str([_number(quantity), pl.lit(" "), pl.col(status)])


def _with_statuses(lines: pl.DataFrame) -> tuple[pl.DataFrame, Cleaning]:
    unknown = lines.filter(~pl.col("status").is_in(KNOWN))
    done = _listed(
        "unknown_status",
        unknown,
        before=pl.col("status"),
        after=pl.lit(SOLD),
        note="counted as sold",
    )
    if len(unknown) or lines.select(pl.col("status").null_count()).item():
        told = pl.col("status").is_in(KNOWN)
        lines = lines.with_columns(pl.when(told).then("status").otherwise(pl.lit(SOLD)))
    for status in ("cancelled", "pending", "return"):
        apart = lines.filter(pl.col("status") == status)
        done += _listed(status, apart, after=pl.lit(status), note="kept apart from demand")
    later = lines.filter(pl.col("status") == "returned")
    done += _listed("returned", later, after=pl.lit("returned"), note="was demand all the same")
    negative = (pl.col("quantity") < 0) & pl.col("status").is_in([SOLD, "returned"])
    returns = lines.filter(negative)
    if not len(returns):
        return lines, done
    done += _listed("negative_quantity", returns, after=pl.lit("return"), note="taken as a return")
    after = pl.when(negative).then(pl.lit("return")).otherwise("status")
    return lines.with_columns(after.alias("status")), done


def _with_absurd(lines: pl.DataFrame, repairs: Repairs) -> tuple[pl.DataFrame, Cleaning]:
    """Mark quantities that no product sells: a telephone number in the wrong column."""
    large = lines.with_row_index("place").filter(is_sold() & (pl.col("quantity") > repairs.units))
    if not len(large):
        return lines, Cleaning()
    large = large.join(_bounds(lines, large["product"].unique(), repairs), on="product", how="left")
    absurd = large.filter(pl.col("quantity") > pl.col("bound")).sort("place")
    if not len(absurd):
        return lines, Cleaning()
    bound = pl.col("bound").round(0).cast(pl.Int64).cast(pl.String)
    note = pl.concat_str([pl.lit("above "), bound, pl.lit(" units")])
    done = _listed("absurd_quantity", absurd, after=pl.lit("kept apart"), note=note)
    status = lines["status"].scatter(absurd["place"], "absurd")
    return lines.with_columns(status), done


def _bounds(lines: pl.DataFrame, products: pl.Series, repairs: Repairs) -> pl.DataFrame:
    """product and bound: the quantity above which a line of these products is a mistake."""
    counts = is_sold() & (pl.col("quantity") > 0)
    log = pl.col("quantity").log()
    spread = (log - log.median()).abs().median() * NORMAL_MAD
    bound = log.median() + pl.max_horizontal(
        pl.lit(math.log(repairs.times)), spread * repairs.deviations
    )
    own = lines.filter(counts & pl.col("product").is_in(products.implode()))
    bounds = own.group_by("product").agg(bound.alias("bound"), pl.len().alias("lines"))
    few = pl.col("lines") < repairs.lines
    if bounds.select(few.any()).item():
        whole = lines.filter(counts).select(bound + math.log(repairs.times)).item()
        bounds = bounds.with_columns(pl.when(few).then(whole).otherwise("bound").alias("bound"))
    return bounds.select("product", pl.col("bound").exp())


def _with_prices(lines: pl.DataFrame) -> tuple[pl.DataFrame, Cleaning]:
    """Fill missing prices forward, then backward, inside a product (first on the same channel)."""
    missing = lines["price"].is_null()
    if not missing.any() or missing.all():
        return lines, Cleaning()
    some = lines.filter(missing)["product"].unique()
    table = lines.with_row_index("place")
    part = table.filter(pl.col("product").is_in(some.implode())).sort("ordered_at", "place")
    for keys in (["product", "channel", "currency"], ["product", "currency"], ["product"]):
        price = pl.col("price")
        part = part.with_columns(price.forward_fill().over(keys).alias("price"))
        part = part.with_columns(price.backward_fill().over(keys).alias("price"))
    filled = (
        table.join(
            part.select("place", pl.col("price").alias("filled")),
            on="place",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.coalesce("price", "filled").alias("price"))
        .drop("filled", "place")
    )
    changed = filled.filter(missing & filled["price"].is_not_null())
    done = _listed(
        "missing_price", changed, before=pl.lit(None), after=_number("price"), note="carried over"
    )
    return filled, done


def _listed(
    kind: str,
    rows: pl.DataFrame,
    *,
    note: str | pl.Expr,
    before: pl.Expr | None = None,
    after: pl.Expr | None = None,
) -> Cleaning:
    shown = rows.head(1000).select(
        pl.col("product").alias("unique_id"),
        pl.col("ordered_at").alias("ds"),
        (_number("quantity") if before is None else before).alias("before"),
        (pl.lit(None, pl.String) if after is None else after).alias("after"),
        (pl.lit(note) if isinstance(note, str) else note).alias("note"),
    )
    return cleaning_of(kind, shown, len(rows)) if len(rows) else Cleaning()


def _number(column: str) -> pl.Expr:
    """12.0 → "12", 1.25 → "1.25"."""
    return pl.col(column).cast(pl.String).str.replace(r"\.0$", "")
