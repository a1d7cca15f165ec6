"""Fixtures: the harness of each test, and the service on the harness's database."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Limits

from services.voting.tests.harness import VotingHarness
from townhall.testing import client_for
from townhall.testing.databases import DatabaseOf
from townhall.testing.services import AppOf
from townhall.testing.sockets import NO_TLS, listening


@pytest_asyncio.fixture(loop_scope="session")
async def harness(request: pytest.FixtureRequest, database_of: DatabaseOf) -> VotingHarness:
    """A harness on a new database. Parametrize it with `BOTH_PATHS` to count on both paths."""
    return VotingHarness(await database_of("voting"), bulk_insert=getattr(request, "param", False))


@pytest_asyncio.fixture(loop_scope="session")
async def app(app_of: AppOf, harness: VotingHarness) -> FastAPI:
    """The service on the harness's database. The harness uses the service's keys from then on."""
    application = await app_of(harness.db)
    harness.use_keys_of(application)
    return application


@pytest_asyncio.fixture(loop_scope="session")
async def wire(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A client of the service on a socket, with the fast path and without a connection limit."""
    unlimited = Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        listening(app) as port,
        AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=NO_TLS, limits=unlimited, timeout=120) as client,
    ):
        yield client


@pytest_asyncio.fixture(loop_scope="session", params=["routes", "fast path"])
async def api(
    request: pytest.FixtureRequest, app_of: AppOf, harness: VotingHarness, wire: AsyncClient
) -> AsyncIterator[AsyncClient]:
    """A client of the service: once with the routes only, once on a socket with the fast path."""
    if request.param == "fast path":
        yield wire
        return
    app = await app_of(harness.db, fast_path=False)
    harness.use_keys_of(app)
    async with client_for(app) as client:
        yield client
