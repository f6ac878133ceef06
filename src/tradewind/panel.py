"""Panel: what we know, as many series of one frequency in one long table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import narwhals as nw
import numpy as np
import polars as pl
from narwhals.typing import IntoDataFrame

from tradewind.arrays import Bools, Dates, Floats
from tradewind.errors import DataError, UnknownName

KEYS = ("unique_id", "ds")
SEPARATOR = "\x1f"
"""Stands between product, channel and location inside a unique_id; no export contains it."""

EVERY = {"h": "1h", "D": "1d", "W": "1w", "MS": "1mo", "QS": "3mo", "YS": "1y"}
"""Offset alias (without its anchor) → polars interval."""
SEASON_LENGTH = {"h": 24, "D": 7, "W": 52, "MS": 12, "QS": 4, "YS": 1}


def unique_id(product: str, channel: str | None = None, location: str | None = None) -> str:
    """The series key of a product, or of product × channel × location.

    >>> split_unique_id(unique_id("A1", "tmall", "SH"))
    ('A1', 'tmall', 'SH')
    >>> unique_id("A1")
    'A1'
    """
    parts = [product, channel or "", location or ""]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return SEPARATOR.join(parts)


def split_unique_id(key: str) -> tuple[str, str | None, str | None]:
    """Product, channel and location of a series key; None where the key has no such part."""
    product, channel, location, *_ = [*key.split(SEPARATOR), "", ""]
    return product, channel or None, location or None


def every(freq: str) -> str:
    """The polars interval of an offset alias: 'W-SUN' → '1w'."""
    try:
        return EVERY[freq.split("-")[0]]
    except KeyError:
        raise DataError(
            f"frequency {freq!r} is not known; there are {sorted(EVERY)}, e.g. 'D' or 'W-MON'"
        ) from None


def season_length(freq: str) -> int:
    """Steps in the usual season of a frequency: 7 for days, 52 for weeks, 12 for months."""
    every(freq)
    return SEASON_LENGTH[freq.split("-")[0]]


def dates_from(first: datetime, steps: int, freq: str) -> Dates:
    """`steps` period starts from `first` on, [steps], datetime64[us]."""
    index = pl.Series([first]).cast(pl.Datetime("us"))
    last = index.dt.offset_by(
        f"{steps - 1}{every(freq)[1:]}" if every(freq) != "3mo" else f"{3 * (steps - 1)}mo"
    )
    return pl.datetime_range(index[0], last[0], every(freq), time_unit="us", eager=True).to_numpy()


def next_ds(ds: datetime, freq: str, steps: int = 1) -> datetime:
    """The period start `steps` periods after `ds` (before it where steps is negative)."""
    unit = "mo" if every(freq) == "3mo" else every(freq)[1:]
    size = steps * 3 if every(freq) == "3mo" else steps
    moved: datetime = pl.Series([ds]).cast(pl.Datetime("us")).dt.offset_by(f"{size}{unit}")[0]
    return moved


@dataclass(frozen=True, slots=True)
class Panel:
    """Long table sorted by (unique_id, ds), checked once, here, and nowhere else.

    frame    unique_id (String), ds (Datetime[us], naive, start of period), y and other columns.
             Every series is regular from its first to its last ds; a period without an
             observation is a row whose y is null.
    freq     offset alias: "h", "D", "W-MON", "MS", "QS"
    static   one row per unique_id: unique_id and columns that never change (category, brand, …)

    Build one with `Panel.from_frame`; the constructor trusts its caller.
    """

    frame: pl.DataFrame
    freq: str
    static: pl.DataFrame

    @classmethod
    def from_frame(
        cls, frame: IntoDataFrame, freq: str, static: IntoDataFrame | None = None
    ) -> Panel:
        """Check a table from pandas, polars, pyarrow or duckdb, sort it, and fill its gaps.

        Raises DataError if a key column is missing, null, repeated or off the frequency's grid.
        """
        table: pl.DataFrame = nw.from_native(frame, eager_only=True).to_polars()
        if missing := [c for c in KEYS if c not in table.columns]:
            raise DataError(f"columns {missing} are missing; the table has {table.columns}")
        if table["unique_id"].null_count() or table["ds"].null_count():
            raise DataError("unique_id and ds must not be empty; drop or fill those rows")
        table = table.with_columns(_as_datetime(table["ds"]), pl.col("unique_id").cast(pl.String))
        same, later = _against_previous(table)
        if not later.all():
            table = table.sort(KEYS)
            same, _ = _against_previous(table)
        twice = table.filter(same)
        if len(twice):
            raise DataError(
                f"series {twice[0, 'unique_id']!r} has two rows at {twice[0, 'ds']}; keep one"
            )
        _check_numeric(table)
        table = _fill_gaps(table, freq)
        ids = table.select(pl.col("unique_id").unique(maintain_order=True))
        if static is None:
            return cls(table, freq, ids)
        fixed: pl.DataFrame = nw.from_native(static, eager_only=True).to_polars()
        if "unique_id" not in fixed.columns:
            raise DataError(f"the static table has no unique_id; it has {fixed.columns}")
        fixed = fixed.with_columns(pl.col("unique_id").cast(pl.String))
        if fixed["unique_id"].is_duplicated().any():
            name = fixed.filter(pl.col("unique_id").is_duplicated())[0, "unique_id"]
            raise DataError(f"the static table has two rows for series {name!r}; keep one")
        return cls(table, freq, ids.join(fixed, on="unique_id", how="left", maintain_order="left"))

    @property
    def ids(self) -> list[str]:
        """Series keys, ascending."""
        return self.static["unique_id"].to_list()

    @property
    def start(self) -> datetime:
        """First ds of any series."""
        first: datetime = self.frame["ds"].min()  # type: ignore[assignment]  # polars types it as any literal
        return first

    @property
    def end(self) -> datetime:
        """Last ds of any series: the cutoff, where the panel is a past."""
        last: datetime = self.frame["ds"].max()  # type: ignore[assignment]  # polars types it as any literal
        return last

    @property
    def ds(self) -> Dates:
        """Every period from start to end, [T]."""
        return pl.datetime_range(
            self.start, self.end, every(self.freq), time_unit="us", eager=True
        ).to_numpy()

    def wide(self, column: str = "y") -> Floats:
        """One column as a matrix over (ids, ds), [N, T]; nan where there is no observation."""
        if column not in self.frame.columns:
            raise UnknownName(f"no column {column!r}; the panel has {self.frame.columns}")
        ids, grid = self.ids, self.ds
        values = self.frame[column].cast(pl.Float64).fill_null(np.nan)
        if len(values) == len(ids) * len(grid):  # nothing is missing: rows are in order
            return values.to_numpy(writable=True).reshape(len(ids), len(grid))
        out = np.full((len(ids), len(grid)), np.nan)
        lengths = self.frame["unique_id"].rle().struct.field("len").to_numpy()
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        starts = np.searchsorted(grid, self.frame["ds"].to_numpy()[first])
        place = np.repeat(np.arange(len(ids)) * len(grid) + starts - first, lengths)
        place += np.arange(len(place))
        out.ravel()[place] = values.to_numpy()
        return out

    def with_wide(self, column: str, matrix: Floats | Bools) -> Panel:
        """The panel with one column more, or another, from a matrix over (ids, ds); nan is null."""
        spans = self.frame.group_by("unique_id", maintain_order=True).agg(
            pl.col("ds").first().alias("first"), pl.len().alias("length")
        )
        begin = np.searchsorted(self.ds, spans["first"].to_numpy())
        step = np.arange(len(self.ds))
        end = begin + spans["length"].to_numpy()
        present = (step >= begin[:, None]) & (step < end[:, None])
        values = pl.Series(column, matrix[present])
        if values.dtype.is_float():
            values = values.fill_nan(None)
        return replace(self, frame=self.frame.with_columns(values))

    def until(self, cutoff: datetime) -> Panel:
        """Rows with ds <= cutoff: all that was known then. Series not yet born are left out."""
        return self._with(self.frame.filter(pl.col("ds") <= cutoff))

    def after(self, cutoff: datetime, h: int | None = None) -> Panel:
        """Rows with ds > cutoff, at most h steps of them."""
        keep = pl.col("ds") > cutoff
        if h is not None:
            keep &= pl.col("ds") <= next_ds(cutoff, self.freq, h)
        return self._with(self.frame.filter(keep))

    def only(self, ids: Sequence[str]) -> Panel:
        """The same panel with these series only."""
        return self._with(self.frame.filter(pl.col("unique_id").is_in(list(ids))))

    def select(self, columns: Sequence[str]) -> Panel:
        """The same panel with its keys and these columns only."""
        return replace(self, frame=self.frame.select(*KEYS, *[c for c in columns if c not in KEYS]))

    def append(self, new: Panel) -> Panel:
        """This panel followed by `new`, whose rows lie after it or belong to new series."""
        rows = pl.concat([self.frame, new.frame], how="diagonal_relaxed")
        static = pl.concat([self.static, new.static], how="diagonal_relaxed").unique(
            "unique_id", keep="first", maintain_order=True
        )
        return Panel.from_frame(rows, self.freq, static)

    def _with(self, frame: pl.DataFrame) -> Panel:
        ids = frame.select(pl.col("unique_id").unique(maintain_order=True))
        static = ids.join(self.static, on="unique_id", how="left", maintain_order="left")
        return replace(self, frame=frame, static=static)


def _against_previous(table: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Whether each row has the key of the row before it, and whether the two are in order."""
    same_id = pl.col("unique_id") == pl.col("unique_id").shift(1)
    same = same_id & (pl.col("ds") == pl.col("ds").shift(1))
    later = (pl.col("unique_id") > pl.col("unique_id").shift(1)) | (
        same_id & (pl.col("ds") >= pl.col("ds").shift(1))
    )
    both = table.select(same.fill_null(False).alias("same"), later.fill_null(True).alias("later"))
    return both["same"], both["later"]


