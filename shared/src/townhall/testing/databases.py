"""The database fixtures: each test has databases of its own, copied from a template or emptied after another test."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import make_url

from townhall.chassis import migrate, tables
from townhall.chassis.db import Database
from townhall.embedded import Postgres, databases
from townhall.testing.leases import Lease

EXTERNAL: Final = "TOWNHALL_TEST_DATABASE_URL"
"""Environment variable: the URL of a running PostgreSQL."""
CHASSIS: Final = "chassis"
"""Name of the template with only the chassis tables."""


class Cluster:
    """The PostgreSQL of this run and its templates."""

    def __init__(self, admin: str) -> None:
        self.admin = admin
        """URL of a role that may create roles and databases."""
        self._run = uuid4().hex[:8]
        self._templates: dict[str, asyncio.Task[str]] = {}
        self._idle: dict[str, list[Lease]] = {}

    async def lease(self, service: str) -> Lease:
        """Return a migrated database of this service that nothing else uses until `release`."""
        idle = self._idle.setdefault(service, [])
        while idle:
            if await (lease := idle.pop()).renew():
                return lease
            await self._discard(lease)
        url = await self.fresh(service)
        name = url.rpartition("/")[2]
        db = Database(url, source=service)
        try:
            superuser = make_url(self.admin).set(database=name).render_as_string(hide_password=False)
            return await Lease.on(db, url, superuser)
        except asyncpg.InsufficientPrivilegeError:  # the role of an external PostgreSQL: each test has a new database
            return Lease(db, url, None)

    def release(self, lease: Lease) -> None:
        """Let another test have this database."""
        self._idle.setdefault(lease.db.source, []).append(lease)

    async def _discard(self, lease: Lease) -> None:
        await lease.close()
        await self.drop(lease.url)

    async def fresh(self, service: str) -> str:
        """Create a migrated database of this service; return its URL."""
        if service not in self._templates:
            self._templates[service] = asyncio.create_task(self._template(service))
        template = await self._templates[service]
        name = f"{service}_{uuid4().hex[:12]}"
        await databases.copy(self.admin, template, name)
        return databases.url_of(self.admin, template, self._run, name)

    async def drop(self, url: str) -> None:
        """Drop a database created by `fresh`."""
        await databases.drop(self.admin, url.rpartition("/")[2])

    async def clean(self) -> None:
        """Drop all databases, the templates and their roles."""
        for lease in [lease for idle in self._idle.values() for lease in idle]:
            await self._discard(lease)
        for made in self._templates.values():
            await databases.remove(self.admin, await made)

    async def _template(self, service: str) -> str:
        name = f"template_{service}_{self._run}"
        url = await databases.provide(self.admin, name, self._run)
        if service == CHASSIS:
            await _make_chassis_tables(url)
        else:
            await migrate.upgrade(url, service)
        return name


DatabaseOf = Callable[[str], Awaitable[Database]]


@pytest.fixture(scope="session")
def _server() -> Iterator[str]:
    if url := os.environ.get(EXTERNAL):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="townhall-tests-", ignore_cleanup_errors=True) as directory:
        server = Postgres(Path(directory), password=uuid4().hex, durable=False)
        server.start()
        yield server.url
        server.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster(_server: str) -> AsyncIterator[Cluster]:
    """The PostgreSQL of this run."""
    made = Cluster(_server)
    yield made
    await made.clean()


@pytest_asyncio.fixture(loop_scope="session")
async def database_of(cluster: Cluster) -> AsyncIterator[DatabaseOf]:
    """A function that returns a migrated database of a service without any data, another one at each call."""
    leases: list[Lease] = []

    async def lease(service: str) -> Database:
        leases.append(await cluster.lease(service))
        return leases[-1].db

    yield lease
    for each in leases:
        cluster.release(each)


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_of: DatabaseOf) -> Database:
    """A new database with only the chassis tables."""
    return await database_of(CHASSIS)


async def _make_chassis_tables(url: str) -> None:
    async with databases.connected(url) as connection:
        for statement in tables.FIRST:
            await connection.execute(statement)
