"""Classes of failure: whose fault an error is, and what has to happen before the same attempt can succeed.

Errors are judged by type and SQLSTATE, never by their text. An error of the database in no known class counts as
passing once: the caller may try again, on a new connection, and only its repetition makes it a failure for good.
"""

import asyncio
from collections.abc import Mapping
from enum import Enum
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Failure(Enum):
    """What an error means for the next attempt."""

    CONNECTION = "connection"
    """This connection can't do its work, and neither can the others to the same server: a new one is needed."""
    TRANSIENT = "transient"
    """The server was busy or chose this transaction to end; the connection is good."""
    UNKNOWN = "unknown"
    """The database failed in a way no class is known of. Treated as `CONNECTION`, but not retried without end."""
    PERMANENT = "permanent"
    """The statement, its values or the code is at fault: the same attempt fails again."""


_BY_STATE: Final[Mapping[str, Failure]] = {
    **dict.fromkeys(
        # Connection, authentication and catalog name of a new connection, shutdown and crash, read-only server,
        # sessions ended by the server for being idle or for taking too long.
        ("08", "28", "3D", "57P", "25006", "25P03", "25P04"),
        Failure.CONNECTION,
    ),
    # Rollback (serialization, deadlock), resources, lock timeout, other interventions such as a statement timeout.
    **dict.fromkeys(("40", "53", "55P03", "57"), Failure.TRANSIENT),
    **dict.fromkeys(
        ("0A", "20", "21", "22", "23", "2B", "2D", "2F", "34", "38", "39", "3B", "3F", "42", "44", "54", "55", "P0"),
        Failure.PERMANENT,
    ),
}
"""The class of an error by the longest beginning of its SQLSTATE found here."""
_LONGEST: Final = 5
_DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg raises itself; the last one if the server ends a session while it is being used, or if none fits."""


def failure_of(error: BaseException) -> Failure:
    """Return the class of an error. What neither the database nor the network raised is permanent."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Failure.CONNECTION
    cause = driver_error(error)
    if isinstance(cause, asyncpg.InvalidCachedStatementError):  # a table was altered; the statement was forgotten
        return Failure.TRANSIENT
    if (state := getattr(cause, "sqlstate", None)) is not None:
        return _of_state(str(state))
    if isinstance(cause, _DRIVER_ERRORS):
        # Values that don't fit their type are refused by the driver before they are sent.
        return Failure.PERMANENT if isinstance(cause, ValueError) else Failure.CONNECTION
    if isinstance(cause, PoolTimeout):
        return Failure.TRANSIENT
    lost = isinstance(cause, OperationalError | InterfaceError | OSError | asyncio.TimeoutError)
    return Failure.CONNECTION if lost else Failure.PERMANENT


def transient(error: BaseException) -> bool:
    """Return whether the database or the network is certainly at fault: retry without end."""
    return failure_of(error) in {Failure.CONNECTION, Failure.TRANSIENT}


def passing(error: BaseException) -> bool:
    """Return whether the caller may try again: `transient` errors and unknown ones of the database."""
    return failure_of(error) is not Failure.PERMANENT


def breaks_connections(error: BaseException) -> bool:
    """Return whether the connection must be dropped, and every other one opened before."""
    return failure_of(error) in {Failure.CONNECTION, Failure.UNKNOWN}


def refused_value(error: BaseException) -> bool:
    """Return whether the database or its driver refused a value of the request: SQLSTATE class 22."""
    cause = driver_error(error)
    state = str(getattr(cause, "sqlstate", None) or "")
    return state.startswith("22") or (isinstance(cause, asyncpg.InterfaceError) and isinstance(cause, ValueError))


def driver_error(error: BaseException) -> BaseException:
    """Return the error of asyncpg that SQLAlchemy wrapped, or the error itself."""
    inner = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return inner.__cause__ if isinstance(inner.__cause__, _DRIVER_ERRORS) else inner


def _of_state(state: str) -> Failure:
    beginnings = (state[:length] for length in range(_LONGEST, 1, -1))
    return next((_BY_STATE[each] for each in beginnings if each in _BY_STATE), Failure.UNKNOWN)
