"""Sales are not demand: mark the days that stock limited, and estimate what would have sold."""

import numpy as np

from tradewind.data.demand import recover_demand
from tradewind.data.synthetic import ShopSettings, shop

made = shop(ShopSettings(products=50, days=365, cover=0.5), np.random.default_rng(3))
panel = recover_demand(made.panel)
sold, estimated = panel.wide("y"), panel.wide("demand")
limited = panel.wide("censored") == 1
wanted = made.demand  # the truth, which only a synthetic shop can tell
print(f"{limited.mean():.1%} of days were limited by stock")
for name, guess in (("sales", sold), ("estimate", estimated)):
    error = np.abs(guess - wanted)[limited].sum() / wanted[limited].sum()
    print(f"{name} miss demand on those days by {error:.0%}")
