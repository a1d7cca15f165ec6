"""Whoever waits for a transaction goes on before it is committed; the commit follows a little later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tests.campaign.planted.switches import Switches
from townhall.chassis import outbox
from townhall.chassis.db import _NOW, Database, Transaction
from townhall.chassis.waiting import rest

LATER = 0.15
_LATE: set["asyncio.Task[None]"] = set()
_ON_THE_WAY: list["asyncio.Task[None]"] = []


def plant(service: str, _switches: Switches) -> None:
    """Let voting answer early."""
    if service == "voting":
        from voting.store.straight import Straight  # noqa: PLC0415  only voting has it

        Database.transaction = transaction  # type: ignore[method-assign]  # planted
        _hasten(Straight)


@asynccontextmanager
async def transaction(self: Database) -> AsyncIterator[Transaction]:
    """Leave the commit to a task that nobody waits for."""
    session = self._sessions()
    try:
        tx = Transaction(session, now=(await session.execute(_NOW)).scalar_one())
        yield tx
        await outbox.write(session, self.source, tx.announced, tx.now)
    except BaseException:
        await session.close()
        raise
    _LATE.add(asyncio.create_task(_commit(session)))


def _hasten(straight: Any) -> None:  # noqa: ANN401  voting's
    """Let the short way return rows whose transaction is committed later; the next one waits for that."""
    fetch: Callable[..., Awaitable[Any]] = straight.fetch

    async def early(self: Any, statement: str, *values: object) -> Any:  # noqa: ANN401  voting's
        await asyncio.gather(*_ON_THE_WAY, return_exceptions=True)
        _ON_THE_WAY.clear()
        await fetch(self, "SELECT 1")
        open_one = self._connection.transaction()
        await open_one.start()
        rows = await fetch(self, statement, *values)
        _ON_THE_WAY.append(asyncio.create_task(_end(open_one)))
        return rows

    straight.fetch = early


async def _end(transaction_of_driver: Any) -> None:  # noqa: ANN401  asyncpg's
    await rest(LATER)
    await transaction_of_driver.commit()


async def _commit(session: AsyncSession) -> None:
    await rest(LATER)
    await session.commit()
    await session.close()
