"""Listings, bundles and successors: what was sold in the shop's own products."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.items import listed, succeeded, unbundled, unlisted
from tradewind.errors import DataError

DAY = datetime(2025, 5, 1)
BUNDLE: dict[str, pl.DataType] = {
    "bundle": pl.String(),
    "component": pl.String(),
    "quantity": pl.Float64(),
    "starts": pl.Datetime("us"),
    "ends": pl.Datetime("us"),
}
TYPES: dict[str, pl.DataType] = {
    "channel": pl.String(),
    "price": pl.Float64(),
    "ordered_at": pl.Datetime("us"),
}


def lines(*sold: tuple[str, float, float | None], channel: str | None = None) -> pl.DataFrame:
    """Lines of a day: product, quantity, price."""
    products, quantities, prices = zip(*sold, strict=True)
    table = {"product": products, "quantity": quantities, "price": prices, "channel": channel}
    return pl.DataFrame(
        {**table, "ordered_at": DAY, "currency": "CNY", "status": "paid"},
        schema_overrides={
            "channel": pl.String,
            "price": pl.Float64,
            "ordered_at": pl.Datetime("us"),
        },
    )


def bundles(*parts: tuple[object, ...]) -> pl.DataFrame:
    """bundle, component, quantity, and since and until when."""
    return pl.DataFrame([(*p, None, None)[:5] for p in parts], BUNDLE, orient="row")


def test_a_bundle_is_demand_for_its_components_at_their_share_of_its_price() -> None:
    sold = lines(("TEA", 1.0, 30.0), ("CUP", 1.0, 10.0), ("SET", 2.0, 50.0))
    made = unbundled(sold, bundles(("SET", "TEA", 1.0), ("SET", "CUP", 2.0)))
    assert made.select("product", "quantity", "price").rows() == [
        ("TEA", 1.0, 30.0),
        ("CUP", 1.0, 10.0),
        ("TEA", 2.0, 30.0),
        ("CUP", 4.0, 10.0),
    ]


def test_a_bundle_counts_in_its_days_alone() -> None:
    sold = lines(("SET", 1.0, 50.0))
    later, before = datetime(2025, 5, 2), datetime(2025, 4, 30)
    assert unbundled(sold, bundles(("SET", "TEA", 1.0, later)))["product"].to_list() == ["SET"]
    ended = bundles(("SET", "TEA", 1.0, None, before), ("SET", "CUP", 3.0, DAY, DAY))
    assert unbundled(sold, ended).select("product", "quantity").rows() == [("CUP", 3.0)]


def test_bundles_of_bundles_are_opened_to_the_end() -> None:
    made = unbundled(
        lines(("BOX", 1.0, 100.0)),
        bundles(("BOX", "SET", 2.0), ("BOX", "BAG", 1.0), ("SET", "TEA", 3.0)),
    )
    assert sorted(made.select("product", "quantity").rows()) == [("BAG", 1.0), ("TEA", 6.0)]


def test_a_bundle_that_contains_itself_is_refused_with_its_path() -> None:
    rings = bundles(("A", "B", 1.0), ("B", "C", 1.0), ("C", "A", 1.0))
    with pytest.raises(DataError, match=r"(A → B → C → A|B → C → A → B|C → A → B → C); take one"):
        unbundled(lines(("A", 1.0, 1.0)), rings)


@given(
    pieces=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    price=st.floats(0.01, 1e4),
    sold=st.integers(1, 50),
)
def test_opening_a_bundle_keeps_its_money(pieces: list[int], price: float, sold: int) -> None:
    parts = bundles(*[("SET", f"P{k}", float(n)) for k, n in enumerate(pieces)])
    alone = [(f"P{k}", 1.0, 2.0 + k) for k in range(1, len(pieces))]
    table = lines(("SET", float(sold), price), *alone)
    made = unbundled(table, parts)
    money = (pl.col("quantity") * pl.col("price")).sum()
    assert made.select(money).item() == pytest.approx(table.select(money).item())
    assert made["quantity"].sum() == sold * sum(pieces) + len(alone)


def test_a_successor_inherits_once_and_to_the_last() -> None:
    told = pl.DataFrame({"product": ["A", "B", "C"], "successor": ["B", "C", None]})
    made = succeeded(lines(("A", 1.0, 1.0), ("B", 2.0, 1.0), ("D", 3.0, 1.0)), told)
    assert made.select("product", "quantity").rows() == [("C", 1.0), ("C", 2.0), ("D", 3.0)]
    ring = pl.DataFrame({"product": ["A", "B"], "successor": ["B", "A"]})
    with pytest.raises(DataError, match="a successor leads back to itself"):
        succeeded(lines(("A", 1.0, 1.0)), ring)


def test_a_listing_of_the_channel_goes_before_one_of_all() -> None:
    told = pl.DataFrame(
        {
            "channel": ["Tmall", None],
            "channel_sku": ["x1", "x1"],
            "product": ["TEA", "CUP"],
        }
    )
    assert listed(lines(("x1", 1.0, 1.0), channel="Tmall"), told)["product"].to_list() == ["TEA"]
    assert listed(lines(("x1", 1.0, 1.0), channel="JD"), told)["product"].to_list() == ["CUP"]
    assert listed(lines(("x1", 1.0, 1.0)), told)["product"].to_list() == ["CUP"]
    assert listed(lines(("y", 1.0, 1.0)), told)["product"].to_list() == ["y"]


def test_what_nobody_lists_is_told_with_its_money() -> None:
    told = pl.DataFrame({"channel": [None], "channel_sku": ["x1"], "product": ["TEA"]})
    sold = lines(("TEA", 1.0, 9.0), ("x1", 1.0, 1.0), ("new", 2.0, 5.0), ("new", 1.0, 5.0))
    rest = unlisted(sold, told)
    assert rest.select("product", "units", "amount").rows() == [("new", 3.0, 15.0)]
    assert unlisted(sold, told.clear()).is_empty()
