"""A fair back-test: several models, the same windows, one table."""

import numpy as np

from tradewind.backtest.compare import leaderboard
from tradewind.backtest.run import backtest
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.models.table import forecaster
from tradewind.task import Roles, Task

panel = shop(ShopSettings(products=20, days=250), np.random.default_rng(2)).panel
task = Task(h=14, roles=Roles(known=("price", "promotion"), static=("category",)), n_windows=3)
models = {name: forecaster(name) for name in ("seasonal_naive", "average", "ar", "theta", "tsb")}
print(leaderboard(backtest(panel, task, models)).select("model", "skill", "wape", "coverage80"))
