"""demo: the main job on a shop that everybody can have, or that shop's files to try it oneself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradewind.cli import terminal, views
from tradewind.cli.options import (
    At,
    DemoShop,
    Json,
    LangOption,
    Preset,
    PresetOption,
    WindowsOption,
    asked,
    language,
    opened,
    told,
)
from tradewind.errors import DataError

if TYPE_CHECKING:
    from tradewind.flows.words import Told


def demo(
    workspace: At = Path("tradewind-demo"),
    whose: Annotated[
        DemoShop, typer.Option("--shop", help="A real retailer, or a synthetic cross-border shop.")
    ] = DemoShop.completejourney,
    export: Annotated[
        Path | None,
        typer.Option(help="Write the cross-border shop's files to this folder; load nothing."),
    ] = None,
    preset: PresetOption = Preset.default,
    windows: WindowsOption = 3,
    top: Annotated[
        int, typer.Option(min=10, help="How many of the retailer's best-selling products.")
    ] = 1000,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Forecast a retailer's thousand best-selling products, from sales lines to a report."""
    from tradewind.flows import demo as flow

    say = told(lang)
    if export is not None:
        _write(say, whose, export, json)
        return
    question = asked(preset=preset, n_windows=windows)
    with (
        opened(workspace, create=True) as shop,
        terminal.progress(quiet=json, words=say.stage) as tell,
    ):
        if whose is DemoShop.crossborder:
            shown = flow.crossborder(shop, question, language=language(lang), progress=tell)
        else:
            shown = flow.demo(shop, question, language=language(lang), top=top, progress=tell)
    if json:
        terminal.as_json(shown.to_dict())
        return
    _say(say, shown, whose, workspace)


def _write(say: Told, whose: DemoShop, folder: Path, json: bool) -> None:
    """Write the files, and say what to do with them."""
    from tradewind.flows import crossborder

    if whose is not DemoShop.crossborder:
        raise DataError("--export writes the files of --shop crossborder; add that")
    written = crossborder.write_files(folder).to_dict()
    if json:
        terminal.as_json(written)
        return
    views.files(say, written)
    readme = written["readme"]
    terminal.next_step(say("export_next", readme=readme, command="tradewind load FILE"))


def _say(say: Told, shown: Any, whose: DemoShop, workspace: Path) -> None:
    """What the demo made."""
    from tradewind.flows.demo import HELD

    views.loaded(say, shown.loaded.to_dict())
    views.leaderboard(say, shown.tested.to_dict())
    views.money(say, shown.money, shown.foretold.seen.currency)
    views.movers(say, shown.moves.to_dict(), rows=8)
    if shown.check is None:
        terminal.notes(*views.remarks(say, shown.foretold.to_dict()))
    else:
        views.held(say, shown.check, say.steps(HELD, "W"))
    data = "demo_data" if whose is DemoShop.completejourney else "demo_crossborder"
    terminal.facts(
        say("done"),
        [
            (say("report"), shown.report),
            (say("seconds"), round(shown.seconds, 1)),
            (say("data"), say(data)),
        ],
    )
    then = views.command(workspace, "trends")
    terminal.next_step(say("demo_next", report=shown.report, command=then))
