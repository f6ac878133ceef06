"""Presales of 618 and 11.11: demand counts on the day that the shop says."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from tradewind.data.load import load_table
from tradewind.data.presales import on_demand_date
from tradewind.errors import DataError
from tradewind.flows.asked import Question
from tradewind.flows.load import load
from tradewind.flows.shop import see
from tradewind.store import Workspace, sales

FESTIVALS = """\
订单编号,下单时间,定金支付时间,尾款支付时间,商品编码,数量,价格,订单状态
618-1,2025-05-24 20:03:00,2025-05-24 20:05:00,2025-06-16 00:02:00,POT,1,40.00,交易成功
618-2,2025-05-24 21:00:00,2025-05-25 00:10:00,2025-06-16 09:00:00,POT,2,40.00,交易成功
618-3,2025-05-25 08:00:00,2025-05-25 08:01:00,,POT,4,40.00,定金已付，尾款未付
618-4,2025-06-16 00:00:30,,,POT,8,40.00,交易成功
1111-1,2025-10-20 20:00:30,2025-10-20 20:01:00,2025-11-11 00:00:40,POT,16,40.00,卖家已发货
1111-2,2025-10-20 20:02:00,2025-10-20 20:03:00,,POT,32,40.00,
1111-3,2025-11-11 00:00:05,,,POT,64,40.00,买家已付款
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "presales.csv"
    path.write_text(FESTIVALS, encoding="utf-8")
    return path


def test_presale_columns_are_understood_and_an_unpaid_balance_is_no_demand(file: Path) -> None:
    lines = load_table(file, zone="Asia/Shanghai").lines
    first = lines.row(0, named=True)
    assert first["deposit_at"] == datetime(2025, 5, 24, 20, 5)
    assert first["balance_at"] == datetime(2025, 6, 16, 0, 2)
    waiting = lines.filter(pl.col("status") == "pending")
    assert waiting["quantity"].to_list() == [4.0, 32.0]  # told so, and told nothing


@pytest.mark.parametrize(
    ("by", "sold"),
    [
        ("order", {(5, 24): 3, (6, 16): 8, (10, 20): 16, (11, 11): 64}),
        ("deposit", {(5, 24): 1, (5, 25): 2, (6, 16): 8, (10, 20): 16, (11, 11): 64}),
        ("balance", {(6, 16): 11, (11, 11): 80}),
    ],
)
def test_demand_counts_on_the_day_that_the_shop_says(
    file: Path, tmp_path: Path, by: str, sold: dict[tuple[int, int], int]
) -> None:
    asked = Question(freq="D", h=7)
    with Workspace(tmp_path / "shop") as shop:
        load(shop, file, zone="Asia/Shanghai")
        stored = sales.lines(shop.db)
        again = load(shop, file, demand_date=by)  # nothing stored is written anew
        assert (again.appended.same, again.appended.changed) == (7, 0)
        panel = see(shop, asked.settled(shop)).panel
        assert sales.lines(shop.db).equals(stored)
    days = panel.frame.filter(pl.col("y") > 0)
    found = dict(zip(days["ds"].dt.date().to_list(), days["y"].to_list(), strict=True))
    assert found == {date(2025, month, day): units for (month, day), units in sold.items()}


def test_lines_without_presales_stay_as_they_are() -> None:
    lines = pl.DataFrame({"ordered_at": [datetime(2025, 6, 2), datetime(2025, 6, 1)]})
    assert on_demand_date(lines, "deposit").equals(lines)


def test_another_day_is_refused(file: Path, tmp_path: Path) -> None:
    with (
        Workspace(tmp_path / "shop") as shop,
        pytest.raises(DataError, match=r"'shipping' is not one of \('order', 'deposit'"),
    ):
        load(shop, file, zone="Asia/Shanghai", demand_date="shipping")
