"""The commands: each calls one flow and prints what it returns."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli import bench, models, terminal
from tradewind.cli.options import (
    HERE,
    At,
    ByOption,
    CountryOption,
    FreqOption,
    HOption,
    Json,
    Kind,
    LangOption,
    Level,
    ModelsOption,
    Preset,
    PresetOption,
    RowsOption,
    Target,
    TargetOption,
    TopOption,
    WindowsOption,
    asked,
    language,
    opened,
    pairs,
)

app = typer.Typer(
    name="tradewind",
    help="What every product will sell, at what price, how surely, and what to do about it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(models.app, name="models")
app.add_typer(bench.app, name="bench")


@app.callback(invoke_without_command=True)
def about(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """What every product will sell, at what price, with what certainty, and what to do about it."""
    if version:
        typer.echo(f"tradewind {metadata.version('tradewind')}")
        raise typer.Exit


@app.command()
def demo(
    workspace: At = Path("tradewind-demo"),
    preset: PresetOption = Preset.default,
    windows: WindowsOption = 3,
    top: Annotated[int, typer.Option(min=10, help="How many of the best-selling products.")] = 1000,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Forecast a real retailer's thousand best-selling products, from sales lines to a report."""
    from tradewind.flows import demo as flow

    with opened(workspace, create=True) as shop, terminal.progress(quiet=json) as tell:
        shown = flow.demo(
            shop,
            asked(preset=preset, n_windows=windows),
            language=language(lang),
            top=top,
            progress=tell,
        )
    if json:
        terminal.as_json(shown.to_dict())
        return
    terminal.loaded(shown.loaded.to_dict())
    terminal.leaderboard(shown.tested.to_dict())
    terminal.money(shown.money, shown.foretold.seen.currency)
    terminal.movers(shown.moves.to_dict(), rows=8)
    terminal.facts(
        "Done",
        [
            ("report", shown.report),
            ("seconds", round(shown.seconds, 1)),
            ("data", "The Complete Journey, simulated by 84.51° from real shopping patterns"),
        ],
    )
    terminal.next_step(f"open {shown.report}, then try: tradewind trends --workspace {workspace}")


@app.command()
def load(
    source: Annotated[
        str,
        typer.Argument(
            help="CSV, TSV, Parquet, Excel or DuckDB file, or a postgresql:// or mysql:// URL."
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
    json: Json = False,
) -> None:
    """Read sales, stock, products, plans or supply; the same file again changes nothing."""
    from tradewind.flows import load as flow
    from tradewind.flows import others

    with opened(workspace, create=True) as shop, terminal.progress(quiet=json) as tell:
        tell(0, 1, f"reading {Path(source).name}")
        named = pairs(mapping or [])
        if kind is Kind.sales:
            done = flow.load(shop, source, mapping=named, table=table, date_order=dates).to_dict()
        else:
            done = others.load_other(shop, kind, source, mapping=named, table=table).to_dict()
    if json:
        terminal.as_json(done)
        return
    terminal.loaded(done)
    terminal.next_step(f"tradewind backtest --workspace {workspace}")


@app.command()
def backtest(
    workspace: At = HERE,
    target: TargetOption = Target.units,
    h: HOption = 0,
    freq: FreqOption = "",
    by: ByOption = "",
    preset: PresetOption = Preset.default,
    windows: WindowsOption = 3,
    only: ModelsOption = "",
    country: CountryOption = "",
    top: TopOption = 0,
    json: Json = False,
) -> None:
    """Say which model to trust on this shop's own past."""
    from tradewind.flows import backtest as flow

    question = asked(
        target=target,
        h=h,
        freq=freq,
        by=by,
        preset=preset,
        n_windows=windows,
        country=country,
        top=top,
        models=only,
    )
    with opened(workspace) as shop, terminal.progress(quiet=json) as tell:
        tested = flow.backtest(shop, question, progress=tell)
    if json:
        terminal.as_json(tested.to_dict())
        return
    terminal.leaderboard(tested.to_dict())
    terminal.next_step(f"tradewind forecast --workspace {workspace}")


@app.command()
def forecast(
    workspace: At = HERE,
    target: TargetOption = Target.units,
    level: Annotated[Level, typer.Option(help="What to add up; the levels agree.")] = Level.product,
    h: HOption = 0,
    freq: FreqOption = "",
    by: ByOption = "",
    preset: PresetOption = Preset.default,
    windows: WindowsOption = 3,
    only: ModelsOption = "",
    country: CountryOption = "",
    top: TopOption = 0,
    retrain: Annotated[bool, typer.Option("--retrain", help="Back-test and train again.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Also write the quantiles to .parquet or .csv.")
    ] = None,
    rows: RowsOption = 15,
    json: Json = False,
) -> None:
    """Forecast with the promoted model; without one, back-test, choose and train first."""
    from tradewind.flows import forecast as flow

    question = asked(
        target=target,
        h=h,
        freq=freq,
        by=by,
        preset=preset,
        n_windows=windows,
        country=country,
        top=top,
        models=only,
        level=level,
    )
    with opened(workspace) as shop, terminal.progress(quiet=json) as tell:
        made = flow.forecast(shop, question, retrain=retrain, out=out, progress=tell)
    if json:
        terminal.as_json(made.to_dict())
        return
    terminal.forecast(made.to_dict(), rows=rows)
    terminal.next_step(
        f"written to {out}"
        if out
        else f"tradewind trends --workspace {workspace}, or keep it: --out forecast.csv"
    )


@app.command()
def trends(
    workspace: At = HERE,
    target: TargetOption = Target.units,
    span: Annotated[
        int, typer.Option(min=0, help="Steps to compare; 0 means the whole horizon.")
    ] = 0,
    flat: Annotated[float, typer.Option(min=0, help="Within ± this share is flat.")] = 0.05,
    h: HOption = 0,
    freq: FreqOption = "",
    by: ByOption = "",
    preset: PresetOption = Preset.default,
    windows: WindowsOption = 3,
    only: ModelsOption = "",
    country: CountryOption = "",
    top: TopOption = 0,
    rows: RowsOption = 15,
    json: Json = False,
) -> None:
    """Say what rises and what falls, with what probability, the largest likely changes first."""
    from tradewind.flows import trends as flow

    question = asked(
        target=target,
        h=h,
        freq=freq,
        by=by,
        preset=preset,
        n_windows=windows,
        country=country,
        top=top,
        models=only,
    )
    with opened(workspace) as shop, terminal.progress(quiet=json) as tell:
        moves = flow.trends(shop, question, span=span, flat=flat, progress=tell)
    if json:
        terminal.as_json(moves.to_dict())
        return
    terminal.movers(moves.to_dict(), rows=rows)
    terminal.next_step(f"tradewind forecast --workspace {workspace}")


@app.command()
def doctor(workspace: At = HERE, json: Json = False) -> None:
    """Look at versions, memory, disk, optional parts and the workspace."""
    from tradewind.flows import doctor as flow

    told = flow.to_dict(flow.doctor(workspace))
    if json:
        terminal.as_json(told)
    else:
        terminal.findings(told["findings"])
        terminal.next_step(
            "tradewind demo"
            if told["healthy"]
            else "mend what is marked as a problem, then look again"
        )
    if not told["healthy"]:
        raise typer.Exit(1)
