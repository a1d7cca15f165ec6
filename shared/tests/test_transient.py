"""Classes of failure: each SQLSTATE and each error of the driver is judged by type, as SQLAlchemy wraps it or bare."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from townhall.chassis.transient import Failure, breaks_connections, failure_of, passing, refused_value, transient

CONNECTION, TRANSIENT, UNKNOWN, PERMANENT = Failure.CONNECTION, Failure.TRANSIENT, Failure.UNKNOWN, Failure.PERMANENT
STATES = [
    ("08003", CONNECTION), ("08P01", CONNECTION), ("25006", CONNECTION), ("25P03", CONNECTION), ("28P01", CONNECTION),
    ("3D000", CONNECTION), ("57P01", CONNECTION), ("57P02", CONNECTION), ("57P03", CONNECTION), ("57P05", CONNECTION),
    ("40001", TRANSIENT), ("40P01", TRANSIENT), ("53100", TRANSIENT), ("53300", TRANSIENT), ("55P03", TRANSIENT),
    ("57014", TRANSIENT), ("26000", UNKNOWN), ("58030", UNKNOWN), ("XX000", UNKNOWN), ("99999", UNKNOWN),
    ("22003", PERMANENT), ("23505", PERMANENT), ("42501", PERMANENT), ("42P01", PERMANENT), ("P0001", PERMANENT),
]  # fmt: skip
ERRORS = [
    (asyncpg.InterfaceError("connection is closed"), CONNECTION),
    (asyncpg.InternalClientError("got result for unknown protocol state"), CONNECTION),
    (asyncpg.TargetServerAttributeNotMatched("no host fits"), CONNECTION),
    (asyncpg.exceptions._base.DataError("invalid input for query argument"), PERMANENT),  # noqa: SLF001  not exported
    (ConnectionRefusedError(), CONNECTION),
    (TimeoutError(), CONNECTION),
    (PoolTimeout(), TRANSIENT),
    (ValueError("a mistake in the code"), PERMANENT),
    (asyncio.CancelledError(), PERMANENT),
]


def of_state(state: str) -> asyncpg.PostgresError:
    """Return the driver's error for a SQLSTATE."""
    error: asyncpg.PostgresError = asyncpg.PostgresError.new({"C": state, "M": "message"})
    return error


def wrapped(error: BaseException) -> DBAPIError:
    """Return an error as SQLAlchemy raises it: its adapter's error in between."""
    adapted = Exception("adapted")
    adapted.__cause__ = error
    return DBAPIError("SELECT 1", {}, adapted)


@pytest.mark.parametrize(("state", "failure"), STATES)
def test_a_state_has_one_class(state: str, failure: Failure) -> None:
    """By the longest beginning that is known, whoever raised it."""
    assert failure_of(of_state(state)) is failure
    assert failure_of(wrapped(of_state(state))) is failure


@pytest.mark.parametrize(("error", "failure"), ERRORS, ids=lambda value: type(value).__name__)
def test_errors_without_a_state(error: BaseException, failure: Failure) -> None:
    """By their type; what neither the database nor the network raised is never retried."""
    assert failure_of(error) is failure


def test_a_statement_whose_table_was_altered() -> None:
    """It is prepared again: nothing is wrong with the connection or the request."""
    assert failure_of(asyncpg.InvalidCachedStatementError("cached plan must not change result type")) is TRANSIENT


def test_what_is_unknown_is_passing_once() -> None:
    """Callers may try again, on another connection; but nobody retries it without end."""
    unknown = of_state("XX000")
    assert passing(unknown)
    assert breaks_connections(unknown)
    assert not transient(unknown)


def test_values_that_were_refused() -> None:
    """A value that is outside what can be stored is the caller's mistake."""
    assert refused_value(wrapped(of_state("22003")))
    assert not refused_value(wrapped(of_state("23505")))
