"""crossborder: the files of a synthetic merchant on four marketplaces, written out and loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from tradewind.data.synthetic.merchant import Merchant, merchant
from tradewind.errors import DataError
from tradewind.flows.load import Loaded, load
from tradewind.flows.others import load_other
from tradewind.store import Workspace, settings

README = "README.txt"
GB18030 = "tmall.csv"
"""The one file that is written as Tmall's back office writes it, not in UTF-8."""
KINDS = {
    "items.csv": "products",
    "bundles.csv": "bundles",
    "rates.csv": "rates",
    "stock.csv": "stock",
    "movements.csv": "movements",
    "calendar.csv": "calendar",
    "launches.csv": "launches",
}
"""Files beside the exports, in the order in which they are loaded, and their --kind."""
BY = ("product", "channel")
FREQ, H = "W", 8
EXPORTS = "tmall.csv jd.csv pinduoduo.csv amazon.txt"
TITLES = {
    "products": ("products, and each channel's own codes", "商品资料，以及各渠道自己的编码"),
    "bundles": ("what a set consists of", "套装由什么组成"),
    "rates": ("exchange rates", "汇率"),
    "stock": ("counts of the stock", "库存盘点"),
    "movements": ("what came in and went out", "出入库流水"),
    "calendar": ("festivals and promotions, past and planned", "大促与促销，已过的和计划的"),
    "launches": ("what is new", "新品"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written: name, what one is (a --kind, or sales), rows."""

    folder: Path
    files: tuple[tuple[str, str, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        names = ("file", "kind", "rows")
        files = [dict(zip(names, row, strict=True)) for row in self.files]
        return {"folder": str(self.folder), "files": files, "readme": str(self.folder / README)}


def write_files(folder: Path, made: Merchant | None = None) -> Written:
    """Write the merchant's files, and a README with the commands, into a new or empty folder.

    made   another merchant than the usual one

    Raises DataError where the folder holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            f"{folder} is no empty folder; name a new one, or empty it: nothing is overwritten"
        )
    made = made or merchant()
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, table in {**made.exports, **made.others}.items():
        _write(table, folder / name)
        files.append((name, KINDS.get(name, "sales"), len(table)))
    (folder / README).write_text(readme(), encoding="utf-8")
    return Written(folder, tuple(files))


def _write(table: pl.DataFrame, path: Path) -> None:
    tab = path.suffix == ".txt"
    # quotation marks would stand around ="4100…" as no marketplace writes it
    text = table.write_csv(separator="\t" if tab else ",", quote_style="never", float_precision=2)
    if path.name == "rates.csv":
        text = table.write_csv()
    path.write_bytes(text.encode("gb18030" if path.name == GB18030 else "utf-8"))


def readme() -> str:
    """The commands of the journey, in English and in Chinese."""
    commands = [f"tradewind load {EXPORTS} --workspace shop"]
    commands += [f"tradewind load {n} --kind {k} --workspace shop" for n, k in KINDS.items()]
    ask = "tradewind forecast --freq W --by product,channel --preset fast --report --workspace shop"
    parts = []
    for place, words in enumerate(_WORDS):
        lines = [words[0], "", words[1], f"   {commands[0]} --dry-run", "", words[2]]
        lines += [f"   {commands[0]}", "", words[3]]
        titles = [TITLES[kind][place] for kind in KINDS.values()]
        for title, command in zip(titles, commands[1:], strict=True):
            lines += [f"   # {title}", f"   {command}"]
        lines += ["", words[4], f"   {ask}{words[5]}", "", words[6], ""]
        parts.append("\n".join(lines))
    return "\n".join(parts)


_WORDS = (
    (
        "Tradewind: an invented merchant on Tmall, JD, Pinduoduo and Amazon. "
        "Run these in this folder.",
        "1. See what the four exports are taken for; nothing is written:",
        "2. Load them:",
        "3. Load what stands beside them, in this order:",
        "4. Forecast the next eight weeks by product and channel, and write a report:",
        "",
        "Read the notes below the forecast: the calendar enters Black Friday and leaves out 12.12, "
        "so\nthe forecast says what each case would sell. Enter 12.12 in calendar.csv (12.12, "
        "channel Tmall,\n2025-12-12, peak, planned), load it again, and forecast again.",
    ),
    (
        "Tradewind 信风：虚构的跨境商家，在天猫、京东、拼多多和亚马逊上销售。请在本文件夹中运行。",
        "1. 先看四份导出被识别成什么，不写入任何数据：",
        "2. 导入：",
        "3. 按此顺序导入其余文件：",
        "4. 按商品和渠道预测未来 8 周，并生成报告：",
        " --lang zh",
        "请看预测下方的说明：日历录入了黑五，没有录入双12，所以预测给出参加与不参加两种情形。\n"
        "在 calendar.csv 中加上双12（12.12，渠道 Tmall，2025-12-12，peak，planned），"
        "重新导入，再预测一次。",
    ),
)


def load_files(shop: Workspace, folder: Path, *, at: datetime | None = None) -> Loaded:
    """The files of `folder` in the workspace, as its README loads them, all in the usual order."""
    loaded = load(shop, *[folder / name for name in EXPORTS.split()], at=at)
    for name, kind in KINDS.items():
        load_other(shop, kind, folder / name, at=at)
    with shop.transaction() as db:
        settings.put(db, name="crossborder", by=BY, freq=FREQ, h=H)
    return loaded
