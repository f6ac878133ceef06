"""From a sales table to a forecast: load, look at what was repaired, forecast four weeks."""

import tempfile
from pathlib import Path

import numpy as np

import tradewind as tw
from tradewind.data.synthetic import ShopSettings, shop

folder = Path(tempfile.mkdtemp())
lines = shop(ShopSettings(products=12, days=200), np.random.default_rng(1)).lines
lines.select("ordered_at", "product", "quantity", "price").write_csv(folder / "sales.csv")

with tw.Workspace(folder / "shop") as workspace:
    loaded = tw.load(workspace, folder / "sales.csv", zone="Europe/Berlin")  # whose days
    print(loaded.lines, "lines;", len(loaded.to_dict()["repairs"]), "kinds of repair")
    made = tw.forecast(workspace, tw.Question(h=28, preset="fast", n_windows=2))
    print(made.summary.head(5))
