"""Which errors are transient: the database or the network failed, and the same attempt may succeed later."""

import asyncio
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

TRANSIENT_STATES: Final = ("08", "40", "53", "55P03", "57")
"""SQLSTATE classes and codes: connection, rollback (serialization, deadlock), resources, lock timeout, intervention."""

_DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises itself; the last one if the server ends a session while it is being used."""


def transient(error: BaseException) -> bool:
    """Return whether the database or the network is at fault and not the request."""
    if isinstance(error, DBAPIError):
        connection_error = isinstance(error, OperationalError | InterfaceError)
        return error.connection_invalidated or _transient_state(error.orig, without_state=connection_error)
    if isinstance(error, _DRIVER_ERRORS):
        return _transient_state(error, without_state=not isinstance(error, asyncpg.PostgresError))
    return isinstance(error, OSError | asyncio.TimeoutError | PoolTimeout)


def _transient_state(error: BaseException | None, *, without_state: bool) -> bool:
    """Judge an error of the driver by its SQLSTATE; `without_state` is the answer for one that has none."""
    state = getattr(error, "sqlstate", None)
    return without_state if state is None else str(state).startswith(TRANSIENT_STATES)
