"""tradewind bench: accuracy, speed and size, measured on this machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradewind.cli import terminal, views
from tradewind.cli.options import Json, Language, Preset, PresetOption, told

if TYPE_CHECKING:
    from tradewind.flows.bench import TaskRun

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
        Path | None,
        typer.Option(
            help="Folder that keeps finished forecasts, so that an interrupted run goes on.",
            show_default="in the user's cache folder, one for each state of the code",
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what the cache holds first.")
    ] = False,
    json: Json = False,
) -> None:
    """Rank our models among the published ones on the seven retail tasks of fev-bench."""
    from tradewind.flows import bench as flow

    asked = flow.request(dev, tasks, models, preset.value, cache, fresh)
    with terminal.progress(quiet=json) as tell:
        done = flow.fev(data, asked, progress=tell, finished=_Ended(len(asked.tasks)))
    if json:
        sys.stdout.write(done.to_json() + "\n")
        return
    views.fev(told(Language.en), done.table().to_dicts(), asked.tasks)
    terminal.next_step("add --json to keep every score, --dev to choose settings")


class _Ended:
    """Tells of each task on stderr as it ends, also where a progress bar cannot be seen."""

    def __init__(self, total: int) -> None:
        self.total, self.count, self.start = total, 0, time.perf_counter()

    def __call__(self, run: TaskRun) -> None:
        self.count += 1
        scores = ", ".join(f"{name} {sql:.4f}" for name, sql in run.sql.items())
        spent = time.perf_counter() - self.start
        told = f"{self.count}/{self.total} {run.task}: SQL {scores}; {spent:.0f} s so far"
        sys.stderr.write(told + "\n")
        sys.stderr.flush()


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
