"""Twins: copies of one series with something changed, asked about beside the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import polars as pl

from tradewind.models.field import Field, Labels, field_of
from tradewind.models.protocol import Fitted
from tradewind.panel import KEYS, Panel
from tradewind.task import Task


@dataclass(frozen=True, slots=True)
class Twins:
    """Copies of one series, each of which sees every other series, and which none of them sees.

    The matrices of the past are made once for all the models of an ensemble (`field_with`).

    of       the series that they stand for
    ids      of the twins; they sort after all others
    past     the whole past with the twins' rows in it
    quiet    twins to which the public holidays and festivals of the horizon do not come
    """

    of: str
    ids: tuple[str, ...]
    past: Panel
    quiet: frozenset[str] = frozenset()
    _fields: list[tuple[tuple[object, ...], Panel | None, Field]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )


@runtime_checkable
class Imagining(Protocol):
    """A fitted model that can be asked about twins without learning again."""

    def imagine(self, twins: Twins) -> Fitted:
        """The same model, which forecasts the twins alone."""
        ...


def imagine(fitted: Fitted, twins: Twins) -> Fitted:
    """The model that forecasts the twins.

    One that has no way of its own for it is told of them as of new series: then it may learn from
    them, they see each other, and no holiday is kept from them.
    """
    if isinstance(fitted, Imagining):
        return fitted.imagine(twins)
    return fitted.update(twins.past.only(twins.ids))


def field_with(
    past: Panel,
    task: Task,
    labels: Labels,
    target: str,
    ahead: tuple[int, Panel | None],
    twins: Twins | None,
) -> Field:
    """As `field_of`; models that are asked about the same twins share one."""
    if twins is None or twins.past is not past:
        return field_of(past, task, labels, target, ahead)
    h, known = ahead
    key = (target, h, task.roles, task.country, labels)
    for mine, plan, made in twins._fields:
        if mine == key and plan is known:
            return made
    twins._fields.append((key, known, field_of(past, task, labels, target, ahead)))
    return twins._fields[-1][2]


def asked(ahead: Field, twins: Twins | None) -> Field:
    """The matrices of a past with twins in it, where they alone are forecast."""
    return ahead if twins is None else ahead.asking(twins.ids, twins.quiet)


def twin_ids(past: Panel, count: int) -> tuple[str, ...]:
    """Names for twins that sort after every series of `past`.

    >>> one = pl.DataFrame({"unique_id": ["a"], "ds": [0], "y": [1.0]})
    >>> one = one.with_columns(pl.col("ds").cast(pl.Datetime("us")))
    >>> twin_ids(Panel.from_frame(one, "D"), 2)
    ('a~000', 'a~001')
    """
    return tuple(f"{past.ids[-1]}~{k:03d}" for k in range(count))


def beside(past: Panel, rows: pl.DataFrame, static: pl.DataFrame) -> Panel:
    """The past with the rows of twins after its own, sorted as they are named."""
    columns = past.frame.columns
    frame = pl.concat([past.frame, rows.sort(KEYS).select(columns)], how="vertical_relaxed")
    both = pl.concat([past.static, static.sort("unique_id").select(past.static.columns)])
    return Panel(frame, past.freq, both)
