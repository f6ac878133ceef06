"""Draw thirty synthetic series: `python docs/draw_prior.py [seed]` → docs/images/prior.png.

Needs matplotlib, which the package itself does not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tradewind.models.pretrained.prior import FAMILIES, Prior, Series, sample

INK, MUTED, SOLD_OUT, MISSING = "#1f2a44", "#8a93a6", "#d1495b", "#e9ecf2"
FLAGS = ("#e09f3e", "#2a9d8f", "#7b6fc4", "#5fa8d3")
OUT = Path(__file__).parent / "images" / "prior.png"
ROWS, COLUMNS = 10, 3
STEPS = {
    "hour": 336,
    "day": 400,
    "week": 156,
    "month": 120,
    "quarter": 48,
    "year": 40,
    "other": 240,
}
SHOWN = (
    ("day",) * 12
    + ("week",) * 6
    + ("month",) * 4
    + ("hour",) * 3
    + ("quarter", "year")
    + ("other",) * 3
)


def one(family: str, rng: np.random.Generator) -> tuple[Series, int]:
    """A batch of one family and the row of it to draw."""
    chances = tuple(float(name == family) for name in FAMILIES)
    series = sample(
        Prior(families=chances, long_families=chances, short_families=chances),
        24,
        STEPS[family],
        rng,
    )
    return series, int(rng.integers(24))


def flags(series: Series, row: int) -> list[np.ndarray]:
    """Covariates of a row that are known ahead and switch between 0 and one other value."""
    known = series.covariates[row][:, series.kinds[row] == 1].T
    return [c > 0 for c in known if len(np.unique(c)) == 2 and c.min() == 0][: len(FLAGS)]


def draw(seed: int) -> None:
    """Write the picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from PIL import Image

    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 7.5})
    rng = np.random.default_rng(seed)
    figure, axes = plt.subplots(ROWS, COLUMNS, figsize=(11, 14.5), constrained_layout=True)
    for axis, family in zip(axes.T.ravel(), SHOWN, strict=True):
        series, row = one(family, rng)
        seen, y = series.observed[row], series.y[row]
        t = np.arange(len(y))
        axis.plot(t, np.where(seen, y, np.nan), color=INK, lw=0.8)
        low, high = float(y[seen].min()), float(y[seen].max())
        room = (high - low) or 1.0
        axis.set_ylim(low - 0.3 * room, high + 0.08 * room)
        axis.fill_between(t, 0, 1, ~seen, transform=axis.get_xaxis_transform(), color=MISSING, lw=0)
        out = series.stockout[row]
        axis.plot(t[out], y[out], ".", color=SOLD_OUT, ms=3)
        for k, flag in enumerate(flags(series, row)):
            axis.vlines(
                t[flag],
                0.03 + 0.05 * k,
                0.07 + 0.05 * k,
                color=FLAGS[k],
                lw=0.9,
                transform=axis.get_xaxis_transform(),
            )
        used = int((series.kinds[row] > 0).sum())
        axis.set_title(
            f"{family} · {used} covariates", loc="left", color=MUTED, fontsize=7.5, pad=2
        )
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color("#c5cad6")
        axis.tick_params(colors=MUTED, length=2, width=0.5)
        axis.locator_params(axis="y", nbins=3)
        axis.set_xlim(0, len(y) - 1)
    OUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUT, dpi=110)
    with Image.open(OUT) as picture:
        small = picture.convert("RGB").quantize(200)
    small.save(OUT, optimize=True)


if __name__ == "__main__":
    draw(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
