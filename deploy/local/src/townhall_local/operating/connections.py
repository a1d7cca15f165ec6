"""The database and broker an operator command works on: of a data directory, or given by address."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from pydantic_settings import SettingsConfigDict
from sqlalchemy.exc import SQLAlchemyError

from townhall.chassis.broker import Bus
from townhall.chassis.db import Database
from townhall.chassis.kafka_settings import KafkaSettings
from townhall.chassis.libpq_options import InvalidDatabaseUrl
from townhall.chassis.settings import SettingsRefused, load
from townhall_local.errors import CommandError
from townhall_local.running_platform import NotRunning, RunningPlatform
from townhall_local.service_names import SERVICES


@asynccontextmanager
async def database(service: str, url: str) -> AsyncIterator[Database]:
    """Open a service's database; raises `CommandError` for a URL that can't be used and any error inside the block."""
    try:
        db = Database(url, source=service, pool_size=1)
    except InvalidDatabaseUrl as error:
        raise CommandError(f"The database URL of {service} {error}.") from None
    try:
        yield db
    except (SQLAlchemyError, asyncpg.PostgresError, OSError) as error:
        raise CommandError(f"The database of {service} can't be used: {_reason(error)}.") from error
    finally:
        await db.close()


def _reason(error: Exception) -> str:
    """Return what is wrong, without the text of the error, which may contain parameters."""
    cause = getattr(error, "orig", None) or error
    sentences: dict[type[Exception], str] = {
        ConnectionRefusedError: "connection refused",
        ssl.SSLCertVerificationError: "its certificate can't be verified",
        asyncpg.TargetServerAttributeNotMatched: "none of its servers takes writes",
        socket.gaierror: "its host name is unknown",
        TimeoutError: "it did not answer in time",
        asyncpg.InvalidAuthorizationSpecificationError: "user name or password is wrong",
        asyncpg.InvalidCatalogNameError: "there is no such database",
        asyncpg.UndefinedTableError: "it is not migrated",
        OSError: "the connection failed",
    }
    # SQLAlchemy's own error wraps that of asyncpg.
    causes = [each for each in (cause, cause.__cause__) if each is not None]
    found = (text for kind, text in sentences.items() if any(isinstance(each, kind) for each in causes))
    return next(found, f"it reported {type(causes[-1]).__name__}")


def database_url(service: str, given: str | None, data_dir: Path) -> str:
    """Return the given URL, or that of the platform running on the data directory."""
    if service not in SERVICES:
        raise CommandError(f"There is no service {service!r}: choose one of {', '.join(SERVICES)}.")
    return given or running_platform(data_dir).databases[service]


class ClusterSettings(KafkaSettings):
    """How commands connect to a cluster that is given by address: `TOWNHALL_KAFKA_*`, named as for the services."""

    model_config = SettingsConfigDict(env_prefix="TOWNHALL_", extra="ignore")


def cluster(given: str | None, data_dir: Path, prefix: str = "") -> Bus:
    """Return the cluster at the given servers, or that of the platform running on the data directory.

    Raises `CommandError` if the settings of its connections are wrong.
    """
    if given is None:
        return Bus(running_platform(data_dir).kafka, prefix)
    try:
        settings = load(ClusterSettings, kafka_servers=given)
    except SettingsRefused as refused:
        raise CommandError(f"{'; '.join(refused.sentences)}.") from None
    return Bus(given, prefix, security=settings.security)


def running_platform(data_dir: Path) -> RunningPlatform:
    """Return the platform running on this data directory; raises `CommandError` if there is none."""
    try:
        return RunningPlatform.read(data_dir)
    except NotRunning as error:
        raise CommandError(f"{error}.") from error
