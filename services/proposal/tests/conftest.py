"""Fixtures: the use cases, the HTTP API and the consumers of proposal, each over a fresh database."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest_asyncio
from httpx import AsyncClient

from services.proposal.tests.api import ProposalApi
from services.proposal.tests.deliveries import Deliveries
from services.proposal.tests.harness import ProposalHarness
from townhall.chassis.db import Database
from townhall.testing.databases import DatabaseOf


@pytest_asyncio.fixture(loop_scope="session")
async def harness(database_of: DatabaseOf) -> ProposalHarness:
    """The use cases over a fresh database."""
    return ProposalHarness(await database_of("proposal"))


@pytest_asyncio.fixture(loop_scope="session")
async def api(
    database_of: Callable[[str], Awaitable[Database]],
    client_of: Callable[[Database], Awaitable[AsyncClient]],
    mint: Callable[[str, str], Any],
) -> ProposalApi:
    """The HTTP API over a fresh database."""
    db = await database_of("proposal")
    return ProposalApi(await client_of(db), mint, db)


@pytest_asyncio.fixture(loop_scope="session")
async def deliveries(database_of: Callable[[str], Awaitable[Database]]) -> Deliveries:
    """The consumers over a fresh database."""
    return Deliveries(await database_of("proposal"))
