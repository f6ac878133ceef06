"""What a synthetic shop is like: settings, and the festivals that it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Festival:
    """Days of the year on which everybody buys more, or less.

    month, day       the first day
    weekday          0 Monday … 6 Sunday: first such weekday from that date on; -1: the date itself
    days             how long it lasts
    lift             added to the logarithm of mean demand; negative where shoppers wait
    depth            price cut of the products that take part, a share; 0 for none
    channels         where it is kept; () is everywhere
    """

    name: str
    month: int
    day: int
    days: int = 1
    lift: float = 0.5
    depth: float = 0.0
    weekday: int = -1
    channels: tuple[str, ...] = ()

    def first_day(self, year: int) -> date:
        """When it begins in a year.

        >>> Festival("Black Friday", 11, 23, weekday=4).first_day(2024)
        datetime.date(2024, 11, 29)
        """
        first = date(year, self.month, self.day)
        ahead = (self.weekday - first.weekday()) % 7 if self.weekday >= 0 else 0
        return first + timedelta(ahead)


WESTERN = (
    Festival("New Year's Day", 1, 1, lift=-0.7),
    Festival("Valentine's Day", 2, 8, days=7, lift=0.2),
    Festival("Black Friday", 11, 23, days=4, lift=0.5, depth=0.2, weekday=4),
    Festival("Christmas shopping", 12, 8, days=16, lift=0.4),
    Festival("Christmas", 12, 24, days=3, lift=-0.9),
)


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """A shop to invent. Shares are in [0, 1]; sizes of effects are on the logarithm of mean demand.

    products              how many products; each is sold on every channel at every location
    days                  length of the history in days
    freq                  "D", or "W-MON" (the days added up; incomplete weeks at the ends dropped)
    start                 first day
    categories            how many categories (season and shocks are shared inside one)
    channels, locations   () for a shop with one of them; a series is product × channel × location
    sales_per_day         median of a product's mean demand per channel and location, units
    median_price          in `currency`
    intermittent          share of slow products (0.02 to 0.5 units a day)
    promotion_rate        share of days on which a product is on promotion
    elasticity            mean own price elasticity over products, negative
    elasticity_spread     its standard deviation over products
    launches              share of products that start inside the history
    declines              share of products that fade out
    trend                 standard deviation of a product's yearly growth
    yearly, weekly        size of the seasons
    shock                 standard deviation of the day's common surprise, shared by all products;
                          each category has another of the same size
    shock_persistence     AR(1) coefficient of these surprises
    dispersion            variance of demand beyond Poisson: var = mean + dispersion · mean²
    stockouts             sales are limited by an inventory that runs out now and then
    cover                 how generous its safety stock is; 1 gives roughly 3 % of days out of stock
    stock_column          the stock at the end of each day is in the panel
    festivals             days that differ
    currency, language    language "en" or "zh": of the names
    """

    products: int = 200
    days: int = 730
    freq: str = "D"
    start: datetime = datetime(2023, 1, 2)
    categories: int = 6
    channels: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    sales_per_day: float = 8.0
    median_price: float = 20.0
    intermittent: float = 0.2
    promotion_rate: float = 0.08
    elasticity: float = -2.2
    elasticity_spread: float = 0.6
    launches: float = 0.1
    declines: float = 0.05
    trend: float = 0.15
    yearly: float = 0.25
    weekly: float = 0.2
    shock: float = 0.1
    shock_persistence: float = 0.7
    dispersion: float = 0.15
    stockouts: bool = True
    cover: float = 1.0
    stock_column: bool = True
    festivals: tuple[Festival, ...] = WESTERN
    currency: str = "EUR"
    language: str = "en"

    def __post_init__(self) -> None:
        if self.freq.split("-")[0] not in {"D", "W"}:
            raise ValueError(f"freq must be 'D' or 'W-MON', it is {self.freq!r}")
        if self.products < 1 or self.days < 14 or self.categories < 1:
            raise ValueError(
                f"a shop needs a product, a category and 14 days; it has {self.products} products, "
                f"{self.categories} categories and {self.days} days"
            )
        if self.elasticity >= 0:
            raise ValueError(f"elasticity must be negative, it is {self.elasticity}")
