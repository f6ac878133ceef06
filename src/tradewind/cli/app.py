"""The commands: each calls one flow and prints what it returns."""

from __future__ import annotations

from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli import bench, demo, explain, load, models, pretrain, terminal, tune, views
from tradewind.cli.options import (
    HERE,
    At,
    ByOption,
    CountryOption,
    FreqOption,
    HOption,
    Json,
    LangOption,
    Level,
    ModelsOption,
    Preset,
    PresetOption,
    RowsOption,
    Target,
    TargetOption,
    TopOption,
    TrackOption,
    WindowsOption,
    asked,
    language,
    opened,
    told,
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


app.command()(demo.demo)
app.command()(load.load)


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
    track: TrackOption = None,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Say which model to trust on this shop's own past."""
    from tradewind.flows import backtest as flow
    from tradewind.flows.tracking import tracking

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
    say = told(lang)
    kind, name = track.value if track else "", f"backtest-{datetime.now():%Y%m%d-%H%M%S}"
    with (
        opened(workspace) as shop,
        terminal.progress(quiet=json, words=say.stage) as tell,
        tracking(shop.path, kind, name) as tracker,
    ):
        tested = flow.backtest(shop, question, progress=tell, tracker=tracker)
    if json:
        terminal.as_json(tested.to_dict())
        return
    views.leaderboard(say, tested.to_dict())
    terminal.next_step(views.command(workspace, "forecast"))


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
    report: Annotated[
        bool, typer.Option("--report", help="Also write a page for the browser, in reports/.")
    ] = False,
    rows: RowsOption = 15,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Forecast with the promoted model; without one, back-test, choose and train first."""
    from tradewind.flows import forecast as flow
    from tradewind.flows import report as page

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
    say = told(lang)
    with opened(workspace) as shop, terminal.progress(quiet=json, words=say.stage) as tell:
        made = flow.forecast(shop, question, retrain=retrain, out=out, progress=tell)
        written = page.publish(shop, made, language(lang), progress=tell) if report else None
    if json:
        terminal.as_json(made.to_dict() | ({"report": written} if report else {}))
        return
    views.forecast(say, made.to_dict(), rows=rows)
    if written is not None:
        terminal.facts(say("done"), [(say("report"), written)])
    then = views.command(workspace, "trends")
    terminal.next_step(say("written", out=out) if out else say("or_keep", command=then))


@app.command()
def trends(
    workspace: At = HERE,
    target: TargetOption = Target.units,
    span: Annotated[
        int, typer.Option(min=0, help="Steps to compare; 0 means the whole horizon.")
    ] = 0,
    flat: Annotated[float, typer.Option(min=0, help="Within ± this share is flat.")] = 0.05,
    sure: Annotated[
        float, typer.Option(help="Call a direction from this probability on, above 0.5.")
    ] = 0.8,
    h: HOption = 0,
    freq: FreqOption = "",
    by: ByOption = "",
    preset: PresetOption = Preset.default,
    windows: WindowsOption = 3,
    only: ModelsOption = "",
    country: CountryOption = "",
    top: TopOption = 0,
    rows: RowsOption = 15,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Say what very likely rises and falls, the largest likely changes first."""
    from tradewind.flows import trends as flow
    from tradewind.flows.trends import Call

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
    say = told(lang)
    with opened(workspace) as shop, terminal.progress(quiet=json, words=say.stage) as tell:
        moves = flow.trends(shop, question, call=Call(span, flat, sure), progress=tell)
    if json:
        terminal.as_json(moves.to_dict())
        return
    views.movers(say, moves.to_dict(), rows=rows)
    terminal.next_step(views.command(workspace, "forecast"))


app.command()(explain.explain)


@app.command()
def doctor(workspace: At = HERE, lang: LangOption = None, json: Json = False) -> None:
    """Look at versions, memory, disk, optional parts and the workspace."""
    from tradewind.flows import doctor as flow

    say, found = told(lang), flow.doctor(workspace)
    if json:
        terminal.as_json(flow.to_dict(found))
    else:
        views.findings(say, found)
        then = "tradewind demo"
        if flow.has_sales(found):
            then = views.command(workspace, "forecast")
        terminal.next_step(then if flow.is_healthy(found) else say("mend"))
    if not flow.is_healthy(found):
        raise typer.Exit(1)


app.command()(tune.tune)
app.command()(pretrain.pretrain)  # the last of the commands: for those who build the model
