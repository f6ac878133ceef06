"""What each ingredient of the pretrained network is worth: small runs, each without one of them.

    python benchmarks/ablations.py --out FOLDER [--samples 128000] [--data BENCH] [--csv FILE]
    python benchmarks/ablations.py --checkpoint FILE [--data BENCH] [--windows first|all]

The first trains every row of VARIANTS that `--out` does not hold yet, all with one seed, batches of
256 and one schedule, and scores each. An interrupted run goes on where it stopped. The second
scores the averaged weights of training checkpoints the same way. It prints a table:

loss, held skill   on held-out synthetic series of the full prior (`validate`)
skill              with --data: zero-shot on the development windows of the seven retail tasks, the
                   earliest one of each or all; 1 − geometric mean of SQL / SQL(Seasonal Naive), and
                   each task's SQL

One seed tells two rows apart only where they differ by more than two seeds of one row do: train
`--rows full` with another `--seed` into another folder to see by how much. The tasks are looked at
to report; nothing about the network is chosen by them.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

import tradewind
from tradewind.arrays import Floats, Floats32
from tradewind.backtest.protocol import score_window, seasonal_naive, skill
from tradewind.backtest.published import HEADLINE, load_task
from tradewind.backtest.run import truth_at
from tradewind.errors import DataError, TradewindError
from tradewind.models.field import labels_of
from tradewind.models.pretrained.draw import Draw, batch
from tradewind.models.pretrained.encode import (
    FUTURE_CHANNELS,
    HALF_LIVES,
    HISTORY_CHANNELS,
    PREFIX,
    Inputs,
)
from tradewind.models.pretrained.forecaster import FittedPretrained, Pretrained
from tradewind.models.pretrained.infer import Run
from tradewind.models.pretrained.layout import PATCH, SLOTS
from tradewind.models.pretrained.loss import loss
from tradewind.models.pretrained.network import Network, Size
from tradewind.models.pretrained.phase import PHASES
from tradewind.models.pretrained.pretrain import Pretraining, validate
from tradewind.models.pretrained.prior import FAMILIES, Prior
from tradewind.models.pretrained.seasonal import grown
from tradewind.task import Window
from tradewind.train import checkpoint
from tradewind.train.batches import parallel
from tradewind.train.loop import State, Training, Watch, train

BATCH, WARMUP = 256, 500
SAVE_SECONDS = 300.0
HELD = 16
"""Batches of held-out series: 4,096 of them."""

LAST, EFFECT, PAST_SLOTS = slice(2, 4), 5, slice(HISTORY_CHANNELS - SLOTS, None)
"""Channels of the past: last season with its mask, the covariates' effect, the slots."""
SEASONS, COMING, GROWN = slice(0, 4), 4, slice(5, 7)
"""Channels of the horizon: both seasons with their masks, the effect, both seasons grown."""
AHEAD_SLOTS = slice(FUTURE_CHANNELS - SLOTS, None)
FOUND_EFFECT, FOUND_SQUARE, UNSEEN = PHASES + 4, PHASES + 6, PHASES + 7
"""Features by which steps find one another: the effect, its square, and whether it was not seen."""
SEASON_LENGTHS, LENGTH_UNITS = slice(PREFIX - 4, PREFIX - 2), np.array([5, 8], np.float32)
"""Where the prefix tells both seasons, as log2(steps) over these."""

Arrays = Mapping[str, NDArray[Any]]
Cut = Callable[[Arrays], Arrays]
"""The network's inputs, by name, with something taken out; what it is given stays as it was."""


def whole(arrays: Arrays) -> Arrays:
    """Nothing taken out."""
    return arrays


def without_seasons(arrays: Arrays) -> Arrays:
    """No value of an earlier season: the head's seasonal guesses become levels.

    Which steps lie a season apart can still be found by attention and by the search.
    """
    query = arrays["query"].copy()
    query[..., SEASONS] = 0
    newest = arrays["level"][:, 1, None, None]
    query[..., GROWN] = (newest + query[..., COMING])[..., None]
    return {**arrays, **_past(arrays, LAST), "query": query}


