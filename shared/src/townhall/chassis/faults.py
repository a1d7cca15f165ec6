"""Which errors pass by themselves, so that trying again is right."""

import asyncio
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

TRANSIENT_STATES: Final = ("08", "40", "53", "55P03", "57")
"""SQLSTATE classes and codes: connection, rollback (serialization, deadlock), resources, lock timeout, intervention."""


def transient(error: BaseException) -> bool:
    """Tell whether the database or the network failed, and not the request."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _passing(error)
    return isinstance(error, OSError | asyncio.TimeoutError | PoolTimeout)


def _passing(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError | InterfaceError)
    return str(state).startswith(TRANSIENT_STATES)
