"""How the terminal looks: tables, progress and the line that says what to do next."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

WIDTH = 100
ACCENT = "#1f8a8c"
"""The one colour: a deep sea green-blue."""
MARGIN, GAPS = 2, (3, 2)
"""Columns of blank before a table, and between its columns: less where room is scarce."""
LEAST = 16
"""A column of text is not cut below this width."""

Report = Callable[[int, int, str], None]
"""Called with (done, total, what was done)."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    form   of its numbers: ",.1f"; "" gives all of them as many decimals as their size asks for
    rank   0 stays; of the others the highest is left out first where the table is too wide
    whole  its texts are never cut: a name that has to be typed
    """

    name: str
    form: str = ""
    rank: int = 0
    whole: bool = False


def console(*, stderr: bool = False) -> Console:
    """A console of at most 100 columns, without colour where it is not a terminal."""
    made = Console(stderr=stderr, highlight=False)
    made.width = min(WIDTH, made.width) if made.is_terminal else WIDTH
    return made


def show(title: str, columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> list[str]:
    """Print a table, a blank line after it; returns the columns for which there was no room.

    Numbers stand on the right, text on the left, cut with … where it must be.
    """
    out = console()
    values = [[row[k] for row in rows] for k in range(len(columns))]
    texts = [column_of(c.form, cells) for c, cells in zip(columns, values, strict=True)]
    right = [bool(rows) and all(is_number(v) for v in cells) for cells in values]
    natural = [
        max(map(cell_len, [c.name, *cells])) for c, cells in zip(columns, texts, strict=True)
    ]
    whole = [c.whole or on_right for c, on_right in zip(columns, right, strict=True)]
    kept, widths, gap = laid_out(natural, whole, [c.rank for c in columns], out.width)
    heading(out, title)

    def line(cells: Sequence[str]) -> str:
        placed = [
            placed_in(cells[k], width, right=right[k])
            for k, width in zip(kept, widths, strict=True)
        ]
        return (" " * MARGIN + (" " * gap).join(placed)).rstrip()

    out.print()
    out.print(Text(line([c.name for c in columns]), style="bold"), soft_wrap=True)
    rule = "─" * (sum(widths) + gap * (len(widths) - 1))
    out.print(Text(" " * MARGIN + rule, style="dim"), soft_wrap=True)
    for cells in zip(*texts, strict=True):
        out.print(Text(line(cells)), soft_wrap=True)
    out.print()
    return [c.name for k, c in enumerate(columns) if k not in kept]


def laid_out(
    natural: Sequence[int], whole: Sequence[bool], ranks: Sequence[int], room: int
) -> tuple[list[int], list[int], int]:
    """Which columns are shown, how wide, and how far apart, so that a table fits into `room`.

    First the gaps are narrowed, then the widest texts that are not to stay whole are cut, then
    columns are left out.

    >>> laid_out([4, 30, 8], [False, False, True], [0, 0, 1], 40)
    ([0, 1, 2], [4, 22, 8], 2)
    >>> laid_out([4, 30, 8], [False, False, True], [0, 0, 1], 32)
    ([0, 1], [4, 24], 2)
    """
    kept = list(range(len(natural)))
    while True:
        widths = [natural[k] for k in kept]
        for gap in GAPS:
            over = MARGIN + sum(widths) + gap * (len(kept) - 1) - room
            if over <= 0:
                return kept, widths, gap
        for _ in range(over):
            able = [i for i, k in enumerate(kept) if not whole[k] and widths[i] > LEAST]
            if not able:
                break
            widths[max(able, key=lambda i: widths[i])] -= 1
            over -= 1
        last = max(kept, key=lambda k: ranks[k])
        if over <= 0 or not ranks[last]:
            return kept, widths, gap
        kept.remove(last)


def placed_in(text: str, width: int, *, right: bool) -> str:
    """Text in exactly `width` columns of the terminal, in which a Chinese character takes two.

    >>> placed_in("茶叶", 6, right=True), placed_in("茉莉花茶", 6, right=False)
    ('  茶叶', '茉莉… ')
    """
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
    blank = " " * (width - cell_len(text))
    return blank + text if right else text + blank


def heading(out: Console, title: str) -> None:
    """Print a title in the one colour."""
    out.print(Text(title, style=f"bold {ACCENT}"), soft_wrap=True)


def notes(*texts: str) -> None:
    """Print sentences below a table, wrapped, and a blank line after them."""
    out = console()
    for text in texts:
        for part in Text(text, style="dim").wrap(out, out.width - MARGIN):
            part.rstrip()
            out.print(Text(" " * MARGIN).append_text(part), soft_wrap=True)
    if texts:
        out.print()


def facts(title: str, pairs: Sequence[tuple[str, object]]) -> None:
    """Print names and values in two columns, and a blank line after them."""
    out = console()
    heading(out, title)
    width = max(cell_len(name) for name, _ in pairs)
    for name, value in pairs:
        out.print(
            Text(f"  {placed_in(name, width, right=False)}  {cell(value)}".rstrip()), soft_wrap=True
        )
    out.print()


def next_step(text: str) -> None:
    """Print the last line: what to do next."""
    out = console()
    line = Text("→ ", style=f"bold {ACCENT}")
    line.append(text, style="bold")
    out.print(line, soft_wrap=True)


def failed(message: str) -> None:
    """Print an error to stderr."""
    out = console(stderr=True)
    out.print(Text("error: ", style="bold red").append(message, style="default"), soft_wrap=True)


def is_asked() -> bool:
    """Whether somebody sits there who can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def as_json(content: object) -> None:
    """Print content as JSON and nothing else."""
    sys.stdout.write(json.dumps(plain(content), ensure_ascii=False, indent=2) + "\n")


