"""From lines to a panel."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.assemble import to_panel
from tradewind.data.periods import partial_periods
from tradewind.errors import DataError
from tradewind.panel import Panel, split_unique_id, unique_id

START = datetime(2024, 3, 4)  # a Monday


def lines(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Canonical lines from rows with day, product, quantity and whatever else matters."""
    base = {"channel": None, "location": None, "price": None, "currency": None, "status": "paid"}
    full = [
        {**base, **row, "ordered_at": START + timedelta(days=float(str(row["day"])))}
        for row in rows
    ]
    kinds = dict.fromkeys(("channel", "location", "currency", "status", "product"), pl.String)
    table = pl.DataFrame(
        full,
        schema_overrides={
            **kinds,
            "ordered_at": pl.Datetime("us"),
            "price": pl.Float64,
            "quantity": pl.Float64,
        },
        infer_schema_length=None,
    )
    return table.drop("day")


def line(day: float, quantity: float, product: str = "A", **more: object) -> dict[str, object]:
    return {"day": day, "quantity": quantity, "product": product, **more}


def plain(table: pl.DataFrame) -> dict[tuple[str, datetime], tuple[float, float | None]]:
    """The witness: units and price of each product and day by plain loops."""
    end = max(at.replace(hour=0) for at in table["ordered_at"])
    out: dict[tuple[str, datetime], tuple[float, float | None]] = {}
    for product in sorted(set(table["product"])):
        units: dict[datetime, float] = {}
        money: dict[datetime, list[tuple[float, float]]] = {}
        for row in table.filter(pl.col("product") == product).iter_rows(named=True):
            day = row["ordered_at"].replace(hour=0)
            sold = row["quantity"] if row["status"] == "paid" else 0.0
            units[day] = units.get(day, 0.0) + sold
            if row["price"] is not None:
                money.setdefault(day, []).append((sold, row["price"]))
        births = [d for d, u in units.items() if u > 0]
        if not births:
            continue
        day, prices = min(births), {}
        for d, pairs in money.items():
            weight = sum(q for q, _ in pairs)
            total = (
                sum(q * p for q, p in pairs) / weight if weight else np.mean([p for _, p in pairs])
            )
            prices[d] = float(total)
        days = []
        while day <= end:
            days.append(day)
            day += timedelta(days=1)
        known = [d for d in days if d in prices]
        for d in days:
            before = [k for k in known if k <= d]
            source = before[-1] if before else (known[0] if known else None)
            out[product, d] = (units.get(d, 0.0), prices[source] if source else None)
    return out


ROW = st.fixed_dictionaries(
    {
        "day": st.integers(0, 12),
        "product": st.sampled_from(["A", "B", "C"]),
        "quantity": st.integers(0, 5).map(float),
        "price": st.one_of(st.none(), st.integers(1, 20).map(float)),
        "status": st.sampled_from(["paid", "paid", "cancelled"]),
    }
)


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=25))
def test_a_panel_equals_plain_loops(rows: list[dict[str, object]]) -> None:
    table = lines([*rows, line(5, 1.0, "A", price=2.0)])
    panel, _ = to_panel(table, "D")
    expected = plain(table)
    frame = panel.frame
    assert list(zip(frame["unique_id"], frame["ds"], strict=True)) == list(expected)
    assert frame["y"].to_list() == pytest.approx([y for y, _ in expected.values()])
    for got, (_, price) in zip(frame["price"], expected.values(), strict=True):
        assert got == (None if price is None else pytest.approx(price))


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=25), st.sampled_from(["D", "W-MON", "W-THU", "MS", "h"]))
def test_a_panel_passes_the_checks_of_the_noun(rows: list[dict[str, object]], freq: str) -> None:
    panel, _ = to_panel(lines([*rows, line(5, 1.0)]), freq)
    checked = Panel.from_frame(panel.frame, panel.freq, panel.static)
    assert checked.frame.equals(panel.frame)
    assert checked.static.equals(panel.static)


@pytest.mark.parametrize(
    ("freq", "starts"),
    [
        ("D", [START, START + timedelta(days=1)]),
        ("W-MON", [START]),
        ("W-SUN", [datetime(2024, 3, 3)]),
        ("MS", [datetime(2024, 3, 1)]),
        ("h", [START + timedelta(hours=h) for h in range(10, 40)]),
    ],
)
def test_periods_begin_where_the_frequency_says(freq: str, starts: list[datetime]) -> None:
    panel, _ = to_panel(lines([line(10 / 24, 1.0), line(1 + 15 / 24, 2.0)]), freq)
    assert panel.frame["ds"].to_list() == starts
    assert panel.frame["y"].sum() == 3.0


def test_a_series_is_a_product_at_a_place() -> None:
    rows = [line(0, 1, channel="tmall", location="SH"), line(0, 2, channel=None, location="BJ")]
    panel, _ = to_panel(lines(rows), "D", by=("product", "channel", "location"))
    assert panel.ids == [unique_id("A", None, "BJ"), unique_id("A", "tmall", "SH")]
    assert panel.frame["y"].to_list() == [2.0, 1.0]
    where, _ = to_panel(lines(rows), "D", by=("product", "location"))
    assert split_unique_id(where.ids[0]) == ("A", None, "BJ")
    assert where.static["location"].to_list() == ["BJ", "SH"]


def test_promotion_is_the_share_of_units_and_stock_the_last_told() -> None:
    rows = [
        line(0.1, 1, promotion=0.0, stock=9.0, views=10.0),
        line(0.5, 3, promotion=0.4, stock=5.0, views=5.0),
        line(1.2, 0, promotion=0.2, stock=None, views=None),
        line(3.0, 1, promotion=0.0, stock=7.0, views=1.0),
    ]
    frame = to_panel(lines(rows), "D")[0].frame
    assert frame["promotion"].to_list() == pytest.approx([0.3, 0.2, 0.0, 0.0])
    assert frame["stock"].to_list() == [5.0, None, None, 7.0]
    assert frame["views"].to_list() == [15.0, 0.0, 0.0, 1.0]


