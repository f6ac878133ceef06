"""what_if where nothing is planned: a model that knows the column ahead is trained for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tradewind.charts.words import LANGUAGES, Language
from tradewind.data.ahead import held_ahead
from tradewind.data.synthetic import ShopSettings
from tradewind.data.synthetic import shop as invented
from tradewind.errors import DataError, UnknownName
from tradewind.flows.asked import Question
from tradewind.flows.explain import explained, write_page
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.flows.looked import Looked, look
from tradewind.flows.what_if import Supposed, answering, supposed, what_if
from tradewind.panel import Panel
from tradewind.store import Workspace, runs

AT = datetime(2024, 1, 1)
ASKED = Question(h=14, freq="D", preset="fast", n_windows=1, models=("regression",))
PRICED = "units-D-product-if-price"
SETTINGS = ShopSettings(
    products=12,
    days=300,
    stock_column=False,
    stockouts=False,
    intermittent=0.0,
    elasticity=-2.0,
    elasticity_spread=0.4,
    launches=0.0,
    declines=0.0,
    sales_per_day=20.0,
)
"""Elastic products that sell every day: 10 % cheaper is 23 % more in the middle."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = invented(SETTINGS, np.random.default_rng(1))
    with Workspace(tmp_path_factory.mktemp("unplanned") / "shop", create=True) as place:
        load(place, made.lines, zone="Europe/Berlin", at=AT)
        yield place


@pytest.fixture(scope="module")
def looked(shop: Workspace) -> Looked:
    return look(shop, ASKED, at=AT)


@pytest.fixture(scope="module")
def able(shop: Workspace, looked: Looked) -> Looked:
    return answering(shop, looked, "P0001", ["price=-10%"], at=AT)


@pytest.fixture(scope="module")
def cheaper(able: Looked) -> Supposed:
    return supposed(able, "P0002", ["price=-10%"])


def test_cheaper_products_sell_more_as_the_truth_has_it(able: Looked) -> None:
    told = [supposed(able, key, ["price=-10%"]) for key in able.series.ids]
    gain = np.array([one.after.mean / one.before.mean - 1 for one in told])
    assert (gain > 0).all()
    seen = np.array([not one.beyond for one in told])
    assert seen.sum() >= 6
    assert np.median(gain[seen]) == pytest.approx(0.9**-2 - 1, abs=0.12)


def test_the_forecast_stays_what_it_was(shop: Workspace, looked: Looked, able: Looked) -> None:
    made = forecast(shop, ASKED, at=AT)
    assert able.version == f"{PRICED}/1"
    assert f"{made.trained.version.name}/{made.trained.version.version}" == looked.version
    np.testing.assert_array_equal(made.established.quantiles, looked.series.quantiles)
    assert [v.promoted for v in shop.registry.versions(PRICED)] == [False]
    assert looked.seen.roles.known == ()
    assert able.seen.roles.known == ("price",)


def test_the_kept_version_answers_the_next_question(shop: Workspace, able: Looked) -> None:
    before = runs.count(shop.db)
    again = what_if(shop, "P0003", ["price=9"], ASKED, at=AT)
    assert again.looked.version == able.version
    assert runs.count(shop.db) == before, "nothing was back-tested"
    assert len(shop.registry.versions(PRICED)) == 1


def test_both_numbers_are_told_and_what_unchanged_means(
    looked: Looked, able: Looked, cheaper: Supposed
) -> None:
    said = cheaper.to_dict()
    own = able.past.frame.filter(pl.col("unique_id") == "P0002")
    regular = float(own["regular_price"][-1])
    assert said["held"] == {"price": regular}
    assert said["forecast"] == explained(looked, "P0002").to_dict()["forecast"]
    assert said["model"] == f"{PRICED}/1"
    english, chinese = cheaper.sentences("en"), cheaper.sentences("zh")
    assert f"The calendar plans no price: unchanged means that it stays at €{regular:,.2f}." in (
        english
    )
    other = next(s for s in english if s.startswith("Both numbers"))
    assert f"about {said['forecast']['mean']:,.0f} units" in other
    assert f"日历没有安排价格，“维持现状”指保持 {regular:,.2f}\xa0欧元。" in chinese
    assert any(f"{said['forecast']['mean']:,.0f}" in s and "专为此问题训练" in s for s in chinese)
    assert not re.search(r"[\u4e00-\u9fff]", " ".join(english))
    assert "association" in english[-1]


def test_a_price_that_a_product_never_had_is_said(able: Looked) -> None:
    far = supposed(able, "P0002", ["price=-90%"])
    past = able.past.frame.filter(pl.col("unique_id") == "P0002")["price"]
    ends = far.to_dict()["beyond"]["price"]
    assert (ends["least"], ends["most"]) == (past.min(), past.max())
    assert ends["to"] == pytest.approx(0.1 * far.held["price"])  # type: ignore[operator]
    assert any("never had a price" in s and "guess" in s for s in far.sentences("en"))
    assert any("从未有过" in s for s in far.sentences("zh"))
    near = supposed(able, "P0002", [f"price={ends['least']}"])
    assert near.beyond == {}


def test_a_promotion_that_nobody_plans_is_held_at_none(shop: Workspace, looked: Looked) -> None:
    able = answering(shop, looked, "P0002", ["促销=20%"], at=AT)
    told = supposed(able, "P0002", ["促销=20%"])
    assert told.held == {"promotion": 0.0}
    assert told.after.mean > told.before.mean
    assert not told.association
    assert "The calendar plans no promotion: unchanged means that there is none." in (
        told.sentences("en")
    )
    assert "日历没有安排促销，“维持现状”指没有促销。" in told.sentences("zh")


