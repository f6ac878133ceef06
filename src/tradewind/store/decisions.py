"""Decisions that were proposed, with their reasons and the forecast they stand on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from tradewind.decision import Decision, Reason
from tradewind.store.query import Connection, change, select, to_json

CREATE = """
create table decisions (
    made_at timestamp not null, subject varchar not null, action varchar not null,
    amount double not null, unit varchar not null, reason varchar not null, reason_values varchar,
    expected varchar, forecast_version varchar, data_digest varchar
);
"""


def add(db: Connection, made_at: datetime, decisions: Sequence[Decision]) -> None:
    """Keep decisions made at one moment."""
    for d in decisions:
        change(
            db,
            "insert into decisions values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            made_at,
            d.subject,
            d.action,
            d.amount,
            d.unit,
            d.reason.key,
            to_json(d.reason.values),
            to_json(d.expected),
            d.forecast_version,
            d.data_digest,
        )


def read(db: Connection, forecast_version: str) -> list[Decision]:
    """The decisions that stand on one stored forecast, in the order they were made."""
    rows = select(
        db, "select * from decisions where forecast_version = $1 order by rowid", forecast_version
    )
    return [
        Decision(
            subject=row["subject"],
            action=row["action"],
            amount=row["amount"],
            unit=row["unit"],
            reason=Reason(row["reason"], json.loads(row["reason_values"])),
            expected=json.loads(row["expected"]),
            forecast_version=row["forecast_version"],
            data_digest=row["data_digest"],
        )
        for row in rows.iter_rows(named=True)
    ]
