"""train: the best model of a back-test learns everything up to now, and becomes a version."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from tradewind.errors import DataError
from tradewind.flows import tuned
from tradewind.flows.asked import Question
from tradewind.flows.backtest import Tested, memory_of, models_of
from tradewind.flows.shop import Seen, task_of
from tradewind.models.protocol import Fitted, Forecaster
from tradewind.models.settings import from_toml, to_toml
from tradewind.panel import Panel
from tradewind.store import Version, Workspace, audit
from tradewind.task import Roles, Task


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that has seen the shop, and the version it is kept as."""

    version: Version
    fitted: Fitted


def train(
    shop: Workspace, tested: Tested, *, at: datetime, promote: bool, model: str | None = None
) -> Trained:
    """Fit the best model of a back-test (or the one named) on all data and keep it as a version.

    promote   let it forecast from now on; the first version of a name is promoted in any case. One
              that was asked about columns held ahead never is: it answers what if, not what will be
    """
    asked, seen = tested.question, tested.seen
    name = model or tested.best
    forecaster = models_of(shop, asked, seen, memory_of(shop))[name]
    task = task_of(asked, seen)
    past = task.window(seen.panel, seen.panel.end).past
    fitted = forecaster.fit(past, task)
    row = tested.leaderboard.filter(pl.col("model") == name).row(0, named=True)
    version = Version(
        name=asked.model_name,
        version=0,
        created_at=at,
        forecaster=name,
        task={
            "question": asked.to_dict(),
            "roles": asdict(seen.roles),
            "tuned": tuned_in(name, sorted(tuned.kept(shop, asked))),
        },
        digest=seen.digest,
        metrics={k: v for k, v in row.items() if isinstance(v, float)},
    )
    kept = shop.registry.add(version, lambda folder: write(folder, forecaster, fitted, past, task))
    before = [v for v in shop.registry.versions(kept.name) if v.promoted]
    if (promote or not before) and not asked.held:
        shop.registry.promote(kept.name, kept.version, at)
        audit.add(shop.db, at, "tradewind", "promote", kept.name, version=kept.version)
        kept = shop.registry.find(kept.name, kept.version)
    return Trained(kept, fitted)


def tuned_in(name: str, names: list[str]) -> list[str]:
    """Which tuned models take part in one: itself, and in an ensemble its members."""
    return names if name == "ensemble" else [n for n in names if n == name]


def write(folder: Path, forecaster: Forecaster, fitted: Fitted, past: Panel, task: Task) -> None:
    """Put a trained model into a folder: settings, what it has seen, and what it learnt."""
    (folder / "settings.toml").write_text(to_toml(forecaster), encoding="utf-8")
    past.frame.write_parquet(folder / "past.parquet")
    past.static.write_parquet(folder / "static.parquet")
    (folder / "fitted").mkdir()
    fitted.save(folder / "fitted")


def restore(shop: Workspace, version: Version, seen: Seen) -> Trained:
    """A kept version over the shop as it is now: what came since it was trained is added.

    Raises DataError if its files are damaged.
    """
    folder = shop.registry.folder(version.name, version.version)
    asked = Question.from_dict(version.task["question"])
    roles = Roles(**{name: tuple(columns) for name, columns in version.task["roles"].items()})
    try:
        forecaster = from_toml((folder / "settings.toml").read_text(encoding="utf-8"))
        past = Panel(
            pl.read_parquet(folder / "past.parquet"),
            seen.panel.freq,
            pl.read_parquet(folder / "static.parquet"),
        )
        task = replace(task_of(asked, seen), roles=roles)
        fitted = forecaster.restore(folder / "fitted", past, task)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"version {version.version} of {version.name!r} cannot be read from {folder}: {error}; "
            f"promote another version or forecast with --retrain"
        ) from error
    new = seen.panel.after(past.end)
    if len(new.frame):
        columns = [c for c in past.frame.columns if c in new.frame.columns]
        fitted = fitted.update(new.select(columns))
    return Trained(version, fitted)
