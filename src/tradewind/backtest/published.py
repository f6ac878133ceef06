"""The seven retail tasks of fev-bench, as their publisher cuts them, from a folder of files.

Nothing else in this package knows the names of a benchmark's columns; a test says so.
The files are described in the benchmark folder's README; how windows are cut and scored follows
fev (Shchur et al., 2025), https://github.com/autogluon/fev.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from tradewind.errors import DataError, UnknownName
from tradewind.panel import Panel, next_ds
from tradewind.task import Roles, Task

Loaded = tuple[Panel, Roles]
SUNDAY, WEDNESDAY = 7, 3


@dataclass(frozen=True, slots=True)
class Cut:
    """How one published task is asked.

    metric_season   season of the seasonal naive error that scales SQL and MASE: the publisher's,
                    1 for weeks. Models see the natural season of the frequency instead.
    first           first cutoff where the windows start at a date; else they end with the data
    short           too short for a full set of earlier windows: the dev split is one window,
                    half a horizon before the first published one
    headline        counted in the skill
    """

    load: Callable[[Path], Loaded]
    h: int
    n_windows: int
    metric_season: int
    first: datetime | None = None
    short: bool = False
    headline: bool = True


@dataclass(frozen=True, slots=True)
class PublishedTask:
    """A published question with its data.

    task            cutoffs are spelled out; season 0, the natural one of the frequency
    metric_season   scales SQL and MASE when scoring by the published protocol
    dev             the windows lie before the published ones: for choosing, not for reporting
    """

    name: str
    panel: Panel
    task: Task
    metric_season: int
    dev: bool = False


def load_task(name: str, folder: str | Path, *, dev: bool = False) -> PublishedTask:
    """One published task, read from the benchmark folder.

    dev   every cutoff lies before the published windows. The last dev window ends where the first
          published one begins; there are as many as published, or fewer where that would leave
          less than half of the earlier steps as history. Walmart and Rohlik, too short for that,
          have one dev window, half a horizon before the first published one.

    Raises UnknownName for another name, DataError if the folder lacks the files.
    """
    if name not in TASKS:
        raise UnknownName(f"no published task {name!r}; there are {', '.join(TASKS)}")
    cut = TASKS[name]
    try:
        panel, roles = cut.load(Path(folder))
    except FileNotFoundError as missing:
        raise DataError(
            f"{name} needs a file that is absent ({str(missing).splitlines()[0]}); "
            f"name the folder of benchmark files with --data"
        ) from missing
    task = Task(h=cut.h, roles=roles, n_windows=cut.n_windows)
    if cut.first is not None:
        cutoffs = tuple(next_ds(cut.first, panel.freq, cut.h * k) for k in range(cut.n_windows))
        task = replace(task, cutoffs=cutoffs)
    task = replace(task, cutoffs=task.cutoffs_of(panel))
    if dev:
        task = replace(task, cutoffs=_dev_cutoffs(panel, task.cutoffs, cut))
    task = replace(task, n_windows=len(task.cutoffs))
    task.check(panel)
    return PublishedTask(name, panel, task, cut.metric_season, dev)


def _dev_cutoffs(panel: Panel, published: tuple[datetime, ...], cut: Cut) -> tuple[datetime, ...]:
    first = published[0]
    if cut.short:
        return (next_ds(first, panel.freq, -(cut.h // 2)),)
    before = int((panel.ds <= panel.ds.dtype.type(first)).sum())
    count = min(cut.n_windows, max(before // 2 // cut.h, 1))
    return tuple(next_ds(first, panel.freq, -cut.h * k) for k in range(count, 0, -1))


def _rossmann_days(folder: Path) -> pl.DataFrame:
    """Flags are null where the file does not know them: closed Sundays, a store under repair."""
    table = pl.read_parquet(folder / "rossmann/daily_restored.parquet")
    kinds = [
        (pl.col("StateHoliday") == kind).cast(pl.Int8).alias(f"StateHoliday_{kind}")
        for kind in "abc"
    ]
    return table.select(
        pl.col("Store").cast(pl.String).alias("unique_id"),
        pl.col("Date").alias("ds"),
        pl.col("Sales").alias("y"),
        pl.col("Open").replace(-1, None),
        pl.col("Promo").cast(pl.Int8),
        pl.col("SchoolHoliday").cast(pl.Int8),
        (pl.col("StateHoliday") != "0").cast(pl.Int8),
        *kinds,
        pl.col("Date").dt.weekday().alias("DayOfWeek"),
        pl.col("Customers"),
    )


def _rossmann_stores(folder: Path) -> pl.DataFrame:
    stores = pl.read_parquet(folder / "rossmann/stores.parquet")
    return stores.with_columns(pl.col("Store").cast(pl.String)).rename({"Store": "unique_id"})


def _rossmann_1d(folder: Path) -> Loaded:
    frame, stores = _rossmann_days(folder), _rossmann_stores(folder)
    kinds = tuple(f"StateHoliday_{kind}" for kind in "abc")
    known = ("Open", "Promo", "SchoolHoliday", *kinds, "DayOfWeek")
    roles = Roles(static=_but_key(stores), known=known, past=("Customers",))
    return Panel.from_frame(frame.drop("StateHoliday"), "D", stores), roles


def _rossmann_1w(folder: Path) -> Loaded:
    known = ("Open", "Promo", "SchoolHoliday", "StateHoliday")
    weekly = _by_week(_rossmann_days(folder), (*known, "Customers"), SUNDAY)
    inner = pl.col("ds").is_between(weekly["ds"].min(), weekly["ds"].max(), closed="none")
    stores = _rossmann_stores(folder)
    roles = Roles(static=_but_key(stores), known=known, past=("Customers",))
    return Panel.from_frame(weekly.filter(inner), "W-SUN", stores), roles


def _walmart(folder: Path) -> Loaded:
    """Series of at least 79 observations.

    The publisher cuts each series from its own end. 37 of 2,936 end some weeks before the others:
    their rows, covariates and all, are moved so that the last one carries the common last label.
    """
    root = folder / "walmart_recruiting"
    sales = pl.read_parquet(root / "train.parquet").with_columns(
        unique_id=pl.format("{}_{}", "Store", "Dept")
    )
    sales = sales.filter(pl.len().over("unique_id") >= 79)
    grid = (
        sales.group_by("unique_id", "Store", "Dept")
        .agg(
            pl.datetime_range(pl.col("Date").min(), pl.col("Date").max(), "1w").alias("Date"),
            pl.col("Date").max().alias("last"),
        )
        .explode("Date")
    )
    features = pl.read_parquet(root / "features.parquet")
    known = _but_key(features.drop("Date"), "Store")
    frame = grid.join(
        sales.select("unique_id", "Date", "Weekly_Sales"), on=["unique_id", "Date"], how="left"
    ).join(features, on=["Store", "Date"], how="left")
    frame = frame.select(
        "unique_id",
        (pl.col("Date") + (pl.col("last").max() - pl.col("last"))).alias("ds"),
        pl.col("Weekly_Sales").alias("y"),
        pl.col("IsHoliday").cast(pl.Int8),
        *[name for name in known if name != "IsHoliday"],
    )
    stores = pl.read_parquet(root / "stores.parquet")
    static = (
        sales.select("unique_id", "Store", "Dept")
        .unique()
        .join(stores, on="Store", how="left")
        .cast({"Store": pl.String, "Dept": pl.String})
    )
    return Panel.from_frame(frame, "W-FRI", static), Roles(static=_but_key(static), known=known)


def _pasta_days(folder: Path) -> pl.DataFrame:
    table = pl.read_csv(
        folder / "hierarchical_sales/hierarchical_sales_data.csv", try_parse_dates=True
    )
    table = table.with_columns(pl.col("DATE").cast(pl.Datetime("us")))
    table = table.sort("DATE").upsample("DATE", every="1d")
    long = [
        table.select(
            pl.lit(name).alias("unique_id"),
            pl.col("DATE").alias("ds"),
            pl.col(name).cast(pl.Float64).alias("y"),
            pl.col(name.replace("QTY", "PROMO")).cast(pl.Float64).alias("PROMO"),
        )
        for name in table.columns
        if name.startswith("QTY")
    ]
    return pl.concat(long)


def _pasta_1d(folder: Path) -> Loaded:
    return Panel.from_frame(_pasta_days(folder).drop("PROMO"), "D"), Roles()


def _pasta_1d_promo(folder: Path) -> Loaded:
    return Panel.from_frame(_pasta_days(folder), "D"), Roles(known=("PROMO",))


def _pasta_weeks(folder: Path) -> pl.DataFrame:
    weekly = _by_week(_pasta_days(folder), ("PROMO",), WEDNESDAY)
    return weekly.filter(pl.col("ds") < pl.col("ds").max())


def _pasta_1w(folder: Path) -> Loaded:
    return Panel.from_frame(_pasta_weeks(folder).drop("PROMO"), "W-WED"), Roles()


def _pasta_1w_promo(folder: Path) -> Loaded:
    return Panel.from_frame(_pasta_weeks(folder), "W-WED"), Roles(known=("PROMO",))


ROHLIK = Roles(
    known=("holiday", "shops_closed", "winter_school_holidays", "school_holidays"),
    past=(
        *("shutdown", "mini_shutdown", "blackout", "mov_change", "frankfurt_shutdown"),
        *("precipitation", "snow", "user_activity_1", "user_activity_2"),
    ),
)


def _rohlik_days(folder: Path) -> pl.DataFrame:
    """Every day of the calendar from a warehouse's first to its last order."""
    root, keys = folder / "rohlik_orders", ["warehouse", "date"]
    orders = pl.read_parquet(root / "train.parquet").select(
        *keys, "orders", "user_activity_1", "user_activity_2"
    )
    spans = orders.group_by("warehouse").agg(
        pl.col("date").min().alias("first"), pl.col("date").max().alias("last")
    )
    calendar = pl.read_parquet(root / "train_calendar.parquet").join(spans, on="warehouse")
    calendar = calendar.filter(pl.col("date").is_between("first", "last"))
    return calendar.join(orders, on=keys, how="left").select(
        pl.col("warehouse").alias("unique_id"),
        pl.col("date").alias("ds"),
        pl.col("orders").alias("y"),
        *ROHLIK.known,
        *ROHLIK.past,
    )


