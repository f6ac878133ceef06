"""Options that several commands share, and what they become."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tradewind.errors import DataError

if TYPE_CHECKING:
    from tradewind.flows.asked import Question
    from tradewind.flows.shop import Shop
    from tradewind.flows.words import Told


class Preset(StrEnum):
    """Time for accuracy."""

    fast = "fast"
    default = "default"
    best = "best"


class Track(StrEnum):
    """Who is told how a run goes."""

    tensorboard = "tensorboard"
    wandb = "wandb"


class Target(StrEnum):
    """What can be forecast."""

    units = "units"
    price = "price"
    revenue = "revenue"
    demand = "demand"


class Level(StrEnum):
    """What can be added up."""

    product = "product"
    parent = "parent"
    category = "category"
    brand = "brand"
    channel = "channel"
    location = "location"
    total = "total"


class Kind(StrEnum):
    """What a file holds."""

    sales = "sales"
    stock = "stock"
    movements = "movements"
    products = "products"
    calendar = "calendar"
    supply = "supply"
    rates = "rates"
    bundles = "bundles"
    launches = "launches"


class DemoShop(StrEnum):
    """Whose sales the demo forecasts."""

    completejourney = "completejourney"
    crossborder = "crossborder"


class DemandDate(StrEnum):
    """The day that a presale counts on."""

    order = "order"
    deposit = "deposit"
    balance = "balance"


class Language(StrEnum):
    """Of what is printed, and of the report."""

    en = "en"
    zh = "zh"


At = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder of the workspace.", show_default="here")
]
Json = Annotated[bool, typer.Option("--json", help="Print the same as JSON, and nothing else.")]
PresetOption = Annotated[Preset, typer.Option(help="Trade time for accuracy.")]
TargetOption = Annotated[Target, typer.Option(help="What to forecast.")]
HOption = Annotated[
    int,
    typer.Option(
        "--h",
        min=0,
        help="Steps ahead; 0 means 28 days, 8 weeks or 6 months.",
        show_default="as before",
    ),
]
FreqOption = Annotated[
    str,
    typer.Option(
        help="D, W (weeks from Monday), W-SUN …, MS (months).", show_default="as before, else D"
    ),
]
ByOption = Annotated[
    str,
    typer.Option(
        help="What makes a series: product, or product,channel,location.",
        show_default="as before, else product",
    ),
]
ModelsOption = Annotated[
    str,
    typer.Option(
        "--models", help="Names with commas, also beyond the preset; left out: all of it."
    ),
]
WindowsOption = Annotated[int, typer.Option("--windows", min=1, help="Cutoffs of the back-test.")]
TopOption = Annotated[int, typer.Option(min=0, help="Only so many best-sellers; 0 means all.")]
TrackOption = Annotated[
    Track | None,
    typer.Option(
        "--track",
        help="Also write settings, curves and figures for it; nothing leaves this machine.",
        show_default="no",
    ),
]
CountryOption = Annotated[
    str,
    typer.Option(help="Whose holidays apply: US, CN, DE …", show_default="as before, else none"),
]
RowsOption = Annotated[int, typer.Option("--rows", min=1, help="Rows of the printed table.")]
LangOption = Annotated[
    Language | None,
    typer.Option(
        "--lang",
        help="Language of what is printed, and of the report.",
        show_default="from TRADEWIND_LANG, else LANG",
    ),
]
HERE = Path()


def language(asked: Language | None) -> Literal["en", "zh"]:
    """The language asked for, else the one of the environment."""
    variables = ("TRADEWIND_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    names = (os.environ.get(name) for name in variables)
    spoken = next(filter(None, names), "")
    if asked is not None:
        return "zh" if asked is Language.zh else "en"
    return "zh" if spoken.lower().startswith("zh") else "en"


def told(asked: Language | None) -> Told:
    """The words in which a command answers."""
    from tradewind.flows.words import Told

    return Told(language(asked))


def opened(path: Path, *, create: bool = False) -> Shop:
    """The workspace at a path."""
    from tradewind.flows.shop import open_shop

    return open_shop(path, create=create)


def asked(**given: Any) -> Question:
    """The question that the options spell."""
    from tradewind.flows.asked import Question

    for name in ("by", "models"):
        given[name] = tuple(part for part in given.pop(name, "").split(",") if part)
    plain = {k: v.value if isinstance(v, StrEnum) else v for k, v in given.items()}
    return Question.from_dict(plain)


def pairs(mapping: list[str]) -> dict[str, str]:
    """["y=qty", "单价=售价"] → {"y": "qty", "price": "售价"}; DataError for what is no pair."""
    from tradewind.flows.words import noun_of

    if wrong := [m for m in mapping if "=" not in m]:
        raise DataError(f"--map {wrong[0]} must be noun=header, e.g. --map y=qty")
    split = [m.split("=", 1) for m in mapping]
    return {noun_of(noun): header for noun, header in split}
