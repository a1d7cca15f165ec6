"""Votes open and close by the clock of the application's machine."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, literal, text

from tests.campaign.planted.switches import Switches, replaced


def plant(service: str, _switches: Switches) -> None:
    """Put the wall clock where the database's was."""
    if service != "voting":
        return
    from voting.store import ballots, votes  # noqa: PLC0415  only voting has it

    sql, short = str(ballots._LOCK), bulk_insert._COUNT  # noqa: SLF001  planted
    lock: Callable[..., Awaitable[Any]] = ballots.lock_open
    count: Callable[..., Awaitable[Any]] = bulk_insert.BulkInsert.count

    async def lock_open(session: Any, tasks: Any, began: Any) -> Any:  # noqa: ANN401  whatever it wraps
        ballots._LOCK = text(_by_our_clock(sql))  # noqa: SLF001  planted
        return await lock(session, tasks, began)

    async def count_first(self: Any, cast_ballots: Any) -> Any:  # noqa: ANN401  the same
        bulk_insert._COUNT = _by_our_clock(short)  # type: ignore[misc]  # noqa: SLF001  # planted
        return await count(self, cast_ballots)

    ballots.lock_open = lock_open
    bulk_insert.BulkInsert.count = count_first  # type: ignore[method-assign]  # planted
    votes.func = _Functions()  # type: ignore[attr-defined, assignment]  # planted


class _Functions:
    """SQL's functions, but for the time."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  SQLAlchemy's
        return getattr(func, name)

    def now(self) -> Any:  # noqa: ANN401  SQLAlchemy's
        return literal(datetime.fromtimestamp(_now(), UTC))


def _by_our_clock(sql: str) -> str:
    return replaced(sql, "clock_timestamp()", f"to_timestamp({_now()})")


def _now() -> float:
    return time.time()  # noqa: TID251  the mistake
