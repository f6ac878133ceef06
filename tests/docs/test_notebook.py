"""The notebook speaks both languages, shows what it ran, and runs where nothing else is."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.test_examples import ROOT

FORMAT: Any = nbformat  # it tells no types
NOTEBOOK = ROOT / "examples" / "quickstart.ipynb"
CHINESE, ENGLISH = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{4,}")
PLACES = re.compile(r"/(work|tmp|root|home|Users|opt|usr)/|site-packages")
CHECK = """
import json

print(json.dumps({
    "skill": tested.leaderboard[0, "skill"],
    "cutoffs": len(tested.result.cutoffs),
    "repairs": loaded.cleaning.counts(),
    "planned": seen.roles.known,
    "quantiles_cross": bool((np.diff(foretold.series.quantiles, axis=2) < 0).any()),
    "gru": score(fitted, window, old_panel),
    "seasonal_naive": score(fits["seasonal_naive"], window, old_panel),
    "trained_on": ways["trained on · 继续训练"].training["validation"],
    "trials": len(tuned.table),
    "explained": why.contents.baseline + sum(why.contents.groups.values()),
    "forecast": why.shown.mean,
    "cheaper": supposed.after.mean - supposed.before.mean,
}))
"""


def read() -> Any:
    return FORMAT.read(NOTEBOOK, as_version=4)


def codes() -> list[Any]:
    return [cell for cell in read().cells if cell.cell_type == "code"]


def texts(output: Any) -> dict[str, str]:
    """What an output says, by media type, without pictures."""
    if output.output_type == "stream":
        return {"text/plain": output.text}
    return {kind: text for kind, text in output.data.items() if not kind.startswith("image/")}


@pytest.fixture
def execute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Any], None]:
    """Run a notebook with our sources in an empty folder; an error in a cell is raised."""
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    here = tmp_path / "here"
    here.mkdir()

    def run(notebook: Any) -> None:
        resources = {"metadata": {"path": str(here)}}
        NotebookClient(notebook, timeout=900, resources=resources).execute()
        assert list(here.iterdir()) == []  # it leaves nothing beside itself

    return run


def test_it_is_a_valid_notebook() -> None:
    FORMAT.validate(read())


def test_every_text_is_in_english_and_then_in_chinese() -> None:
    for cell in read().cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", cell.source)
            english, chinese = ENGLISH.search(prose), CHINESE.search(prose)
            assert english, cell.source
            assert chinese, cell.source
            assert english.start() < chinese.start(), cell.source


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)]+)\)", "".join(cell.source for cell in read().cells))
    assert links
    for link in links:
        assert (NOTEBOOK.parent / link).exists(), link


def test_its_code_parses_and_was_run_from_top_to_bottom() -> None:
    for cell in codes():
        ast.parse(cell.source)
    assert [cell.execution_count for cell in codes()] == list(range(1, len(codes()) + 1))


def test_it_shows_results_and_neither_complaints_nor_places_on_a_machine() -> None:
    outputs = [output for cell in codes() for output in cell.outputs]
    assert len(outputs) > 15
    for output in outputs:
        assert output.output_type != "error"
        assert output.get("name") != "stderr"
        assert not PLACES.search(str(texts(output)))
    assert NOTEBOOK.stat().st_size < 400_000


class Installed:
    """Remembers what pip was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, status: int = 0) -> None:
        self.asked: list[str] = []
        self.status = status
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        monkeypatch.setattr(subprocess, "run", self)

    def __call__(self, command: list[str], **how: object) -> subprocess.CompletedProcess[str]:
        self.asked.extend(command)
        return subprocess.CompletedProcess(command, self.status, "", "no room on the disk")


def test_where_nothing_is_beside_it_the_first_cell_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Installed(monkeypatch)
    with pytest.raises(FileNotFoundError, match=r"put a tradewind-\*\.whl beside this notebook"):
        exec(codes()[0].source, {})


def test_the_first_cell_installs_a_wheel_beside_it_or_the_clone_it_is_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(NOTEBOOK.parent)
    pip = Installed(monkeypatch)
    exec(codes()[0].source, {})
    assert pip.asked[-1] == f"{ROOT}[deep,tune]"
    wheel = tmp_path / "tradewind-0.1.0-py3-none-any.whl"
    wheel.touch()
    monkeypatch.chdir(tmp_path)
    exec(codes()[0].source, {})
    assert pip.asked[-1] == f"{wheel}[deep,tune]"


def test_the_first_cell_says_why_pip_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(NOTEBOOK.parent)
    Installed(monkeypatch, status=1)
    with pytest.raises(RuntimeError, match="no room on the disk"):
        exec(codes()[0].source, {})


def test_a_workspace_opens_in_a_notebook_without_widgets(
    execute: Callable[[Any], None],
) -> None:
    hidden = "import sys; sys.modules['ipywidgets'] = None"
    opened = "import tempfile, tradewind as tw\ntw.Workspace(tempfile.mkdtemp() + '/s').close()"
    cells = [FORMAT.v4.new_code_cell(source) for source in (hidden, opened)]
    execute(FORMAT.v4.new_notebook(cells=cells))


@pytest.mark.slow
def test_it_runs_from_top_to_bottom_and_its_results_are_sane(
    execute: Callable[[Any], None],
) -> None:
    notebook = read()
    notebook.cells.append(FORMAT.v4.new_code_cell(CHECK))
    execute(notebook)
    *fresh, last = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kinds = [[(o.output_type, o.get("name")) for o in cell.outputs] for cell in fresh]
    assert kinds == [[(o.output_type, o.get("name")) for o in cell.outputs] for cell in codes()]
    found = json.loads(last.outputs[0].text)
    assert found["skill"] > 0.1
    assert found["cutoffs"] == 2
    assert found["repairs"]["exact_duplicate"] == 300
    assert found["repairs"]["absurd_quantity"] == 1
    assert set(found["planned"]) == {"price", "promotion"}
    assert not found["quantiles_cross"]
    assert found["gru"] < found["seasonal_naive"]
    assert found["trials"] == 30
    assert found["explained"] == pytest.approx(found["forecast"])
    assert found["cheaper"] > 0
    without, with_torch = fresh[-1].outputs[0].text.splitlines()
    assert without.split(", without")[0] == with_torch.split(", with")[0]
