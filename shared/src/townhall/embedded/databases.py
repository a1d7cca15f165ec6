"""Roles and databases on a PostgreSQL cluster: one of each per service, inaccessible to the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote, urlsplit

import asyncpg


def url_of(server: str, role: str, password: str, database: str) -> str:
    """Return the URL of a role on a database of the same server."""
    address = urlsplit(server).netloc.rpartition("@")[2]
    return f"postgresql://{quote(role)}:{quote(password, safe='')}@{address}/{quote(database)}"


@asynccontextmanager
async def connected(url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Open a connection, closed at the end of the block."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def provide(admin: str, name: str, password: str) -> str:
    """Create the role and its database unless they exist, revoke access by other roles, and return the URL.

    Safe to repeat, also after a crash between two of its steps.
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
    """Create a database as a copy of another one, which must have no connections."""
    async with connected(admin) as server:
        owner = await server.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", template)
        await server.execute(
            f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(owner)} TEMPLATE {_quoted(template)} STRATEGY file_copy"
        )


async def drop(admin: str, name: str) -> None:
    """Drop a database, terminating its connections."""
    async with connected(admin) as server:
        await server.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")


async def remove(admin: str, name: str) -> None:
    """Drop a database created by `provide`, and its role."""
    await drop(admin, name)
    async with connected(admin) as server:
        await server.execute(f"DROP ROLE IF EXISTS {_quoted(name)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
