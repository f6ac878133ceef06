"""The forecaster around the network: any number of series, rolled horizons, laws of panels."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.models.pretrained_shops import START, as_shop, field, priced_shop, sales

torch = pytest.importorskip("torch", reason="networks need tradewind[deep]")

from tradewind.arrays import Floats32, Ints  # noqa: E402
from tradewind.errors import MissingPackage, TradewindError, UnknownName  # noqa: E402
from tradewind.forecast import Forecast  # noqa: E402
from tradewind.models.pretrained import forecaster  # noqa: E402
from tradewind.models.pretrained.encode import PREFIX, Inputs  # noqa: E402
from tradewind.models.pretrained.forecaster import FittedPretrained, Pretrained  # noqa: E402
from tradewind.models.pretrained.infer import (  # noqa: E402
    Run,
    carried,
    forecast_once,
    moved,
    now_and_then,
    quantiles_of,
)
from tradewind.models.pretrained.levels import LEVELS  # noqa: E402
from tradewind.models.pretrained.network import Network, Size  # noqa: E402
from tradewind.models.pretrained.slots import Shop  # noqa: E402
from tradewind.models.pretrained.tuning import FineTune  # noqa: E402
from tradewind.panel import Panel, dates_from  # noqa: E402
from tradewind.task import DECILES, Roles, Task  # noqa: E402

LEVEL, WHOLE = PREFIX - 7, PREFIX - 10
"""Places in the prefix of the absolute level, and of whether y is whole numbers."""
MIDDLE = len(LEVELS) // 2


def small_network(seed: int = 0, answer: float = 0.05) -> Network:
    """Random weights, also where training starts from zero, so that every input counts."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Network(Size(width=32, layers=2, heads=2, hidden=48, embed=32, step=16))
        torch.nn.init.normal_(network.head.last.weight, std=answer)
        torch.nn.init.normal_(network.distance.weight, std=0.5)
    return network.eval()


def run_of(network: Network) -> Run:
    def run(inputs: Inputs) -> tuple[Floats32, Floats32]:
        tensors = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in inputs.arrays().items()}
        with torch.no_grad():
            quantiles, zero = network(**tensors)
        return quantiles.numpy(), zero.numpy()

    return run


RUN = run_of(small_network())


def part(shop: Shop, rows: Ints) -> Shop:
    """Some of the series, with everything else as it is."""
    return replace(
        shop,
        field=shop.field.part(rows),
        y=shop.y[rows],
        borrowed=shop.borrowed[rows],
        censored=shop.censored[rows],
        slots=tuple(values[rows] for values in shop.slots),
        static=shop.static[rows],
    )


# Quantiles of any number of series


@pytest.mark.parametrize("h", [20, 100])
def test_a_series_gets_the_same_alone_among_others_and_in_any_order(h: int) -> None:
    shop = priced_shop(h)
    together = quantiles_of(RUN, shop, 1024)
    assert together.shape == (12, h, len(LEVELS))
    for rows in (np.array([3]), np.array([2, 4]), np.arange(12)[::-1], np.array([1, 5, 0])):
        some = quantiles_of(RUN, part(shop, rows), 1024, threads=1)
        np.testing.assert_allclose(some, together[rows], rtol=1e-4, atol=1e-5)


