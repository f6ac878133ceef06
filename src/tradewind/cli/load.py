"""load: a file becomes lines in the workspace, after what was understood has been shown."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradewind.cli import terminal, views
from tradewind.cli.options import HERE, At, Json, Kind, LangOption, opened, pairs, told
from tradewind.errors import DataError

if TYPE_CHECKING:
    from tradewind.flows.words import Told


def load(
    source: Annotated[
        str,
        typer.Argument(
            help="CSV, TSV, Parquet, Excel, DuckDB or JSON file, or a postgresql:// or mysql:// URL"
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
    use: Annotated[
        str | None, typer.Option("--mapping", help="Read it by a mapping that was saved.")
    ] = None,
    save: Annotated[
        str | None,
        typer.Option("--save-mapping", help="Keep how it was read, for files like it."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before writing.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be loaded; write nothing.")
    ] = False,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Read sales, or what --kind says; the same file again changes nothing."""
    from tradewind.flows import load as flow

    say, named = told(lang), pairs(mapping or [])
    if kind is not Kind.sales:
        if dry_run or use or save or zone:
            raise DataError(
                "--dry-run, --zone, --mapping and --save-mapping are for sales (--kind sales)"
            )
        _load_other(say, workspace, kind, source, named, table, json)
        return
    start, at = time.perf_counter(), datetime.now()
    with terminal.progress(quiet=json, words=say.stage) as tell:
        tell(0, 1, f"reading {Path(source).name}")
        by_now = flow.mapping_of(named, dates, table, zone)
        read, by = flow.look(source, flow.remembered(workspace), use, told=by_now, at=at)
    shown = flow.understood(read)
    if not json:
        views.understood(say, shown)
    if dry_run:
        if json:
            terminal.as_json(shown)
        else:
            then = views.command(workspace, f"load {source}")
            terminal.next_step(say("dry_run", command=then))
        return
    if not (yes or json) and terminal.is_asked() and not typer.confirm(say("go_on"), default=True):
        terminal.next_step(say("not_loaded"))
        return
    with opened(workspace, create=True) as shop:
        kept = (save, by) if save else None
        told_now = {"zone": zone}
        done = flow.keep(shop, read, at=at, start=start, save=kept, remember=told_now).to_dict()
    if json:
        terminal.as_json(done)
        return
    views.months(say, done)
    views.unlisted(say, done)
    views.loaded(say, done)
    if save:
        terminal.facts(say("mapping_saved"), [(save, say("saved_as", name=save))])
    terminal.next_step(views.command(workspace, "backtest"))


def _load_other(
    say: Told,
    workspace: Path,
    kind: Kind,
    source: str,
    named: dict[str, str],
    table: str | None,
    json: bool,
) -> None:
    """Load a file that holds no sales."""
    from tradewind.flows import others

    with (
        opened(workspace, create=True) as shop,
        terminal.progress(quiet=json, words=say.stage) as tell,
    ):
        tell(0, 1, f"reading {Path(source).name}")
        done = others.load_other(shop, kind, source, mapping=named, table=table).to_dict()
    if json:
        terminal.as_json(done)
        return
    views.loaded(say, done)
    terminal.next_step(views.command(workspace, "backtest"))