def without_effect(arrays: Arrays) -> Arrays:
    """No regression on the covariates: what `encode` makes of series on which they had no effect.

    The raw columns stay in their slots.
    """
    query, keys, values, asks, level = (
        arrays[name].copy() for name in ("query", "keys", "values", "asks", "level")
    )
    z, seen = values[:, :, 0], keys[:, :, UNSEEN] == 0
    age = np.arange(-z.shape[1], 0, dtype=np.float32)
    weight = seen * np.exp2(age / HALF_LIVES[1])
    level[:, 1] = (z * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-6)
    lengths = np.rint(np.exp2(arrays["prefix"][:, SEASON_LENGTHS] * LENGTH_UNITS)).astype(np.int64)
    query[..., COMING] = 0
    for place, season in enumerate(np.where(lengths > 1, lengths, 0).T):
        ahead = grown(z, seen, season, asks.shape[1], level[:, 1])
        query[..., GROWN.start + place] = ahead.reshape(query.shape[:3])
    keys[:, :, [FOUND_EFFECT, FOUND_SQUARE]] = 0
    values[:, :, 2] = 0
    asks[:, :, FOUND_EFFECT] = 0
    made = {"query": query, "keys": keys, "values": values, "asks": asks, "level": level}
    return {**arrays, **_past(arrays, EFFECT), **made}


def without_covariates(arrays: Arrays) -> Arrays:
    """No covariates at all: neither their effect nor their slots."""
    bare = without_effect(arrays)
    query, prefix = bare["query"].copy(), bare["prefix"].copy()
    query[..., AHEAD_SLOTS] = 0
    prefix[:, : 2 * SLOTS] = 0
    return {**bare, **_past(bare, PAST_SLOTS), "query": query, "prefix": prefix}


def without_find(arrays: Arrays) -> Arrays:
    """No search for similar steps: whatever is asked, z = 0 is found, the mean of the past."""
    return {**arrays, **{name: np.zeros_like(arrays[name]) for name in ("keys", "values", "asks")}}


