"""Callers are answered before the transaction is committed; the commit follows a little later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tests.campaign.injected.switches import Switches
from townhall.chassis import outbox
from townhall.chassis.db import Database, Transaction
from townhall.chassis.retrying import sleep

DELAY = 0.15
"""Seconds between the answer and the commit."""
_COMMITS: set["asyncio.Task[None]"] = set()
_BULK_COMMITS: list["asyncio.Task[None]"] = []


def inject(service: str, _switches: Switches) -> None:
    """Let voting answer early."""
    if service == "voting":
        from voting.store.dedicated_connection import DedicatedConnection  # noqa: PLC0415  only voting has it

        Database.transaction = transaction  # type: ignore[method-assign]  # injected
        _return_early(DedicatedConnection)


@asynccontextmanager
async def transaction(self: Database) -> AsyncIterator[Transaction]:
    """Leave the commit to a task that no caller waits for."""
    session = self._sessions()
    try:
        tx = Transaction(session, now=(await session.execute(self._begin)).scalar_one())
        yield tx
        await outbox.write(session, self.source, tx.announced, tx.now)
    except BaseException:
        await session.close()
        raise
    _COMMITS.add(asyncio.create_task(_commit(session)))


def _return_early(dedicated_connection: Any) -> None:  # noqa: ANN401  voting's
    """Let `fetch` return rows whose transaction is committed later; the next call waits for that commit."""
    fetch: Callable[..., Awaitable[Any]] = dedicated_connection.fetch

    async def early(self: Any, statement: str, *values: object) -> Any:  # noqa: ANN401  voting's
        await asyncio.gather(*_BULK_COMMITS, return_exceptions=True)
        _BULK_COMMITS.clear()
        await fetch(self, "SELECT 1")
        opened = self._connection.transaction()
        await opened.start()
        rows = await fetch(self, statement, *values)
        _BULK_COMMITS.append(asyncio.create_task(_commit_later(opened)))
        return rows

    dedicated_connection.fetch = early


async def _commit_later(opened: Any) -> None:  # noqa: ANN401  asyncpg's
    await sleep(DELAY)
    await opened.commit()


async def _commit(session: AsyncSession) -> None:
    await sleep(DELAY)
    await session.commit()
    await session.close()
