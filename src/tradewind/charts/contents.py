"""What a report tells: the tables and forecasts it is drawn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from tradewind.forecast import Forecast
from tradewind.panel import Panel


@dataclass(frozen=True, slots=True)
class Money:
    """What the forecast errors of the back-test cost, against a rule of thumb.

    baseline         the rule of thumb as the leaderboard spells it
    chosen_error     Σ |y − ŷ| · price of the chosen model, in the report's currency
    baseline_error   the same of the rule of thumb: the mean of the last `steps` periods;
                     0 means four weeks of hours, days or weeks, else one season
    """

    baseline: str
    chosen_error: float
    baseline_error: float
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the report shows; no language, no colours, no file.

    name               the shop or the data, as the reader calls it
    made_at            when the forecast was made (an argument, never the clock)
    panel              history up to the cutoff: y, and where there are any: price_column,
                       promotion_columns, censored (Boolean), demand (Float64), outlier (Boolean).
                       static: name, category, brand where known. May hold more series than the
                       forecast: the overview counts all of them.
    forecast           of y, for the series of the products section, best sellers first or not
    chosen             the model that made the forecast, as the leaderboard spells it
    known              planned price and promotions over the horizon, or None
    provisional_from   the first day whose returns are not all in yet, or None
    currency           ISO code ("USD", "CNY"), "" where unknown
    price_column, promotion_columns   columns of panel (and known)

    Tables, each of which may be empty (a section then says how to fill it):

    leaderboard        model, skill (against seasonal naive), WAPE, SQL, MASE, bias (share of sales,
                       positive is too high), coverage80 (share), money_error (currency), seconds,
                       failures (count), spread (sd of skill over windows). Best model first.
                       Columns other than model may be missing.
    error_by_step      model, step (1…h), wape
    calibration        level (central interval, e.g. 0.8), nominal, empirical (shares)
    repairs            kind, count, example (a sentence or value, language-neutral)
    trends             unique_id, direction ("rise", "flat", "fall", or "unclear"), probability,
                       growth (share of the span before: 0.12 is 12 % more; null where nothing was
                       sold). First row first: the caller ranks
    money              see Money, or None

    trend_span         steps ahead that the trends compare with as many before; 0 means the horizon
    trend_sure         probability from which on a direction was called
    stops              products whose last order date lies before the end of the forecast
    n_windows, version, digest, preset, command   how to reproduce it
    red_up             True: rising is red; None: as the reader's language has it (Chinese red)
    max_products       products whose charts are embedded; the rest is counted and said
    """

    name: str
    made_at: datetime
    panel: Panel
    forecast: Forecast
    chosen: str
    known: Panel | None = None
    currency: str = ""
    price_column: str | None = None
    promotion_columns: tuple[str, ...] = ()
    leaderboard: pl.DataFrame = field(default_factory=pl.DataFrame)
    error_by_step: pl.DataFrame = field(default_factory=pl.DataFrame)
    calibration: pl.DataFrame = field(default_factory=pl.DataFrame)
    repairs: pl.DataFrame = field(default_factory=pl.DataFrame)
    trends: pl.DataFrame = field(default_factory=pl.DataFrame)
    money: Money | None = None
    stops: int = 0
    n_windows: int = 0
    version: str = ""
    digest: str = ""
    preset: str = ""
    command: str = ""
    red_up: bool | None = None
    max_products: int = 1000
    trend_span: int = 0
    trend_sure: float = 0.8
    provisional_from: date | None = None
