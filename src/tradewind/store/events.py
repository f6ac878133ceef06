"""Actions that were taken, with the probability of taking them, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tradewind.event import Event
from tradewind.store.query import Connection, change, select, to_json

CREATE = """
create table events (
    happened_at timestamp not null, subject varchar not null, action varchar not null,
    propensity double not null, outcome double, unit varchar, context varchar
);
"""


def add(db: Connection, events: Sequence[Event]) -> None:
    """Keep events."""
    for e in events:
        change(
            db,
            "insert into events values ($1, $2, $3, $4, $5, $6, $7)",
            e.at,
            e.subject,
            e.action,
            e.propensity,
            e.outcome,
            e.unit,
            to_json(e.context),
        )


def read(db: Connection) -> list[Event]:
    """Every event, by time."""
    rows = select(
        db,
        """select * exclude (happened_at), happened_at as moment from events
           order by happened_at, rowid""",
    )
    return [
        Event(at=row.pop("moment"), **{**row, "context": json.loads(row["context"])})
        for row in rows.iter_rows(named=True)
    ]
