"""What a workspace knows, as a panel and the roles of its columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from tradewind.data.ahead import held_ahead, with_plans
from tradewind.data.assemble import KEPT, NEEDED, to_panel
from tradewind.data.cleaning import Cleaning
from tradewind.data.demand import recover_demand
from tradewind.data.items import listed, succeeded, unbundled
from tradewind.data.launches import Launching, due, launching
from tradewind.data.phase_out import sold_after
from tradewind.data.presales import on_demand_date
from tradewind.data.rates import converted
from tradewind.data.returns import provisional_from, return_lags
from tradewind.data.statuses import is_sold
from tradewind.errors import DataError, UnknownName
from tradewind.flows.asked import Question
from tradewind.flows.festivals import Festive, unentered
from tradewind.flows.stock import levels
from tradewind.models.hindsight import Memory
from tradewind.panel import Panel, next_ds
from tradewind.store import (
    Workspace,
    bundles,
    calendar,
    launches,
    products,
    rates,
    sales,
    settings,
)
from tradewind.task import MARKS, Roles, Task

Shop = Workspace
"""A workspace as the flows call it: one merchant's shop."""
LEVELS = ("product", "parent", "category", "brand", "channel", "location")
PLACES = ("channel", "location")
"""Levels that a shop has only where they are part of the series key."""
STATIC = ("category", "brand", "channel", "location")
NOT_COVARIATES = ("unique_id", "ds", "y", "revenue", *MARKS)


@dataclass(frozen=True, slots=True)
class Plans:
    """The calendar of a shop, beside the panel that it is joined to.

    Kept so that the same history can be seen with other plans.

    held   columns that are taken to stay as they are, see `Question.held`
    """

    bare: Panel
    entries: pl.DataFrame
    h: int
    held: tuple[str, ...] = ()

    def known(self, more: pl.DataFrame, past: Panel) -> Panel:
        """What is planned after `past` with more entries in the calendar."""
        entries = pl.concat([self.entries, more], how="diagonal")
        known = with_plans(self.bare, entries, self.h).only(past.ids).after(past.end)
        return held_ahead(past, known, self.held, self.h) if self.held else known


@dataclass(frozen=True, slots=True)
class Seen:
    """A shop as the models see it.

    panel      history up to the last period with sales
    known      what is planned for the periods after it, or None
    roles      of the columns, for the target asked
    currency   ISO code, "" where there are several or none
    cleaning   repairs made while building the panel; those of the lines stand with their load
    digest     of the panel
    name       of the shop
    launching  products that have not sold yet and come within the horizon, or None
    festivals  those of the horizon that the calendar does not enter
    plans      the calendar, and the panel before it was joined: what other plans are made of
    provisional_from   the first day whose returns are not all in yet, None where unknown
    """

    panel: Panel
    known: Panel | None
    roles: Roles
    currency: str
    cleaning: Cleaning
    digest: str
    name: str
    launching: Launching | None = None
    festivals: tuple[Festive, ...] = ()
    plans: Plans | None = None
    provisional_from: date | None = None

    @property
    def static(self) -> pl.DataFrame:
        """What never changes of every series that is forecast, launches too."""
        if self.launching is None:
            return self.panel.static
        return pl.concat([self.panel.static, self.launching.series], how="diagonal_relaxed")


def open_shop(path: Path, *, create: bool = False) -> Workspace:
    """The workspace at a path, for a `with` block."""
    return Workspace(path, create=create)


def see(shop: Workspace, question: Question) -> Seen:
    """The panel that answers a settled question. Raises DataError for an empty workspace."""
    also = [c for c in sales.told(shop.db, (*KEPT, *sales.PRESALE)) if c not in NEEDED]
    lines = sales.lines(shop.db, (*NEEDED, *also))  # not the ids: they are most of the memory
    if lines.is_empty():
        raise DataError(f"{shop.path} holds no sales yet; run `tradewind load FILE` first")
    lines = in_one_currency(lines, rates.table(shop.db))
    lines = in_own_products(shop, lines)
    goods = products.table(shop.db)
    remembered = settings.get(shop.db)
    lines = on_demand_date(lines, remembered.get("demand_date", "order"))
    panel, cleaning = to_panel(
        lines,
        question.freq,
        question.by,
        products=goods,
        stock=levels(shop),
    )
    plans, bare = calendar.table(shop.db), panel
    end = next_ds(panel.end, question.freq, question.h + 1) - timedelta(days=1)
    festivals = unentered(plans, panel, end, question.country)
    plans = pl.concat([plans, *[one.past for one in festivals]], how="diagonal")
    panel = with_plans(panel, plans, question.h)
    currencies = lines["currency"].drop_nulls().unique().to_list()
    seen = seen_of(
        panel,
        question,
        cleaning + sold_after(panel),
        currency=currencies[0] if len(currencies) == 1 else "",
        name=remembered.get("name", shop.path.name),
    )
    rows = due(launches.table(shop.db), goods, bare, end)
    coming = launching(seen.panel, rows, plans, question.column, question.h)
    kept = Plans(bare, plans, question.h)
    whole = replace(
        seen,
        launching=coming,
        festivals=tuple(festivals),
        plans=kept,
        provisional_from=_provisional_from(shop, lines),
    )
    return holding(whole, question) if question.held else whole


def holding(seen: Seen, question: Question) -> Seen:
    """The same shop where the columns of `question.held` are known ahead: they stay as they are.

    Raises UnknownName for a column that the history lacks.
    """
    if missing := [name for name in question.held if name not in seen.panel.frame.columns]:
        raise UnknownName(f"the sales have no {missing[0]} that could stay as it is")
    known = held_ahead(seen.panel, seen.known, question.held, question.h)
    roles = roles_of(seen.panel, known, question.column)
    plans = None if seen.plans is None else replace(seen.plans, held=question.held)
    return replace(seen, known=known, roles=roles, plans=plans)


