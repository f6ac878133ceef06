"""What was sold, in the shop's own products: listings, bundles and successors resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import polars as pl

from tradewind.data.statuses import is_sold
from tradewind.errors import DataError


def listed(lines: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """The lines with each channel's own code replaced by the product that it stands for.

    listings   channel (null: for every channel), channel_sku, product. A listing of the line's own
               channel goes before one for every channel. A code that no listing names stays
    """
    if listings.is_empty():
        return lines
    own = listings.filter(pl.col("channel").is_not_null())
    every = listings.filter(pl.col("channel").is_null()).drop("channel")
    found = lines.join(
        own,
        left_on=["channel", "product"],
        right_on=["channel", "channel_sku"],
        how="left",
        suffix="_own",
        maintain_order="left",
    ).join(
        every,
        left_on="product",
        right_on="channel_sku",
        how="left",
        suffix="_every",
        maintain_order="left",
    )
    named = pl.coalesce("product_own", "product_every", "product").alias("product")
    return found.with_columns(named).drop("product_own", "product_every").select(lines.columns)


def unlisted(lines: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """channel, currency, product, units, amount of what no listing names, where there are some.

    Nothing of it is dropped: each is forecast by the code it was sold as.
    """
    known = pl.concat([listings["product"], listings["channel_sku"]]).unique()
    named = pl.col("product").is_in(known.implode()) | listings.is_empty()
    rest = lines.filter(is_sold() & ~named)
    sold = rest.group_by("channel", "currency", "product").agg(
        pl.col("quantity").sum().alias("units"),
        (pl.col("quantity") * pl.col("price")).sum().alias("amount"),
    )
    return together([sold])


def together(tables: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """What several tables of `unlisted` name, the most money first."""
    return (
        pl.concat(tables)
        .group_by("channel", "currency", "product")
        .agg(pl.col("units", "amount").sum())
        .sort("amount", "product", descending=[True, False])
    )


def unbundled(lines: pl.DataFrame, bundles: pl.DataFrame) -> pl.DataFrame:
    """The lines with every sale of a bundle replaced by sales of what it consists of.

    bundles   bundle, component, quantity (pieces of it in one bundle), starts, ends (days from
              which and up to which this holds; null: without limit)

    The bundle's price is shared out by what the components usually cost alone, a piece of one that
    was never sold alone counting as much as the mean of the others. Bundles of bundles are opened
    to the last component. Raises DataError, showing the path, where a bundle contains itself.
    """
    if bundles.is_empty():
        return lines
    _refuse_cycle(_edges(bundles, "bundle", "component"), "bundle")
    usual = _usual_prices(lines)
    numbered = lines.with_row_index("place")
    while not (opened := _opened(numbered, bundles, usual)).is_empty():
        rest = numbered.join(opened, on="place", how="anti")
        ordered = pl.concat([rest, opened]).sort("place", maintain_order=True)
        numbered = ordered.drop("place").with_row_index("place")
    return numbered.drop("place")


def _opened(lines: pl.DataFrame, bundles: pl.DataFrame, usual: pl.DataFrame) -> pl.DataFrame:
    """For each line of a bundle that holds on its day, a line for each component."""
    day, pieces = pl.col("ordered_at").dt.truncate("1d"), pl.col("quantity_of")
    parts = bundles.rename({"quantity": "quantity_of"}).join(
        usual, left_on="component", right_on="product", how="left"
    )
    parts = lines.join(parts, left_on="product", right_on="bundle", maintain_order="left").filter(
        (pl.col("starts").is_null() | (day >= pl.col("starts")))
        & (pl.col("ends").is_null() | (day <= pl.col("ends")))
    )
    alone = pl.coalesce("usual", pl.col("usual").mean().over("place"), pl.lit(1.0))
    share = alone / (alone * pieces).sum().over("place")
    return parts.with_columns(
        pl.col("component").alias("product"),
        pl.col("quantity") * pieces,
        (pl.col("price") * share).alias("price"),
    ).select(lines.columns)


def _usual_prices(lines: pl.DataFrame) -> pl.DataFrame:
    """product and usual: the median price of a piece, of what was sold."""
    sold = lines.filter(is_sold() & pl.col("price").is_not_null())
    return sold.group_by("product").agg(pl.col("price").median().alias("usual"))


def succeeded(lines: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """The lines of each product that has a successor, as lines of the last of its successors.

    products   product, successor

    Raises DataError, showing the path, where a product comes to succeed itself.
    """
    if "successor" not in products.columns:
        return lines
    told = products.select("product", "successor").drop_nulls()
    if told.is_empty():
        return lines
    _refuse_cycle(_edges(told, "product", "successor"), "successor")
    after = dict(told.iter_rows())
    last = {}
    for product in after:
        heir = product
        while heir in after:
            heir = after[heir]
        last[product] = heir
    return lines.with_columns(pl.col("product").replace(last))


def _edges(table: pl.DataFrame, start: str, end: str) -> dict[str, list[str]]:
    grouped = table.group_by(start).agg(pl.col(end).sort())
    return {str(a): list(b) for a, b in grouped.iter_rows()}


def _refuse_cycle(edges: Mapping[str, Sequence[str]], what: str) -> None:
    """Raise DataError with the path of a cycle, if there is one."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        path = " → ".join(reversed(error.args[1]))
        raise DataError(
            f"a {what} leads back to itself: {path}; take one of these rows out"
        ) from None
