"""Fixtures: the service on a new database."""

from collections.abc import Awaitable, Callable

import pytest_asyncio
from httpx import AsyncClient

from services.evaluation.tests.api import EvaluationApi
from townhall.chassis.db import Database
from townhall.testing.databases import DatabaseOf
from townhall.testing.tokens import Mint


@pytest_asyncio.fixture(loop_scope="session")
async def api(
    database_of: DatabaseOf, client_of: Callable[[Database], Awaitable[AsyncClient]], mint: Mint
) -> EvaluationApi:
    """The API of the service, on a new database."""
    db = await database_of("evaluation")
    return EvaluationApi(await client_of(db), mint, db)
