"""Orders as JSON documents: one row for each line of an order, and one for each returned line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from tradewind.errors import DataError

Document = dict[str, Any]


def read_orders(path: Path) -> pl.DataFrame:
    """The lines of a JSON file of orders, every cell as text.

    The file holds a list of orders, or an object whose `orders` is that list, as the APIs of
    Shopify and WooCommerce answer; or one order a line. Columns are "order.<field>" and
    "line.<field>".

    Raises DataError, naming the order, for what is no order with lines.
    """
    orders = _orders_of(path)
    rows = [row for place, order in enumerate(orders, 1) for row in _rows(order, place, path.name)]
    if not rows:
        raise DataError(f"{path.name} holds no order with lines")
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in names}, strict=True)


def _orders_of(path: Path) -> list[Any]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} cannot be read as UTF-8 text: {error}") from None
    try:
        found = json.loads(content)
    except json.JSONDecodeError as whole:
        try:
            found = [json.loads(line) for line in content.splitlines() if line.strip()]
        except json.JSONDecodeError:
            raise DataError(
                f"{path.name} line {whole.lineno}, column {whole.colno}: no valid JSON "
                f"({whole.msg}); wanted a list of orders, an object with `orders`, or one order a "
                "line"
            ) from None
    if isinstance(found, dict):
        found = found.get("orders", [found])
    if not isinstance(found, list):
        raise DataError(f"{path.name}: wanted a list of orders, found {type(found).__name__}")
    return found


def _rows(order: Any, place: int, name: str) -> list[Document]:
    """The lines of one order, then its returned lines."""
    if not isinstance(order, dict) or not isinstance(order.get("line_items"), list):
        raise DataError(
            f"{name}, order {place}: wanted an object with a list `line_items`, "
            f"found {_short(order)}"
        )
    lines = order["line_items"]
    if wrong := [line for line in lines if not isinstance(line, dict)]:
        raise DataError(f"{name}, order {place}: a line is no object but {_short(wrong[0])}")
    whole = {f"order.{k}": _cell(v) for k, v in order.items() if not isinstance(v, dict | list)}
    sold = [
        {**whole, **{f"line.{k}": _cell(v) for k, v in line.items() if not _nested(v)}}
        for line in lines
    ]
    for row in sold:
        row |= {"line.returned_at": None, "line.restockable": None}
    by_id = {row.get("line.id"): row for row in sold}
    return sold + [
        back for refund in _dicts(order.get("refunds")) for back in _returned(refund, by_id)
    ]


def _returned(refund: Document, by_id: dict[str | None, Document]) -> list[Document]:
    """Returned lines: when, a quantity below zero, and whether they can be sold again."""
    rows = []
    for item in _dicts(refund.get("refund_line_items")):
        line = by_id.get(_cell(item.get("line_item_id")))
        quantity = _cell(item.get("quantity"))
        if line is None or quantity is None:
            continue
        if _cell(item.get("restock_type")) == "cancel":  # taken out before it was sent: no demand
            line["line.quantity"] = _less(line.get("line.quantity"), quantity)
            continue
        number = f"{line['line.id']}/{_cell(item.get('id')) or _cell(refund.get('id')) or ''}"
        restocked = _cell(item.get("restock_type")) in ("return", "legacy_restock")
        rows.append(
            line
            | {
                "line.id": number,
                "line.quantity": f"-{quantity.lstrip('-')}",
                "line.returned_at": _cell(refund.get("created_at")),
                "line.restockable": "1" if restocked else "0",
            }
        )
    return rows


def _less(had: str | None, taken: str) -> str | None:
    """What is left of a quantity; as it stands where either is no number, for parsing to refuse."""
    try:
        return f"{max(float(had or ''), float(taken)) - float(taken):g}"
    except ValueError:
        return had


def _dicts(value: Any) -> list[Document]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _cell(value: Any) -> str | None:
    if value is None or _nested(value):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
