"""SQLAlchemy: the rows of a query that a session may act on.

    from bailiwick.adapters import entity
    entity("Rfi", parents={"Project": "project_id"})(models.Rfi)

    page = list(visible(db, select(models.Rfi).order_by(models.Rfi.id), session, "rfis.view", limit=50))

The policies decide row by row, here in the process. Let the statement narrow the rows first, by project for instance;
the policies then take away what may not be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session as Database

from bailiwick import Session

__all__ = ["visible"]


def visible(
    database: Database,
    statement: Select[Any],
    session: Session,
    action: str,
    context: Mapping[str, Any] | None = None,
    *,
    limit: int | None = None,
    chunk: int = 500,
) -> Iterator[Any]:
    """The rows to which the action may be done, in the statement's order; at most `limit` of them.

    Rows are fetched and judged `chunk` at a time, and no more than it takes to fill the limit.
    """

    def rows() -> Iterator[Any]:
        with database.execute(statement.execution_options(yield_per=chunk)) as result:
            for partition in result.scalars().partitions(chunk):
                yield from session.filter(action, partition, context)

    return islice(rows(), limit)
