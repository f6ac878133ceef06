"""The examples run, and so does the block of code in the README."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(code: list[str], cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", *code],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_there_are_five_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_an_example_runs_and_says_something(path: Path, tmp_path: Path) -> None:
    assert run([str(path)], tmp_path).strip()


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_block_in_the_readme_runs(name: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 1
    assert run(["-c", blocks[0]], tmp_path).strip()


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_commands_in_the_readme_know_their_options(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    commands = re.findall(r"^tradewind (\w+)([^#\n]*)", text, re.M)
    assert len(commands) == 4
    for command, rest in commands:
        told = run(["-c", "from tradewind.cli import main; main()", command, "--help"], ROOT)
        for option in re.findall(r"--[\w-]+", rest):
            assert re.search(rf"{option}\b", told), f"{command} has no {option}"


@pytest.mark.parametrize("name", ["networks.md", "networks.zh-CN.md"])
def test_the_blocks_of_the_guide_to_networks_run(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="networks need tradewind[deep]")
    text = (ROOT / "docs" / "guide" / name).read_text(encoding="utf-8")
    made, asked = re.findall(r"```python\n(.*?)```", text, re.S)
    smaller = """
from dataclasses import replace
import numpy as np
from tradewind.data.synthetic import ShopSettings, shop
model = replace(model, context=28, pace=replace(model.pace, steps=4))
past = shop(ShopSettings(products=6, days=120), np.random.default_rng(1)).panel
"""
    program = made + smaller + asked + "print(units.median.shape, price.median.shape)"
    assert run(["-c", program], tmp_path).count("(6, 28)") == 2
