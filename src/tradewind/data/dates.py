"""Dates as shops write them; day-first or month-first is decided over the whole column."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from zoneinfo import available_timezones

import polars as pl

from tradewind.data.numbers import parse_distinct, plain_text
from tradewind.errors import DataError

ORDERS = ("dmy", "mdy", "ymd")
YEARS = (1970, 2100)
"""Dates outside these years are taken for mistakes."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
COMMON = (
    *("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S"),
    *("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"),
)
"""Forms that need no thought; a column wholly in one of them is parsed at once."""

WANTED = "a date such as 2024-03-05, 20240305, 5 Mar 2024 or 2024年3月5日"

_TIME = (
    r"(?:[ T,]+(?<h>\d{1,2}):(?<mi>\d{1,2})(?::(?<s>\d{1,2})(?:\.\d+)?)?"
    r"\s*(?<half>[aApP]\.?[mM]\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?$"
)
_YEAR_FIRST = r"^(?<y>\d{4})[-/.](?<m>\d{1,2})[-/.](?<d>\d{1,2})" + _TIME
_COMPACT = r"^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})" + _TIME
_MONTH_ONLY = r"^(?<y>\d{4})[-/.](?<m>\d{1,2})$"
_COMPACT_MONTH = r"^(?<y>(?:19|20)\d{2})(?<m>\d{2})$"
_NAMED_DAY_FIRST = (
    r"^(?:[A-Za-z]{3,9},? )?(?<d>\d{1,2})(?:[nrst][dht])?[ .-]+(?<name>[A-Za-z]{3})[a-z]*\.?,?[ -]+"
    r"(?<y>\d{4}|\d{2})" + _TIME
)
_NAMED_MONTH_FIRST = (
    r"^(?:[A-Za-z]{3,9},? )?(?<name>[A-Za-z]{3})[a-z]*\.?[ -]+(?<d>\d{1,2})(?:[nrst][dht])?,?[ -]+"
    r"(?<y>\d{4})" + _TIME
)
SETTLED = (
    _YEAR_FIRST,
    _COMPACT,
    _NAMED_DAY_FIRST,
    _NAMED_MONTH_FIRST,
    _MONTH_ONLY,
    _COMPACT_MONTH,
)
_OPEN = r"^(?<a>\d{1,2})(?<sep>[-/.])(?<b>\d{1,2})[-/.](?<c>\d{4}|\d{2})" + _TIME
OFFSET = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})\s*$"
"""What a time says of its distance from UTC; a bare date says nothing."""
PIECE = 1_000_000
"""Cells looked at at once, so that a long column of days is not held twice."""
_ISO_WITH_OFFSET = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:?\d{2})$"
_ISO_LENGTH = len("2024-03-05T14:33:00")
_SERIAL = r"^\d{5}(?:\.\d+)?$"
_EPOCH = r"^1\d{9}(?:\d{3})?$"
_SERIAL_RANGE = (20_000.0, 73_415.0)  # 1954-10-03 to 2100-12-31


def looks_like_dates(sample: pl.Series) -> float:
    """Share of the filled cells that are written like dates, in [0, 1]; bare numbers are not."""
    if sample.dtype.is_temporal():
        return 1.0
    text = _prepared(sample.cast(pl.String)).drop_nulls()
    if not len(text):
        return 0.0
    patterns = [_YEAR_FIRST, _COMPACT, _NAMED_DAY_FIRST, _NAMED_MONTH_FIRST, _OPEN]
    fits = pl.select(
        pl.any_horizontal(
            *[text.str.contains(p) for p in patterns], text.str.contains(r"^\d{4}[-/.]\d{1,2}$")
        )
    ).to_series()
    numbers = text.str.contains(_SERIAL) | text.str.contains(_EPOCH)
    serial = numbers & (text.cast(pl.Float64, strict=False).is_between(*_SERIAL_RANGE))
    return float((fits | serial.fill_null(False)).sum()) / len(text)


