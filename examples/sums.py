"""Sums need paths: the interval of a month is not the sum of the intervals of its days."""

import numpy as np

from tradewind.data.synthetic import ShopSettings, shop
from tradewind.models.naive import SeasonalNaive
from tradewind.task import Task

panel = shop(ShopSettings(products=30, days=300), np.random.default_rng(4)).panel
task = Task(h=28)
forecast = SeasonalNaive().fit(panel, task).forecast(28, task.levels)
rng = np.random.default_rng(5)
low, high = np.quantile(forecast.totals(1000, rng)[0], (0.1, 0.9))
apart = forecast.at((0.1, 0.9))[0].sum(axis=0)
print(f"28 days of {forecast.ids[0]}: 80 % within {low:.0f} to {high:.0f} units")
print(f"adding up the days' own intervals would say {apart[0]:.0f} to {apart[1]:.0f}")

categories = panel.static["category"].to_list()
by_category = forecast.aggregate(categories, 500, rng)
print(by_category.ids, by_category.median.sum(axis=1).round())
