"""Platforms for journey tests: in this process, or in processes of their own."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.journeys.in_process import SERVICES, InProcessPlatform
from tests.journeys.processes import run_platform
from townhall.testing.databases import DatabaseOf
from townhall.testing.tokens import Mint


@pytest_asyncio.fixture(loop_scope="session")
async def platform(
    database_of: DatabaseOf, running: Callable[..., Awaitable[FastAPI]], mint: Mint
) -> InProcessPlatform:
    """All four services in this process, on new databases and topics."""
    databases = {name: await database_of(name) for name in SERVICES}
    return InProcessPlatform({name: await running(databases[name]) for name in SERVICES}, databases, mint)


@pytest.fixture(scope="session")
def shared_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory of a platform in separate processes, started once for the session."""
    with run_platform(tmp_path_factory.mktemp("shared")) as processes:
        yield processes.data_dir
