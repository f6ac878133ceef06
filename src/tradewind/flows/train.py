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
    fitted, past, task, before = learnt(shop, tested, name, forecaster)
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
            "from": before,
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


def learnt(
    shop: Workspace, tested: Tested, name: str, forecaster: Forecaster
) -> tuple[Fitted, Panel, Task, int | None]:
    """The forecaster fitted to all that is known now, what it was fitted to, and the version from
    whose weights its training went on: the newest of the same settings for the same question with
    no text that it has not seen. None where it learnt from nothing: there is no such version, its
    files are damaged, or its network is built otherwise than this one.
    """
    asked, seen = tested.question, tested.seen
    task = task_of(asked, seen)
    past = task.window(seen.panel, seen.panel.end).past
    if isinstance(forecaster, Resumable):
        for version in reversed(shop.registry.versions(asked.model_name)):
            try:
                if not is_alike(shop, version, tested, name, forecaster):
                    continue
                before, _ = as_kept(shop, version, seen)
                return forecaster.resume(before, past, task), past, task, version.version
            except (DataError, OSError, pl.exceptions.PolarsError):
                continue  # told by the version that it went on from, or by none
    return forecaster.fit(past, task), past, task, None


def is_alike(
    shop: Workspace, version: Version, tested: Tested, name: str, forecaster: Forecaster
) -> bool:
    """Whether a version answers the same question with the same settings, and knows all texts."""
    asked, seen = tested.question, tested.seen
    then = Question.from_dict(version.task["question"])
    if version.forecaster != name or (then.h, then.levels) != (asked.h, asked.levels):
        return False
    folder = shop.registry.folder(version.name, version.version)
    settings = (folder / "settings.toml").read_text(encoding="utf-8")
    known = roles_of(version) == seen.roles and not has_new_texts(folder, seen)
    return known and settings == to_toml(forecaster)


def has_new_texts(folder: Path, seen: Seen) -> bool:
    """Whether a static column holds a text now that the version in the folder had not seen."""
    then, now = pl.read_parquet(folder / "static.parquet"), seen.panel.static
    texts = [c for c in seen.roles.static if now[c].dtype == pl.String]
    return any(not set(now[c].drop_nulls()) <= set(then[c].drop_nulls()) for c in texts)


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
