"""Chronos-2, the real package on a tiny network with random weights: what holds for any weights."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tradewind.errors import DataError, MissingPackage
from tradewind.models.chronos import Chronos2
from tradewind.models.chronos_checkpoint import checkpoint_at, pipeline
from tradewind.models.settings import from_toml, to_toml
from tradewind.models.table import forecaster
from tradewind.panel import Panel, dates_from, next_ds
from tradewind.task import Roles, Task

H, STEPS = 7, 60
TASK = Task(h=H, roles=Roles(known=("price", "kind"), past=("views",)))
NATIVE = (0.01, 0.05, *(round(q / 10, 1) for q in range(1, 10)), 0.95, 0.99)
START = datetime(2024, 1, 1)


def written(folder: Path, seed: int) -> Path:
    """A checkpoint of a tiny network with random weights, as the package saves it."""
    pytest.importorskip("chronos", reason="Chronos-2 needs tradewind[chronos]")
    import torch
    from chronos.chronos2 import Chronos2Model
    from chronos.chronos2.config import Chronos2CoreConfig

    asked = {
        "context_length": 48,
        "input_patch_size": 4,
        "input_patch_stride": 4,
        "output_patch_size": 4,
        "max_output_patches": 8,
        "quantiles": list(NATIVE),
        "use_reg_token": True,
        "use_arcsinh": True,
    }
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = Chronos2CoreConfig(
            **sizes, initializer_factor=0.3, architectures=["Chronos2Model"], chronos_config=asked
        )
        Chronos2Model(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(written(tmp_path_factory.mktemp("tiny"), seed=1))


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Four products over 67 days: counts, a price, a kind of day, views; "c" starts late."""
    rng = np.random.default_rng(5)
    steps = STEPS + H
    rows = [
        pl.DataFrame(
            {
                "unique_id": name,
                "ds": dates_from(START, steps, "D"),
                "y": rng.poisson(4 + 3 * k, steps).astype(float),
                "price": np.round(rng.uniform(2, 5, steps), 2),
                "kind": rng.choice(["fair", "rain", "feast"], steps),
                "views": rng.poisson(30, steps).astype(float),
            }
        )[25 * (name == "c") :]
        for k, name in enumerate("abcd")
    ]
    return Panel.from_frame(pl.concat(rows), "D")


@pytest.fixture(scope="module")
def cutoff() -> datetime:
    return next_ds(START, "D", STEPS - 1)


def changed(panel: Panel, column: Any, after: datetime | None = None) -> Panel:
    """The panel with a column replaced, after a date only if there is one."""
    if after is not None:
        name = column.meta.output_name()
        column = pl.when(pl.col("ds") > after).then(column).otherwise(pl.col(name)).alias(name)
    return Panel(panel.frame.with_columns(column), panel.freq, panel.static)


def answer(
    path: str, panel: Panel, cutoff: datetime, levels: tuple[float, ...] = (0.1, 0.5, 0.9)
) -> Any:
    window = TASK.window(panel, cutoff)
    return Chronos2(path).fit(window.past, TASK).forecast(H, levels, window.known)


def test_shapes_levels_and_order(checkpoint: str, panel: Panel, cutoff: datetime) -> None:
    levels = (0.02, 0.1, 0.25, 0.5, 0.9, 0.97)
    made = answer(checkpoint, panel, cutoff, levels)
    assert made.ids == ("a", "b", "c", "d")
    assert made.levels == levels
    assert made.quantiles.shape == (4, H, 6)
    assert made.ds[0] == np.datetime64(next_ds(cutoff, "D"))
    assert np.isfinite(made.quantiles).all()
    assert (np.diff(made.quantiles, axis=2) >= 0).all()
    assert (made.quantiles >= 0).all()
    assert made.whole
    native = answer(checkpoint, panel, cutoff, NATIVE)
    assert np.array_equal(made.quantiles[:, :, 1], native.quantiles[:, :, NATIVE.index(0.1)])
    assert np.allclose(made.quantiles, native.at(levels))
    assert made.dependence.steps.shape == (H, H)
    longer = Chronos2(checkpoint).fit(TASK.window(panel, cutoff).past, TASK).forecast(20, (0.5,))
    assert longer.quantiles.shape == (4, 20, 1)


