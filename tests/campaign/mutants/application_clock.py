"""Votes open and close by the clock of the application's machine."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, literal, text

from tests.campaign.injected.switches import Switches, replaced


def inject(service: str, _switches: Switches) -> None:
    """Replace the database's clock by the wall clock of the process."""
    if service != "voting":
        return
    from voting.store import ballots, bulk_insert, votes  # noqa: PLC0415  only voting has it

    lock_sql, count_sql = str(ballots._LOCK), bulk_insert._COUNT  # noqa: SLF001  injected
    lock: Callable[..., Awaitable[Any]] = ballots.lock_open_votes
    count: Callable[..., Awaitable[Any]] = bulk_insert.BulkInsert.count

    async def lock_open_votes(session: Any, tasks: Any, began: Any) -> Any:  # noqa: ANN401  the function it wraps
        ballots._LOCK = text(_with_application_clock(lock_sql))  # noqa: SLF001  injected
        return await lock(session, tasks, began)

    async def count_bulk(self: Any, cast_ballots: Any) -> Any:  # noqa: ANN401  the same
        bulk_insert._COUNT = _with_application_clock(count_sql)  # type: ignore[misc]  # noqa: SLF001  # injected
        return await count(self, cast_ballots)

    ballots.lock_open_votes = lock_open_votes
    bulk_insert.BulkInsert.count = count_bulk  # type: ignore[method-assign]  # injected
    votes.func = _Functions()  # type: ignore[attr-defined, assignment]  # injected


class _Functions:
    """SQLAlchemy's `func`, except for `now`."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  SQLAlchemy's
        return getattr(func, name)

    def now(self) -> Any:  # noqa: ANN401  SQLAlchemy's
        return literal(datetime.fromtimestamp(_now(), UTC))


def _with_application_clock(sql: str) -> str:
    return replaced(sql, "clock_timestamp()", f"to_timestamp({_now()})")


def _now() -> float:
    return time.time()  # noqa: TID251  the mistake
