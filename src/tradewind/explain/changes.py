"""Other plans: what is asked for, whether it can be, and the plan that comes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from tradewind.errors import DataError, UnknownName
from tradewind.explain.groups import PRICE, group_of
from tradewind.explain.imagined import Asked
from tradewind.features.festivals import FESTIVALS
from tradewind.task import FESTIVAL

Entered = Mapping[str, pl.DataFrame]
NUMBER = re.compile(r"^(?P<sign>[+-]?)(?P<number>\d+(?:\.\d+)?)(?P<share>\s*%?)$")
ENOUGH = 1e-6
"""A share of what was seen by which a number must be off it to count as never seen."""
YES, NO = ("yes", "on", "是", "有"), ("no", "off", "否", "无")
EXAMPLES = "price=9.99, price=-10%, promotion=0.2, double_11=yes, 618=no"


@dataclass(frozen=True, slots=True)
class Change:
    """One column of the plan, changed.

    to       what it becomes; None where it is multiplied
    times    what it is multiplied by; None where it is replaced
    enter    of a festival: whether it takes place
    text     as it was asked for
    """

    column: str
    text: str
    to: float | None = None
    times: float | None = None
    enter: bool | None = None

    @property
    def is_price(self) -> bool:
        """Whether a price is changed."""
        return group_of(self.column) == PRICE


def change_of(text: str) -> Change:
    """What a text asks for. Raises DataError where it cannot be understood.

    >>> change_of("price=-10%").times, change_of("promotion=20%").to, change_of("618=no").enter
    (0.9, 0.2, False)
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        raise DataError(f"--set {text} must be name=value, e.g. {EXAMPLES}")
    if value.lower() in (*YES, *NO):
        return Change(name, text, enter=value.lower() in YES)
    found = NUMBER.match(value.replace("％", "%").replace("−", "-"))
    if found is None:
        raise DataError(f"--set {text}: {value!r} is no number, share, yes or no, as in {EXAMPLES}")
    number = float(found["number"])
    if not found["share"].strip():
        signed = -number if found["sign"] == "-" else number
        return Change(name, text, to=signed)
    if found["sign"]:
        times = 1 + (number if found["sign"] == "+" else -number) / 100
        return Change(name, text, times=round(times, 12))
    if group_of(name) == PRICE:
        raise DataError(f"--set {text}: say +{value} for dearer or -{value} for cheaper")
    return Change(name, text, to=number / 100)


