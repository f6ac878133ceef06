"""bench: accuracy beside the published models, speed, and a large shop."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np
import polars as pl

from tradewind.backtest.fev import FevRequest, FevResult, run_fev
from tradewind.backtest.fev import TaskRun as TaskRun
from tradewind.backtest.published import HEADLINE
from tradewind.backtest.run import Progress
from tradewind.data.assemble import to_panel
from tradewind.data.load import load_table
from tradewind.data.synthetic import ShopSettings, shop
from tradewind.models.hindsight import Memory
from tradewind.models.pretrained.forecaster import Pretrained
from tradewind.models.pretrained.tuning import FineTune
from tradewind.models.table import preset
from tradewind.panel import Panel, dates_from
from tradewind.task import Roles, Task

H = 28
IMPORTS = 10
TREES = "trees"
KEPT_SECONDS = 14 * 86_400
"""A cache of other code is deleted when nobody has used it for so long."""


@dataclass(frozen=True, slots=True)
class Large:
    """A load-to-forecast run on a synthetic shop of days.

    seconds   of each stage
    peak_gb   largest memory of the process
    """

    products: int
    days: int
    rows: int
    seconds: dict[str, float]
    peak_gb: float

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "products": self.products,
            "days": self.days,
            "rows": self.rows,
            "seconds": self.seconds,
            "total_seconds": sum(self.seconds.values()),
            "peak_gb": self.peak_gb,
        }


def fev(
    folder: Path,
    request: FevRequest,
    *,
    progress: Progress | None = None,
    finished: Callable[[TaskRun], None] | None = None,
) -> FevResult:
    """Our models on the retail tasks of fev-bench, among the published ones."""
    return run_fev(folder, request, progress=progress, finished=finished)


def request(
    dev: bool, tasks: str, models: str, preset: str, cache: Path | None, fresh: bool
) -> FevRequest:
    """A request from names joined by commas; "" stands for all of them, None for our own cache."""
    split = [tuple(name for name in text.split(",") if name) for text in (tasks, models)]
    kept = cache or code_cache(user_cache() / "fev")
    return FevRequest(dev, split[0] or HEADLINE, split[1], preset, cache=kept, fresh=fresh)


def user_cache() -> Path:
    """The folder for what may be deleted, where the system keeps such folders."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "tradewind"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "tradewind"
    told = Path(os.environ.get("XDG_CACHE_HOME", ""))  # a relative path counts as none: XDG says so
    return (told if told.is_absolute() else home / ".cache") / "tradewind"


def code_cache(folder: Path, *, now: float | None = None) -> Path:
    """The cache of the code that forecasts here, and of no other; old ones beside it are deleted.

    A forecast is kept by its settings and its data. Code that changed must not find what it would
    not make, so its digest names the folder, with the libraries that fit models.
    """
    told = hashlib.blake2b(digest_size=8)
    package = Path(__file__).parents[1]
    rooms = [package / name for name in ("features", "models", "train", "backtest")]
    files = [*package.glob("*.py"), *(file for room in rooms for file in room.rglob("*.py"))]
    for file in sorted(files):
        told.update(file.read_bytes())
    for name in ("numpy", "lightgbm", "statsforecast"):
        told.update(metadata.version(name).encode())
    mine = folder / told.hexdigest()
    mine.mkdir(parents=True, exist_ok=True)
    os.utime(mine)
    limit = (time.time() if now is None else now) - KEPT_SECONDS
    for other in folder.iterdir():
        if other != mine and other.is_dir() and other.stat().st_mtime < limit:
            shutil.rmtree(other, ignore_errors=True)
    return mine


