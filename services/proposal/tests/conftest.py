"""A bench for every test of proposal's use cases."""

import pytest_asyncio

from services.proposal.tests.bench import Bench
from townhall.testing.databases import DatabaseOf


@pytest_asyncio.fixture(loop_scope="session")
async def bench(database_of: DatabaseOf) -> Bench:
    """A fresh database of the service."""
    return Bench(await database_of("proposal"))
