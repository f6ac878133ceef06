"""How the terminal looks: tables, progress and the line that says what to do next."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

WIDTH = 100
ACCENT = "#1f8a8c"
"""The one colour: a deep sea green-blue."""
ARROWS = {"rise": "▲ rise", "flat": "▬ flat", "fall": "▼ fall"}

Report = Callable[[int, int, str], None]
"""Called with (done, total, what was done)."""


def console(*, stderr: bool = False) -> Console:
    """A console of at most 100 columns, without colour where it is not a terminal."""
    made = Console(stderr=stderr, highlight=False)
    made.width = min(WIDTH, made.width) if made.is_terminal else WIDTH
    return made


def show(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], note: str = ""
) -> None:
    """Print a table; a column of numbers stands on the right, and its unit in the header."""
    cells = [[cell(value) for value in row] for row in rows]
    table = Table(
        title=Text(title, style=f"bold {ACCENT}"), title_justify="left", box=box.SIMPLE_HEAD
    )
    table.header_style = "bold"
    out = console()
    widths = [max([cell_len(c) for c in column]) for column in zip(columns, *cells, strict=True)]
    over = sum(widths) + 3 * len(columns) + 1 - out.width
    longest = widths.index(max(widths))
    for k, name in enumerate(columns):
        numbers = all(isinstance(row[k], int | float) or row[k] is None for row in rows)
        table.add_column(
            name,
            justify="right" if numbers and rows else "left",
            overflow="ellipsis",
            no_wrap=True,
            width=max(widths[k] - over, 12) if over > 0 and k == longest else widths[k],
        )
    for row in cells:
        table.add_row(*[Text(text) for text in row])
    out.print(table)
    if note:
        out.print(Text(f"  {note}", style="dim"))


def facts(title: str, pairs: Sequence[tuple[str, object]]) -> None:
    """Print names and values in two columns."""
    out = console()
    out.print(Text(title, style=f"bold {ACCENT}"))
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        out.print(Text(f"  {name:<{width}}  {cell(value)}"), soft_wrap=True)


def next_step(text: str) -> None:
    """Print the last line: what to do next."""
    out = console()
    line = Text("→ ", style=f"bold {ACCENT}")
    line.append(text, style="bold")
    out.print()
    out.print(line, soft_wrap=True)


def failed(message: str) -> None:
    """Print an error to stderr."""
    out = console(stderr=True)
    out.print(Text("error: ", style="bold red").append(message, style="default"), soft_wrap=True)


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


def cell(value: object) -> str:
    """A cell as a person reads it: four significant digits, thousands apart, – where empty.

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
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
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
def progress(*, quiet: bool = False) -> Iterator[Report]:
    """A progress bar on stderr with the time left; nothing where stderr is no terminal."""
    out = console(stderr=True)
    bar = Progress(
        SpinnerColumn(style=ACCENT),
        TextColumn("{task.description}", markup=False),
        BarColumn(complete_style=ACCENT, finished_style=ACCENT),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(),
        console=out,
        transient=True,
        disable=quiet or not out.is_terminal,
    )
    with bar:
        job = bar.add_task("starting", total=None)

        def report(done: int, total: int, what: str) -> None:
            bar.update(job, completed=done, total=total, description=what[:48])

        yield report


def loaded(told: dict[str, Any]) -> None:
    """What a load read and how."""
    if told["columns"]:
        show(
            f"Columns of {told['source']}",
            ("we call it", "header", "examples", "why"),
            [(c["noun"] or "–", c["header"], c["examples"], c["why"]) for c in told["columns"]],
            "wrong? say it: --map noun=header",
        )
    if "kind" in told:
        facts("Loaded", [("rows of " + told["kind"], told["rows"]), ("new", told["written"])])
        return
    if told["repairs"]:
        show(
            "Repairs",
            ("kind", "count", "first one"),
            [(r["kind"].replace("_", " "), r["count"], r["example"]) for r in told["repairs"]],
        )
    lines, now = told["appended"], told["workspace"]
    facts(
        "Loaded",
        [
            ("new lines", lines["new"]),
            ("changed lines", lines["changed"]),
            ("already there", lines["same"]),
            ("outdated", lines["outdated"]),
            ("workspace", f"{cell(now['lines'])} lines, {cell(now['products'])} products"),
            ("from – to", f"{cell(now['first'])} – {cell(now['last'])}"),
            ("currency", now["currencies"]),
        ],
    )


