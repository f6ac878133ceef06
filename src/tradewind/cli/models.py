"""tradewind models: versions of trained models, and which of them forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradewind.cli import terminal, views
from tradewind.cli.options import HERE, At, Json, LangOption, opened, told

if TYPE_CHECKING:
    from tradewind.flows.words import Told

app = typer.Typer(
    help="Versions of trained models: which are there, and which one forecasts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def models_list(
    name: Annotated[str | None, typer.Argument(help="Only this model.")] = None,
    workspace: At = HERE,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """List every version; ● marks the one that forecasts."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        versions = [flow.as_dict(v) for v in flow.listed(shop, name)]
    if json:
        terminal.as_json(versions)
        return
    say = told(lang)
    views.versions(say, versions)
    if versions:
        terminal.next_step(views.command(workspace, "models", "show", versions[-1]["name"]))
    else:
        terminal.next_step(say("trains_first", command=views.command(workspace, "forecast")))


@app.command("show")
def models_show(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    version: Annotated[int | None, typer.Argument(help="The promoted one if left out.")] = None,
    workspace: At = HERE,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Show the settings, scores and files of one version."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        found = flow.shown(shop, name, version)
    if json:
        terminal.as_json(found)
        return
    views.version(told(lang), found)
    promote = ("models", "promote", name, found["version"])
    terminal.next_step(views.command(workspace, *(("forecast",) if found["promoted"] else promote)))


@app.command("promote")
def models_promote(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    version: Annotated[int, typer.Argument(help="Its number.")],
    workspace: At = HERE,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Let this version forecast from now on."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        now = flow.promote(shop, name, version)
    _promoted(flow.as_dict(now), workspace, told(lang), json=json)


@app.command("rollback")
def models_rollback(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    workspace: At = HERE,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Let the version that was promoted before forecast again."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        now = flow.rollback(shop, name)
    _promoted(flow.as_dict(now), workspace, told(lang), json=json)


def _promoted(now: dict[str, Any], workspace: Path, say: Told, *, json: bool) -> None:
    if json:
        terminal.as_json(now)
        return
    terminal.facts(
        say("now_promoted"), [(say("model"), now["name"]), (say("version"), now["version"])]
    )
    terminal.next_step(views.command(workspace, "forecast"))


@app.command("delete")
def models_delete(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    version: Annotated[int, typer.Argument(help="Its number; the promoted one cannot go.")],
    workspace: At = HERE,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Remove a version that is not promoted, with its files."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        flow.delete(shop, name, version)
    if json:
        terminal.as_json({"deleted": {"name": name, "version": version}})
        return
    say = told(lang)
    terminal.facts(say("now_deleted"), [(say("model"), name), (say("version"), version)])
    terminal.next_step(views.command(workspace, "models", "list"))
