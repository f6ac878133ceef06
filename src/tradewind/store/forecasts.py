"""Stored forecasts: quantiles and mean of each series and step, by the run that made them."""

from __future__ import annotations

import numpy as np
import polars as pl

from tradewind.arrays import Floats
from tradewind.errors import UnknownName
from tradewind.forecast import Forecast
from tradewind.store.query import Connection, change, lent, select

CREATE = """
create table forecasts (
    run_id varchar not null, target varchar not null, level varchar not null,
    unique_id varchar not null, ds timestamp not null, mean double,
    levels double[] not null, quantiles double[] not null
);
"""


def add(db: Connection, run: str, forecast: Forecast, level: str, mean: Floats) -> int:
    """Keep a forecast under the run that made it; how many rows were written.

    level   level of the hierarchy ("product", "category", …)
    mean    [N, h]   means of the sample paths, in the unit of the target
    """
    count = len(forecast.ids)
    flat = forecast.quantiles.reshape(-1, len(forecast.levels))
    rows = pl.DataFrame(
        {
            "unique_id": np.repeat(np.array(forecast.ids, dtype=object), forecast.h),
            "ds": np.tile(forecast.ds, count),
            "mean": mean.ravel(),
        },
        schema_overrides={"unique_id": pl.String, "ds": pl.Datetime("us")},
    ).with_columns(pl.Series("quantiles", flat.tolist(), dtype=pl.List(pl.Float64)))
    with lent(db, "incoming", rows):
        return change(
            db,
            """insert into forecasts
               select $1, $2, $3, unique_id, ds, mean, $4::double[], quantiles from incoming""",
            run,
            forecast.target,
            level,
            list(forecast.levels),
        )


def read(db: Connection, run: str, level: str = "product") -> Forecast:
    """The forecast that a run stored, without its paths. Raises UnknownName."""
    rows = select(
        db,
        """select unique_id, ds, levels, quantiles, target from forecasts
           where run_id = $1 and level = $2 order by unique_id, ds""",
        run,
        level,
    )
    if not len(rows):
        raise UnknownName(f"run {run!r} stored no forecast at level {level!r}")
    ids = tuple(rows["unique_id"].unique(maintain_order=True))
    ds = rows["ds"].unique(maintain_order=True).to_numpy()
    levels = tuple(float(q) for q in rows[0, "levels"])
    quantiles = np.array(rows["quantiles"].to_list()).reshape(len(ids), len(ds), len(levels))
    return Forecast(ids, ds, levels, quantiles, target=rows[0, "target"])


def means(db: Connection, run: str, level: str) -> pl.DataFrame:
    """unique_id, ds, mean of a stored forecast."""
    return select(
        db,
        """select unique_id, ds, mean from forecasts where run_id = $1 and level = $2
           order by unique_id, ds""",
        run,
        level,
    )
