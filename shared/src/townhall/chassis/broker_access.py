"""Whether the Kafka cluster lets this service in: the true cause of a failure, logged once, counted and shown.

aiokafka reports a wrong password, an unknown CA and a broker that is away alike, as `KafkaConnectionError`, and logs
the cause. So the cause is found by one more connection, with the same arguments, whose error is not wrapped.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from aiokafka import errors
from aiokafka.conn import AIOKafkaConnection
from structlog import get_logger

from townhall.chassis.background import Reported
from townhall.chassis.telemetry import metrics

if TYPE_CHECKING:
    from townhall.chassis.broker import Bus

CONNECT_TIMEOUT_MS: Final = 3000
"""Timeout of the connection that finds the cause."""

log = get_logger()


class Cause(StrEnum):
    """Why the cluster can't be used."""

    LOGIN = "login-refused"
    CERTIFICATE = "certificate-not-trusted"
    TLS = "tls-failed"
    CLOSED = "connection-closed"
    UNREACHABLE = "unreachable"
    TOPIC = "topic-denied"
    GROUP = "group-denied"
    OPERATION = "operation-denied"
    NO_TOPIC = "topic-missing"
    OTHER = "other"


HINTS: Final = {
    Cause.LOGIN: "check KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM against the cluster's users",
    Cause.CERTIFICATE: "the broker's certificate is not of a CA in KAFKA_CA_FILE, expired, or of another host",
    Cause.TLS: "the port speaks no TLS, or refuses the client certificate: check KAFKA_SECURITY_PROTOCOL",
    Cause.CLOSED: "the broker ends connections at once: check KAFKA_SECURITY_PROTOCOL and the client certificate",
    Cause.UNREACHABLE: "no broker of KAFKA_SERVERS accepts connections",
    Cause.TOPIC: "a right on a topic is missing: compare `townhall topics acl`",
    Cause.GROUP: "the right to read as its consumer group is missing: compare `townhall topics acl`",
    Cause.OPERATION: "a right is missing: compare `townhall topics acl`",
    Cause.NO_TOPIC: "a topic is missing: compare `townhall topics plan`",
    Cause.OTHER: "see the error's class",
}
"""What an operator can look at, by cause."""
_KINDS: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Cause], ...]] = (
    (
        (errors.SaslAuthenticationFailed, errors.UnsupportedSaslMechanismError, errors.IllegalSaslStateError),
        Cause.LOGIN,
    ),
    (ssl.SSLCertVerificationError, Cause.CERTIFICATE),
    (ssl.SSLError, Cause.TLS),
    (errors.TopicAuthorizationFailedError, Cause.TOPIC),
    (errors.GroupAuthorizationFailedError, Cause.GROUP),
    (errors.ClusterAuthorizationFailedError, Cause.OPERATION),
    (errors.UnknownTopicOrPartitionError, Cause.NO_TOPIC),
    (errors.KafkaConnectionError, Cause.CLOSED),
    ((OSError, TimeoutError), Cause.UNREACHABLE),
)
"""By class; the first that fits. A `KafkaConnectionError` here is of a connection that was made, and then closed."""
_HIDE_THE_CAUSE: Final = (
    errors.KafkaConnectionError, errors.NodeNotReadyError, errors.KafkaTimeoutError, errors.RequestTimedOutError,
    OSError, TimeoutError,
)  # fmt: skip
_NETWORK: Final = frozenset({Cause.UNREACHABLE, Cause.CLOSED})
_CONNECTING: Final = _NETWORK | {Cause.LOGIN, Cause.CERTIFICATE, Cause.TLS}
ERRORS: Final = (errors.KafkaError, OSError, TimeoutError)
"""What clients of the cluster raise."""


class BrokerUnusable(Reported):
    """The cluster can't be used, for the cause that was logged."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


class BrokerAccess:
    """What one task of a service knows of its access to the cluster."""

    def __init__(self, bus: "Bus", task: str) -> None:
        self._bus = bus
        self._task = task
        self.cause: Cause | None = None
        """Why the cluster can't be used now, or None."""
        metrics.BROKER_USABLE.labels(task).set(1)

    @asynccontextmanager
    async def reported(self) -> AsyncIterator[None]:
        """Report an error of the block and raise `BrokerUnusable` from it."""
        try:
            yield
        except ERRORS as error:
            raise await self.failed(error) from error

    async def failed(self, error: BaseException) -> BrokerUnusable:
        """Find the cause of an error, count it, and log it if it is another one than before; return what to raise."""
        cause = await cause_of(self._bus, error)
        metrics.BROKER_ERRORS.labels(self._task, cause).inc()
        metrics.BROKER_USABLE.labels(self._task).set(0)
        if cause is not self.cause:
            self.cause = cause
            write = log.warning if cause in _NETWORK else log.error
            write("broker_unusable", task=self._task, cause=cause, error=type(error).__name__, hint=HINTS[cause])
        return BrokerUnusable(cause)

    async def probe(self) -> None:
        """Make a connection, and report its error if it fails. Success is no proof that the task's own work goes on."""
        try:
            await connect(self._bus)
        except ERRORS as error:
            await self.failed(error)

    def connected(self) -> None:
        """Report that the login succeeded. A missing right shows later, so that cause stays until the task `works`."""
        if self.cause is None or self.cause in _CONNECTING:
            self.works()

    def works(self) -> None:
        """Report that the cluster did what the task needs."""
        metrics.BROKER_USABLE.labels(self._task).set(1)
        if self.cause is not None:
            log.info("broker_usable_again", task=self._task, cause=self.cause)
            self.cause = None


async def connect(bus: "Bus") -> None:
    """Connect to the first server that accepts, log in and close; raises the unwrapped error of the last one tried."""
    arguments = bus.security.aiokafka() | {"request_timeout_ms": CONNECT_TIMEOUT_MS}
    fault: BaseException | None = None
    for server in bus.servers.split(","):
        host, _, port = server.rpartition(":")
        try:
            await _connect(AIOKafkaConnection(host, int(port), **arguments))
        except ERRORS as error:
            fault = error
        else:
            return
    if fault is not None:
        raise fault


async def _connect(connection: AIOKafkaConnection) -> None:
    opened = True
    try:
        await asyncio.wait_for(connection.connect(), CONNECT_TIMEOUT_MS / 1000)
    except (OSError, TimeoutError):
        opened = False
        raise
    finally:
        closed = connection.close()
        if opened:
            with suppress(TimeoutError):
                await asyncio.wait_for(closed, 1)


async def cause_of(bus: "Bus", error: BaseException) -> Cause:
    """Return the cause of an error that a client of this bus raised."""
    if isinstance(error, _HIDE_THE_CAUSE) and not isinstance(error, ssl.SSLError):
        try:
            await connect(bus)
        except ERRORS as found:
            return _cause(found)
        return Cause.CLOSED if isinstance(error, errors.KafkaConnectionError) else Cause.UNREACHABLE
    return _cause(error)


def _cause(error: BaseException) -> Cause:
    if isinstance(error, errors.KafkaConnectionError) and isinstance(error.__cause__, ssl.SSLError):
        error = error.__cause__
    return next((cause for kinds, cause in _KINDS if isinstance(error, kinds)), Cause.OTHER)