def parse_dates(
    column: pl.Series, date_order: str | None = None, zone: str | None = None
) -> pl.Series:
    """Datetime[us] as written on the wall; null where empty.

    date_order   "dmy", "mdy" or "ymd" for dates such as 03/04/2024; None: what the column proves
    zone         an IANA time zone: times with an offset from UTC, and seconds since 1970, are
                 turned to its wall clock, with daylight saving. None: an offset is passed over.
                 Times without one stay as they are

    A cell that is no date becomes null too: compare with the cells to find it. Serial days of Excel
    (from 1899-12-30) and seconds or milliseconds since 1970 are dates as well.

    Raises DataError if the column proves neither order, or both; the message has {where} for the
    caller to fill.
    """
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        if zone and isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
            column = column.dt.convert_time_zone(zone)
        naive = column if column.dtype == pl.Date else column.dt.replace_time_zone(None)
        return _plausible(naive.cast(pl.Datetime("us")))
    if column.dtype.is_numeric():
        whole = column.cast(pl.Float64)
        text = pl.select(
            pl.when(whole == whole.floor())
            .then(whole.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(whole.cast(pl.String))
        ).to_series()
        column = text.alias(column.name)
    text = column.cast(pl.String)
    wall = _parse_unique(text, date_order)
    return wall if zone is None else _turned(wall, text, zone)


def lacks_offset(column: pl.Series) -> pl.Series:
    """Which cells tell a time of day without an offset, in a column where others state one."""
    if column.dtype != pl.String:
        return pl.repeat(False, len(column), eager=True)
    stated = column.str.contains(OFFSET).fill_null(False)
    if not stated.any():
        return stated
    return column.str.contains(r"\d:\d{2}").fill_null(False) & ~stated


def lacks_zone(column: pl.Series, at: pl.Series) -> pl.Series:
    """Which cells tell a time of day, and nothing of whose clock it was read from.

    at   the same, parsed without a zone

    Days, and a column whose every time is midnight, need no clock. Seconds since 1970 do: they
    are moments, whose day depends on it.
    """
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        return pl.repeat(False, len(column), eager=True)
    pieces = (piece.to_series() for piece in at.to_frame().iter_slices(PIECE))
    if not any(_timed(piece).any() for piece in pieces):
        return pl.repeat(False, len(column), eager=True)
    if column.dtype != pl.String:
        return _timed(at)
    stated = column.str.contains(OFFSET).fill_null(False)
    return (lacks_offset(column) if stated.any() else _timed(at)) & ~stated


def _timed(at: pl.Series) -> pl.Series:
    return (at != at.dt.truncate("1d")).fill_null(False)


def check_zone(zone: str | None) -> None:
    """Raise DataError for a time zone that nobody knows."""
    if zone is not None and zone not in available_timezones():
        raise DataError(
            f"{zone!r} is no time zone; wanted a name such as Asia/Shanghai, Europe/Berlin or "
            "America/New_York"
        )


def _turned(wall: pl.Series, text: pl.Series, zone: str) -> pl.Series:
    """Times that state an offset, and seconds since 1970, on the wall clock of `zone`."""
    stated = text.str.extract(OFFSET)
    seconds = text.str.contains(_EPOCH).fill_null(False)
    if seconds.any():
        stated = stated.set(seconds, "UTC")
    if not stated.is_not_null().any():
        return wall
    sign = pl.when(pl.col("o").str.starts_with("-")).then(-1).otherwise(1)
    digits = pl.col("o").str.replace_all(r"\D", "")
    hours, rest = (digits.str.slice(a, 2).cast(pl.Int64, strict=False) for a in (0, 2))
    minutes = sign * (60 * hours.fill_null(0) + rest.fill_null(0))
    utc = pl.col("w") - pl.duration(minutes=minutes)
    home = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    both = pl.DataFrame({"w": wall, "o": stated})
    return both.select(pl.when(pl.col("o").is_null()).then("w").otherwise(home).alias("w"))["w"]


def _parse_unique(column: pl.Series, date_order: str | None) -> pl.Series:
    """One of the common forms, or each distinct text in a form of its own."""
    if _is_iso_with_offset(column):
        column = column.str.head(_ISO_LENGTH)  # the wall's time: a common form
    for form in COMMON:
        direct = column.str.to_datetime(form, strict=False, time_unit="us")
        plausible = _plausible(direct)  # "%Y" takes 01/02/03 for the year 1
        if plausible.null_count() == column.null_count():
            return plausible
    return _plausible(
        parse_distinct(column, lambda texts: _parse_texts(_prepared(texts), date_order))
    )


def _is_iso_with_offset(column: pl.Series) -> bool:
    """Whether every filled cell is written like 2024-03-05T14:33:00+08:00."""
    first = column.first(ignore_nulls=True)
    if first is None or re.match(_ISO_WITH_OFFSET, str(first)) is None:
        return False
    return bool(column.str.contains(_ISO_WITH_OFFSET).all())


def _prepared(text: pl.Series) -> pl.Series:
    """2024年3月5日 → 2024-3-5; 下午3:05 → 3:05 PM; spaces single."""
    text = plain_text(text)
    if text.str.contains(r"[年月日号时分秒上下]").any():
        text = (
            text.str.replace(r"(\d)年\s*", "$1-")
            .str.replace(r"(\d)月\s*$", "$1")
            .str.replace(r"(\d)月\s*", "$1-")
            .str.replace(r"(\d)[日号]\s*", "$1 ")
            .str.replace(r"(?:星期|周)[一二三四五六日天]\s*", "")
            .str.replace(r"(\d)时\s*", "$1:")
            .str.replace(r"(\d)分\s*$", "$1")
            .str.replace(r"(\d)分\s*", "$1:")
            .str.replace(r"秒\s*$", "")
            .str.replace(r"(上午|下午)\s*(.*)$", "$2 $1")
            .str.replace("上午", "AM")
            .str.replace("下午", "PM")
        )
    return text.str.replace_all(r"\s+", " ").str.strip_chars()


def _parse_texts(text: pl.Series, date_order: str | None) -> pl.Series:
    """Each way of writing dates is tried on what the ways before it left."""
    ways: list[Callable[[pl.Series], pl.Series]] = [
        *[partial(_from_parts, pattern=p) for p in SETTLED],
        partial(_from_open, date_order=date_order),
        _from_numbers,
    ]
    at = pl.Series([None] * len(text), dtype=pl.Datetime("us"))
    for way in ways:
        left = (at.is_null() & text.is_not_null()).arg_true()
        if not len(left):
            break
        at = at.scatter(left, way(text.gather(left)))
    return at


def _from_parts(text: pl.Series, pattern: str) -> pl.Series:
    """Dates by a pattern whose groups say what is what; null where it does not fit."""
    parts = text.str.extract_groups(pattern).struct.unnest()
    if not parts["y"].is_not_null().any():
        return pl.Series([None] * len(parts), dtype=pl.Datetime("us"))
    if "name" in parts.columns:
        months = {name: str(i + 1) for i, name in enumerate(MONTHS)}
        month = parts["name"].str.to_lowercase().replace_strict(months, default=None)
        parts = parts.with_columns(month.alias("m"))
    if "d" not in parts.columns:
        parts = parts.with_columns(pl.lit("1").alias("d"))
    return _composed(parts)


def _from_open(text: pl.Series, date_order: str | None) -> pl.Series:
    """Dates such as 03/04/2024, whose order the column (or the caller) must settle."""
    parts = text.str.extract_groups(_OPEN).struct.unnest().with_columns(text.alias("text"))
    seen = parts.filter(pl.col("a").is_not_null())
    if not len(seen):
        return pl.Series([None] * len(parts), dtype=pl.Datetime("us"))
    order = date_order or _order_of(seen)
    return _composed(parts.rename(dict(zip("abc", order, strict=True))))


def _order_of(seen: pl.DataFrame) -> str:
    first, second = seen["a"].cast(pl.Int64), seen["b"].cast(pl.Int64)
    if (seen["sep"] == ".").all():
        return "dmy"  # nobody writes the month first with points
    day_first, month_first = seen.filter(first > 12), seen.filter(second > 12)
    if len(day_first) and len(month_first):
        raise DataError(
            f"{{where}} mixes day-first and month-first dates ({day_first[0, 'text']!r} and "
            f"{month_first[0, 'text']!r}); write them one way, best as 2024-03-05"
        )
    if not len(day_first) and not len(month_first):
        raise DataError(
            f"{{where}}: {seen[0, 'text']!r} may be day-first or month-first, and no date in the "
            f'column settles it; state date_order="dmy" or "mdy"'
        )
    return "dmy" if len(day_first) else "mdy"


def _composed(parts: pl.DataFrame) -> pl.Series:
    year = pl.col("y").cast(pl.Int64)
    year = pl.when(year < 70).then(year + 2000).when(year < 100).then(year + 1900).otherwise(year)
    hour, half = pl.col("h").cast(pl.Int64), pl.col("half").str.to_lowercase().str.head(1)
    hour = (
        pl.when((half == "p") & (hour < 12)).then(hour + 12)
        .when((half == "a") & (hour == 12)).then(0)
        .otherwise(hour)
    )  # fmt: skip
    two = [
        value.cast(pl.String).str.zfill(2)
        for value in (
            pl.col("m"),
            pl.col("d"),
            hour.fill_null(0),
            pl.col("mi").fill_null("00"),
            pl.col("s").fill_null("00"),
        )
    ]
    if "h" not in parts.columns:
        parts = parts.with_columns(
            pl.lit(None, dtype=pl.String).alias(c) for c in ("h", "mi", "s", "half")
        )
    text = pl.concat_str(
        [
            *(year.cast(pl.String).str.zfill(4), pl.lit("-"), two[0], pl.lit("-"), two[1]),
            *(pl.lit(" "), two[2], pl.lit(":"), two[3], pl.lit(":"), two[4]),
        ]
    )
    return parts.select(
        text.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us").alias("at")
    )["at"]


def _from_numbers(text: pl.Series) -> pl.Series:
    """Serial days of Excel, and seconds or milliseconds since 1970."""
    value = text.cast(pl.Float64, strict=False)
    serial = text.str.contains(_SERIAL) & value.is_between(*_SERIAL_RANGE)
    epoch = text.str.contains(_EPOCH)
    seconds = pl.when(value > 1e11).then(value / 1000).otherwise(value)
    excel = ((value - 25_569.0) * 86_400).round(0)
    chosen = pl.when(serial).then(excel).when(epoch).then(seconds)
    micro = (chosen * 1e6).round(0).cast(pl.Int64, strict=False)
    return pl.select(micro.cast(pl.Datetime("us")).alias("at")).to_series()


def _plausible(at: pl.Series) -> pl.Series:
    doubtful = ~at.dt.year().is_between(*YEARS).fill_null(True)
    return at.set(doubtful, None) if doubtful.any() else at
