"""The whole platform for a journey."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest_asyncio
from fastapi import FastAPI
from tests.journeys.whole import SERVICES, Whole

from townhall.testing.databases import DatabaseOf
from townhall.testing.people import Mint


@pytest_asyncio.fixture(loop_scope="session")
async def whole(running: Callable[..., Awaitable[FastAPI]], database_of: DatabaseOf, mint: Mint) -> Whole:
    """All four services on fresh databases and topics of their own."""
    databases = dict(zip(SERVICES, await asyncio.gather(*map(database_of, SERVICES)), strict=True))
    return Whole({name: await running(databases[name]) for name in SERVICES}, databases, mint)
