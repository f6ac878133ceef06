"""tradewind explain: why a forecast is what it is, and what it would be with other plans."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from tradewind.cli import terminal, views, views_explain
from tradewind.cli.options import (
    HERE,
    At,
    ByOption,
    CountryOption,
    FreqOption,
    HOption,
    Json,
    LangOption,
    Preset,
    PresetOption,
    Target,
    TargetOption,
    TopOption,
    asked,
    language,
    opened,
    told,
)

ProductArgument = Annotated[
    str | None,
    typer.Argument(
        help="Product, or product/channel/location; left out: what matters to all products.",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Other plans: price=-10%, price=9.99, promotion=0.2, double_11=yes. May be repeated.",
    ),
]
DateOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="One period of the horizon, in place of all of it."),
]


def explain(
    product: ProductArgument = None,
    workspace: At = HERE,
    changes: SetOption = None,
    date: DateOption = None,
    target: TargetOption = Target.units,
    h: HOption = 0,
    freq: FreqOption = "",
    by: ByOption = "",
    preset: PresetOption = Preset.default,
    country: CountryOption = "",
    top: TopOption = 0,
    report: Annotated[
        bool, typer.Option("--report", help="Also write a page for the browser, in reports/.")
    ] = False,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Say why a product's forecast is what it is, and what other plans would change."""
    from tradewind.errors import DataError
    from tradewind.flows import explain as flow
    from tradewind.flows.looked import look
    from tradewind.flows.what_if import answering, supposed

    question = asked(target=target, h=h, freq=freq, by=by, preset=preset, country=country, top=top)
    say, spoken = told(lang), language(lang)
    if product is None and (changes or date or report):
        raise DataError("--set, --date and --report are of one product: name it")
    with opened(workspace) as shop, terminal.progress(quiet=json, words=say.stage) as tell:
        looked = look(shop, question, progress=tell)
        if product is None:
            views_explain.matters(say, flow.matters(looked).to_dicts(), json=json)
            return
        found = flow.explained(looked, product, date=date)
        other = None
        if changes:
            able = answering(shop, looked, product, changes, progress=tell)
            other = supposed(able, product, changes, date=date)
        written = flow.write_page(shop, found, other, spoken) if report else None
    if json:
        rest = {"what_if": other.to_dict() if other else None, "report": written}
        terminal.as_json(found.to_dict() | rest)
        return
    views_explain.explained(say, found.to_dict(), found.sentences(spoken))
    if other is not None:
        views_explain.supposed(say, other.to_dict(), other.sentences(spoken))
    if written is not None:
        terminal.facts(say("done"), [(say("report"), written)])
    then = ("forecast",) if changes or report else ("explain", product, "--report")
    terminal.next_step(views.command(workspace, *then))