@pytest.mark.parametrize(
    ("product", "changes", "error", "message"),
    [
        ("P0001", ["price=0"], DataError, "must stay above 0"),
        ("P0001", ["price=-100%"], DataError, "must stay above 0"),
        ("P0001", ["promotion=3"], DataError, "between 0 and 1"),
        ("P0001", ["promotion=+10%"], DataError, "0 in the plan"),
        ("P0001", ["price=9", "views=3"], UnknownName, "no column 'views' to set"),
        ("Q", ["price=9"], UnknownName, "no product 'Q' is forecast"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(
    shop: Workspace,
    looked: Looked,
    product: str,
    changes: list[str],
    error: type[Exception],
    message: str,
) -> None:
    before = runs.count(shop.db)
    with pytest.raises(error, match=message):
        answering(shop, looked, product, changes, at=AT)
    assert runs.count(shop.db) == before


def test_a_column_of_neither_history_nor_plan_is_named_with_those_that_are(
    looked: Looked,
) -> None:
    with pytest.raises(UnknownName, match=r"what can be set: price, regular_price, promotion"):
        supposed(looked, "P0001", ["views=3"])
    with pytest.raises(DataError, match="this model does not know it ahead"):
        supposed(looked, "P0001", ["price=9"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_which_model_answers(
    shop: Workspace, looked: Looked, cheaper: Supposed, language: Language
) -> None:
    path = write_page(shop, explained(looked, "P0002"), cheaper, language, at=AT)
    text = path.read_text(encoding="utf-8")
    assert cheaper.sentences(language)[2] in text
    assert {"en": "Unchanged", "zh": "维持现状"}[language] in text


def test_a_newer_forecast_model_has_the_question_trained_anew(tmp_path: object) -> None:
    day = pl.datetime_range(AT - timedelta(120), AT, "1d", closed="left", eager=True)
    price = pl.Series(np.where(np.arange(120) % 5 == 0, 8.0, 10.0))
    rows = pl.DataFrame({"date": day, "product": "a", "price": price})
    rows = rows.with_columns(quantity=pl.when(pl.col("price") < 10).then(30).otherwise(20))
    with Workspace(f"{tmp_path}/one", create=True) as one:
        load(one, rows, at=AT)
        told = what_if(one, "a", ["price=8"], ASKED, at=AT)
        assert told.after.mean == pytest.approx(14 * 30, rel=0.1)
        assert told.held == {"price": 10.0}
        forecast(one, ASKED, retrain=True, at=AT + timedelta(1))
        what_if(one, "a", ["price=8"], ASKED, at=AT + timedelta(2))
        what_if(one, "a", ["price=8"], ASKED, at=AT + timedelta(3))
        assert len(one.registry.versions(PRICED)) == 2


def test_a_model_that_does_not_look_at_prices_says_so(tmp_path: object) -> None:
    day = pl.datetime_range(AT - timedelta(120), AT, "1d", closed="left", eager=True)
    sold = 20 + np.arange(120) % 7
    rows = pl.DataFrame({"date": day, "product": "a", "price": 10.0, "quantity": sold})
    asked = replace(ASKED, models=("average",))
    with Workspace(f"{tmp_path}/blind", create=True) as one:
        load(one, rows, at=AT)
        told = what_if(one, "a", ["price=-10%"], asked, at=AT)
    assert told.after == told.before
    assert any("does not look at the price" in s for s in told.sentences("en"))
    assert any("不看价格" in s for s in told.sentences("zh"))
    assert any("always 10.00" in s for s in told.sentences("en"))
    assert any("comes to the same" in s for s in told.sentences("en"))


def test_what_is_held_is_what_the_calendar_takes_where_it_is_silent() -> None:
    past = pl.DataFrame(
        {
            "unique_id": ["a", "a", "b", "b"],
            "ds": [datetime(2024, 1, 1), datetime(2024, 1, 2)] * 2,
            "y": [1.0, 2.0, 3.0, 4.0],
            "price": [10.0, 8.0, 5.0, None],
            "regular_price": [10.0, 10.0, None, None],
            "promotion": [0.0, 0.2, 0.0, 0.3],
        }
    )
    known = held_ahead(Panel.from_frame(past, "D"), None, ("price", "promotion"), 2)
    assert known.frame.rows() == [
        ("a", datetime(2024, 1, 3), 10.0, 0.0),
        ("a", datetime(2024, 1, 4), 10.0, 0.0),
        ("b", datetime(2024, 1, 3), 5.0, 0.0),
        ("b", datetime(2024, 1, 4), 5.0, 0.0),
    ]
    both = held_ahead(Panel.from_frame(past, "D"), known.select(("price",)), ("promotion",), 2)
    assert both.frame.sort("unique_id", "ds")["price"].to_list() == [10.0, 10.0, 5.0, 5.0]
    assert both.frame["promotion"].to_list() == [0.0] * 4


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_fast_preset_says_of_nearly_all_products_that_cheaper_sells_more(
    shop: Workspace,
) -> None:
    asked = replace(ASKED, models=())
    with Workspace(shop.path.parent / "whole", create=True) as whole:
        load(whole, invented(SETTINGS, np.random.default_rng(1)).lines, zone="Europe/Berlin", at=AT)
        looked = look(whole, asked, at=AT)
        able = answering(whole, looked, "P0001", ["price=-10%"], at=AT)
        told = [supposed(able, key, ["price=-10%"]) for key in able.series.ids]
    assert np.mean([one.after.mean > one.before.mean for one in told]) >= 0.9