def large(products: int = 30_000, days: int = 730, *, progress: Progress | None = None) -> Large:
    """Read daily sales from Parquet, make the panel, learn trees, forecast 28 days.

    The shop is invented by another process first, so that its memory is not counted here.
    """
    tell = progress or (lambda done, total, what: None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sales.parquet"
        tell(0, 4, "inventing the shop")
        maker = multiprocessing.get_context("spawn").Process(
            target=write_shop, args=(file, products, days)
        )
        maker.start()
        maker.join()
        if maker.exitcode:
            raise RuntimeError(f"the synthetic shop could not be made (exit {maker.exitcode})")
        clock = _Clock(tell)
        lines = load_table(file, kind="daily").lines.drop("event_id")  # it serves the store only
        clock.lap("read")
        panel, _ = to_panel(lines, "D")
        del lines
        clock.lap("panel")
        task = Task(h=H, roles=Roles(static=("category",), past=("price", "promotion")))
        past = task.window(panel, panel.end).past
        fitted = preset("fast", Memory())[TREES].fit(past, task)
        clock.lap("learn")
        fitted.forecast(H, task.levels)
        clock.lap("forecast")
    return Large(products, days, len(panel.frame), clock.seconds, peak_gb())


def speed(*, products: int = 1000, days: int = 730) -> dict[str, float]:
    """Rows read and shaped, series forecast, each a second; import time; peak memory.

    load_rows_per_s         a CSV of daily sales, from file to panel
    features_rows_per_s     rows of the panel a second while the trees learn from it: features
                            and boosting together
    forecast_series_per_s   series forecast 28 days ahead by the learnt trees
    zero_shot_series_per_s  of 30,000 series of 512 days, forecast 28 days ahead by the pretrained
                            model as it is, from panel to forecast, in int8
    zero_shot_fp32_series…  the same in fp32
    zero_shot_peak_gb       largest memory of a process that does so in fp32
    finetune_s              fine-tuning on a thousand such series
    import_s                `import tradewind`, median of ten processes, without Python's own start
    peak_gb                 largest memory of this process
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sales.csv"
        write_shop(file, products, days)
        clock = _Clock(lambda done, total, what: None)
        panel, _ = to_panel(load_table(file, kind="daily").lines, "D")
        clock.lap("load")
    task = Task(h=H, roles=Roles(static=("category",), past=("price", "promotion")))
    past = task.window(panel, panel.end).past
    clock.lap("window")
    fitted = preset("fast", Memory())[TREES].fit(past, task)
    clock.lap("learn")
    made = fitted.forecast(H, task.levels)
    clock.lap("forecast")
    rows = len(panel.frame)
    return {
        "load_rows_per_s": rows / clock.seconds["load"],
        "features_rows_per_s": rows / clock.seconds["learn"],
        "forecast_series_per_s": len(made.ids) / clock.seconds["forecast"],
        "zero_shot_series_per_s": zero_shot_speed("int8"),
        "zero_shot_fp32_series_per_s": zero_shot_speed("fp32"),
        "zero_shot_peak_gb": zero_shot_peak_gb(),
        "finetune_s": finetune_seconds(),
        "import_s": import_seconds(),
        "peak_gb": peak_gb(),
    }


def zero_shot_speed(precision: Literal["int8", "fp32"], series: int = 30_000) -> float:
    """Series a second from panel to forecast, 28 days after 512, by the model as it ships."""
    panel, task = plain_panel(series, 512), Task(h=H)
    model = Pretrained(precision=precision, context=512)
    start = time.perf_counter()
    made = model.fit(panel, task).forecast(H, task.levels)
    return len(made.ids) / (time.perf_counter() - start)


def zero_shot_peak_gb(series: int = 30_000) -> float:
    """Largest memory of a process that makes such a panel of so many series and forecasts it."""
    code = (
        "from tradewind.flows import bench; "
        f"bench.zero_shot_speed('fp32', {series}); print(bench.peak_gb())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return float(done.stdout)


def finetune_seconds(series: int = 1000) -> float:
    """Seconds that fine-tuning takes beyond the zero-shot fit."""
    panel, task = plain_panel(series, 512), Task(h=H)
    start = time.perf_counter()
    Pretrained().fit(panel, task)
    middle = time.perf_counter()
    Pretrained(finetune=FineTune()).fit(panel, task)
    return (time.perf_counter() - middle) - (middle - start)


def plain_panel(series: int, days: int, seed: int = 2) -> Panel:
    """Weekly-seasonal counts of `series` products over `days`, nothing else."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.normal(2, 1, series))
    weekday = np.arange(days) % 7
    y = np.empty((series, days), np.float32)
    for k in range(series):  # one by one: the largest benchmark counts the memory
        y[k] = rng.poisson(level[k] * np.exp(rng.normal(0, 0.3, 7))[weekday])
    ids = pl.Series([f"P{k:05d}" for k in range(series)])
    ds = pl.Series(dates_from(datetime(2023, 1, 2), days, "D"))
    table = pl.DataFrame(
        {
            "unique_id": ids.gather(np.repeat(np.arange(series, dtype=np.uint32), days)),
            "ds": ds.gather(np.tile(np.arange(days, dtype=np.uint32), series)),
            "y": y.ravel(),
        }
    )
    return Panel.from_frame(table, "D")


def write_shop(file: Path, products: int, days: int, seed: int = 1) -> None:
    """Daily sales of a synthetic shop, with prices and promotions, as Parquet or CSV."""
    settings = ShopSettings(products=products, days=days, stock_column=False)
    made = shop(settings, np.random.default_rng(seed))
    table = made.panel.frame.join(
        made.panel.static.select("unique_id", "product", "category"), on="unique_id"
    ).select(
        "product",
        pl.col("ds").dt.date().alias("date"),
        pl.col("y").alias("quantity"),
        "price",
        "promotion",
        "category",
    )
    if file.suffix == ".csv":
        table.write_csv(file)
    else:
        table.write_parquet(file)


def import_seconds() -> float:
    """Seconds of `import tradewind` in a fresh process: the median of ten."""
    code = "import time; a = time.perf_counter(); import tradewind; print(time.perf_counter() - a)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(IMPORTS)
    ]
    return median(times)


def peak_gb() -> float:
    """Largest resident memory of this process so far, in GB.

    Linux's getrusage also counts the parent that a process was forked from; /proc does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


class _Clock:
    """Seconds of each stage, told as they end."""

    def __init__(self, tell: Progress) -> None:
        self.tell, self.seconds, self.last = tell, dict[str, float](), time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage], self.last = now - self.last, now
        self.tell(len(self.seconds), 4, stage)
