"""What the command explain prints, in the language of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tradewind.cli.terminal import Column, as_json, next_step
from tradewind.cli.views import table

if TYPE_CHECKING:
    from tradewind.flows.words import Told


def explained(say: Told, told: dict[str, Any], sentences: Sequence[str]) -> None:
    """From what is usual to the forecast, and why."""
    unit = say("units") if told["unit"] == "units" else told["unit"] or "–"
    parts = told["contributions"]
    order = sorted(parts, key=lambda name: -abs(parts[name]))
    rows: list[tuple[str, float]] = [(say("as_usual"), told["baseline"])]
    rows += [(say(f"by_{name}"), parts[name]) for name in order if parts[name]]
    rows.append((say("the_forecast"), told["forecast"]["mean"]))
    named = told["name"] != told["product"]
    name = f"{told['name']} ({told['product']})" if named else told["product"]
    table(
        say,
        say("explain_of", name=name),
        [Column(say("cause")), Column(say("adds_unit", unit=unit), ",.1f")],
        rows,
        *sentences,
    )


def supposed(say: Told, told: dict[str, Any], sentences: Sequence[str]) -> None:
    """The forecast as planned and as changed."""
    names = {"before": "plan_held" if told["held"] else "plan_before", "after": "plan_after"}
    table(
        say,
        say("what_if"),
        [Column(""), *[Column(say(name), ",.1f") for name in ("expected", "low80", "high80")]],
        [
            (say(key), *[told[name][end] for end in ("mean", "low", "high")])
            for name, key in names.items()
        ],
        *sentences,
    )


def matters(say: Told, rows: Sequence[dict[str, Any]], *, json: bool) -> None:
    """What the trees go by over all products."""
    if json:
        as_json(list(rows))
        return
    table(
        say,
        say("matters"),
        [Column(say("cause")), Column(say("moves"), ",.1f"), Column(say("share_of"), ",.1f")],
        [(say(f"by_{r['group']}"), 100 * r["importance"], 100 * r["share"]) for r in rows],
        say("matters_note"),
    )
    next_step(say("name_one"))
