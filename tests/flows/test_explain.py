"""explain and what_if: of the number that `forecast` shows, from a shop with plans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl
import pytest

import tradewind as tw
from tradewind.charts.words import LANGUAGES, Language
from tradewind.errors import DataError, UnknownName
from tradewind.flows.asked import Question
from tradewind.flows.explain import Explained, explained, matters, write_page
from tradewind.flows.forecast import forecast
from tradewind.flows.load import load
from tradewind.flows.looked import Looked, key_of, look
from tradewind.flows.others import load_other
from tradewind.flows.what_if import Supposed, supposed, what_if
from tradewind.panel import dates_from
from tradewind.store import Workspace

START, DAYS = datetime(2025, 5, 1), 400
AT = datetime(2026, 6, 5)
ASKED = Question(h=28, freq="D", preset="fast", n_windows=1, models=("regression",), country="CN")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Thirteen months to 4 June 2026 of six products: cheaper days sell more, 6.18 five times.

    From 8 to 14 June a promotion is planned, and a price of 9 instead of 10 for p1.
    """
    rng = np.random.default_rng(0)
    day = dates_from(START, DAYS, "D")
    tables = []
    for k in range(6):
        price = np.where(rng.random(DAYS) < 0.2, 8.0, 10.0)
        rate = np.where(price < 10, 150.0, 100.0)
        rate[48:51] *= 5.0
        rows = {"date": day, "product": f"p{k}", "price": price, "quantity": rng.poisson(rate)}
        tables.append(pl.DataFrame(rows))
    with Workspace(tmp_path_factory.mktemp("shop")) as place:
        load(place, pl.concat(tables), at=AT)
        plan = {
            "event": ["618", "sale", "sale"],
            "from": ["2025-06-18", "2026-06-08", "2026-06-08"],
            "to": ["2025-06-20", "2026-06-14", "2026-06-14"],
            "kind": ["peak", "promotion", "promotion"],
            "product": ["", "", "p1"],
            "promotion": [None, 0.1, 0.1],
            "price": [None, None, 9.0],
        }
        load_other(place, "calendar", pl.DataFrame(plan), at=AT)
        yield place


@pytest.fixture(scope="module")
def looked(shop: Workspace) -> Looked:
    return look(shop, ASKED, at=AT)


@pytest.fixture(scope="module")
def told(looked: Looked) -> Explained:
    return explained(looked, "p1")


@pytest.fixture(scope="module")
def cheaper(looked: Looked) -> Supposed:
    return supposed(looked, "p1", ["price=-20%"])


def test_the_number_that_forecast_shows_is_explained(
    shop: Workspace, looked: Looked, told: Explained
) -> None:
    made = forecast(shop, ASKED, at=AT)
    row = made.summary.filter(pl.col("unique_id") == "p1").row(0, named=True)
    shown = told.to_dict()["forecast"]
    assert shown == {"mean": row["expected"], "low": row["low"], "high": row["high"]}
    said = told.to_dict()
    assert said["baseline"] + sum(said["contributions"].values()) == pytest.approx(shown["mean"])
    mean = made.table.filter(pl.col("product") == "p1")["mean"].to_numpy()
    np.testing.assert_allclose(told.attribution.shown, mean)
    parts = pl.DataFrame(said["decomposition"])
    np.testing.assert_allclose(parts["y"].to_numpy()[-28:], mean)


def test_a_period_is_explained_alone(looked: Looked) -> None:
    day = explained(looked, "p1", date=datetime(2026, 6, 10)).to_dict()
    assert day["date"] == datetime(2026, 6, 10)
    at = day["by_period"][5]
    assert day["forecast"]["mean"] == pytest.approx(at["shown"])
    assert day["contributions"]["price"] == pytest.approx(at["price"])
    assert at["price"] > 5 * abs(day["by_period"][20]["price"])


def test_a_cheaper_week_is_told_with_its_size(told: Explained) -> None:
    parts = told.to_dict()["contributions"]
    assert parts["price"] > 20
    english, chinese = told.sentences("en"), told.sentences("zh")
    assert english[0].startswith("About ")
    assert english[0].endswith("units over the next 28 days.")
    assert re.fullmatch(r"80\s% interval [\d,]+–[\d,]+\.", english[1])
    price = next(s for s in english if s.startswith("Price "))
    assert re.fullmatch(r"Price \d\s% below usual adds about \d+ units \(of [\d,]+\)\.", price)
    assert chinese[0].startswith("未来 28 天预计约 ")
    assert any(re.fullmatch(r"售价比平时低 \d%，约增加 \d+\s件（共 [\d,]+）。", s) for s in chinese)
    assert not CHINESE.search(" ".join(english))