def _provisional_from(shop: Workspace, lines: pl.DataFrame) -> date | None:
    lags = return_lags(sales.returns(shop.db))
    last: datetime = lines.select(pl.col("ordered_at").filter(is_sold()).max()).item()
    return provisional_from(lags, last.date())


def in_own_products(shop: Workspace, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines by the shop's own products: listings, bundles, successors resolved."""
    lines = listed(lines, bundles.listings(shop.db))
    lines = unbundled(lines, bundles.table(shop.db))
    return succeeded(lines, products.table(shop.db))


def in_one_currency(lines: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The lines in the currency that the exchange rates lead to.

    Lines of one currency, and those of a shop without rates, stay as they are. Raises DataError
    where rates lead to several currencies, or one is missing.
    """
    if known.is_empty() or lines["currency"].drop_nulls().n_unique() < 2:
        return lines
    targets = known["to_currency"].unique().sort().to_list()
    if len(targets) > 1:
        raise DataError(
            f"the exchange rates lead to {', '.join(targets)}; keep rates to one currency, that of "
            "the shop"
        )
    return converted(lines, known, targets[0])


def seen_of(
    panel: Panel, question: Question, cleaning: Cleaning, *, currency: str, name: str
) -> Seen:
    """A panel cut at its last sale, with the target asked and the roles that follow from it."""
    panel = with_target(panel, question.column)
    end = last_observed(panel)
    past = only_top(panel.until(end), question.top)
    plan = panel.only(past.ids).after(end)
    known = plan if len(plan.frame) else None
    roles = roles_of(past, known, question.column)
    return Seen(past, known, roles, currency, cleaning, Memory().digest(past), name)


def with_target(panel: Panel, column: str) -> Panel:
    """The panel with the column that is asked for. Raises UnknownName where it cannot be had."""
    if column in panel.frame.columns:
        return panel
    if column == "demand":
        return recover_demand(panel)
    if column == "revenue" and "price" in panel.frame.columns:
        revenue = (pl.col("y") * pl.col("price")).alias("revenue")
        return Panel(panel.frame.with_columns(revenue), panel.freq, panel.static)
    raise UnknownName(
        f"the sales have no price, so {column} cannot be forecast; "
        f"load a table with a price column, or name it with --map price=HEADER"
    )


def last_observed(panel: Panel) -> datetime:
    """The last period in which any series has an observation."""
    last: datetime = panel.frame.filter(pl.col("y").is_not_null())["ds"].max()  # type: ignore[assignment]  # polars types it as any literal
    return last


def only_top(panel: Panel, top: int) -> Panel:
    """The series that sold most; all of them for 0."""
    if not top or top >= len(panel.ids):
        return panel
    sold = panel.frame.group_by("unique_id").agg(_worth(panel).sum().alias("sold"))
    best = sold.sort("sold", "unique_id", descending=[True, False]).head(top)
    return panel.only(best["unique_id"].to_list())


def _worth(panel: Panel) -> pl.Expr:
    units = pl.col("y").fill_null(0)
    return units * pl.col("price") if "price" in panel.frame.columns else units


def roles_of(panel: Panel, known: Panel | None, column: str) -> Roles:
    """Columns with a plan are known ahead; those without one are seen only afterwards.

    Nothing is called known that the shop will not know when it asks: a back-test with the prices
    or promotions that later came true would promise more than the forecast can keep, and a model
    that learnt from known promotions forecasts too little where none is planned yet.
    """
    planned = () if known is None else tuple(_filled(known))
    numeric = [
        c
        for c, dtype in panel.frame.schema.items()
        if (dtype.is_numeric() or dtype == pl.Boolean) and c not in NOT_COVARIATES and c != column
    ]
    past = [c for c in numeric if c not in planned]
    if column != "y":
        past.append("y")
    return Roles(
        targets=(column,),
        static=tuple(c for c in STATIC if _tells_apart(panel.static, c)),
        known=tuple(c for c in numeric if c in planned),
        past=tuple(past),
    )


def _filled(known: Panel) -> list[str]:
    frame = known.frame
    return [c for c in frame.columns if frame[c].null_count() < len(frame) and c != "y"]


def _tells_apart(static: pl.DataFrame, column: str) -> bool:
    return column in static.columns and static[column].drop_nulls().n_unique() > 1


def task_of(asked: Question, seen: Seen, *, n_windows: int = 1) -> Task:
    """The task of a settled question."""
    return Task(
        h=asked.h,
        roles=seen.roles,
        levels=asked.levels,
        n_windows=n_windows,
        country=asked.country or None,
        estimate=recover_demand if asked.column == "demand" else None,
    )


def groups_of(seen: Seen, level: str, ids: tuple[str, ...]) -> list[str]:
    """The group of each series at a level: "total", or the value of a static column.

    Raises UnknownName for a level that the shop does not have.
    """
    if level == "total":
        return ["total"] * len(ids)
    static = seen.static
    if level == "product" and "product" not in static.columns:
        return list(ids)
    have = [c for c in LEVELS if c in static and static[c].null_count() < len(static)]
    if level not in have:
        apart = f"; to tell {level}s apart, say --by product,{level}" if level in PLACES else ""
        raise UnknownName(f"no level {level!r}; there are {', '.join([*have, 'total'])}{apart}")
    empty = "product" if level == "parent" else pl.lit("(none)")  # no variant: its own style
    names = dict(static.select("unique_id", pl.coalesce(level, empty)).iter_rows())
    return [str(names[key]) for key in ids]