def test_it_says_what_the_package_says(checkpoint: str, panel: Panel, cutoff: datetime) -> None:
    """The package's own road from a data frame, for series without gaps, covariates and all."""
    some = panel.only(["a", "d"])
    window = TASK.window(some, cutoff)
    plain = pipeline(checkpoint_at(checkpoint), "cpu").predict_df(
        window.past.frame.select("unique_id", "ds", "y", "price", "kind", "views").to_pandas(),
        future_df=window.known.frame.select("unique_id", "ds", "price", "kind").to_pandas(),
        id_column="unique_id",
        timestamp_column="ds",
        target="y",
        prediction_length=H,
        quantile_levels=list(NATIVE),
    )
    wanted = np.sort(plain[[str(q) for q in NATIVE]].to_numpy().reshape(2, H, -1), axis=2)
    made = answer(checkpoint, some, cutoff, NATIVE)
    assert np.allclose(made.quantiles, np.maximum(wanted, 0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("column", "ahead"),
    [
        (pl.col("price") * 3, True),
        (pl.lit("feast").alias("kind"), True),
        (pl.col("views").reverse(), False),
    ],
    ids=["price", "kind", "views"],
)
def test_covariates_change_the_forecast(
    checkpoint: str, panel: Panel, cutoff: datetime, column: Any, ahead: bool
) -> None:
    before = answer(checkpoint, panel, cutoff)
    after = answer(checkpoint, changed(panel, column, cutoff if ahead else None), cutoff)
    assert (np.abs(after.quantiles - before.quantiles).max(axis=(1, 2)) > 1e-3).all()


def test_the_future_of_y_and_of_past_columns_changes_nothing(
    checkpoint: str, panel: Panel, cutoff: datetime
) -> None:
    before = answer(checkpoint, panel, cutoff)
    tampered = changed(panel, pl.col("y") * 9 + 4, cutoff)
    tampered = changed(tampered, pl.col("views") * 9 + 4, cutoff)
    assert np.array_equal(answer(checkpoint, tampered, cutoff).quantiles, before.quantiles)


def test_a_series_does_not_depend_on_the_others(
    checkpoint: str, panel: Panel, cutoff: datetime
) -> None:
    """Not on the batch, nor on whether the others' prices and kinds are known ahead."""
    window = TASK.window(panel, cutoff)
    whole = Chronos2(checkpoint).fit(window.past, TASK).forecast(H, NATIVE, window.known)
    unknown = Panel(window.known.frame.filter(pl.col("unique_id") != "a"), "D", panel.static)
    mixed = Chronos2(checkpoint).fit(window.past, TASK).forecast(H, NATIVE, unknown)
    for row, name in enumerate("abcd"):
        alone = window.past.only([name])
        fitted = Chronos2(checkpoint, batch=1).fit(alone, TASK)
        made = fitted.forecast(H, NATIVE, window.known.only([name]))
        assert np.allclose(made.quantiles[0], whole.quantiles[row], rtol=1e-4, atol=1e-5)
        blind = made if name != "a" else fitted.forecast(H, NATIVE)
        assert np.allclose(blind.quantiles[0], mixed.quantiles[row], rtol=1e-4, atol=1e-5)
    assert not np.allclose(mixed.quantiles[0], whole.quantiles[0], atol=1e-3)


def test_gaps_and_a_series_never_seen_have_an_answer(
    checkpoint: str, panel: Panel, cutoff: datetime
) -> None:
    name, day = pl.col("unique_id"), pl.col("ds").dt.day()
    gone = (name == "a") | ((name == "b") & (day % 3 == 0))
    holed = changed(panel, pl.when(gone).then(None).otherwise(pl.col("y")).alias("y"))
    holed = changed(holed, pl.when(day == 5).then(None).otherwise(pl.col("kind")).alias("kind"))
    holed = changed(
        holed, pl.when(name == "d").then(None).otherwise(pl.col("price")).alias("price")
    )
    made = answer(checkpoint, holed, cutoff)
    assert np.isfinite(made.quantiles).all()
    zeros = changed(holed, pl.when(name == "a").then(0.0).otherwise("y").alias("y"))
    assert np.array_equal(answer(checkpoint, zeros, cutoff).quantiles, made.quantiles)


def test_what_is_not_known_ahead_is_a_past_column(
    checkpoint: str, panel: Panel, cutoff: datetime
) -> None:
    past = TASK.window(panel, cutoff).past
    afterwards = Task(h=H, roles=Roles(past=("price", "kind", "views")))
    a, b = (Chronos2(checkpoint).fit(past, task).forecast(H, NATIVE) for task in (TASK, afterwards))
    assert np.allclose(a.quantiles, b.quantiles, rtol=1e-4, atol=1e-5)


def test_saved_and_updated_models_answer_alike(
    checkpoint: str, panel: Panel, cutoff: datetime, tmp_path: Path
) -> None:
    window = TASK.window(panel, cutoff)
    fitted = Chronos2(checkpoint).fit(window.past, TASK)
    fitted.save(tmp_path / "kept")
    kept = Chronos2(checkpoint).restore(tmp_path / "kept", window.past, TASK)
    early = next_ds(cutoff, "D", -8)
    updated = Chronos2(checkpoint).fit(panel.until(early), TASK).update(window.past.after(early))
    for one in (kept, updated):
        a, b = (m.forecast(H, (0.2, 0.5), window.known) for m in (fitted, one))
        assert np.array_equal(a.quantiles, b.quantiles)
        assert a.dependence is not None
        assert b.dependence is not None
        assert np.array_equal(a.dependence.steps, b.dependence.steps)
        assert a.dependence.common == b.dependence.common
    other = Chronos2(str(written(tmp_path / "other", seed=2)))
    with pytest.raises(DataError, match="not the one that this model was fitted with"):
        other.restore(tmp_path / "kept", window.past, TASK)


def test_context_is_how_far_it_looks_back(checkpoint: str, panel: Panel, cutoff: datetime) -> None:
    task = Task(h=H, roles=Roles(known=("price",), past=("views",)))
    past = task.window(panel, cutoff).past
    long_ago = pl.col("ds") <= next_ds(START, "D", STEPS - 9)
    other = changed(past, pl.when(long_ago).then(1.0).otherwise("y").alias("y"))
    for model, same in ((Chronos2(checkpoint, context=8), True), (Chronos2(checkpoint), False)):
        a, b = (model.fit(p, task).forecast(H, (0.5,)).quantiles for p in (past, other))
        assert np.allclose(a, b) is same


def test_a_checkpoint_that_is_not_whole_is_refused(checkpoint: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    less, cut = (Path(shutil.copytree(checkpoint, tmp_path / name)) for name in ("less", "cut"))
    weights = load_file(less / "model.safetensors")
    save_file(dict(list(weights.items())[3:]), less / "model.safetensors")
    whole = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(whole[:-400])
    for folder, message in ((less, "lack .* 3 in all"), (cut, "cannot be read")):
        with pytest.raises(DataError, match=message):
            pipeline(checkpoint_at(str(folder)), "cpu")


def test_nothing_is_asked_of_a_network(checkpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    pipeline.cache_clear()
    assert tuple(pipeline(checkpoint_at(checkpoint), "cpu").quantiles) == NATIVE


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "holds no checkpoint"),
        ({"config.json": "{}"}, "holds no checkpoint"),
        ({"config.json": "{", "model.safetensors": ""}, "cannot be read"),
        ({"config.json": "[]", "model.safetensors": ""}, "cannot be read"),
        (
            {"config.json": json.dumps({"architectures": ["T5"]}), "model.safetensors": ""},
            r"of a model \['T5'\]",
        ),
    ],
)
def test_a_folder_without_a_checkpoint_is_refused(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        checkpoint_at(str(tmp_path))


def test_without_the_package_it_names_the_extra(
    tmp_path: Path, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"architectures": ["Chronos2Model"], "chronos_config": {}}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "model.safetensors").touch()
    monkeypatch.setitem(sys.modules, "chronos", None)
    with pytest.raises(MissingPackage, match=r"pip install tradewind\[chronos\]"):
        Chronos2(str(tmp_path)).fit(panel, TASK)


def test_settings_travel_and_the_table_says_what_is_wanted() -> None:
    model = Chronos2("weights/chronos-2", device="cuda", batch=64, context=2048)
    assert from_toml(to_toml(model)) == model
    with pytest.raises(DataError, match="path"):
        from_toml('kind = "Chronos2"')
    with pytest.raises(DataError, match="Chronos2\\(path=FOLDER\\)"):
        forecaster("chronos2")
    with pytest.raises(ValueError, match="batch"):
        Chronos2("x", batch=0)
