"""tradewind tune: searches the settings of a model on the shop's own past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradewind.cli import terminal, views
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
    TrackOption,
    WindowsOption,
    asked,
    language,
    opened,
    told,
)

if TYPE_CHECKING:
    from tradewind.flows.asked import Question
    from tradewind.flows.shop import Shop
    from tradewind.flows.words import Told

ENDED = {"time": "ended_time", "trials": "ended_trials", "tried_out": "ended_tried_out"}


def tune(
    model: Annotated[str, typer.Option(help="Name as in the leaderboard: trees, finetuned, ar …")],
    minutes: Annotated[float, typer.Option(min=0, help="The search ends then.")] = 10.0,
    trials: Annotated[int, typer.Option(min=0, help="New ones at most; 0 means no limit.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn.")] = 0,
    forget: Annotated[
        bool, typer.Option("--forget", help="Let the default settings answer again.")
    ] = False,
    track: TrackOption = None,
    workspace: At = HERE,
    target: TargetOption = Target.units,
    h: HOption = 0,
    freq: FreqOption = "",
    by: ByOption = "",
    preset: PresetOption = Preset.default,
    windows: WindowsOption = 3,
    earlier: Annotated[
        int, typer.Option(min=1, help="Windows before those of the back-test to score trials on.")
    ] = 3,
    country: CountryOption = "",
    top: TopOption = 0,
    lang: LangOption = None,
    json: Json = False,
) -> None:
    """Search the settings of a model; the best ones answer from now on, if better."""
    from tradewind.flows import tune as flow
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
    )
    say = told(lang)
    with opened(workspace) as shop:
        if forget:
            _forget(say, shop, model, question, json=json)
            return
        name = f"tune-{model}-{datetime.now():%Y%m%d-%H%M%S}"
        kind = track.value if track else ""
        order = flow.Order(model, minutes, trials, earlier, seed)
        with (
            terminal.progress(quiet=json, words=say.stage) as tell,
            tracking(shop.path, kind, name) as tracker,
        ):
            audience = flow.Audience(_progress(say, tell, minutes), tracker)
            tuned = flow.tune(shop, order, question, audience=audience)
            page = flow.publish(shop, tuned, language(lang))
            tracker.file(page)
        place = shop.path / "tracking" if track else None
    content = tuned.to_dict() | {"report": page, "tracked_in": place}
    if json:
        terminal.as_json(content)
        return
    _tell(say, content, windows)
    then = views.command(workspace, "backtest" if content["kept"] else "forecast")
    terminal.next_step(then)


def _progress(
    say: Told, tell: terminal.Report, minutes: float
) -> Callable[[Any, float, float], None]:
    """The bar: seconds gone, with the last trial and the best score before it."""

    def progress(trial: Any, best: float, seconds: float) -> None:
        wanted = max(round(60 * minutes), 1)
        tell(
            min(round(seconds), wanted), wanted, say("tune_now", n=trial.number, best=f"{best:.4f}")
        )

    return progress


def _forget(say: Told, shop: Shop, model: str, question: Question, *, json: bool) -> None:
    from tradewind.flows import tune as flow

    found = flow.forgotten(shop, model, question)
    if json:
        terminal.as_json({"forgotten": model, "run": found.run, "sql": found.score})
        return
    pairs = [(say("tune_was"), found.score), (say("tune_default"), found.before)]
    terminal.facts(say("tune_forgot", model=model), pairs)
    terminal.next_step(views.command(shop.path, "backtest"))


def _tell(say: Told, content: dict[str, Any], kept_back: int) -> None:
    """What came of a search."""
    model, states = content["model"], [t["state"] for t in content["trials"]]
    count = len(content["cutoffs"])
    windows = say("one_window") if count == 1 else say("windows", n=count)
    counts = {
        "all": len(states),
        "done": states.count("done"),
        "pruned": states.count("pruned"),
    }
    series = terminal.cell(content["series"])
    terminal.facts(
        say("tune_title", model=model, series=series, windows=windows),
        [
            (say("tune_trials"), say("tune_counts", **counts)),
            (say("tune_ended"), say(ENDED[content["ended"]])),
            (say("tune_default"), content["default"]),
            (say("tune_best"), content["best"]),
            (say("tune_gain"), round(100 * content["gain"], 2)),
            (say("seconds"), round(content["seconds"], 1)),
            (say("report"), content["report"]),
            *[(say("tracked_in"), content["tracked_in"])] * (content["tracked_in"] is not None),
        ],
    )
    importance = content["importance"]
    views.table(
        say,
        say("tune_settings", model=model),
        [
            terminal.Column(say("setting")),
            *[terminal.Column(say(name)) for name in ("by_default", "at_best")],
            *[terminal.Column(say("importance"), ".0f")] * bool(importance),
        ],
        [
            (
                name,
                _value(say, values["default"]),
                _value(say, values["best"]),
                *[views.percent(importance.get(name))] * bool(importance),
            )
            for name, values in content["settings"].items()
        ],
        say("tune_kept", n=kept_back) if content["kept"] else say("tune_stays"),
    )


def _value(say: Told, value: Any) -> str:
    """A value of a setting as text: `auto` where the model chooses it by itself."""
    if isinstance(value, tuple | list):
        return ", ".join(_value(say, one) for one in value)
    return say("auto") if value != value else terminal.cell(value)