def _as_datetime(ds: pl.Series) -> pl.Series:
    if ds.dtype == pl.Date or isinstance(ds.dtype, pl.Datetime):
        if isinstance(ds.dtype, pl.Datetime) and ds.dtype.time_zone is not None:
            ds = ds.dt.replace_time_zone(None)
        return ds.cast(pl.Datetime("us"))
    raise DataError(f"ds must be dates, it is {ds.dtype} (first value {ds[0]!r}); parse it first")


def _check_numeric(table: pl.DataFrame) -> None:
    if "y" in table.columns and not (
        table["y"].dtype.is_numeric() or table["y"].dtype in (pl.Boolean, pl.Null)
    ):
        raise DataError(
            f"y must be numbers, it is {table['y'].dtype} (first value {table['y'][0]!r})"
        )
    for name, dtype in table.schema.items():
        if dtype.is_float() and table[name].is_infinite().any():
            where = table.filter(pl.col(name).is_infinite())
            raise DataError(
                f"series {where[0, 'unique_id']!r} has an infinite {name} at {where[0, 'ds']}"
            )


def _fill_gaps(table: pl.DataFrame, freq: str) -> pl.DataFrame:
    """Insert the periods that are missing inside a series; nan becomes null."""
    table = table.with_columns(
        pl.col(c).fill_nan(None) for c, t in table.schema.items() if t.is_float()
    )
    if "y" in table.columns:
        table = table.with_columns(pl.col("y").cast(pl.Float64))
    spans = table.group_by("unique_id", maintain_order=True).agg(
        pl.col("ds").min().alias("a"), pl.col("ds").max().alias("b")
    )
    anchor = min(spans["a"]) if len(spans) else None
    grid = (
        pl.datetime_range(anchor, max(spans["b"]), every(freq), time_unit="us", eager=True)
        if anchor
        else None
    )
    if grid is not None and not table["ds"].is_in(grid.implode()).all():
        off = table.filter(~pl.col("ds").is_in(grid.implode()))
        raise DataError(
            f"series {off[0, 'unique_id']!r} has a row at {off[0, 'ds']}, which is not a period "
            f"start of frequency {freq!r} counted from {anchor}; aggregate to {freq!r} first"
        )
    wanted = spans.select(
        "unique_id", pl.datetime_ranges("a", "b", every(freq), time_unit="us").alias("ds")
    ).explode("ds")
    if len(wanted) == len(table):
        return table
    return wanted.join(table, on=list(KEYS), how="left", maintain_order="left")
