"""load: a file becomes lines in the workspace, after what was understood has been shown."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradewind.cli import terminal, views
from tradewind.cli.options import HERE, At, DemandDate, Json, Kind, LangOption, opened, pairs, told
from tradewind.errors import DataError

if TYPE_CHECKING:
    from tradewind.flows.words import Told

STOCK = (Kind.stock, Kind.movements)


def load(
    source: Annotated[
        list[str],
        typer.Argument(
            help="CSV, TSV, Parquet, Excel, DuckDB or JSON files, or postgresql:// or mysql:// URLs"
        ),
    ],
    workspace: At = HERE,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="Correct the guess of a column, e.g. --map y=qty; repeat it."),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="What the file holds.")] = Kind.sales,
    table: Annotated[
        str | None, typer.Option(help="Table of a database, sheet of a workbook.")
    ] = None,
    dates: Annotated[
        str | None, typer.Option(help="dmy or mdy, where 03/04/2024 leaves it open.")
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            help="Time zone of the market, where its times state no offset; it is remembered."
        ),
    ] = None,
    demand_date: Annotated[
        DemandDate | None,
        typer.Option(
            help="The day that presales count on from now on.",
            show_default="as before, else order",
        ),
    ] = None,
    use: Annotated[
        str | None, typer.Option("--mapping", help="Read it by a mapping that was saved.")
    ] = None,
    save: Annotated[
        str | None,
        typer.Option("--save-mapping", help="Keep how it was read, for files like it."),
    ] = None,
    stale_after: Annotated[
        int | None,
        typer.Option(min=0, help="With --kind stock: days after which stock counts as old."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before writing.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be loaded; write nothing.")
    ] = False,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Read sales, or what --kind says; the same files again change nothing."""
    from tradewind.flows import load as flow

    say, named = told(lang), pairs(mapping or [])
    if stale_after is not None and kind not in STOCK:
        raise DataError("--stale-after is for stock (--kind stock or --kind movements)")
    of_sales = bool(use or save or zone or demand_date)
    _check_alone(source, kind, of_sales=of_sales, save=save)
    if kind is not Kind.sales:
        _load_other(
            say, workspace, (kind, source[0], named, table), stale_after, dry_run, not yes, json
        )
        return
    start, at = time.perf_counter(), datetime.now()
    with terminal.progress(quiet=json, words=say.stage) as tell:
        tell(0, 1, f"reading {', '.join(Path(one).name for one in source)}")
        by_now = flow.mapping_of(named, dates, table, zone)
        found = flow.look(source, flow.remembered(workspace), use, told=by_now, at=at)
    reads = [read for read, _ in found]
    shown = [flow.understood(read) for read in reads]
    if not json:
        for one in shown:
            views.understood(say, one)
    if dry_run:
        _say_dry(say, shown, views.command(workspace, f"load {' '.join(source)}"), json)
        return
    if not (yes or json) and not _agreed(say):
        return
    remember = {"zone": zone, "demand_date": demand_date}
    with opened(workspace, create=True) as shop:
        kept = (save, found[0][1]) if save else None
        loaded = flow.keep(shop, reads, at=at, start=start, save=kept, remember=remember)
    _say_loaded(say, loaded.to_dict(), workspace, save, json)


def _check_alone(source: list[str], kind: Kind, *, of_sales: bool, save: str | None) -> None:
    """Raise DataError where options and the number of files do not go together."""
    if kind is not Kind.sales and of_sales:
        raise DataError(
            "--zone, --demand-date, --mapping and --save-mapping are for sales (--kind sales)"
        )
    if kind is not Kind.sales and len(source) > 1:
        raise DataError(f"load files of --kind {kind.value} one by one; found {source}")
    if save and len(source) > 1:
        raise DataError(
            f"--save-mapping keeps how one file is read; load these one by one: {source}"
        )


def _say_dry(say: Told, shown: list[dict[str, Any]], again: str, json: bool) -> None:
    """What would be loaded, and how."""
    if json:
        terminal.as_json({"files": shown})
    else:
        terminal.next_step(say("dry_run", command=again))


def _say_loaded(
    say: Told, done: dict[str, Any], workspace: Path, save: str | None, json: bool
) -> None:
    """What became of the lines."""
    if json:
        terminal.as_json(done)
        return
    views.months(say, done)
    views.unlisted(say, done)
    views.loaded(say, done)
    if save:
        terminal.facts(say("mapping_saved"), [(save, say("saved_as", name=save))])
    terminal.next_step(views.command(workspace, "backtest"))


def _agreed(say: Told) -> bool:
    """Whether somebody who sits there agrees; nobody has to be asked in a script."""
    agreed = not terminal.is_asked() or typer.confirm(say("go_on"), default=True)
    if not agreed:
        terminal.next_step(say("not_loaded"))
    return agreed


def _load_other(
    say: Told,
    workspace: Path,
    file: tuple[Kind, str, dict[str, str], str | None],
    stale_after: int | None,
    dry_run: bool,
    ask: bool,
    json: bool,
) -> None:
    """Load a file that holds no sales: its kind, itself, what its columns are, and its table."""
    from tradewind.flows import others, stock

    kind, source, named, table = file
    with terminal.progress(quiet=json, words=say.stage) as tell:
        tell(0, 1, f"reading {Path(source).name}")
        read = others.look_other(kind, source, mapping=named, table=table)
    shown = read.to_dict()
    if not json:
        views.understood(say, shown)
    if dry_run:
        again = f"load {source} --kind {kind.value}"
        _say_dry(say, [shown], views.command(workspace, again), json)
        return
    if ask and not json and not _agreed(say):
        return
    with opened(workspace, create=True) as shop:
        done = others.keep_other(shop, read).to_dict()
        if stale_after is not None:
            stock.remember_days(shop, stale_after)
        old = stock.age(shop).to_dict() if kind in STOCK else None
    if old is not None:
        done["stale_stock"] = old
    if json:
        terminal.as_json(done)
        return
    views.loaded(say, done)
    views.disagreements(say, done)
    if old is not None:
        terminal.notes(*views.stale(say, old))
    terminal.next_step(views.command(workspace, "backtest"))
