"""The learning curve of the pretrained network, from what `tradewind pretrain --board` wrote.

    python benchmarks/curve.py --board FOLDER [FOLDER …] [--batch 256]

Needs tensorboard (the extra "deep"), and matplotlib, which the package does not. It writes
training/curve.csv and draws docs/images/curve.png from it; `--redraw` draws a curve.csv again.

loss                    of training: the mean over the newest twentieth of the steps up to there;
                        about 200 rows, the first and the last report among them
held_loss, held_skill   of the averaged weights on held-out synthetic series (`validate`), in a row
                        of their own at the step where they were measured
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from tradewind.arrays import Floats, Ints

ROOT = Path(__file__).parent.parent
CSV, PNG = ROOT / "training" / "curve.csv", ROOT / "docs" / "images" / "curve.png"
POINTS, SHARE = 200, 20
INK, MUTED, HELD, PALE = "#1f2a44", "#8a93a6", "#d1495b", "#c5cad6"
TAGS = {"loss": "loss", "held-out/loss": "held_loss", "held-out/skill": "held_skill"}
"""Curves of the board that are kept, and their columns."""
SCHEMA = {"step": pl.Int64(), "samples": pl.Int64()} | dict.fromkeys(TAGS.values(), pl.Float64())

Curve = dict[int, float]
"""A value after each of some numbers of steps."""


def read_board(folders: Sequence[Path]) -> dict[str, Curve]:
    """The kept curves of every event file in these folders, by column.

    Sittings follow one another; one that went on from an earlier checkpoint than the one before it
    had reached takes the place of what that one wrote later.
    """
    from tensorboard.backend.event_processing import event_accumulator  # type: ignore[import-untyped]

    sittings = []
    for file in (file for folder in folders for file in folder.glob("events.out.tfevents.*")):
        board = event_accumulator.EventAccumulator(str(file), {"scalars": 0}).Reload()
        tags = [tag for tag in board.Tags()["scalars"] if tag in TAGS]
        told = {TAGS[tag]: {e.step: e.value for e in board.Scalars(tag)} for tag in tags}
        if told:
            sittings.append((board.FirstEventTimestamp(), told))
    curves: dict[str, Curve] = {column: {} for column in TAGS.values()}
    for _, told in sorted(sittings, key=lambda sitting: sitting[0]):
        curves = followed(curves, told)
    return curves


def followed(curves: Mapping[str, Curve], told: Mapping[str, Curve]) -> dict[str, Curve]:
    """The curves up to the first step of a later sitting, and that sitting from there on."""
    first = min((step for curve in told.values() for step in curve), default=sys.maxsize)
    return {
        column: {step: v for step, v in curve.items() if step < first} | told.get(column, {})
        for column, curve in curves.items()
    }


def smoothed(steps: Ints, values: Floats) -> Floats:
    """Mean over the values of the newest twentieth of all steps up to each, itself among them, [N].

    Batches differ in how hard they are: single values scatter far wider than the curve falls. A
    curve that begins later than at step 0 has, for its first twentieth, one mean of all of it.

    steps   [N]   ascending, counted from the first of the training

    >>> smoothed(np.array([10, 100, 104]), np.array([4.0, 2.0, 1.0])).tolist()
    [4.0, 2.0, 1.5]
    """
    reach = np.maximum(steps, steps[0] * (1 + 1 / SHARE))
    last = np.searchsorted(steps, reach, side="right")
    first = np.minimum(np.searchsorted(steps, reach * (1 - 1 / SHARE), side="right"), last - 1)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    mean: Floats = (sums[last] - sums[first]) / (last - first)
    return mean


def thinned(curve: Curve, points: int = POINTS) -> Curve:
    """About `points` of the values, smoothed; equal steps apart, the first and the last kept."""
    steps = np.array(sorted(curve), np.int64)
    mean = smoothed(steps, np.array([curve[int(step)] for step in steps], np.float64))
    if len(steps) > points:
        wanted = np.linspace(steps[0], steps[-1], points)
        at = np.unique(np.searchsorted(steps, wanted))
        steps, mean = steps[at], mean[at]
    return dict(zip(steps.tolist(), mean.tolist(), strict=True))


def table_of(curves: Mapping[str, Curve], batch: int) -> pl.DataFrame:
    """step, samples, loss, held_loss, held_skill; empty where a column was not measured."""
    columns = {**curves, "loss": thinned(curves["loss"])}
    steps = sorted({step for curve in columns.values() for step in curve})
    told = {name: [curve.get(step) for step in steps] for name, curve in columns.items()}
    samples = [step * batch for step in steps]
    return pl.DataFrame({"step": steps, "samples": samples, **told}, SCHEMA)


def draw(table: pl.DataFrame, file: Path) -> None:
    """Write the picture: the loss in training, and that of the averaged weights beside it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from PIL import Image

    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 8})
    figure, axis = plt.subplots(figsize=(7.2, 3.2), constrained_layout=True)
    for column, style, colour, label in (
        ("loss", "-", INK, "training, smoothed"),
        ("held_loss", ".-", HELD, "held-out series, averaged weights"),
    ):
        part = table.drop_nulls(column)
        x, y = part["samples"].to_numpy() / 1e6, part[column].to_numpy()
        if len(part):
            axis.plot(x, y, style, color=colour, lw=1.1, ms=5, label=label)
    axis.set_xlabel("million samples", color=MUTED)
    axis.set_ylabel("loss", color=MUTED)
    axis.legend(frameon=False, labelcolor=MUTED)
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(PALE)
    axis.tick_params(colors=MUTED, length=2, width=0.5)
    axis.grid(axis="y", color="#e9ecf2", lw=0.6)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=150)
    plt.close(figure)
    with Image.open(file) as picture:
        small = picture.convert("RGB").quantize(64)
    small.save(file, optimize=True)


def main() -> int:
    """Read, thin, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--board", type=Path, nargs="+", help="folders of TensorBoard's events")
    parser.add_argument("--redraw", action="store_true", help="draw the CSV that is there")
    parser.add_argument("--batch", type=int, default=256, help="samples of a step")
    parser.add_argument("--csv", type=Path, default=CSV)
    parser.add_argument("--png", type=Path, default=PNG)
    asked = parser.parse_args()
    if bool(asked.board) == asked.redraw:
        parser.error("name either --board or --redraw")
    if asked.redraw:
        table = pl.read_csv(asked.csv, schema=SCHEMA)
    else:
        curves = read_board(asked.board)
        if not curves["loss"]:
            print(f"no training curve in {', '.join(map(str, asked.board))}", file=sys.stderr)
            return 2
        table = table_of(curves, asked.batch)
        table.write_csv(asked.csv, float_precision=5)
    draw(table, asked.png)
    print(table.drop_nulls("loss").gather([0, -1]))
    print(f"{len(table)} rows in {asked.csv}, drawn in {asked.png}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
