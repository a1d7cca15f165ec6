"""A polling place for every test of voting, and the service over it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Limits

from services.voting.tests.harness import VotingHarness
from townhall.testing import client_for
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import AppOf
from townhall.testing.sockets import listening


@pytest_asyncio.fixture(loop_scope="session")
async def harness(request: pytest.FixtureRequest, database_of: DatabaseOf) -> VotingHarness:
    """A fresh database of voting. A module that counts asks for it `BOTH_WAYS`."""
    return VotingHarness(await database_of("voting"), bulk_insert=getattr(request, "param", False))


@pytest_asyncio.fixture(loop_scope="session")
async def app(app_of: AppOf, harness: VotingHarness) -> FastAPI:
    """The service over the polling place's database; votes are under its keys from here on."""
    application = await app_of(harness.db)
    harness.under_keys_of(application)
    return application


@pytest_asyncio.fixture(loop_scope="session")
async def wire(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Its API behind a socket, with the fast path. However many call at once, none waits for another here."""
    each_their_own = Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        listening(app) as port,
        AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=each_their_own, timeout=30) as client,
    ):
        yield client


@pytest_asyncio.fixture(loop_scope="session", params=["routes", "fast path"])
async def api(
    request: pytest.FixtureRequest, app_of: AppOf, harness: VotingHarness, wire: AsyncClient
) -> AsyncIterator[AsyncClient]:
    """Its API by the routes alone, and behind a socket with the fast path: callers see no difference."""
    if request.param == "fast path":
        yield wire
        return
    app = await app_of(harness.db, fast_path=False)
    harness.under_keys_of(app)
    async with client_for(app) as client:
        yield client
