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
from tradewind.models.hindsight import Resumable
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
    before = goes_on_from(shop, asked, seen, name, forecaster)
    fitted = learnt(shop, before, seen, forecaster, past, task)
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
            "from": None if before is None else before.version,
        },
        digest=seen.digest,
        metrics={k: v for k, v in row.items() if isinstance(v, float)},
    )
    kept = shop.registry.add(version, lambda folder: write(folder, forecaster, fitted, past, task))
    is_first = not any(v.promoted for v in shop.registry.versions(kept.name))
    if (promote or is_first) and not asked.held:
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


def goes_on_from(
    shop: Workspace, asked: Question, seen: Seen, name: str, forecaster: Forecaster
) -> Version | None:
    """The newest version from whose weights training can go on: of the same settings, for the same
    question, with no text that it has not seen; None where there is none, or nothing to go on with.
    """
    if not isinstance(forecaster, Resumable):
        return None
    for version in reversed(shop.registry.versions(asked.model_name)):
        folder = shop.registry.folder(version.name, version.version)
        then = Question.from_dict(version.task["question"])
        alike = version.forecaster == name and (then.h, then.levels) == (asked.h, asked.levels)
        if not alike or roles_of(version) != seen.roles:
            continue
        settings = (folder / "settings.toml").read_text(encoding="utf-8")
        if settings == to_toml(forecaster) and not has_new_texts(folder, seen):
            return version
    return None


def has_new_texts(folder: Path, seen: Seen) -> bool:
    """Whether a static column holds a text now that the version in the folder had not seen."""
    then, now = pl.read_parquet(folder / "static.parquet"), seen.panel.static
    texts = [c for c in seen.roles.static if now[c].dtype == pl.String]
    return any(not set(now[c].drop_nulls()) <= set(then[c].drop_nulls()) for c in texts)


def learnt(
    shop: Workspace,
    before: Version | None,
    seen: Seen,
    forecaster: Forecaster,
    past: Panel,
    task: Task,
) -> Fitted:
    """The forecaster fitted to `past`, from nothing or from a version before."""
    if before is None or not isinstance(forecaster, Resumable):
        return forecaster.fit(past, task)
    fitted, _ = as_kept(shop, before, seen)
    return forecaster.resume(fitted, past, task)


def roles_of(version: Version) -> Roles:
    """The roles of the columns that a version was trained with."""
    return Roles(**{name: tuple(columns) for name, columns in version.task["roles"].items()})


def restore(shop: Workspace, version: Version, seen: Seen) -> Trained:
    """A kept version over the shop as it is now: what came since it was trained is added.

    Raises DataError if its files are damaged.
    """
    fitted, past = as_kept(shop, version, seen)
    new = seen.panel.after(past.end)
    if len(new.frame):
        columns = [c for c in past.frame.columns if c in new.frame.columns]
        fitted = fitted.update(new.select(columns))
    return Trained(version, fitted)


def as_kept(shop: Workspace, version: Version, seen: Seen) -> tuple[Fitted, Panel]:
    """A version over the past it was trained on, and that past. Raises DataError as `restore`."""
    folder = shop.registry.folder(version.name, version.version)
    asked = Question.from_dict(version.task["question"])
    try:
        forecaster = from_toml((folder / "settings.toml").read_text(encoding="utf-8"))
        past = Panel(
            pl.read_parquet(folder / "past.parquet"),
            seen.panel.freq,
            pl.read_parquet(folder / "static.parquet"),
        )
        task = replace(task_of(asked, seen), roles=roles_of(version))
        fitted = forecaster.restore(folder / "fitted", past, task)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"version {version.version} of {version.name!r} cannot be read from {folder}: {error}; "
            f"promote another version or forecast with --retrain"
        ) from error
    return fitted, past