def _past(arrays: Arrays, channels: slice | int) -> Arrays:
    """The tokens of the past with some channels zero."""
    made = {}
    for name in ("fine", "coarse"):
        shape = arrays[name].shape
        tokens = arrays[name].reshape(*shape[:2], PATCH, HISTORY_CHANNELS).copy()
        tokens[..., channels] = 0
        made[name] = tokens.reshape(shape)
    return made


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of the table: what is taken out of the inputs, and how prior or size differ."""

    cut: Cut = whole
    prior: Prior = Prior()  # noqa: RUF009  # frozen
    size: Size = Size()  # noqa: RUF009  # frozen


def days_and_weeks(prior: Prior) -> Prior:
    """The same shops, but by day and by week only."""

    def kept(chances: tuple[float, ...]) -> tuple[float, ...]:
        told = zip(FAMILIES, chances, strict=True)
        return tuple(chance if name in ("day", "week") else 0.0 for name, chance in told)

    return replace(
        prior,
        families=kept(prior.families),
        short_families=kept(prior.short_families),
        long_families=kept(prior.long_families),
    )


VARIANTS: dict[str, Variant] = {
    "full": Variant(),
    "no_seasons": Variant(without_seasons),
    "no_effect": Variant(without_effect),
    "no_covariates": Variant(without_covariates),
    "no_find": Variant(without_find),
    "prior_no_promotions": Variant(prior=Prior(promotion=0.0)),
    "prior_days_and_weeks": Variant(prior=days_and_weeks(Prior())),
    "prior_no_moving_holidays": Variant(prior=Prior(moving=0.0)),
    "prior_no_small_counts": Variant(prior=Prior(counts=0.0)),
    "narrow": Variant(size=Size(width=64, hidden=192)),
    "wide": Variant(size=Size(width=128, hidden=384)),
}


def network_of(variant: Variant) -> Network:
    """A network whose inputs are cut wherever it is asked: in training and in every score."""
    network = Network(variant.size)
    if variant.cut is not whole:
        network.register_forward_pre_hook(partial(_hook, variant.cut), with_kwargs=True)
    return network


def _hook(cut: Cut, _module: object, args: Any, inputs: dict[str, torch.Tensor]) -> Any:
    made = cut({name: value.numpy() for name, value in inputs.items()})
    return args, {name: torch.from_numpy(value) for name, value in made.items()}


@dataclass(frozen=True, slots=True)
class Budget:
    """What every row is trained with.

    samples   series windows
    seed      of the weights at the start, and of the batches
    workers   processes that draw batches
    """

    samples: int = 128_000
    seed: int = 0
    batch: int = BATCH
    workers: int = 1

    def draw(self, variant: Variant) -> Draw:
        """Batches of the variant's prior."""
        return Draw(size=self.batch, seed=self.seed, prior=variant.prior)

    def training(self, variant: Variant) -> Training:
        """As the long run, with a warm-up of a tenth of the steps where that is shorter."""
        long = Pretraining(self.samples, variant.size, self.draw(variant)).training()
        return replace(long, warmup=min(WARMUP, long.steps // 10))

    def about(self, name: str) -> dict[str, Any]:
        """What the checkpoint of a row must agree with."""
        told = {"row": name, "samples": self.samples, "batch": self.batch, "seed": self.seed}
        return told | {"size": VARIANTS[name].size.table()}


def trained(name: str, budget: Budget, folder: Path) -> tuple[State, str]:
    """The state of a finished row and the code that trained it; a row begun before goes on.

    Raises DataError if the folder holds the row with another budget, or half of it by other code.
    """
    variant, about, code = VARIANTS[name], budget.about(name), code_digest()
    training, file = budget.training(variant), folder / f"{name}.safetensors"
    state: State | None = None
    if file.exists():
        had, state = checkpoint.read_about(file), checkpoint.load(file)
        if other := [key for key, value in about.items() if had.get(key) != value]:
            raise DataError(f"{file} has another {' and '.join(other)}: name another --out")
        if state.step >= training.steps:
            return state, str(had["code"])
        if had["code"] != code:
            raise DataError(f"{file} was begun by other code: delete it, or name another --out")

    def save(step: int, state: State) -> None:
        checkpoint.save(file, state, about | {"code": code})

    def batches(first: int) -> Iterator[Any]:
        make = partial(batch, budget.draw(variant))
        return parallel(make, first, budget.workers, ahead=4 * max(budget.workers, 1))

    def progress(step: int, steps: int, values: Mapping[str, float]) -> None:
        say(f"{name}: step {step} of {steps}, loss {values.get('loss', float('nan')):.4f}")

    torch.manual_seed(budget.seed)
    watch = Watch(progress=progress, after=save, every_seconds=SAVE_SECONDS)
    state = train(network_of(variant), batches, loss, training, state, watch)
    save(state.step, state)
    return state, code


BESIDE = ("weights", "ship", "forecaster", "infer", "slots", "season", "finetune", "tune", "tuning")


def code_digest() -> str:
    """Eight digits of the code that invents series and trains on them.

    Files of `models/pretrained` that only serve afterwards (BESIDE) are left out.
    """
    package, told = Path(tradewind.__file__).parent, hashlib.blake2b(digest_size=4)
    files = [*(package / "models" / "pretrained").glob("*.py"), package / "train" / "loop.py"]
    for file in sorted(files):
        if file.stem not in BESIDE:
            told.update(file.read_bytes())
    return told.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One development window of one task.

    past     [N, T]   of the window's series
    truth    [N, h]   what came
    season            of the error that scales SQL
    """

    task: str
    window: Window
    past: Floats
    truth: Floats
    season: int

    def sql(self, quantiles: Floats) -> float:
        """SQL of quantiles [N, h, Q] of the window's series."""
        levels = self.window.task.levels
        return score_window(self.past, self.truth, quantiles, levels, self.season).values["SQL"]

    def naive(self) -> Floats:
        """What the publisher's Seasonal Naive says, [N, h, Q]."""
        task = self.window.task
        return seasonal_naive(self.past, task.h, self.season, task.levels)

    def answer(self, run: Run) -> Floats:
        """What the network says without having seen the task, [N, h, Q]."""
        past, task = self.window.past, self.window.task
        fitted = FittedPretrained(Pretrained(), past, task, labels_of(past, task), run)
        return fitted.forecast(task.h, task.levels, self.window.known).select(past.ids).quantiles


def windows_of(folder: Path, which: str) -> list[Asked]:
    """The development windows of the seven retail tasks: the earliest of each ("first"), or all."""
    made = []
    for name in HEADLINE:
        say(f"reading {name}")
        published = load_task(name, folder, dev=True)
        panel, task = published.panel, published.task
        for cutoff in task.cutoffs[: 1 if which == "first" else None]:
            window = task.window(panel, cutoff)
            truth = truth_at(panel, task, cutoff, window.past.ids)
            season = published.metric_season
            made.append(Asked(name, window, window.past.wide(), truth, season))
    return made


def task_scores(windows: Sequence[Asked], answer: Callable[[Asked], Floats]) -> dict[str, float]:
    """SQL of each task, the mean over its windows."""
    told: dict[str, list[float]] = {}
    for asked in windows:
        told.setdefault(asked.task, []).append(asked.sql(answer(asked)))
    return {task: float(np.mean(values)) for task, values in told.items()}


def torch_run(network: Network) -> Run:
    """The network as forecasters ask it, without exporting it first."""

    def run(inputs: Inputs) -> tuple[Floats32, Floats32]:
        tensors = {name: torch.from_numpy(value) for name, value in inputs.arrays().items()}
        with torch.inference_mode():
            quantiles, zero = network(**tensors)
        return quantiles.numpy(), zero.numpy()

    return run


def scored(network: Network, windows: Sequence[Asked], naive: Mapping[str, float]) -> pl.DataFrame:
    """One row: held-out synthetic series first, then the tasks where there are any."""
    held = validate(network.eval(), HELD)
    row: dict[str, Any] = {
        "parameters": sum(p.numel() for p in network.parameters()),
        "loss": held["loss"],
        "held skill": held["skill"],
    }
    if windows:
        run = torch_run(network)
        sql = task_scores(windows, lambda asked: asked.answer(run))
        row |= {"skill": skill(sql, dict(naive)), **sql}
    return pl.DataFrame([row])


def restored(file: Path) -> tuple[Network, int]:
    """The network of a training checkpoint with its averaged weights, and the samples it has seen.

    Raises DataError if it belongs to another network than that of this code.
    """
    about, state = checkpoint.read_about(file), checkpoint.load(file)
    network = Network(Size(**about["size"]))
    fill(network, state, file)
    return network, state.step * int(about["batch"])


def fill(network: Network, state: State, file: Path | str) -> None:
    """Give a network the averaged weights of a state."""
    try:
        network.load_state_dict(dict(state.best))
    except RuntimeError as error:
        raise DataError(f"{file} was trained by code with another network: {error}") from error


def rows(asked: argparse.Namespace) -> Iterator[tuple[dict[str, Any], Network]]:
    """What was asked for, row by row: its first columns, and the network to score."""
    if asked.checkpoint:
        for file in asked.checkpoint:
            network, samples = restored(file)
            yield {"row": file.stem, "samples": samples}, network
        return
    asked.out.mkdir(parents=True, exist_ok=True)
    budget = Budget(asked.samples, asked.seed, workers=asked.workers)
    for name in asked.rows or VARIANTS:
        state, code = trained(name, budget, asked.out)
        network = network_of(VARIANTS[name])
        fill(network, state, name)
        yield {"row": name, "samples": state.step * budget.batch, "code": code}, network


def say(text: str) -> None:
    """Tell how it goes, beside the table."""
    print(text, file=sys.stderr, flush=True)


def show(table: pl.DataFrame) -> None:
    """Print a table as Markdown."""
    with pl.Config(
        tbl_formatting="MARKDOWN",
        tbl_hide_column_data_types=True,
        tbl_hide_dataframe_shape=True,
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=1000,
        float_precision=4,
    ):
        print(table)


def arguments() -> argparse.Namespace:
    """What was asked for; ends the program where it makes no sense."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, help="folder of the rows' checkpoints")
    parser.add_argument("--checkpoint", type=Path, nargs="+", help="score these instead")
    parser.add_argument("--rows", nargs="+", choices=list(VARIANTS), help="some rows only")
    parser.add_argument("--samples", type=int, default=128_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that draw batches")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 leaves it to torch")
    parser.add_argument("--data", type=Path, help="folder of the benchmark files")
    parser.add_argument("--windows", choices=("first", "all"), default="first")
    parser.add_argument("--csv", type=Path, help="also write the table here")
    asked = parser.parse_args()
    if bool(asked.out) == bool(asked.checkpoint):
        parser.error("name either --out, to train the rows, or --checkpoint, to score a file")
    return asked


def main() -> int:
    """Train what is missing, score every row, print the table."""
    asked = arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    table = pl.DataFrame()
    try:
        windows = windows_of(asked.data, asked.windows) if asked.data else []
        naive = task_scores(windows, Asked.naive)
        for about, network in rows(asked):
            say(f"scoring {about['row']}")
            row = pl.DataFrame([about]).hstack(scored(network, windows, naive))
            table = pl.concat([table, row], how="vertical") if len(table) else row
            if asked.csv:
                table.write_csv(asked.csv)
    except TradewindError as error:
        say(str(error))
        return 2
    if naive:
        empty = {"row": "Seasonal Naive", "skill": 0.0, **naive}
        table = pl.concat([table, pl.DataFrame([empty])], how="diagonal")
    show(table)
    if asked.csv:
        table.write_csv(asked.csv)
    if "code" in table.columns and table["code"].drop_nulls().n_unique() > 1:
        say("rows were trained by different code: their differences are not those of ingredients")
    return 0


if __name__ == "__main__":
    sys.exit(main())