def leaderboard(told: dict[str, Any]) -> None:
    """Models, the best first."""
    count = len(told["cutoffs"])
    show(
        f"Leaderboard: {told['series']:,} series, {count} window{'s' * (count != 1)}",
        ("model", "skill %", "WAPE %", "SQL", "MASE", "bias %", "in 80 %", "seconds", "failures"),
        [
            (
                row["model"],
                percent(row["skill"]),
                percent(row["wape"]),
                row["sql"],
                row["mase"],
                percent(row["bias"]),
                percent(row["coverage80"]),
                round(row["seconds"], 1),
                row["failures"],
            )
            for row in told["leaderboard"]
        ],
        "skill: better than last season, by SQL; in 80 %: share of actuals inside that interval",
    )
    for failure in told["failures"][:3]:
        console().print(
            Text(
                f"  {failure['model']}: {failure['series']} × {failure['reason']}"[:WIDTH],
                style="dim",
            )
        )


def money(found: Any, currency: str) -> None:
    """The error in money against the rule of thumb."""
    if found is None:
        return
    saved = found.baseline_error - found.chosen_error
    facts(
        "Error in money, back-test",
        [
            (found.baseline, f"{found.baseline_error:,.0f} {currency}"),
            ("chosen model", f"{found.chosen_error:,.0f} {currency}"),
            ("saved", f"{saved:,.0f} {currency} ({saved / found.baseline_error:.1%})"),
        ],
    )


def forecast(told: dict[str, Any], rows: int) -> None:
    """Sums over the horizon, the largest likely changes first."""
    unit = told["currency"] if told["target"] in ("revenue", "price") else "units"
    show(
        f"{told['target'].capitalize()}, {told['h']} periods after {cell(told['cutoff'])}",
        (label_of(told["summary"]), f"before ({unit})", "expected", "80 % from", "to", "change %"),
        [
            (
                label(row),
                row["before"],
                row["expected"],
                row["low"],
                row["high"],
                percent(row["growth"]),
            )
            for row in told["summary"][:rows]
        ],
        f"{len(told['summary']):,} in all; model {told['model']} ({told['forecaster']})",
    )


def movers(told: dict[str, Any], rows: int) -> None:
    """What rises and falls."""
    show(
        f"Movers: the {told['span']} periods after {cell(told['cutoff'])} against as many before",
        (label_of(told["trends"]), "", "probability %", "growth %", "before", "expected"),
        [
            (
                label(row),
                ARROWS[row["direction"]],
                percent(row["probability"]),
                percent(row["growth"]),
                row["before"],
                row["expected"],
            )
            for row in told["trends"][:rows]
        ],
        f"{len(told['trends']):,} in all; flat is within ± {told['flat']:.0%}",
    )


def versions(told: list[dict[str, Any]]) -> None:
    """Every version of every model."""
    show(
        "Models",
        ("", "name", "version", "model", "trained", "WAPE %", "SQL"),
        [
            (
                "●" if v["promoted"] else "",
                v["name"],
                v["version"],
                v["forecaster"],
                v["created_at"],
                percent(v["metrics"].get("wape")),
                v["metrics"].get("sql"),
            )
            for v in told
        ],
        "● forecasts now" if told else "none yet",
    )


def version(told: dict[str, Any]) -> None:
    """One version."""
    names = ("name", "version", "forecaster", "created_at", "promoted", "digest", "folder")
    facts(f"{told['name']} {told['version']}", [(n, told[n]) for n in names])
    show("Scores", ("score", "value"), sorted(told["metrics"].items()))
    show("Files", ("file", "bytes"), list(told["files"].items()))
    console().print(Text(told["settings"].rstrip(), style="dim"))


def fev(rows: list[dict[str, Any]]) -> None:
    """Our models among the published ones."""
    tasks = [c for c in rows[0] if "_" in c and c[-1] in "DWM"] if rows else []
    show(
        "fev-bench retail: skill by SQL",
        ("", "model", "skill", "80 % from", "to", *[t[:12] for t in tasks]),
        [
            (
                "" if row["published"] else "●",
                row["model"],
                row["skill"],
                row["low"],
                row["high"],
                *[row[t] for t in tasks],
            )
            for row in rows
        ],
        "● ours; the others are published",
    )


def findings(told: list[dict[str, Any]]) -> None:
    """What the doctor found."""
    marks = {"ok": "✓", "note": "·", "problem": "✗"}
    show(
        "Doctor", ("", "what", "found"), [(marks[f["state"]], f["what"], f["found"]) for f in told]
    )


def percent(share: float | None) -> float | None:
    """0.1234 → 12.3."""
    return None if share is None or share != share else round(100 * share, 1)


def label_of(rows: list[dict[str, Any]]) -> str:
    """The heading above `label`."""
    keys = [
        k
        for k in ("product", "category", "brand", "channel", "location", "total")
        if rows and k in rows[0]
    ]
    return " · ".join(keys) or "series"


def label(row: dict[str, Any]) -> str:
    """The readable key of a row: product, channel and location, or the level; the name first."""
    keys = [
        str(row[k])
        for k in ("product", "category", "brand", "channel", "location", "total")
        if row.get(k)
    ]
    name = row.get("name")
    return f"{str(name)[:32]} ({' · '.join(keys)})" if name else " · ".join(keys)
