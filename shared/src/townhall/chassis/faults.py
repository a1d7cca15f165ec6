"""Which errors pass by themselves, so that trying again is right."""

import asyncio
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

TRANSIENT_STATES: Final = ("08", "40", "53", "55P03", "57")
"""SQLSTATE classes and codes: connection, rollback (serialization, deadlock), resources, lock timeout, intervention."""

_DRIVER: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises by itself; the last when the server ends a session that it believes to be in use."""


def transient(error: BaseException) -> bool:
    """Tell whether the database or the network failed, and not the request."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _passing(
            error.orig, isinstance(error, OperationalError | InterfaceError)
        )
    if isinstance(error, _DRIVER):
        return _passing(error, not isinstance(error, asyncpg.PostgresError))
    return isinstance(error, OSError | asyncio.TimeoutError | PoolTimeout)


def _passing(error: BaseException | None, unless_told: bool) -> bool:  # noqa: FBT001  read beside its callers
    state = getattr(error, "sqlstate", None)
    return unless_told if state is None else str(state).startswith(TRANSIENT_STATES)
