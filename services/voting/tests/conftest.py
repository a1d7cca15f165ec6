"""A polling place for every test of voting."""

import pytest_asyncio

from services.voting.tests.polls import Polls
from townhall.testing.databases import DatabaseOf


@pytest_asyncio.fixture(loop_scope="session")
async def polls(database_of: DatabaseOf) -> Polls:
    """A fresh database of voting."""
    return Polls(await database_of("voting"))
