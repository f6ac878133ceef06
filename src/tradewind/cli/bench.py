"""tradewind bench: accuracy, speed and size, measured on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tradewind.cli import terminal
from tradewind.cli.options import Json, Preset, PresetOption

app = typer.Typer(
    help="Measure accuracy, speed and size on this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("fev")
def bench_fev(
    data: Annotated[Path, typer.Option(help="Folder of the benchmark files.")],
    dev: Annotated[
        bool, typer.Option("--dev", help="The windows before the published ones.")
    ] = False,
    tasks: Annotated[str, typer.Option(help="Names with commas; all seven if left out.")] = "",
    models: Annotated[str, typer.Option(help="Names within the preset; all if left out.")] = "",
    preset: PresetOption = Preset.default,
    cache: Annotated[
        Path | None, typer.Option(help="Folder that keeps finished forecasts.")
    ] = None,
    json: Json = False,
) -> None:
    """Rank our models among the published ones on the seven retail tasks of fev-bench."""
    from tradewind.flows import bench as flow

    with terminal.progress(quiet=json) as tell:
        done = flow.fev(data, flow.request(dev, tasks, models, preset.value, cache), progress=tell)
    if json:
        sys.stdout.write(done.to_json() + "\n")
        return
    terminal.fev(done.table().to_dicts())
    terminal.next_step("add --json to keep every score, --dev to choose settings")


@app.command("speed")
def bench_speed(json: Json = False) -> None:
    """Measure rows read and shaped and series forecast a second, import time and memory."""
    from tradewind.flows import bench as flow

    measured = flow.speed()
    if json:
        terminal.as_json(measured)
        return
    terminal.facts("Speed", list(measured.items()))
    terminal.next_step("tradewind bench large")


@app.command("large")
def bench_large(
    products: Annotated[int, typer.Option(min=10)] = 30_000,
    days: Annotated[int, typer.Option(min=60)] = 730,
    json: Json = False,
) -> None:
    """Load, learn and forecast a synthetic shop of 30,000 products and two years of days."""
    from tradewind.flows import bench as flow

    with terminal.progress(quiet=json) as tell:
        done = flow.large(products, days, progress=tell).to_dict()
    if json:
        terminal.as_json(done)
        return
    stages = [(f"{stage} (s)", seconds) for stage, seconds in done.pop("seconds").items()]
    terminal.facts("A large shop", [*stages, *done.items()])
    terminal.next_step("tradewind bench speed")
