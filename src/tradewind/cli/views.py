"""What each command prints of what its flow returned, in the language of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from tradewind.cli.terminal import Column, cell, console, facts, heading, notes, show

if TYPE_CHECKING:
    from tradewind.flows.words import Told

KEYS = ("product", "parent", "category", "brand", "channel", "location", "total")
"""Columns that say which series or level a row is about."""
WORDED = ("status", "movement")
"""Columns of a sample whose cells are words of ours."""
SAMPLED = {"ordered_at": "date"}
"""Columns of a line that we call by another noun."""
ARROWS = {"rise": "▲", "fall": "▼"}
SCORES = ("skill", "wape", "sql", "mase", "rmsse", "wql", "bias", "coverage80", "money_error")


def table(
    say: Told, title: str, columns: Sequence[Column], rows: Sequence[Sequence[object]], *below: str
) -> None:
    """Print a table with notes below, the last one on columns that found no room."""
    missing = show(title, columns, rows)
    left = say("left_out", names=", ".join(missing)) if missing else ""
    notes(*filter(None, [*below, left]))


def understood(say: Told, told: dict[str, Any]) -> None:
    """What a file was taken for, before anything is written: columns, five lines, repairs."""
    if told["title"]:
        notes(say("recognised", source=told["source"], export=told["title"][say.place]))
    _columns(say, told)
    if sample := told["sample"]:
        names = list(sample[0])
        table(
            say,
            say("as_understood", lines=cell(told["lines"])),
            [Column(say.noun(SAMPLED.get(n, n)), rank=max(0, k - 4)) for k, n in enumerate(names)],
            [[say.status(line[n]) if n in WORDED else line[n] for n in names] for line in sample],
        )
    _repairs(say, told)


def months(say: Told, told: dict[str, Any], rows: int = 12) -> None:
    """The newest months by channel, to hold against the back office."""
    every = told["months"]
    if not any(row["channel"] for row in every):
        return
    table(
        say,
        say("months"),
        [Column(say(name)) for name in ("month", "channel", "units", "amount", "currency")],
        [(r["month"], r["channel"], r["units"], r["amount"], r["currency"]) for r in every[-rows:]],
        say("months_note"),
        *[say("last_rows", shown=rows, all=len(every))] * (len(every) > rows),
    )


def unlisted(say: Told, told: dict[str, Any], rows: int = 10) -> None:
    """Codes that no listing names, those with the most money first."""
    found = told["unlisted"]
    if found:
        table(
            say,
            say("unlisted"),
            [Column(say(name)) for name in ("channel", "product", "units", "amount", "currency")],
            [
                (r["channel"], r["product"], r["units"], r["amount"], r["currency"])
                for r in found[:rows]
            ],
            say("unlisted_note", all=len(found)),
        )


def loaded(say: Told, told: dict[str, Any]) -> None:
    """What a load read and how."""
    if "kind" in told:
        kind = say(f"kind_of_{told['kind']}")
        rows = [(say("rows_of", kind=kind), told["rows"]), (say("rows_new"), told["written"])]
        facts(say("loaded"), rows)
        return
    lines, now = told["appended"], told["workspace"]
    holds = say("lines_products", lines=cell(now["lines"]), products=cell(now["products"]))
    counts = [(say(f"{name}_lines"), n) for name, n in lines.items() if n or name == "new"]
    rest: list[tuple[str, object]] = [
        (say("workspace_is"), holds),
        (say("from_to"), f"{cell(now['first'])} – {cell(now['last'])}"),
        (say("currency"), now["currencies"]),
    ]
    for channel, days in told["waiting_for_returns"].items():
        key = "waits_channel" if channel else "waits"
        rest.append((say("provisional"), say(key, days=days, channel=channel)))
    facts(say("loaded"), [*counts, *rest])


def disagreements(say: Told, told: dict[str, Any], rows: int = 10) -> None:
    """Where a count of stock differs from what the movements before it lead to."""
    found = told["disagreements"]
    if not found:
        return
    keys = [key for key in ("product", "channel", "location") if any(r[key] for r in found)]
    numbers = ("counted", "expected", "difference")
    table(
        say,
        say("differ"),
        [
            *[Column(say(key)) for key in (*keys, "as_of")],
            *[Column(say(n)) for n in numbers],
        ],
        [[r[c] for c in (*keys, "as_of", *numbers)] for r in found[:rows]],
        say("differ_note", all=len(found)),
    )


def stale(say: Told, told: dict[str, Any]) -> list[str]:
    """How much of the stock is old, where some is."""
    if not told["products"]:
        return []
    oldest, count = cell(told["oldest"]), cell(told["products"])
    return [say("stale_stock", n=count, days=told["days"], oldest=oldest)]


def _columns(say: Told, told: dict[str, Any]) -> None:
    """Which header was taken for what; of a known export those alone that are used."""
    used = [c for c in told["columns"] if c["noun"] or not told.get("title")]
    unused = [c["header"] for c in told["columns"] if c not in used]
    if used:
        table(
            say,
            say("columns_of", source=told["source"]),
            [Column(say(name)) for name in ("noun", "header", "examples", "why")],
            [
                (say.noun(c["noun"]), _header(say, c), _examples(say, c), say.sentence(c["why"]))
                for c in used
            ],
            *[say("unused", names=", ".join(unused))] * bool(unused),
            say("say_map"),
        )


def _examples(say: Told, column: dict[str, Any]) -> str:
    """Cells as found; statuses that were worked out in the words of the reader."""
    shown = str(column["examples"])
    if column["noun"] != "status":
        return shown
    return " · ".join(say.status(word) for word in shown.split(" · "))


def _header(say: Told, column: dict[str, Any]) -> str:
    return say("made") if column["header"].startswith("tradewind ") else str(column["header"])


def _repairs(say: Told, told: dict[str, Any]) -> None:
    if told["repairs"]:
        table(
            say,
            say("repairs"),
            [Column(say("kind")), Column(say("count")), Column(say("first_one"))],
            [(say.kind(r["kind"]), r["count"], say.example(r["example"])) for r in told["repairs"]],
        )


def leaderboard(say: Told, told: dict[str, Any]) -> None:
    """Models, the best first."""
    count, failed = len(told["cutoffs"]), bool(told["failures"])
    windows = say("one_window") if count == 1 else say("windows", n=count)
    table(
        say,
        say("leaderboard", series=cell(told["series"]), windows=windows),
        [
            Column(say("model")),
            Column(say("skill"), ".1f"),
            Column(say("wape"), ".1f"),
            Column(say("sql"), ".3f"),
            Column(say("mase"), ".3f", rank=1),
            Column(say("bias"), "+.1f", rank=2),
            Column(say("coverage80"), ".1f"),
            Column(say("seconds"), ".1f", rank=3),
            *[Column(say("failures"))] * failed,
        ],
        [
            (
                model_of(say, row["model"], row["model"] in told["tuned"]),
                percent(row["skill"]),
                percent(row["wape"]),
                row["sql"],
                row["mase"],
                percent(row["bias"]),
                percent(row["coverage80"]),
                row["seconds"],
                *[row["failures"]] * failed,
            )
            for row in told["leaderboard"]
        ],
        say("skill_note"),
        *[
            say("failure", **{**failure, "reason": say.reason(failure["reason"])})
            for failure in told["failures"][:3]
        ],
        *[say("tuned_saw", model=name, n=n) for name, n in told["tuned"].items() if n],
    )


def model_of(say: Told, name: str, tuned: bool) -> str:
    """A model's name, marked where its settings come from a search."""
    return say("tuned_model", model=name) if tuned else name


