"""People and programs that may use the workspace, each with a role."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from tradewind.errors import UnknownName
from tradewind.store.query import Connection, change, select

CREATE = """
create table users (
    name varchar primary key, role varchar not null, created_at timestamp not null,
    key_digest varchar
);
"""

ROLES = ("viewer", "planner", "admin")


def add(db: Connection, name: str, role: str, at: datetime, key_digest: str | None = None) -> None:
    """Add a user or change the role of a known one. Raises UnknownName for an unknown role.

    key_digest   digest of the key that the user signs with; the key itself is never stored
    """
    if role not in ROLES:
        raise UnknownName(f"no role {role!r}; there are {', '.join(ROLES)}")
    change(db, "insert or replace into users values ($1, $2, $3, $4)", name, role, at, key_digest)


def table(db: Connection) -> pl.DataFrame:
    """name, role, created_at of every user."""
    return select(db, "select name, role, created_at from users order by name")
