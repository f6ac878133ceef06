"""Draw the pictures of docs/guide/journey.md from a journey made anew. Needs Chromium.

    python docs/draw_journey.py

Every command is run as a merchant would, in a folder of its own, in English and in Chinese; what
the terminal showed becomes a picture, and so does the head of the report.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

IMAGES = Path(__file__).parent / "images"
WIDTH = 100
LANGUAGES = ("en", "zh")
SALES = "tmall.csv jd.csv pinduoduo.csv amazon.txt"
STEPS = (
    ("understood", "load tmall.csv --dry-run", slice(0, 62)),
    ("loaded", f"load {SALES} --yes", slice(-44, None)),
    ("items", "load items.csv --kind products", slice(0, None)),
    ("bundles", "load bundles.csv --kind bundles", slice(0, 0)),
    ("rates", "load rates.csv --kind rates", slice(0, 0)),
    ("stock", "load stock.csv --kind stock", slice(0, 0)),
    ("movements", "load movements.csv --kind movements", slice(0, None)),
    ("calendar", "load calendar.csv --kind calendar", slice(0, None)),
    ("launches", "load launches.csv --kind launches", slice(0, 0)),
    (
        "forecast",
        "forecast --freq W --by product,channel --preset fast --windows 1 --rows 8 --report",
        slice(0, None),
    ),
)
"""Name of the picture, the command, and the lines that are shown; none, and there is no picture."""
PAGE = """<meta charset="utf-8"><style>
@font-face {{ font-family: Rule; src: local("DejaVu Sans Mono"); unicode-range: U+2500;
  size-adjust: 83%; }}
body {{ margin: 0; background: #fbfbf9; }}
pre {{ font: 13px/1.35 Rule, "Noto Sans Mono CJK SC", monospace; color: #20302f;
  margin: 0; padding: 14px 18px; display: inline-block; }}
</style>{code}"""


def run(command: str, folder: Path, language: str) -> str:
    """What a command prints on a terminal of 100 columns, its own line first."""
    colour = {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    asked = [*command.split(), "--workspace", f"shop-{language}", "--lang", language]
    done = subprocess.run(
        [sys.executable, "-m", "tradewind", *asked],
        cwd=folder,
        env={**os.environ, **colour},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout


def picture(browser: Browser, name: str, command: str, shown: list[str]) -> None:
    """The lines of a terminal as a PNG."""
    console = Console(record=True, width=WIDTH, force_terminal=True, file=StringIO())
    console.print(Text(f"$ tradewind {command}", style="bold"), soft_wrap=True)
    console.print(Text.from_ansi("\n".join(shown)), soft_wrap=True)
    code = console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")
    page = browser.new_page(viewport={"width": 900, "height": 400})
    page.set_content(PAGE.format(code=code))
    page.locator("pre").screenshot(path=IMAGES / f"{name}.png")
    page.close()


def main() -> None:
    """Run the journey twice, and draw it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "files"
        export = ["demo", "--shop", "crossborder", "--export", str(folder)]
        subprocess.run([sys.executable, "-m", "tradewind", *export], check=True)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for language in LANGUAGES:
            for name, command, lines in STEPS:
                shown = run(command, folder, language).rstrip().splitlines()[lines]
                if shown:
                    picture(browser, f"journey-{name}-{language}", command, shown)
            [report] = (folder / f"shop-{language}" / "reports").glob("*.html")
            page = browser.new_page(viewport={"width": 1200, "height": 760})
            page.goto(report.as_uri())
            page.screenshot(path=IMAGES / f"journey-report-{language}.png")
            page.close()


if __name__ == "__main__":
    main()