def money(say: Told, found: Any, currency: str) -> None:
    """The error in money against the rule of thumb."""
    if found is None:
        return
    saved = found.baseline_error - found.chosen_error
    share = f"{abs(saved) / found.baseline_error:.1%}"
    facts(
        say("money_title"),
        [
            (say("money_rule"), f"{found.baseline_error:,.0f} {currency}"),
            (say("money_chosen"), f"{found.chosen_error:,.0f} {currency}"),
            (
                say("money_saved" if saved >= 0 else "money_lost"),
                f"{abs(saved):,.0f} {currency} ({share})",
            ),
        ],
    )


def held(say: Told, check: Any, span: str) -> None:
    """The forecast beside what came in the weeks that were kept back."""
    facts(
        say("held_title", span=span),
        [
            (say("held_error"), f"{check.wape:.1%} WAPE"),
            (say("held_rule"), f"{check.rule_wape:.1%} WAPE"),
            (say("held_inside"), f"{check.inside:.1%}"),
            (say("held_called"), say("held_right", right=check.right, called=check.called)),
        ],
    )


def plans(say: Told, told: dict[str, Any]) -> list[str]:
    """What is planned ahead and what is not, of the things that a shop plans."""
    lines = []
    for key in ("planned", "unplanned"):
        names = say("and").join(say(f"planned_{name}") for name in told[key])
        lines += [say(key, names=names)] if names else []
    return lines


def festivals(say: Told, told: dict[str, Any], unit: str) -> list[str]:
    """What each festival that the calendar does not enter would change."""
    lines = []
    for one in told["festivals"]:
        names = {name: cell(one[name]) for name in ("start", "end", "seen")}
        event = say.event(one["event"])
        if one["seen"] is None:
            lines.append(say("festival_unseen", event=event, **names))
            continue
        sums = {name: cell(round(one[name])) for name in ("without", "with")}
        lines.append(say("festival_cases", event=event, unit=unit, **names, **sums))
    return lines


