"""People's corrections of a forecast, kept beside it so that both can be scored later."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from tradewind.store.query import Connection, change, lent, select, shaped

CREATE = """
create table overrides (
    made_at timestamp not null, who varchar not null, run_id varchar not null,
    unique_id varchar not null, ds timestamp not null, before double, after double not null,
    note varchar
);
"""

CELL: dict[str, pl.DataType] = {
    "unique_id": pl.String(),
    "ds": pl.Datetime("us"),
    "before": pl.Float64(),
    "after": pl.Float64(),
    "note": pl.String(),
}


def add(db: Connection, made_at: datetime, who: str, run: str, cells: pl.DataFrame) -> int:
    """Keep corrections of one forecast: unique_id, ds, before, after (target's unit), note."""
    with lent(db, "incoming", shaped(cells, CELL)):
        return change(
            db,
            f"""insert into overrides (made_at, who, run_id, {", ".join(CELL)})
                select $1, $2, $3, {", ".join(CELL)} from incoming""",
            made_at,
            who,
            run,
        )


def table(db: Connection, run: str) -> pl.DataFrame:
    """The last correction of each cell: unique_id, ds, before, after, who, note."""
    return select(
        db,
        """select unique_id, ds, before, after, who, note from overrides where run_id = $1
           qualify row_number() over (partition by unique_id, ds order by made_at desc) = 1
           order by unique_id, ds""",
        run,
    )
