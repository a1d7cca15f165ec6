"""Fixtures: the HTTP API of committee over a fresh database."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio
from httpx import AsyncClient

from services.committee.tests.api import CommitteeApi
from townhall.chassis.db import Database


@pytest_asyncio.fixture(loop_scope="session")
async def api(
    database_of: Callable[[str], Awaitable[Database]],
    client_of: Callable[[Database], Awaitable[AsyncClient]],
    mint: Callable[[str, str], Any],
) -> CommitteeApi:
    """The HTTP API over a fresh database without cases, sittings and meetings."""
    db = await database_of("committee")
    return CommitteeApi(await client_of(db), mint, db)
