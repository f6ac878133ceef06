"""What a forecast is explained by: groups of columns, and which group a column belongs to."""

from __future__ import annotations

from tradewind.task import FESTIVAL

GROUPS = ("lags", "season", "price", "promotion", "holiday", "category", "other")
"""Own recent sales; the calendar and the same season before; prices; promotions and what is spent
on them; public holidays and festivals; what is fixed, and the product's kin; all else."""
PROMOTIONS = ("promotion", "promoted", "discount", "display", "mailer", "coupon", "ad_spend")
PRICE = "price"


def group_of(column: str) -> str:
    """The group of a column of the panel that is known ahead or seen afterwards.

    >>> [group_of(c) for c in ("regular_price", "mailer", "festival_618_peak", "y", "views")]
    ['price', 'promotion', 'holiday', 'lags', 'other']
    """
    if column in ("y", "demand", "revenue"):
        return "lags"
    if column.startswith(FESTIVAL) or "holiday" in column:
        return "holiday"
    if column.startswith(PROMOTIONS):
        return "promotion"
    if PRICE in column:
        return "price"
    return "other"
