"""The learning curve: what sittings wrote, joined, smoothed and thinned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import curve
from tradewind.train.tracker import TensorBoard


def test_thinning_keeps_the_first_and_the_last_and_about_as_many_as_asked() -> None:
    whole = {10 * k: 1.0 / k for k in range(1, 3001)}
    thin = curve.thinned(whole)
    assert (min(thin), max(thin)) == (10, 30_000)
    assert 190 <= len(thin) <= 200
    assert thin[10] == 1.0
    assert list(thin.values()) == sorted(thin.values(), reverse=True)
    gaps = np.diff(sorted(thin))
    assert gaps.max() - gaps.min() <= 10
    few = {10: 3.0, 500: 2.0}
    assert curve.thinned(few) == few


def test_smoothing_is_a_plain_mean_over_the_newest_twentieth_of_the_steps() -> None:
    rng = np.random.default_rng(0)
    steps, values = np.arange(700, 1500, 10), rng.random(80)
    got = curve.smoothed(steps, values)
    early = [v for s, v in zip(steps, values, strict=True) if s <= 1.05 * 700]
    assert got[0] == pytest.approx(np.mean(early)) == pytest.approx(np.mean(values[:4]))
    for i, step in enumerate(steps[5:], 5):
        newest = [v for s, v in zip(steps, values, strict=True) if 0.95 * step < s <= step]
        assert got[i] == pytest.approx(np.mean(newest))


def test_a_sitting_that_went_back_takes_the_place_of_what_was_lost() -> None:
    before = {"loss": {10: 1.0, 20: 0.9, 30: 0.8}, "held_loss": {30: 0.7}}
    joined = curve.followed(before, {"loss": {20: 0.5, 40: 0.4}})
    assert joined == {"loss": {10: 1.0, 20: 0.5, 40: 0.4}, "held_loss": {}}


def test_a_board_of_two_sittings_is_one_table(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="boards need tradewind[deep]")
    for told in (
        [(10, {"loss": 1.0}), (20, {"loss": 0.5, "gradient": 9.0})],
        [(20, {"loss": 0.25}), (25, {"held-out/loss": 0.125}), (30, {"loss": 0.75})],
    ):
        board = TensorBoard(tmp_path)
        for step, values in told:
            board.log(step, values)
        board.close()
    table = curve.table_of(curve.read_board([tmp_path]), batch=256)
    assert table.rows() == [
        (10, 2560, 1.0, None, None),
        (20, 5120, 0.25, None, None),
        (25, 6400, None, 0.125, None),
        (30, 7680, 0.75, None, None),
    ]


def test_a_curve_is_drawn_and_drawn_again_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="only this picture needs it")
    losses = {10 * k: 1.0 / k for k in range(1, 400)}
    curves = {"loss": losses, "held_loss": {3990: 0.25}, "held_skill": {3990: 0.5}}
    table, file = curve.table_of(curves, batch=256), tmp_path / "curve.csv"
    curve.draw(table, tmp_path / "curve.png")
    table.write_csv(file)
    command = ["curve.py", "--redraw", "--csv", str(file), "--png", str(tmp_path / "again.png")]
    monkeypatch.setattr("sys.argv", command)
    assert curve.main() == 0
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "curve.png").read_bytes()
