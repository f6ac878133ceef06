"""Shopping festivals by phase: before it buyers wait, on it they buy, after it they have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.arrays import Dates, Floats, Ints
from tradewind.features.periods import days_of_periods


@dataclass(frozen=True, slots=True)
class Festival:
    """A shopping festival that peaks on one day of the year.

    month, day    of the peak; day 0 means the day after the fourth Thursday (Black Friday)
    presale       days before the peak on which it is already advertised and paid in advance
    peak          days of the peak itself
    aftermath     days after the peak on which demand is still missing
    """

    month: int
    day: int
    presale: int
    peak: int = 1
    aftermath: int = 7

    @property
    def phases(self) -> dict[str, tuple[int, int]]:
        """First and last day of each phase, counted from the first day of the peak."""
        return {
            "presale": (-self.presale, -1),
            "peak": (0, self.peak - 1),
            "aftermath": (self.peak, self.peak + self.aftermath - 1),
        }


FESTIVALS = {
    "618": Festival(6, 18, presale=18),
    "double_11": Festival(11, 11, presale=18),
    "double_12": Festival(12, 12, presale=5, aftermath=4),
    "black_friday": Festival(11, 0, presale=7, peak=4, aftermath=5),
}
"""6.18 and 11.11 with their presales, 12.12, and Black Friday to Cyber Monday."""
WESTERN = (
    *("US", "CA", "MX", "BR", "GB", "IE", "DE", "AT", "CH", "FR", "BE", "NL", "LU", "ES", "PT"),
    *("IT", "PL", "CZ", "SE", "NO", "DK", "FI", "AU", "NZ", "ZA"),
)
MARKETS: dict[str, tuple[str, ...]] = {
    "CN": ("618", "double_11", "double_12"),
    **dict.fromkeys(WESTERN, ("black_friday",)),
}
"""Festivals that shops of a country (ISO 3166) usually take part in."""


def festival_columns(ds: Dates, freq: str) -> dict[str, Floats]:
    """For each festival the days of the period in each of its phases, name_phase → [T].

    >>> day = np.array(["2026-11-11", "2026-11-27"], dtype="datetime64[us]")
    >>> columns = festival_columns(day, "D")
    >>> columns["double_11_peak"].tolist(), columns["black_friday_peak"].tolist()
    ([1.0, 0.0], [0.0, 1.0])
    """
    days, owner = days_of_periods(ds, freq)
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    columns: dict[str, Floats] = {}
    for name, festival in FESTIVALS.items():
        after = (days - peak_day(festival, years)).astype(np.int64)
        for phase, (first, last) in festival.phases.items():
            inside = (after >= first) & (after <= last)
            columns[f"{name}_{phase}"] = np.bincount(
                owner, weights=inside, minlength=len(ds)
            ).astype(np.float64)
    return columns


def peak_day(festival: Festival, years: Ints) -> Dates:
    """First day of the festival's peak in each year, datetime64[D].

    >>> str(peak_day(FESTIVALS["black_friday"], np.array([2026]))[0])
    '2026-11-27'
    """
    month = ((years - 1970) * 12 + festival.month - 1).astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    if festival.day:
        return np.asarray(first + np.timedelta64(festival.day - 1, "D"), dtype="datetime64[D]")
    weekday = (first.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    to_thursday = (3 - weekday) % 7
    moved: Dates = first + (to_thursday + 21 + 1).astype("timedelta64[D]")
    return moved
