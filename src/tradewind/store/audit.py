"""The audit trail: who did what to the workspace, and when. Nothing in it is ever changed."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from tradewind.store.query import Connection, change, select, to_json

CREATE = """
create table audit (
    done_at timestamp not null, who varchar not null, action varchar not null,
    subject varchar not null, details varchar
);
"""


def add(
    db: Connection, at: datetime, who: str, action: str, subject: str, **details: object
) -> None:
    """Write one line of the trail."""
    change(
        db,
        "insert into audit values ($1, $2, $3, $4, $5)",
        at,
        who,
        action,
        subject,
        to_json(details),
    )


def table(db: Connection) -> pl.DataFrame:
    """The trail, oldest first: done_at, who, action, subject, details (JSON)."""
    return select(db, "select * from audit order by done_at, rowid")
