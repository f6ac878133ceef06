"""A checkpoint of Chronos-2 in a folder: what it must be, and the pipeline that reads it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tradewind.errors import DataError, MissingPackage

ARCHITECTURE = "Chronos2Model"
WANTED = "a folder with the config.json and model.safetensors of a Chronos-2 checkpoint is wanted"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder, and its files with their sizes and times: they tell when it was replaced."""

    folder: Path
    files: tuple[tuple[str, int, int], ...]

    def digest(self) -> str:
        """SHA-256 of the files."""
        return _digest(self)


def checkpoint_at(path: str) -> Checkpoint:
    """The checkpoint in a folder. Raises DataError where there is none."""
    folder = Path(path).expanduser().resolve()
    config = folder / "config.json"
    weights = sorted(folder.glob("*.safetensors"))
    if not config.is_file() or not weights:
        raise DataError(f"{folder} holds no checkpoint: {WANTED}; nothing is downloaded")
    try:
        about = json.loads(config.read_text(encoding="utf-8"))
        kinds = about.get("architectures") or []
    except (ValueError, AttributeError) as error:
        raise DataError(f"{config} cannot be read ({error}): {WANTED}") from error
    if "chronos_config" not in about or ARCHITECTURE not in kinds:
        raise DataError(f"{config} is of a model {kinds}, not of {ARCHITECTURE}: {WANTED}")
    parts = ((p.name, p.stat()) for p in [config, *weights])
    return Checkpoint(folder, tuple((name, s.st_size, s.st_mtime_ns) for name, s in parts))


@lru_cache(maxsize=2)
def pipeline(checkpoint: Checkpoint, device: str) -> Any:
    """The `Chronos2Pipeline` of a checkpoint, in float32.

    Raises MissingPackage where chronos-forecasting is not installed; DataError where the weights
    are damaged or not all there, or there is no such device.
    """
    try:
        import torch
        from chronos import Chronos2Pipeline
        from chronos.chronos2 import Chronos2Model
        from safetensors import SafetensorError
    except ImportError as error:
        raise MissingPackage(
            f"Chronos-2 cannot be loaded ({error}): pip install tradewind[chronos]"
        ) from error
    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        raise DataError(f"torch {torch.__version__} sees no CUDA device for {device!r}: use 'cpu'")
    try:
        with _offline():
            model, told = Chronos2Model.from_pretrained(
                checkpoint.folder,
                local_files_only=True,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except (OSError, RuntimeError, SafetensorError) as error:
        raise DataError(f"{checkpoint.folder} cannot be read ({error}): {WANTED}") from error
    if wrong := sorted(map(str, [*told["missing_keys"], *told["mismatched_keys"]])):
        raise DataError(
            f"the weights in {checkpoint.folder} lack {wrong[:3]}, {len(wrong)} in all: {WANTED}"
        )
    return Chronos2Pipeline(model.to(device).eval())


@contextmanager
def _offline() -> Iterator[None]:
    """The model hub out of reach, and no bar on stderr while weights are read."""
    from huggingface_hub import constants
    from transformers.utils import logging

    bars: Any = logging  # partly typed
    before, shown = constants.HF_HUB_OFFLINE, bars.is_progress_bar_enabled()
    constants.HF_HUB_OFFLINE = True
    bars.disable_progress_bar()
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
        if shown:
            bars.enable_progress_bar()


@lru_cache(maxsize=8)
def _digest(checkpoint: Checkpoint) -> str:
    digest = hashlib.sha256()
    for name, _, _ in checkpoint.files:
        with (checkpoint.folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
