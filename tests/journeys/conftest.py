"""The whole platform for a journey."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.journeys.processes import up
from tests.journeys.whole import SERVICES, Whole
from townhall.testing.databases import DatabaseOf
from townhall.testing.people import Mint


@pytest_asyncio.fixture(loop_scope="session")
async def whole(database_of: DatabaseOf, running: Callable[..., Awaitable[FastAPI]], mint: Mint) -> Whole:
    """All four services on fresh databases and topics of their own."""
    databases = {name: await database_of(name) for name in SERVICES}
    return Whole({name: await running(databases[name]) for name in SERVICES}, databases, mint)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the platform that stays up, in processes of its own; its data directory."""
    with up(tmp_path_factory.mktemp("copy")) as processes:
        yield processes.data_dir