def plain(value: object) -> object:
    """A value that JSON has: dates as ISO text, not-a-number as null."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def is_number(value: object) -> bool:
    """Whether a cell stands on the right."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def column_of(form: str, values: Sequence[object]) -> list[str]:
    """Cells of one column, all numbers with equally many decimals.

    >>> column_of("", [15.0, 50.9, None]), column_of("+,.1f", [-2.34, float("nan")])
    (['15.0', '50.9', '–'], ['-2.3', '–'])
    """
    numbers = [v for v in values if isinstance(v, float) and math.isfinite(v)]
    form = form or f",.{digits_of(numbers)}f"
    return [
        (f"{v:{form}}" if math.isfinite(v) else "–") if isinstance(v, float) else cell(v)
        for v in values
    ]


def digits_of(numbers: Sequence[float]) -> int:
    """Decimals that numbers beside each other are told with: three digits of the largest.

    >>> digits_of([1284.4, 3.2]), digits_of([12.34, 3.0]), digits_of([0.8211]), digits_of([5.0])
    (0, 1, 4, 0)
    """
    if all(number == round(number) for number in numbers):
        return 0
    largest = max(abs(number) for number in numbers)
    return 0 if largest >= 1000 else 1 if largest >= 10 else 2 if largest >= 2 else 4


def cell(value: object) -> str:
    """A value as a person reads it: four significant digits, thousands apart, – where empty.

    >>> cell(1234567.0), cell(0.12345), cell(12.0), cell(None)
    ('1,234,567', '0.1235', '12', '–')
    """
    if value is None or value != value:
        return "–"
    if isinstance(value, datetime):
        return (
            f"{value:%Y-%m-%d}"
            if value.time() == datetime.min.time()
            else f"{value:%Y-%m-%d %H:%M}"
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return _number(value)
    return str(value)


def _number(value: float) -> str:
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{value:.4f}".rstrip("0")


@contextmanager
def progress(*, quiet: bool = False, words: Callable[[str], str] = str) -> Iterator[Report]:
    """A progress bar on stderr with the time left; nothing where stderr is no terminal.

    words   what is done, in the language of the reader
    """
    out = console(stderr=True)
    bar = Progress(
        SpinnerColumn(style=ACCENT),
        TextColumn("{task.description}", markup=False),
        BarColumn(complete_style=ACCENT, finished_style=ACCENT),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=out,
        transient=True,
        disable=quiet or not out.is_terminal,
    )
    with bar:
        job = bar.add_task(words("starting"), total=None)

        def report(done: int, total: int, what: str) -> None:
            text = placed_in(words(what), 36, right=False)
            bar.update(job, completed=done, total=total, description=text)

        yield report
