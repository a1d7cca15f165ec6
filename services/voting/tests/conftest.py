"""A polling place for every test of voting."""

import pytest
import pytest_asyncio

from services.voting.tests.polls import Polls
from townhall.testing.databases import DatabaseOf


@pytest_asyncio.fixture(loop_scope="session")
async def polls(request: pytest.FixtureRequest, database_of: DatabaseOf) -> Polls:
    """A fresh database of voting. A module that counts asks for it `BOTH_WAYS`."""
    return Polls(await database_of("voting"), short_way_first=getattr(request, "param", False))
