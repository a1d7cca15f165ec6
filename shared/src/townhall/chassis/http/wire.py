"""Below every request: how long its head may be and may take, and our form of answer to what is no HTTP at all."""

from asyncio import BaseTransport, TimerHandle
from http import HTTPStatus
from typing import ClassVar, Final

from typing_extensions import override

from townhall.chassis.http.exchange import spelt
from townhall.chassis.http.middleware import ALWAYS
from townhall.chassis.http.problems import problem
from townhall.chassis.http.quick import Quick
from townhall.chassis.telemetry import metrics

LARGEST: Final = 32 * 1024
"""Bytes of a request's line and headers; the largest token takes an eighth of it."""


class HeadTooLarge(Exception):
    """More headers than any request has."""


class Wire(Quick):
    """uvicorn's protocol with the limits it lacks (RFC 6585, section 5; RFC 9110, section 15.5.9)."""

    PATIENCE: ClassVar = 15.0
    """Seconds for a head to arrive, and for the first one to begin."""
    _head: int | None = 0
    """Bytes that came of a head which isn't whole yet, and 1 for its beginning; None while there is none."""
    _ended = False
    """Whether a head ended in what was read last: what came with it is not the next one's."""
    _late: TimerHandle | None = None

    @override
    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)  # type: ignore[arg-type]  # asyncio gives the kind it was asked for
        self._late = self.loop.call_later(self.PATIENCE, self._give_up)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._in_time()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        """Read on. A head in many pieces must neither grow nor last for ever."""
        self._ended = False
        super().data_received(data)
        if self._head is None or self.transport.is_closing():
            return
        self._head += 0 if self._ended else len(data)
        self._late = self._late or self.loop.call_later(self.PATIENCE, self._give_up)
        if self._head > LARGEST:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-large")

    @override
    def on_message_begin(self) -> None:
        """Begin a head."""
        self._head = 1
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        """End a head; raises `HeadTooLarge`, or the request would be read."""
        self._head, self._ended = None, True
        self._in_time()
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > LARGEST:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-large")
            raise HeadTooLarge
        super().on_headers_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        """Answer what could not be read, unless it was refused already."""
        if not self.transport.is_closing():
            self._refuse(HTTPStatus.BAD_REQUEST, "request-unreadable")

    def _give_up(self) -> None:
        """End a connection that says nothing, or never says all."""
        if self._head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "head-too-slow")
        else:
            self.transport.close()

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        metrics.REQUEST_SECONDS.labels("other", "unmatched", str(status.value)).observe(0.0)
        answer = problem(status, code, f"{status.phrase}.")
        own = [(b"cache-control", b"no-store"), (b"connection", b"close")]
        headers = [*self.server_state.default_headers, *answer.raw_headers, *ALWAYS, *own]
        self.transport.write(spelt(status, headers, bytes(answer.body)))
        self.transport.close()