def test_zeros_before_the_first_sale_are_left_out_and_gaps_filled() -> None:
    rows = [line(0, 0), line(1, 2), line(4, 1), line(0, 1, "B")]
    panel, cleaning = to_panel(lines(rows), "D")
    assert panel.only(["A"]).frame["y"].to_list() == [2.0, 0.0, 0.0, 1.0]
    assert cleaning.counts() == {"missing_period": 6, "before_launch": 1}
    filled = cleaning.entries.filter(kind="missing_period")
    assert filled["unique_id"].to_list() == ["A"] * 2 + ["B"] * 4
    assert filled["ds"][0] == START + timedelta(days=2)


def test_a_product_that_never_sold_is_listed() -> None:
    panel, cleaning = to_panel(lines([line(0, 1), line(0, 5, "B", status="cancelled")]), "D")
    assert panel.ids == ["A"]
    assert cleaning.entries.filter(kind="never_sold")["unique_id"].to_list() == ["B"]


def test_a_week_that_is_covered_in_part_is_left_out() -> None:
    rows = [line(d, 1) for d in range(-3, 17)]
    panel, cleaning = to_panel(lines(rows), "W-MON")
    assert panel.frame["ds"].to_list() == [START, START + timedelta(days=7)]
    assert panel.frame["y"].to_list() == [7.0, 7.0]
    assert cleaning.entries["ds"].to_list() == [
        START - timedelta(days=7),
        START + timedelta(days=14),
    ]


def test_a_shop_that_rests_on_sundays_has_whole_weeks() -> None:
    days = pl.Series([START + timedelta(days=d) for d in range(27) if d % 7 != 6])
    assert partial_periods(days, "W-MON") == []
    assert partial_periods(days.head(22), "W-MON") == [START + timedelta(days=21)]


def test_totals_of_weeks_are_whole_weeks() -> None:
    days = pl.Series([START + timedelta(days=7 * k) for k in range(4)])
    assert partial_periods(days, "W-MON") == []
    assert partial_periods(days, "D") == []


def test_outliers_are_marked_and_stay() -> None:
    rng = np.random.default_rng(1)
    y = rng.poisson(20, 60).astype(float)
    y[30] = 900.0
    panel, cleaning = to_panel(lines([line(d, q) for d, q in enumerate(y)]), "D")
    assert np.flatnonzero(panel.frame["outlier"].to_numpy()).tolist() == [30]
    assert panel.frame["y"].to_list() == y.tolist()
    assert cleaning.counts() == {"outlier": 1}


def test_a_product_ends_by_its_own_rhythm() -> None:
    daily = [line(d, 1, "daily") for d in range(60)]
    slow = [line(d, 1, "slow") for d in range(0, 180, 20)]
    rows = [*daily, *slow, *[line(d, 1, "alive") for d in range(200)]]
    panel, cleaning = to_panel(lines(rows), "D")
    assert dict(zip(panel.ids, panel.static["ended"], strict=True)) == {
        "alive": False,
        "daily": True,
        "slow": False,
    }
    told = cleaning.entries.filter(kind="ended")
    assert told["ds"].to_list() == [START + timedelta(days=59)]
    assert panel.static.filter(unique_id="slow")["last_sale"][0] == START + timedelta(days=160)


def test_static_columns_hold_the_last_value_told() -> None:
    rows = [line(0, 1, category="hat", name="x"), line(1, 1, category="cap", name=None)]
    static = to_panel(lines(rows), "D")[0].static
    assert static.select("product", "category", "name").rows() == [("A", "cap", "x")]
    products = pl.DataFrame({"product": ["A"], "category": ["beret"], "supplier": ["s"]})
    static = to_panel(lines(rows), "D", products=products)[0].static
    assert static.select("category", "supplier").rows() == [("beret", "s")]
    with pytest.raises(DataError, match="once"):
        to_panel(lines(rows), "D", products=pl.concat([products, products]))


def test_stock_snapshots_are_summed_over_places() -> None:
    rows = [line(0, 1, channel="a"), line(1, 1, channel="b")]
    stock = pl.DataFrame(
        {
            "product": ["A"] * 3,
            "channel": ["a", "b", "b"],
            "ds": [START, START, START + timedelta(hours=9)],
            "stock": [5, 4, 3],
        }
    )
    assert to_panel(lines(rows), "D", stock=stock)[0].frame["stock"].to_list() == [8.0, None]
    with pytest.raises(DataError, match="location"):
        to_panel(lines(rows), "D", by=("product", "location"), stock=stock)


def test_a_mean_over_two_currencies_is_refused() -> None:
    rows = [line(0, 1, currency="CNY", channel="a"), line(0, 1, currency="USD", channel="b")]
    with pytest.raises(DataError, match=r"'A'.*\['CNY', 'USD'\]"):
        to_panel(lines(rows), "D")
    panel, _ = to_panel(lines(rows), "D", by=("product", "channel"))
    assert panel.static["currency"].to_list() == ["CNY", "USD"]


@pytest.mark.parametrize(
    ("freq", "by"), [("D", ("channel",)), ("W-XYZ", ("product",)), ("5min", ("product",))]
)
def test_an_unknown_frequency_or_key_is_refused(freq: str, by: tuple[str, ...]) -> None:
    with pytest.raises(DataError):
        to_panel(lines([line(0, 1)]), freq, by=by)
