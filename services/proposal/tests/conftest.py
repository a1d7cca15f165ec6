"""Proposal over a fresh database: its use cases at a harness, its API in a api, and its deliveries."""

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
async def bench(database_of: DatabaseOf) -> ProposalHarness:
    """A fresh database of the service."""
    return ProposalHarness(await database_of("proposal"))


@pytest_asyncio.fixture(loop_scope="session")
async def town(
    database_of: Callable[[str], Awaitable[Database]],
    client_of: Callable[[Database], Awaitable[AsyncClient]],
    mint: Callable[[str, str], Any],
) -> ProposalApi:
    """The API over a fresh database."""
    db = await database_of("proposal")
    return ProposalApi(await client_of(db), mint, db)


@pytest_asyncio.fixture(loop_scope="session")
async def ear(database_of: Callable[[str], Awaitable[Database]]) -> Deliveries:
    """A fresh database of the service."""
    return Deliveries(await database_of("proposal"))