def _rohlik_1d(folder: Path) -> Loaded:
    return Panel.from_frame(_rohlik_days(folder), "D"), ROHLIK


def _rohlik_1w(folder: Path) -> Loaded:
    weekly = _by_week(_rohlik_days(folder), (*ROHLIK.known, *ROHLIK.past), SUNDAY)
    first = pl.col("ds").min().over("unique_id")
    return Panel.from_frame(weekly.filter(pl.col("ds") > first), "W-SUN"), ROHLIK


def _by_week(days: pl.DataFrame, columns: tuple[str, ...], last_day: int) -> pl.DataFrame:
    """Sums over weeks, labelled by their last day (1 is Monday), as the published tasks label them.

    A week without any observation sums to 0 for y, as published, and to null for a covariate.
    """
    to_end = (last_day - pl.col("ds").dt.weekday().cast(pl.Int64)) % 7
    sums = [
        pl.when(pl.col(c).count() > 0).then(pl.col(c).cast(pl.Float64).sum()).alias(c)
        for c in columns
    ]
    return (
        days.with_columns(ds=pl.col("ds") + to_end * timedelta(days=1))
        .group_by("unique_id", "ds")
        .agg(pl.col("y").sum(), *sums)
    )


def _but_key(table: pl.DataFrame, key: str = "unique_id") -> tuple[str, ...]:
    return tuple(c for c in table.columns if c != key)


MAY = datetime(2023, 5, 1)
TASKS: dict[str, Cut] = {
    "rossmann_1D": Cut(_rossmann_1d, 48, 10, 7),
    "rossmann_1W": Cut(_rossmann_1w, 13, 8, 1),
    "walmart": Cut(_walmart, 39, 1, 1, short=True),
    "hierarchical_sales_1D": Cut(_pasta_1d, 28, 10, 7),
    "hierarchical_sales_1W": Cut(_pasta_1w, 13, 10, 1),
    "rohlik_orders_1D": Cut(_rohlik_1d, 61, 5, 7, first=MAY, short=True),
    # the last Sunday before the published date: labels are Sundays
    "rohlik_orders_1W": Cut(_rohlik_1w, 8, 5, 1, first=datetime(2023, 4, 30), short=True),
    "hierarchical_sales_1D_promo": Cut(_pasta_1d_promo, 28, 10, 7, headline=False),
    "hierarchical_sales_1W_promo": Cut(_pasta_1w_promo, 13, 10, 1, headline=False),
}
"""Every task by name; the seven of the headline first, in the order of the published table."""

HEADLINE = tuple(name for name, cut in TASKS.items() if cut.headline)
