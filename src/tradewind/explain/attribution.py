"""What each group of columns adds to a forecast, in units: it adds up to what is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.arrays import Dates, Floats
from tradewind.explain.groups import GROUPS
from tradewind.explain.imagined import Asked, imagined, usual_of
from tradewind.explain.shapley import shapley
from tradewind.forecast import Forecast
from tradewind.models.protocol import Fitted
from tradewind.models.twins import imagine

Finish = Callable[[Forecast], Forecast]
"""What is done to a model's forecast of the series before it is shown: stops, planned stock."""
POINTS = 200
"""Equally likely points of a distribution whose mean stands for its own."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A forecast as a baseline and what each group adds, period by period.

        shown = baseline + Σ contributions, exactly

    ds              [h]
    shown           [h]      what is shown: the mean, in units
    baseline        [h]      what is forecast where every group is as usual
    contributions   [G, h]   of GROUPS; 0 where a group makes no difference to what the models see
    alive           the groups that make one
    """

    ds: Dates
    shown: Floats
    baseline: Floats
    contributions: Floats
    alive: tuple[str, ...]

    def total(self, step: int | None = None) -> dict[str, float]:
        """What each group adds over the horizon, or in one period."""
        part = self.contributions if step is None else self.contributions[:, [step]]
        return dict(zip(GROUPS, part.sum(axis=1).tolist(), strict=True))

    def start(self, step: int | None = None) -> float:
        """The baseline over the horizon, or of one period."""
        return float(self.baseline.sum() if step is None else self.baseline[step])

    def table(self) -> pl.DataFrame:
        """ds, shown, baseline and a column for each group."""
        parts = {name: self.contributions[k] for k, name in enumerate(GROUPS)}
        return pl.DataFrame(
            {"ds": self.ds, "shown": self.shown, "baseline": self.baseline, **parts}
        )


def attribute(
    model: Fitted, asked: Asked, finish: Finish, shown: Floats | None = None
) -> Attribution:
    """Shapley values of the groups, over all their coalitions, in one forecast of the model.

    A group that is absent from a coalition is as it usually is (`imagined.usual_of`); all other
    series stay as they are. The value of a coalition is the mean of the forecast of the series
    that is seen so.

    shown   [h]   the mean as it is shown, where it was drawn from sample paths: what the draws
                  missed is in the baseline. None: the mean of the quantiles
    """
    usual = usual_of(asked)
    twins, known = imagined(asked, usual)
    task = asked.task
    made = imagine(model, twins).forecast(task.h, task.levels, known, asked.target)
    values = expected(finish(made.select(twins.ids)))
    parts = shapley(values)
    contributions = np.zeros((len(GROUPS), task.h))
    contributions[[GROUPS.index(group) for group in usual.alive]] = parts
    shown = values[-1] if shown is None else shown
    baseline = shown - contributions.sum(axis=0)
    return Attribution(asked.ahead, shown, baseline, contributions, usual.alive)


def expected(forecast: Forecast) -> Floats:
    """Mean of each period's distribution, [N, h]: what the means of paths come to with many.

    >>> one = np.array([[[8.0, 10.0, 12.0]]])
    >>> made = Forecast(("a",), np.zeros(1, "datetime64[us]"), (0.1, 0.5, 0.9), one)
    >>> expected(made).round(6).tolist()
    [[10.0]]
    """
    levels = (np.arange(POINTS) + 0.5) / POINTS
    points = forecast.at(tuple(levels.tolist()))
    if forecast.upper is not None:
        points = np.minimum(points, forecast.upper[:, :, None])
    mean: Floats = points.mean(axis=2)
    return mean
