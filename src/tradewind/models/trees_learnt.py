"""What the trees learnt of one target, in memory and on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tradewind.forecast import Dependence
from tradewind.models.field import Labels
from tradewind.models.trees_boost import Member
from tradewind.models.trees_errors import Scores, Shape
from tradewind.models.trees_linear import from_json, to_json


@dataclass(frozen=True, slots=True)
class Learnt:
    """Boosters and the quantiles of their errors.

    names         columns of the feature table, in order
    labels        codes of texts
    level_steps   span of the level that everything is relative to
    flag          known column whose values have their own means within a phase
    models        of the value, one a fold
    spread        of log |error|, one a fold
    shape         quantiles of error / size
    dependence    of the errors over the horizon, None where there was too little to learn it
    """

    names: tuple[str, ...]
    labels: Labels
    level_steps: int
    flag: str | None
    models: tuple[Member, ...]
    spread: tuple[Member, ...]
    shape: Shape
    dependence: Dependence | None


def write_learnt(folder: Path, learnt: Learnt) -> None:
    """Boosters as LightGBM's text, the rest as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, models in (("value", learnt.models), ("spread", learnt.spread)):
        for place, member in enumerate(models):
            (folder / f"{kind}_{place}.txt").write_text(member.trees, encoding="utf-8")
    joint = learnt.dependence
    about = {
        "names": learnt.names,
        "labels": learnt.labels.columns,
        "level_steps": learnt.level_steps,
        "flag": learnt.flag,
        "value": [[to_json(member.line), member.weight] for member in learnt.models],
        "spread": [[to_json(member.line), member.weight] for member in learnt.spread],
        "fine": _lists(learnt.shape.fine),
        "coarse": _lists(learnt.shape.coarse),
        "steps": None if joint is None else joint.steps.tolist(),
        "common": None if joint is None else joint.common,
    }
    (folder / "learnt.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _lists(scores: Scores) -> list[list[object]]:
    return [scores.sizes.tolist(), scores.quantiles.tolist()]


def read_learnt(folder: Path) -> Learnt:
    """What `write_learnt` wrote."""
    about = json.loads((folder / "learnt.json").read_text(encoding="utf-8"))
    models, spread = (
        tuple(
            Member(
                (folder / f"{kind}_{place}.txt").read_text(encoding="utf-8"),
                from_json(line),
                weight,
            )
            for place, (line, weight) in enumerate(about[kind])
        )
        for kind in ("value", "spread")
    )
    joint = (
        None if about["steps"] is None else Dependence(np.array(about["steps"]), about["common"])
    )
    return Learnt(
        names=tuple(about["names"]),
        labels=Labels({name: tuple(texts) for name, texts in about["labels"].items()}),
        level_steps=about["level_steps"],
        flag=about["flag"],
        models=models,
        spread=spread,
        shape=Shape(*(Scores(*map(np.array, about[kind])) for kind in ("fine", "coarse"))),
        dependence=joint,
    )
