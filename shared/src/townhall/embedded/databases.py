"""Roles and databases on a cluster: one of each for every service, closed to the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import asyncpg


def url_of(server: str, role: str, password: str, database: str) -> str:
    """Return the URL of a role on a database of the same server."""
    place = urlsplit(server).netloc.rpartition("@")[2]
    return f"postgresql://{quote(role)}:{quote(password, safe='')}@{place}/{quote(database)}"


@asynccontextmanager
async def connected(url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Connect for the length of the block."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def provide(admin: str, name: str, password: str) -> str:
    """Make sure that the role and its database are there, and that no other role can connect to it; return its URL.

    May be repeated, also after a crash between two of its steps.
    """
    async with connected(admin) as server:
        if not await server.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", name):
            await server.execute(f"CREATE ROLE {_quoted(name)} LOGIN")
        literal = await server.fetchval("SELECT quote_literal($1)", password)
        await server.execute(f"ALTER ROLE {_quoted(name)} PASSWORD {literal}")
        if not await server.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            await server.execute(f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(name)} TEMPLATE template0")
        await server.execute(f"REVOKE CONNECT ON DATABASE {_quoted(name)}, {_quoted('postgres')} FROM PUBLIC")
    return url_of(admin, name, password, name)


async def copy(admin: str, template: str, name: str) -> None:
    """Make a database as a copy of another that nobody is connected to."""
    async with connected(admin) as server:
        owner = await server.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", template)
        await server.execute(
            f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(owner)} TEMPLATE {_quoted(template)} STRATEGY file_copy"
        )


async def drop(admin: str, name: str) -> None:
    """Remove a database and whoever is connected to it."""
    async with connected(admin) as server:
        await server.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


async def remove(admin: str, name: str) -> None:
    """Remove a database that `provide` made, and its role."""
    await drop(admin, name)
    async with connected(admin) as server:
        await server.execute(f"DROP ROLE IF EXISTS {_quoted(name)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
