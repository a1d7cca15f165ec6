"""Whoever waits for a transaction goes on before it is committed; the commit follows a little later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from tests.campaign.planted.switches import Switches
from townhall.chassis import outbox
from townhall.chassis.db import _NOW, Database, Transaction
from townhall.chassis.waiting import rest

LATER = 0.15
_LATE: set["asyncio.Task[None]"] = set()


def plant(service: str, _switches: Switches) -> None:
    """Let voting answer early."""
    if service == "voting":
        Database.transaction = transaction  # type: ignore[method-assign]  # planted


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


async def _commit(session: AsyncSession) -> None:
    await rest(LATER)
    await session.commit()
    await session.close()