def coming(say: Told, told: dict[str, Any]) -> list[str]:
    """What each launch of the horizon is taken to be like."""
    return [
        say(
            "launch_like" if one["like"] else "launch_siblings",
            product=one["product"],
            date=cell(one["launched_at"]),
            like=one["like"],
            n=one["siblings"],
            factor=cell(one["factor"]),
        )
        for one in told["launches"]
    ]


def stops(say: Told, told: dict[str, Any], shown: int = 5) -> list[str]:
    """What stops in the horizon and before it, and what sold after its last day all the same."""
    day = {key: [f"{r['product']} ({cell(r['last_order_date'])})" for r in told[key]]
           for key in ("phased_out", "stopped")}  # fmt: skip
    lines = []
    for key, names in {**day, "sold_after_end": told["sold_after_end"]}.items():
        text, more = say("and").join(names[:shown]), len(names) - shown
        text = say("more", names=text, n=more) if more > 0 else text
        lines += [say(key, n=cell(len(names)), names=text)] if names else []
    return lines


def forecast(say: Told, told: dict[str, Any], rows: int) -> None:
    """Sums over the horizon, the largest likely changes first."""
    money = told["target"] in ("revenue", "price")
    unit = (told["currency"] if money else say("units")) or "–"
    summary = told["summary"]
    keys, form = key_columns(say, summary), form_of(summary)
    table(
        say,
        say(
            "forecast_title",
            target=say(f"target_{told['target']}"),
            span=say.steps(told["h"], told["freq"]),
            date=cell(told["cutoff"]),
        ),
        [
            *keys,
            Column(say("before_unit", unit=unit), form),
            *[Column(say(name), form) for name in ("expected", "low", "high")],
            Column(say("change"), "+,.1f"),
        ],
        [
            (
                *key_cells(row, summary),
                *[row[name] for name in ("before", "expected", "low", "high")],
                percent(row["growth"]),
            )
            for row in summary[:rows]
        ],
        say(
            "by_model",
            rows=how_many(say, len(summary), rows),
            model=told["model"],
            forecaster=told["forecaster"],
        ),
        *remarks(say, told),
    )


def remarks(say: Told, told: dict[str, Any]) -> list[str]:
    """What a forecast counts on, and what it leaves open."""
    money = told["target"] in ("revenue", "price")
    unit = (told["currency"] if money else say("units")) or "–"
    since = told["provisional_from"]
    return [
        *plans(say, told),
        *coming(say, told),
        *festivals(say, told, unit),
        *stops(say, told),
        *stale(say, told["stale_stock"]),
        *([say("provisional_from", date=since)] if since else []),
    ]


def files(say: Told, told: dict[str, Any]) -> None:
    """The files that were written."""
    table(
        say,
        say("files_in", folder=told["folder"]),
        [Column(say(name), whole=True) for name in ("file", "holds", "rows")],
        [(f["file"], say(f"kind_of_{f['kind']}"), f["rows"]) for f in told["files"]],
    )


def movers(say: Told, told: dict[str, Any], rows: int) -> None:
    """What surely rises and falls, and how many products do neither."""
    count, sure = told["counts"], f"{told['sure']:.0%}"
    moving = [row for row in told["trends"] if row["direction"] in ARROWS]
    title = say("movers_title", rise=cell(count["rise"]), fall=cell(count["fall"]), sure=sure)
    span = say("movers_span", span=say.steps(told["span"], told["freq"]), date=cell(told["cutoff"]))
    rest = say(
        "movers_rest",
        all=cell(len(told["trends"])),
        flat=cell(count["flat"]),
        unclear=cell(count["unclear"]),
        share=f"{told['flat']:.0%}",
        sure=sure,
    )
    if not moving:
        heading(console(), title)
        notes(span, rest)
        return
    form = form_of(moving)
    table(
        say,
        title,
        [
            *key_columns(say, moving),
            Column(say("direction")),
            Column(say("probability"), ".1f"),
            Column(say("growth"), "+,.1f"),
            Column(say("before"), form),
            Column(say("expected"), form),
        ],
        [
            (
                *key_cells(row, moving),
                f"{ARROWS[row['direction']]} {say(row['direction'])}",
                percent(row["probability"]),
                percent(row["growth"]),
                row["before"],
                row["expected"],
            )
            for row in moving[:rows]
        ],
        span,
        rest,
        how_many(say, len(moving), rows) if len(moving) > rows else "",
    )


