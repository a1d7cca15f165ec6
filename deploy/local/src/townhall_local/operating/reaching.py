"""Where an operator's command finds what it works on: a data directory, or addresses given in full."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from townhall.chassis.db import Database
from townhall_local.names import SERVICES
from townhall_local.running import NotRunning, Running
from townhall_local.trouble import Trouble


@asynccontextmanager
async def database(service: str, url: str) -> AsyncIterator[Database]:
    """Open a service's database for the length of the block."""
    db = Database(url, source=service, pool_size=1)
    try:
        yield db
    except (SQLAlchemyError, asyncpg.PostgresError, OSError) as fault:
        cause = getattr(fault, "orig", None) or fault
        raise Trouble(f"The database of {service} can't be used: {type(cause).__name__}.") from fault
    finally:
        await db.close()


def database_url(service: str, given: str | None, data_dir: Path) -> str:
    """Return the URL that was given, or the one of the platform that runs on the data directory."""
    if service not in SERVICES:
        raise Trouble(f"There is no service {service!r}: choose one of {', '.join(SERVICES)}.")
    return given or running_on(data_dir).databases[service]


def servers(given: str | None, data_dir: Path) -> str:
    """Return the Kafka servers that were given, or those of the platform that runs on the data directory."""
    return given or running_on(data_dir).kafka


def running_on(data_dir: Path) -> Running:
    """Return where the platform on this data directory can be reached, or say how to start it."""
    try:
        return Running.on(data_dir)
    except NotRunning as fault:
        raise Trouble(f"{fault}.") from fault
