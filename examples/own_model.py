"""A model of your own: settings in a frozen dataclass, `fit` returns something that forecasts."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tradewind.backtest.compare import leaderboard
from tradewind.backtest.run import backtest
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.forecast import Forecast
from tradewind.models.naive import SeasonalNaive
from tradewind.models.protocol import Rescue
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import Task


@dataclass(frozen=True)
class Climatology:
    """Every future step looks like the last `steps` steps did."""

    steps: int = 56

    def fit(self, past: Panel, task: Task) -> "FittedClimatology":
        return FittedClimatology(self, past)

    def restore(self, folder: Path, past: Panel, task: Task) -> "FittedClimatology":
        return self.fit(past, task)


@dataclass(frozen=True)
class FittedClimatology:
    settings: Climatology
    past: Panel
    rescues: tuple[Rescue, ...] = ()

    def forecast(
        self, h: int, levels: tuple[float, ...], known: Panel | None = None, target: str = "y"
    ) -> Forecast:
        recent = np.nan_to_num(self.past.wide(target)[:, -self.settings.steps :])
        one_step = np.quantile(recent, levels, axis=1).T
        quantiles = np.repeat(one_step[:, None, :], h, axis=1)
        ds = dates_from(next_ds(self.past.end, self.past.freq), h, self.past.freq)
        return Forecast(tuple(self.past.ids), ds, levels, quantiles, target, lower=0.0)

    def update(self, new: Panel) -> "FittedClimatology":
        return replace(self, past=self.past.append(new))

    def save(self, folder: Path) -> None:
        """Nothing beyond the past."""


panel = shop(ShopSettings(products=20, days=250), np.random.default_rng(6)).panel
models = {"seasonal_naive": SeasonalNaive(), "climatology": Climatology()}
result = backtest(panel, Task(h=14, n_windows=2), models)
print(leaderboard(result).select("model", "skill", "wape"))
