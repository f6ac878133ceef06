"""A panel as matrices over (series, step): what the models of all series look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tradewind.arrays import Bools, Dates, Floats, Ints
from tradewind.features.calendar import calendar_columns
from tradewind.features.festivals import festival_columns
from tradewind.features.holidays import FAR_DAYS, holiday_columns
from tradewind.features.lags import Matrix
from tradewind.features.promotion import closed_values
from tradewind.forecast import Dependence, Forecast
from tradewind.models.history import never_negative
from tradewind.panel import Panel, dates_from, every, season_length
from tradewind.task import Task

Single = NDArray[np.float32]
YEAR = {"1h": 168, "1d": 364, "1w": 52, "1mo": 12, "3mo": 4, "1y": 1}
"""Steps after which the season comes round again: a week for hours, 52 weeks for days."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What each text became as a number, so that a saved model reads tomorrow's table alike.

    columns    column → the texts in order of their code
    """

    columns: dict[str, tuple[str, ...]]

    def codes(self, column: str, values: pl.Series) -> Single:
        """Code of each text, nan where it is missing or was not there when the model was fitted."""
        place = {text: float(code) for code, text in enumerate(self.columns[column])}
        return np.array(
            [place.get(str(v), np.nan) if v is not None else np.nan for v in values.to_list()],
            dtype=np.float32,
        )


@dataclass(frozen=True, slots=True)
class Field:
    """One target of N series over the T steps seen and the h steps ahead.

    y        [N, T]       the target, nan where not observed
    known    [N, T + h]   each known column
    past     [N, T]       each column seen only afterwards
    static   [N]          each fixed column, as codes or as numbers
    texts                 which static columns are codes
    closed   [N, T + h]   steps on which nothing is ever sold
    dated    [T + h]      calendar, and the country's holidays and festivals
    asked                 rows that are forecast and that no other series sees (`models.twins`);
                          None: all are forecast and see each other
    quiet    [N]          series to which no holiday or festival comes after the T steps seen
    """

    ids: tuple[str, ...]
    ds: Dates
    freq: str
    y: Single
    known: dict[str, Single]
    past: dict[str, Single]
    static: dict[str, Single]
    texts: tuple[str, ...]
    closed: Bools
    dated: dict[str, Floats]
    asked: Ints | None = None
    quiet: Bools | None = None

    def part(self, rows: Ints) -> Field:
        """Some of the series."""
        return replace(
            self,
            ids=tuple(self.ids[row] for row in rows),
            y=self.y[rows],
            known={name: values[rows] for name, values in self.known.items()},
            past={name: values[rows] for name, values in self.past.items()},
            static={name: values[rows] for name, values in self.static.items()},
            closed=self.closed[rows],
            asked=None,
            quiet=None if self.quiet is None else self.quiet[rows],
        )

    def before(self, end: int, h: int) -> Field:
        """The series as they stood after `end` steps, with the h that followed known ahead."""
        return replace(
            self,
            ds=self.ds[: end + h],
            y=self.y[:, :end],
            known={name: values[:, : end + h] for name, values in self.known.items()},
            past={name: values[:, :end] for name, values in self.past.items()},
            closed=self.closed[:, : end + h],
            dated={name: values[: end + h] for name, values in self.dated.items()},
        )

    def asking(self, ids: Sequence[str], quiet: Collection[str]) -> Field:
        """The same where only these series are forecast, and no other one sees them."""
        if not ids:
            return self
        place = {key: row for row, key in enumerate(self.ids)}
        hushed = np.array([key in quiet for key in self.ids], np.bool_)
        return replace(self, asked=np.array([place[key] for key in ids], np.int64), quiet=hushed)

    def dated_at(self, name: str, series: Ints, at: Ints) -> Floats:
        """A column of the date at steps `at` of some series, [R]."""
        now = self.dated[name][at]
        if self.quiet is None or name in calendar_columns(self.ds[:1], self.freq):
            return now
        return np.where(self.quiet[series] & (at >= self.steps), ordinary(name), now)

    def to_forecast(
        self,
        target: str,
        levels: Sequence[float],
        quantiles: Floats,
        dependence: Dependence | None,
    ) -> Forecast:
        """`quantiles` [N, h, Q] of the steps ahead of the series asked for, put in order.

        Nothing is sold on closed steps, and a series that never was below zero stays above it.
        """
        if self.asked is not None:
            return self.part(self.asked).to_forecast(target, levels, quantiles, dependence)
        ordered = np.sort(quantiles, axis=2)
        ordered[self.closed[:, self.steps :]] = 0.0
        floor = never_negative(self.y)
        ordered[floor] = np.maximum(ordered[floor], 0.0)
        return Forecast(
            self.ids,
            self.ds[self.steps :],
            tuple(levels),
            ordered,
            target=target,
            whole=bool((np.isnan(self.y) | (self.y == np.rint(self.y))).all()),
            lower=0.0 if floor.all() else None,
            dependence=dependence,
        )

    @property
    def steps(self) -> int:
        """Steps seen, T."""
        return int(self.y.shape[1])

    @property
    def h(self) -> int:
        """Steps ahead."""
        return len(self.ds) - self.steps

    @property
    def season(self) -> int:
        """Steps in the short season: 7 for days, 24 for hours, none (1) for longer periods."""
        return season_length(self.freq) if every(self.freq) in ("1h", "1d") else 1

    @property
    def year(self) -> int:
        """Steps in the long season."""
        return YEAR[every(self.freq)]

    @property
    def crowd(self) -> Ints:
        """Rows of the series that others look at."""
        rows = np.arange(len(self.ids))
        return rows if self.asked is None else np.setdiff1d(rows, self.asked)

    @property
    def rows(self) -> Ints:
        """Rows of the series that are forecast."""
        return np.arange(len(self.ids)) if self.asked is None else self.asked

    @property
    def open_y(self) -> Single:
        """y on the steps that are not closed, [N, T]."""
        return np.where(self.closed[:, : self.steps], np.float32(np.nan), self.y)


def labels_of(panel: Panel, task: Task) -> Labels:
    """The texts of every text column that the task names."""
    columns: dict[str, tuple[str, ...]] = {}
    for table, names in (
        (panel.static, task.roles.static),
        (panel.frame, [*task.roles.known, *task.roles.past]),
    ):
        for name in names:
            if name in table.columns and not _is_number(table[name]):
                texts = table[name].cast(pl.String).drop_nulls().unique().sort()
                columns[name] = tuple(texts.to_list())
    return Labels(columns)


def field_of(
    past: Panel, task: Task, labels: Labels, target: str, ahead: tuple[int, Panel | None]
) -> Field:
    """The matrices of one target.

    ahead    h, and the known columns of the next h steps (None where nothing is known)
    """
    h, known = ahead
    steps = len(past.ds)
    matrix = {
        name: _matrix(past, name, labels)
        for name in [*task.roles.known, *task.roles.past]
        if name in past.frame.columns
    }
    ds = dates_from(past.start, steps + h, past.freq)
    future = {
        name: _ahead(matrix[name], known, name, labels, (past.ids, ds))
        for name in task.roles.known
        if name in matrix
    }
    static = {
        name: labels.codes(name, past.static[name].cast(pl.String))
        if name in labels.columns
        else past.static[name].cast(pl.Float32).fill_null(np.nan).to_numpy()
        for name in task.roles.static
        if name in past.static.columns
    }
    y = past.wide(target).astype(np.float32)
    return Field(
        ids=tuple(past.ids),
        ds=ds,
        freq=past.freq,
        y=y,
        known=future,
        past={name: matrix[name] for name in task.roles.past if name in matrix},
        static=static,
        texts=tuple(name for name in static if name in labels.columns),
        closed=_closed(y, future, (len(past.ids), steps + h)),
        dated=_dated(ds, past.freq, task.country),
    )


def ordinary(name: str) -> float:
    """What a column of holidays or festivals says of a day far from all of them."""
    return float(FAR_DAYS) if name.startswith("days_") else 0.0


def seen_by_others(values: Matrix, field: Field) -> Matrix:
    """Values [N, …] with those of the series that nobody sees taken away."""
    if field.asked is None:
        return values
    out = values.copy()
    out[field.asked] = np.nan
    return out


def first_seen(y: Single) -> Ints:
    """Step of the first observation of each series, [N]; T where there is none."""
    seen = np.isfinite(y)
    first: Ints = np.where(seen.any(axis=1), seen.argmax(axis=1), y.shape[1])
    return first


def _dated(ds: Dates, freq: str, country: str | None) -> dict[str, Floats]:
    """Columns of the date, [T] each; holidays and festivals where the country is known."""
    columns = calendar_columns(ds, freq)
    if country is None:
        return columns
    return columns | holiday_columns(ds, freq, country) | festival_columns(ds, freq)


def _closed(y: Single, known: dict[str, Single], shape: tuple[int, int]) -> Bools:
    closed = np.zeros(shape, dtype=np.bool_)
    for values in known.values():
        for value in closed_values(values[:, : y.shape[1]], y):
            closed |= values == value
    return closed


def _is_number(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)


def _matrix(panel: Panel, name: str, labels: Labels) -> Single:
    if name not in labels.columns:
        return panel.wide(name).astype(np.float32)
    coded = panel.frame.select(
        "unique_id", "ds", pl.Series(name, labels.codes(name, panel.frame[name].cast(pl.String)))
    ).with_columns(pl.col(name).fill_nan(None))
    return Panel(coded, panel.freq, panel.static).wide(name).astype(np.float32)


def _ahead(
    seen: Single,
    known: Panel | None,
    name: str,
    labels: Labels,
    place: tuple[list[str], Dates],
) -> Single:
    """A known column over past and horizon, [N, T + h]; nan where the future is not given."""
    ids, ds = place
    out = np.full((len(ids), len(ds)), np.nan, dtype=np.float32)
    out[:, : seen.shape[1]] = seen
    if known is None or name not in known.frame.columns or not len(known.frame):
        return out
    frame = known.frame
    values = (
        labels.codes(name, frame[name].cast(pl.String))
        if name in labels.columns
        else frame[name].cast(pl.Float32).fill_null(np.nan).to_numpy()
    )
    row_of = {key: row for row, key in enumerate(ids)}
    rows = np.array([row_of.get(key, -1) for key in frame["unique_id"].to_list()], dtype=np.int64)
    when = frame["ds"].to_numpy().astype("datetime64[us]")
    column = np.searchsorted(ds.astype("datetime64[us]"), when)
    inside = (rows >= 0) & (column < len(ds)) & (column >= seen.shape[1])
    out[rows[inside], column[inside]] = values[inside]
    return out