def test_batches_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = priced_shop()
    together = quantiles_of(RUN, shop, 1024)
    monkeypatch.setattr("tradewind.models.pretrained.infer.STEPS_AT_ONCE", 512)
    np.testing.assert_allclose(quantiles_of(RUN, shop, 1024), together, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("h", [20, 150])
def test_quantiles_never_cross_and_never_fall_below_zero_for_any_weights(seed: int, h: int) -> None:
    got = quantiles_of(run_of(small_network(seed, answer=0.6)), priced_shop(h), 1024)
    assert np.isfinite(got).all()
    assert (np.diff(got, axis=2) >= 0).all()
    assert (got >= 0).all()


def test_a_series_that_was_negative_may_be_so_again() -> None:
    y = sales()
    shop = as_shop(field(y - 40, 20))
    assert quantiles_of(RUN, shop, 1024)[[0, 2, 3]].min() < 0


@pytest.mark.parametrize("a", [0.1, 10.0, 1000.0])
def test_quantiles_scale_with_the_series_once_the_level_is_not_told(a: float) -> None:
    """The prefix tells the absolute level, and whether y is counted, by design: see encode."""
    network = small_network()
    with torch.no_grad():
        for layer in (network.prefix.line, network.prefix.bend):
            layer.weight[:, [LEVEL, WHOLE]] = 0
    y = sales(12) + np.float32(0.3)  # no counts: their zeros are an answer in units
    before = quantiles_of(run_of(network), as_shop(field(y, 100)), 1024)
    after = quantiles_of(run_of(network), as_shop(field(y * np.float32(a), 100)), 1024)
    told = np.isfinite(y).any(axis=1)
    np.testing.assert_allclose(after[told], before[told] * a, rtol=1e-3, atol=1e-4 * a)
    other = quantiles_of(RUN, as_shop(field(y * np.float32(a), 100)), 1024)
    assert np.abs(other[0] / a - before[0]).max() > 1e-3 * before[0].max()


def test_what_is_known_ahead_matters_and_what_came_later_does_not() -> None:
    shop = priced_shop()
    before = quantiles_of(RUN, shop, 1024)
    known = {k: v.copy() for k, v in shop.field.known.items()}
    known["promo"][:, shop.field.steps :] = 1 - known["promo"][:, shop.field.steps :]
    after = quantiles_of(RUN, as_shop(replace(shop.field, known=known)), 1024)
    assert (np.abs(after - before).max(axis=(1, 2))[[0, 2, 3, 4]] > 1e-3).all()


# A horizon in turns


def test_a_later_turn_carries_on_the_uncertainty_of_the_one_before() -> None:
    rng = np.random.default_rng(0)
    last, after = (np.sort(rng.normal(9, 2, (3, k, 13)), axis=2).astype(np.float32) for k in (1, 5))
    after[1, 2] = 4  # certain, by itself
    got = carried(last, after)
    for b, s in np.ndindex(3, 5):
        for q in range(13):
            before, own = (float(x[q] - x[MIDDLE]) for x in (last[b, 0], after[b, s]))
            want = math.hypot(before, own) * (1 if q >= MIDDLE else -1)
            assert got[b, s, q] - after[b, s, MIDDLE] == pytest.approx(want, abs=1e-4)
    assert (np.diff(got, axis=2) >= 0).all()


@pytest.mark.parametrize("kind", ["sales", "rare"])
def test_a_long_horizon_does_not_narrow_when_its_first_turn_ends(kind: str) -> None:
    y = sales(steps=300)[[0, 3, 6, 9]]
    if kind == "rare":
        y = np.random.default_rng(0).poisson(0.3, (4, 300)).astype(np.float32)
    for seed in range(3):
        run = run_of(small_network(seed, answer=0.02))
        got = quantiles_of(run, as_shop(field(y, 140)), 1024)
        wide = (got[:, :, -2] - got[:, :, 1]).mean(axis=0)
        for end in (64, 128):  # weeks on both sides
            assert wide[end : end + 7].mean() >= 0.9 * wide[end - 7 : end].mean()


def test_the_first_turn_of_a_long_horizon_is_a_short_one() -> None:
    y = sales()
    long, short = (quantiles_of(RUN, as_shop(field(y, h)), 1024) for h in (100, 64))
    np.testing.assert_allclose(long[:, :64], short, rtol=1e-4, atol=1e-5)


def test_levels_up_to_the_chance_of_a_zero_are_zero_for_counts_that_have_zeros() -> None:
    y = np.tile(np.array([[0, 3, 5], [1, 3, 5], [0, 2.5, 5]], np.float32), 10)

    def even(inputs: Inputs) -> tuple[Floats32, Floats32]:
        shape = (3, inputs.query.shape[1] * 16)
        return np.ones((*shape, len(LEVELS)), np.float32), np.zeros(shape, np.float32)

    got = quantiles_of(even, as_shop(field(y, 80)), 1024)[:, :64] == 0
    assert (got[0] == (np.array(LEVELS) <= 0.5)).all()
    assert not got[1:].any()


def test_the_past_moves_on_by_what_was_forecast() -> None:
    shop = priced_shop(100)
    context = shop.context(np.arange(12), 256)
    median = forecast_once(RUN, context, 64, now_and_then(context))[:, :, MIDDLE]
    later = moved(context, median)
    np.testing.assert_array_equal(later.y[:, -64:], median)
    np.testing.assert_array_equal(later.y[:, :-64], context.y[:, 64:])
    for name in ("covariates", "phase"):
        np.testing.assert_array_equal(getattr(later, name), getattr(context, name)[:, 64:])
    assert later.stockout.shape == later.y.shape


# Panels


def as_panel(series: dict[str, list[Any]], **columns: list[Any]) -> Panel:
    """Daily series that end on the same day; further columns are the same for each of them."""
    longest = max(len(values) for values in series.values())
    rows = [
        {
            "unique_id": key,
            "ds": START + timedelta(days=longest - len(values) + k),
            "y": value,
            **{name: column[longest - len(values) + k] for name, column in columns.items()},
        }
        for key, values in series.items()
        for k, value in enumerate(values)
    ]
    return Panel.from_frame(pl.DataFrame(rows, infer_schema_length=None), "D")


@pytest.fixture(autouse=True)
def random_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shipped weights are read here: the laws hold for any."""
    monkeypatch.setattr(Pretrained, "run", lambda self, tuned: RUN)


ODD: dict[str, list[float | None]] = {
    "constant": [5.0] * 60,
    "ended": [8.0, 9.0, 7.0, 8.0] * 10 + [None] * 20,
    "fraction": [0.25, 1.5, 0.75] * 20,
    "gaps": [None if k % 5 else float(k % 7) for k in range(56)],
    "hole": [*[3.0, 9.0] * 15, *[None] * 30, *[4.0, 8.0] * 10],
    "huge": [1e9, 2e9, 1.5e9] * 20,
    "negative": [-5.0, 3.0, -1.0] * 20,
    "new": [3.0, 0.0, 4.0],
    "single": [2.0],
    "void": [None, None, None],
    "zeros": [0.0] * 60,
}


def checked(forecast: Forecast) -> Forecast:
    assert np.isfinite(forecast.quantiles).all()
    assert (np.diff(forecast.quantiles, axis=2) >= 0).all()
    return forecast


@pytest.mark.parametrize("h", [7, 100])
@pytest.mark.parametrize("key", ODD)
def test_an_odd_series_alone_gets_an_answer_or_a_clear_error(key: str, h: int) -> None:
    with suppress(TradewindError):
        checked(Pretrained().fit(as_panel({key: ODD[key]}), Task(h)).forecast(h, DECILES))


@pytest.mark.parametrize("h", [7, 100])
def test_odd_series_among_others_get_an_answer_of_their_own(h: int) -> None:
    task = Task(h)
    made = checked(Pretrained().fit(as_panel(ODD), task).forecast(h, LEVELS))
    assert made.ids == tuple(sorted(ODD))
    never = [k for k, key in enumerate(made.ids) if key != "negative"]
    assert (made.quantiles[never] >= 0).all()
    assert made.quantiles[made.ids.index("zeros")].max() < 1e-4
    some = ["gaps", "hole", "negative"]
    alone = Pretrained().fit(as_panel(ODD).only(some), task).forecast(h, LEVELS)
    np.testing.assert_allclose(
        alone.quantiles, made.select(alone.ids).quantiles, rtol=1e-4, atol=1e-5
    )


def test_counts_have_whole_paths_that_are_never_negative() -> None:
    rng = np.random.default_rng(0)
    counts = {f"s{k}": rng.poisson(0.4 * (k + 1), 90).astype(float).tolist() for k in range(5)}
    made = checked(Pretrained().fit(as_panel(counts), Task(14)).forecast(14, DECILES))
    paths = made.paths(80, rng)
    assert made.whole
    assert made.lower == 0
    assert (paths == np.rint(paths)).all()
    assert (paths >= 0).all()
    assert (made.quantiles == 0).any()
    money = {key: [v + 0.5 for v in values] for key, values in counts.items()}
    assert not Pretrained().fit(as_panel(money), Task(14)).forecast(14, DECILES).whole


def planned(ahead: int, steps: int = 90) -> tuple[Panel, Panel]:
    """A past with prices, and the prices of the days ahead."""
    rng = np.random.default_rng(2)
    price = (9 + rng.random(steps + ahead)).tolist()
    series = {f"s{k}": rng.gamma(9, 1, steps + ahead).tolist() for k in range(4)}
    whole = as_panel(series, price=price)
    cutoff = START + timedelta(days=steps - 1)
    return whole.until(cutoff), whole.after(cutoff).select(["price"])


def test_prices_planned_ahead_matter_and_need_not_be_known() -> None:
    past, known = planned(7)
    fitted = Pretrained().fit(past, Task(7, roles=Roles(known=("price",))))
    told = checked(fitted.forecast(7, DECILES, known))
    dearer = replace(
        known, frame=known.frame.with_columns(pl.col("price") + pl.Series([0, 5] * 14))
    )
    other = checked(fitted.forecast(7, DECILES, dearer))
    assert np.abs(other.quantiles - told.quantiles).max() > 1e-2
    checked(fitted.forecast(7, DECILES))


def test_holidays_of_the_country_take_slots() -> None:
    past, _ = planned(7, steps=200)
    home = Pretrained().fit(past, Task(7, country="DE"))
    away = Pretrained().fit(past, Task(7))
    slots = home.shop("y", 7, None).slots
    assert not away.shop("y", 7, None).slots
    new_year = past.ds.astype("datetime64[D]").tolist().index(START.date())
    assert any(column[0, new_year] == 1 and column[0, new_year + 9] == 0 for column in slots)
    checked(home.forecast(7, DECILES))


def test_update_is_a_fit_on_everything_and_other_levels_are_answered() -> None:
    past, _ = planned(0, steps=90)
    task = Task(7)
    middle = START + timedelta(days=80)
    moved_on = Pretrained().fit(past.until(middle), task).update(past.after(middle))
    fresh = Pretrained().fit(past, task)
    got, want = (fitted.forecast(7, DECILES) for fitted in (moved_on, fresh))
    np.testing.assert_array_equal(got.quantiles, want.quantiles)
    np.testing.assert_array_equal(got.ds, want.ds)
    odd = fresh.forecast(7, (0.025, 0.5, 0.33 + 0.5))
    assert odd.quantiles.shape == (4, 7, 3)
    np.testing.assert_allclose(odd.quantiles[:, :, 1], fresh.forecast(7, (0.5,)).quantiles[:, :, 0])


def test_closed_days_sell_nothing() -> None:
    is_open = [float(k % 7 != 6) for k in range(400 + 14)]
    rng = np.random.default_rng(0)
    series = {f"s{k}": [rng.gamma(9, 1) * o for o in is_open] for k in range(3)}
    whole = as_panel(series, open=is_open)
    cutoff = START + timedelta(days=399)
    task = Task(14, roles=Roles(known=("open",)))
    made = Pretrained().fit(whole.until(cutoff), task)
    got = checked(made.forecast(14, DECILES, whole.after(cutoff).select(["open"])))
    shut = np.array(is_open[400:]) == 0
    assert (got.quantiles[:, shut] == 0).all()
    assert (got.quantiles[:, ~shut, -1] > 0).all()


@pytest.mark.parametrize("season", [0, 1, 7])
def test_a_season_of_one_step_is_none_and_the_season_is_looked_for(season: int) -> None:
    past, _ = planned(0, steps=90)
    shop = Pretrained().fit(past, Task(7, season=season)).shop("y", 7, None)
    assert shop.context(np.arange(4), 128).season[:, 0].tolist() == [7] * 4


def test_wrong_settings_and_targets_are_refused() -> None:
    past, _ = planned(0)
    with pytest.raises(UnknownName, match="'weather'"):
        Pretrained().fit(past, Task(7)).forecast(7, DECILES, None, "weather")
    with pytest.raises(ValueError, match="precision is one of"):
        Pretrained(precision="int4")  # type: ignore[arg-type]
    for context in (0, 100, 2048):
        with pytest.raises(ValueError, match=f"context is one of .* not {context}"):
            Pretrained(context=context)


def test_no_more_of_the_past_is_looked_at_than_was_asked_for() -> None:
    y = sales(steps=300)
    y[:, :236] *= 9
    fitted = Pretrained(context=64)
    early = y.copy()
    early[:, :236] = np.nan
    got, want = (quantiles_of(RUN, as_shop(field(v)), fitted.context) for v in (y, early))
    np.testing.assert_allclose(got[[0, 2, 3, 4]], want[[0, 2, 3, 4]], rtol=1e-4, atol=1e-5)


def test_restoring_trains_nothing_even_where_the_shipped_weights_were_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three days are too few to tune on: the weights stay, and stay when the model comes back."""
    ds = dates_from(START, 3, "D")
    panel = Panel.from_frame(pl.DataFrame({"unique_id": "a", "ds": ds, "y": [3.0, 5.0, 4.0]}), "D")
    model = Pretrained(finetune=FineTune(seconds=600, steps=5, batch=4))
    fitted = model.fit(panel, Task(h=2))
    assert fitted.tuned is None
    fitted.save(tmp_path)
    monkeypatch.setattr(FittedPretrained, "tune", lambda *_: pytest.fail("it was trained again"))
    again = model.restore(tmp_path, panel, Task(h=2))
    np.testing.assert_array_equal(
        again.forecast(2, DECILES).quantiles, fitted.forecast(2, DECILES).quantiles
    )


def test_fine_tuning_without_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecaster, "find_spec", lambda name: None)
    panel = Panel.from_frame(
        pl.DataFrame({"unique_id": "a", "ds": dates_from(START, 9, "D"), "y": [1.0] * 9}), "D"
    )
    Pretrained().fit(panel, Task(h=2))
    with pytest.raises(MissingPackage, match=r"tradewind\[deep\]"):
        Pretrained(finetune=FineTune()).fit(panel, Task(h=2))