def changed(
    asked: Asked, changes: tuple[Change, ...], step: int | None, entered: Entered
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The plan of the series as it is, and with the changes in one period or in all, [h] rows each.

    entered   festival of the horizon that is not in the plan → the plan with it

    Raises UnknownName for a column that no plan has, DataError for one that is not known ahead or
    a value that cannot be.
    """
    if not changes:
        raise DataError(f"nothing to change: say --set name=value, e.g. {EXAMPLES}")
    names = [c.column for c in changes]
    if twice := [n for n in names if names.count(n) > 1]:
        raise DataError(f"{twice[0]} is set twice; say it once")
    before = _plan(asked, names[0])
    after = before
    for change in changes:
        if change.enter is not None or change.column in FESTIVALS:
            after = _festival(asked, after, change, step, entered)
        else:
            _check(asked, after, change)
            values = pl.col(change.column).cast(pl.Float64)
            new = pl.lit(change.to) if change.times is None else values * change.times
            after = _where(after, change.column, new, step)
    return before, after


def beyond(
    asked: Asked, changes: tuple[Change, ...], after: pl.DataFrame
) -> dict[str, tuple[float, float, float]]:
    """Numbers that the series has never had: column → the farthest, and the least and most so far.

    after   the changed plan of the series
    """
    own, found = asked.own, {}
    for name in [c.column for c in changes if c.enter is None]:
        past, plan = own[name].cast(pl.Float64), after[name].cast(pl.Float64)
        least, most, low, high = past.min(), past.max(), plan.min(), plan.max()
        if not all(isinstance(end, float) for end in (least, most, low, high)):
            continue
        ends = np.array([least, most, low, high], np.float64)
        under, over = ends[0] - ends[2], ends[3] - ends[1]
        if max(under, over) > ENOUGH * max(abs(ends[0]), abs(ends[1])):
            far = ends[2] if under > over else ends[3]
            found[name] = (float(far), float(ends[0]), float(ends[1]))
    return found


def _plan(asked: Asked, name: str) -> pl.DataFrame:
    plan = asked.plan
    if plan is None or plan.is_empty():
        raise _unplanned(asked, name)
    return plan.sort("ds").with_columns(pl.col(pl.Boolean).cast(pl.Float64))


def _where(plan: pl.DataFrame, column: str, new: pl.Expr, step: int | None) -> pl.DataFrame:
    here = pl.lit(value=True) if step is None else pl.int_range(pl.len()) == step
    old = pl.col(column).cast(pl.Float64)
    return plan.with_columns(pl.when(here).then(new).otherwise(old).alias(column))


def _check(asked: Asked, plan: pl.DataFrame, change: Change) -> None:
    """Raise where the column is not known ahead, or the value cannot be."""
    name, past = change.column, asked.past.frame
    if name not in asked.task.roles.known or name not in plan.columns:
        raise _unplanned(asked, name)
    if plan[name].dtype == pl.String:
        raise DataError(f"--set {change.text}: {name} is a text, only numbers can be set")
    lowest = change.to if change.times is None else change.times
    assert lowest is not None
    if change.is_price and lowest <= 0:
        raise DataError(f"--set {change.text}: a price must stay above 0")
    if change.times is not None and change.is_price and plan[name].null_count() == len(plan):
        raise DataError(
            f"--set {change.text}: no {name} of {asked.of!r} is known that a share could be taken "
            f"of; say {name}=NUMBER"
        )
    if (
        change.times is not None
        and not change.is_price
        and not plan[name].fill_null(0).cast(pl.Float64).sum()
    ):
        raise DataError(f"--set {change.text}: {name} is 0 in the plan, a share of it is 0: set it")
    history = past[name].cast(pl.Float64).drop_nulls() if name in past.columns else pl.Series([])
    least, most = (history.min(), history.max()) if len(history) else (None, None)
    share = isinstance(most, float) and isinstance(least, float) and least >= 0 and most <= 1
    if lowest < 0 or (share and change.to is not None and change.to > 1):
        limit = "between 0 and 1" if share else "0 or more"
        raise DataError(f"--set {change.text}: {name} is a number {limit} in this shop")


def _unplanned(asked: Asked, name: str) -> DataError | UnknownName:
    """Why a column cannot be changed, and what to do."""
    roles = asked.task.roles
    able = [c for c in roles.past if group_of(c) in (PRICE, "promotion")]
    told = ", ".join([*roles.known, *able]) or "nothing in this shop"
    if name in roles.past:
        return DataError(
            f"{name} is only seen afterwards, and this model does not know it ahead; "
            f"what can be set: {told}"
        )
    return UnknownName(f"no column {name!r} to set; what can be set: {told}")


def _festival(
    asked: Asked, plan: pl.DataFrame, change: Change, step: int | None, entered: Entered
) -> pl.DataFrame:
    """The plan with a festival taken out, or with its days as they were last time."""
    columns = [c for c in asked.task.roles.known if c.startswith(f"{FESTIVAL}{change.column}_")]
    if change.enter is None:
        raise DataError(f"--set {change.text}: a festival takes place or not: yes or no")
    if not columns:
        told = sorted(c for c in asked.task.roles.known if c.startswith(FESTIVAL))
        raise UnknownName(
            f"the shop never lived through a festival {change.column!r}; what it does is known of: "
            f"{', '.join(told) or 'none'}"
        )
    planned = bool(plan.select(pl.any_horizontal(pl.col(columns) > 0).any()).item())
    if change.enter == planned:
        state = "in the plan already" if planned else "not in the plan"
        raise DataError(f"--set {change.text}: {change.column} is {state}: nothing would change")
    if change.enter and change.column not in entered:
        raise DataError(f"--set {change.text}: no day of {change.column} lies in the horizon")
    there = entered[change.column].sort("ds") if change.enter else plan
    for column in columns:
        new = there[column].cast(pl.Float64) if change.enter else pl.lit(0.0)
        plan = _where(plan, column, pl.lit(new) if isinstance(new, pl.Series) else new, step)
    return plan
