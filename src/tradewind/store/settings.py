"""What the workspace remembers of the shop: frequency, horizon, keys, currency, name."""

from __future__ import annotations

import json
from typing import Any

from tradewind.store.query import Connection, change, select, to_json

CREATE = """
create table settings (name varchar primary key, value varchar not null);
"""


def put(db: Connection, **values: object) -> None:
    """Remember settings; None forgets one."""
    for name, value in values.items():
        if value is None:
            change(db, "delete from settings where name = $1", name)
        else:
            change(db, "insert or replace into settings values ($1, $2)", name, to_json(value))


def get(db: Connection) -> dict[str, Any]:
    """Everything that is remembered."""
    rows = select(db, "select name, value from settings order by name")
    return {name: json.loads(value) for name, value in rows.iter_rows()}
