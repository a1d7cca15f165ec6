"""Proposal over a fresh database: its use cases at a bench, its API in a town, and its ear."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio
from httpx import AsyncClient

from services.proposal.tests.bench import Bench
from services.proposal.tests.ear import Ear
from services.proposal.tests.town import Town
from townhall.chassis.db import Database
from townhall.testing.databases import DatabaseOf


@pytest_asyncio.fixture(loop_scope="session")
async def bench(database_of: DatabaseOf) -> Bench:
    """A fresh database of the service."""
    return Bench(await database_of("proposal"))


@pytest_asyncio.fixture(loop_scope="session")
async def town(
    database_of: Callable[[str], Awaitable[Database]],
    client_of: Callable[[Database], Awaitable[AsyncClient]],
    mint: Callable[[str, str], Any],
) -> Town:
    """The API over a fresh database."""
    db = await database_of("proposal")
    return Town(await client_of(db), mint, db)


@pytest_asyncio.fixture(loop_scope="session")
async def ear(database_of: Callable[[str], Awaitable[Database]]) -> Ear:
    """A fresh database of the service."""
    return Ear(await database_of("proposal"))
