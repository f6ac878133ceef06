"""Trains neuralforecast's networks in an environment of its own, as asked on standard input.

    ENV/bin/python benchmarks/neuralforecast_worker.py --threads 1 [--flush]

Started by beside_neuralforecast.py, which says what the words of a request mean. A line of JSON
asks for a fit and a forecast, a line of JSON on standard output tells their seconds; the quantiles
go into a file. What the library prints goes to standard error. Nothing of tradewind is imported.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
import warnings
from importlib.metadata import version
from typing import Any


def fitted(asked: dict[str, Any]) -> dict[str, float]:
    """Seconds of one fit and its forecast, which is written to the file that `out` names."""
    import pandas as pd
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import GRU, LSTM

    past = pd.read_parquet(asked["past"])
    ahead = pd.read_parquet(asked["ahead"]) if asked["calendar"] else None
    if not asked["calendar"]:
        past = past[["unique_id", "ds", "y", "available_mask"]]
    clocks = time.perf_counter(), time.process_time()
    model = {"gru": GRU, "lstm": LSTM}[asked["cell"]](
        h=asked["h"],
        input_size=asked["context"],
        encoder_n_layers=1,
        encoder_hidden_size=asked["hidden"],
        decoder_hidden_size=asked["hidden"],
        futr_exog_list=asked["calendar"] or None,
        loss=MQLoss(quantiles=asked["levels"]),
        max_steps=asked["steps"],
        learning_rate=asked["learning_rate"],
        num_lr_decays=asked["decays"],
        val_check_steps=asked["steps"],
        batch_size=asked["series"],
        windows_batch_size=asked["windows"],
        scaler_type=asked["scaler"],
        random_seed=asked["seed"],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    network = NeuralForecast(models=[model], freq="D")
    network.fit(past)
    seconds, cpu = time.perf_counter() - clocks[0], time.process_time() - clocks[1]
    began = time.perf_counter()
    made = network.predict() if ahead is None else network.predict(futr_df=ahead)
    told = {"seconds": seconds, "cpu": cpu, "forecast_seconds": time.perf_counter() - began}
    names = [asked["cell"].upper() + name for name in model.loss.output_names]
    made = made.rename(columns=dict(zip(names, map(str, asked["levels"]), strict=True)))
    made.reset_index(drop=True).to_parquet(asked["out"])
    return told


def main() -> None:
    """Answer line by line until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--flush", action="store_true", help="numbers below 1e-38 count as 0")
    settings = parser.parse_args()
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        os.environ["OMP_NUM_THREADS"] = str(settings.threads)
        warnings.filterwarnings("ignore")
        import torch

        torch.set_flush_denormal(settings.flush)
        torch.set_num_threads(settings.threads)
        import neuralforecast  # noqa: F401  # loaded before anything is timed

        for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):
            logging.getLogger(name).setLevel(logging.ERROR)
        told = {name: version(name) for name in ("neuralforecast", "torch", "pytorch-lightning")}
        print(json.dumps(told), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(fitted(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