def test_nothing_is_kept_by_an_explanation(shop: Workspace) -> None:
    before = [len(shop.registry.versions(name)) for name in shop.registry.names()]
    tw.explain(shop, "p2", ASKED, at=AT)
    assert [len(shop.registry.versions(name)) for name in shop.registry.names()] == before


def test_other_prices_are_compared_with_the_plan(looked: Looked, cheaper: Supposed) -> None:
    said = cheaper.to_dict()
    assert said["before"] == explained(looked, "p1").to_dict()["forecast"]
    assert said["difference"] > 500
    assert said["after"]["low"] > said["before"]["low"]
    assert said["association"]
    assert "association" in cheaper.sentences("en")[-1]
    assert "相关" in cheaper.sentences("zh")[-1]
    assert [r["ds"] for r in said["by_period"]] == looked.series.ds.tolist()
    assert all(r["after_low"] <= r["after"] <= r["after_high"] for r in said["by_period"])


def test_one_period_is_changed_alone(looked: Looked) -> None:
    one = supposed(looked, "p1", ["price=8"], date=datetime(2026, 6, 25))
    gap = (one.table["after"] - one.table["before"]).abs()
    moved = one.table.filter(gap > 2)  # the regression's columns are about their mean: a trace
    assert moved["ds"].to_list() == [datetime(2026, 6, 25)]
    assert one.after.mean - one.before.mean == pytest.approx(
        (moved["after"] - moved["before"]).item()
    )


def test_a_festival_is_entered_and_the_shops_words_are_understood(
    shop: Workspace, looked: Looked
) -> None:
    with_618 = supposed(looked, "p3", ["618=yes"])
    assert with_618.after.mean - with_618.before.mean == pytest.approx(3 * 400, rel=0.3)
    assert not with_618.association
    assert what_if(shop, "p3", ["六一八=是"], ASKED, at=AT).after == with_618.after
    priced = supposed(looked, "p3", ["价格=9"])
    assert priced.after == supposed(looked, "p3", ["price=9"]).after
    assert priced.to_dict()["changes"] == ["价格=9"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (["price"], DataError, "must be name=value"),
        (["price=much"], DataError, "no number, share, yes or no"),
        (["price=10%"], DataError, r"say \+10% for dearer or -10% for cheaper"),
        (["price=0"], DataError, "must stay above 0"),
        (["price=-100%"], DataError, "must stay above 0"),
        (["promotion=3"], DataError, "between 0 and 1"),
        (["promotion=-0.1"], DataError, "between 0 and 1"),
        (["views=3"], UnknownName, "what can be set: .*price"),
        (["618=no"], DataError, "not in the plan"),
        (["618=3"], DataError, "yes or no"),
        (["double_11=yes"], UnknownName, "never lived through"),
        (["price=9", "price=8"], DataError, "set twice"),
        ([], DataError, "nothing to change"),
    ],
)
def test_plans_that_cannot_be_are_refused(
    looked: Looked, changes: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        supposed(looked, "p1", changes)


def test_wrong_products_dates_and_questions_are_refused(shop: Workspace, looked: Looked) -> None:
    with pytest.raises(UnknownName, match=r"no product 'q9' is forecast; there are 6, e.g. p0"):
        explained(looked, "q9")
    with pytest.raises(DataError, match="horizon goes from 2026-06-05 to before 2026-07-03"):
        explained(looked, "p1", date=datetime(2026, 8, 1))
    with pytest.raises(DataError, match="can be explained"):
        tw.explain(shop, "p1", Question(target="price"))
    with pytest.raises(DataError, match="holds no trees"):
        matters(looked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_it_in_the_readers_language(
    shop: Workspace, told: Explained, cheaper: Supposed, language: Language
) -> None:
    path = write_page(shop, told, cheaper, language, at=AT)
    text = path.read_text(encoding="utf-8")
    assert path.name == f"explain-p1-20260605-000000-{language}.html"
    assert told.sentences(language)[1] in text
    assert cheaper.sentences(language)[1] in text
    assert "http" not in re.sub(r"<script>.*?</script>", "", text, flags=re.S).replace(
        "http-equiv", ""
    )


def test_a_series_is_named_as_the_user_writes_it() -> None:
    assert key_of("A\x1ftmall\x1fSH") == "A/tmall/SH"
    assert key_of("A") == "A"
