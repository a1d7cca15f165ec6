"""The house every test of the running Committee starts from."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio
from httpx import AsyncClient

from services.committee.tests.house import House
from townhall.chassis.db import Database


@pytest_asyncio.fixture(loop_scope="session")
async def house(
    database_of: Callable[[str], Awaitable[Database]],
    client_of: Callable[[Database], Awaitable[AsyncClient]],
    mint: Callable[[str, str], Any],
) -> House:
    """The API over a fresh database, without a case, a sitting or a meeting."""
    db = await database_of("committee")
    return House(await client_of(db), mint, db)