def versions(say: Told, told: list[dict[str, Any]]) -> None:
    """Every version of every model."""
    if not told:
        heading(console(), say("models"))
        notes(say("none_yet"))
        return
    table(
        say,
        say("models"),
        [
            Column(""),
            Column(say("name"), whole=True),
            *[Column(say(name)) for name in ("version", "model")],
            Column(say("trained"), rank=1),
            Column(say("wape"), ".1f"),
            Column(say("sql"), ".3f"),
        ],
        [
            (
                "●" if v["promoted"] else "",
                v["name"],
                v["version"],
                model_of(say, v["forecaster"], bool(v["task"].get("tuned"))),
                f"{v['created_at']:%Y-%m-%d %H:%M}",
                percent(v["metrics"].get("wape")),
                v["metrics"].get("sql"),
            )
            for v in told
        ],
        say("forecasts_now"),
    )


def version(say: Told, told: dict[str, Any]) -> None:
    """One version: what it is, how it scored, and its settings."""
    sizes = told["files"].values()
    facts(
        f"{told['name']} {told['version']}",
        [
            (say("model"), model_of(say, told["forecaster"], bool(told["task"].get("tuned")))),
            (say("trained"), told["created_at"]),
            (say("promoted"), say("yes" if told["promoted"] else "no")),
            (say("digest"), told["digest"]),
            (say("folder"), told["folder"]),
            (say("files"), say("files_of", n=len(sizes), bytes=f"{sum(sizes):,}")),
        ],
    )
    metrics = told["metrics"]
    shown = [*(n for n in SCORES if n in metrics), *sorted(set(metrics) - set(SCORES))]
    facts(say("scores"), [(name, metrics[name]) for name in shown])
    heading(console(), say("settings"))
    for line in told["settings"].rstrip().splitlines():
        console().print(Text(f"  {line}".rstrip(), style="dim"), soft_wrap=True)
    console().print()


def fev(say: Told, rows: list[dict[str, Any]], tasks: Sequence[str]) -> None:
    """Our models among the published ones, with a column for each task."""
    table(
        say,
        "fev-bench retail: skill by SQL",
        [
            *(Column(""), Column("model"), Column("skill", ".3f")),
            *(Column("80 % from", ".3f"), Column("to", ".3f")),
            *[Column(short(t), ".3f", rank=1 + k) for k, t in enumerate(tasks)],
        ],
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


def short(task: str) -> str:
    """A task's name in a heading.

    >>> short("hierarchical_sales_1D"), short("walmart"), short("hierarchical_sales_1D_promo")
    ('hier. 1D', 'walmart', 'hier. 1D promo')
    """
    word, *rest = task.split("_")
    from_frequency = dropwhile(lambda part: not part[0].isdigit(), rest)
    return " ".join([f"{word[:4]}.", *from_frequency]) if rest else word


def findings(say: Told, found: Sequence[Any]) -> None:
    """What the doctor found."""
    marks = {"ok": "✓", "note": "·", "problem": "✗"}
    table(
        say,
        say("doctor"),
        [Column(""), *[Column(say(n), whole=True) for n in ("what", "found")]],
        [(marks[f.state], say.sentence(f.what), say(f.key, **dict(f.values))) for f in found],
    )


def how_many(say: Told, count: int, rows: int) -> str:
    """How many rows there are, and how to see them where some are not shown."""
    if count <= rows:
        return say("all_rows", all=cell(count))
    return say("first_rows", shown=cell(rows), all=cell(count))


def percent(share: float | None) -> float | None:
    """0.1234 → 12.34; nothing where there is none."""
    return None if share is None or share != share else 100 * share


def form_of(rows: Sequence[dict[str, Any]]) -> str:
    """One form for amounts that stand beside each other: what was, and what is expected."""
    largest = max((abs(row["expected"] or 0) for row in rows), default=0.0)
    return ",.0f" if largest >= 100 else ",.1f" if largest >= 10 else ",.2f"


def key_columns(say: Told, rows: Sequence[dict[str, Any]]) -> list[Column]:
    """Headings of what says which series a row is about: code, name, channel, location, level."""
    keys = _keys(rows)
    code = "name" in keys  # where there is a name, it is cut before the code is
    return [Column(say(k), whole=code and k != "name") for k in keys] or [Column(say("series"))]


def key_cells(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> list[object]:
    """The cells below `key_columns`."""
    return [row[key] for key in _keys(rows)] or [""]


def _keys(rows: Sequence[dict[str, Any]]) -> list[str]:
    keys = [key for key in KEYS if rows and rows[0].get(key) is not None]
    return [*keys[:1], "name", *keys[1:]] if rows and "name" in rows[0] else keys


def command(workspace: Path, *words: object) -> str:
    """A command that can be typed as it stands: "tradewind trends --workspace shop"."""
    text = str(workspace)
    where = f'"{text}"' if " " in text else text
    return " ".join(["tradewind", *map(str, words), "--workspace", where])
