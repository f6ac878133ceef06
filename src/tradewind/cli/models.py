"""tradewind models: versions of trained models, and which of them forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tradewind.cli import terminal
from tradewind.cli.options import HERE, At, Json, opened

app = typer.Typer(
    help="Versions of trained models: which are there, and which one forecasts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def models_list(
    name: Annotated[str | None, typer.Argument(help="Only this model.")] = None,
    workspace: At = HERE,
    json: Json = False,
) -> None:
    """List every version; ● marks the one that forecasts."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        versions = [flow.as_dict(v) for v in flow.listed(shop, name)]
    if json:
        terminal.as_json(versions)
        return
    terminal.versions(versions)
    terminal.next_step(
        f"tradewind models show {versions[-1]['name']} --workspace {workspace}"
        if versions
        else f"tradewind forecast --workspace {workspace} trains the first version"
    )


@app.command("show")
def models_show(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    version: Annotated[int | None, typer.Argument(help="The promoted one if left out.")] = None,
    workspace: At = HERE,
    json: Json = False,
) -> None:
    """Show the settings, scores and files of one version."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        told = flow.shown(shop, name, version)
    if json:
        terminal.as_json(told)
        return
    terminal.version(told)
    terminal.next_step(f"tradewind models promote {name} {told['version']} --workspace {workspace}")


@app.command("promote")
def models_promote(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    version: Annotated[int, typer.Argument(help="Its number.")],
    workspace: At = HERE,
    json: Json = False,
) -> None:
    """Let this version forecast from now on."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        now = flow.promote(shop, name, version)
    _promoted(flow.as_dict(now), workspace, json=json)


@app.command("rollback")
def models_rollback(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    workspace: At = HERE,
    json: Json = False,
) -> None:
    """Let the version that was promoted before forecast again."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        now = flow.rollback(shop, name)
    _promoted(flow.as_dict(now), workspace, json=json)


def _promoted(now: dict[str, Any], workspace: Path, *, json: bool) -> None:
    if json:
        terminal.as_json(now)
        return
    terminal.facts("Promoted", [("model", now["name"]), ("version", now["version"])])
    terminal.next_step(f"tradewind forecast --workspace {workspace}")


@app.command("delete")
def models_delete(
    name: Annotated[str, typer.Argument(help="As `models list` spells it.")],
    version: Annotated[int, typer.Argument(help="Its number; the promoted one cannot go.")],
    workspace: At = HERE,
    json: Json = False,
) -> None:
    """Remove a version that is not promoted, with its files."""
    from tradewind.flows import models as flow

    with opened(workspace) as shop:
        flow.delete(shop, name, version)
    if json:
        terminal.as_json({"deleted": {"name": name, "version": version}})
        return
    terminal.facts("Deleted", [("model", name), ("version", version)])
    terminal.next_step(f"tradewind models list --workspace {workspace}")
