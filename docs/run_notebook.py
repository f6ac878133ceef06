"""Run examples/quickstart.ipynb anew and keep what it shows. Needs Chromium.

    python docs/run_notebook.py

It runs in an empty folder. A chart, which a notebook draws by itself in half a megabyte of script,
is kept as the picture that Chromium makes of it: pages that show notebooks run no scripts.
"""

from __future__ import annotations

import shutil
import tempfile
from base64 import b64encode
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from playwright.sync_api import Browser, sync_playwright

NOTEBOOK = Path(__file__).parent.parent / "examples" / "quickstart.ipynb"
WIDTH = 800
"""Of a picture, px."""


def run(notebook: nbformat.NotebookNode) -> None:
    """Execute all cells in an empty folder; raises where one fails."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        client.record_timing = False
        client.execute()


def picture(browser: Browser, html: str) -> str:
    """What a frame with a chart looks like, a PNG in base64."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 600})
    page.set_content(f'<body style="margin:0">{html}</body>')
    page.frame_locator("iframe").locator("canvas").wait_for()
    made = page.locator("iframe").screenshot()
    page.close()
    return b64encode(made).decode()


def main() -> None:
    """Run, draw, keep."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    run(notebook)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if data.get("text/html", "").startswith("<iframe"):
                    data["image/png"] = picture(browser, data.pop("text/html"))
        browser.close()
    notebook.metadata = {
        "kernelspec": notebook.metadata.kernelspec,
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    main()
