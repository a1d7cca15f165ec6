"""A plain request and its answer, as bytes."""

import time
from asyncio import Event
from collections.abc import Iterable
from contextvars import copy_context
from typing import ClassVar, Final

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from townhall.chassis.http import middleware, problems
from townhall.chassis.http.shortcut import Head, Reply, Window

Header = tuple[bytes, bytes]


def spelt(status: int, headers: Iterable[Header], body: bytes) -> bytes:
    """Return an answer as it goes over the wire."""
    return b"".join([STATUS_LINE[status], lines(headers), b"\r\n", body])


def lines(headers: Iterable[Header]) -> bytes:
    """Return headers as lines, each with its end."""
    return b"".join([name + b": " + value + b"\r\n" for name, value in headers])


_OK: Final = STATUS_LINE[200] + lines(middleware.ALWAYS)
_CLOSING: Final = (b"connection", b"close")


class Exchange:
    """A plain request under way. uvicorn reads here whether the next one must wait, and tells when the server ends."""

    __slots__ = ("_began", "_head", "_request_id", "disconnected", "keep_alive", "response_complete", "window")
    message_event: ClassVar = Event()
    """Nobody waits for it."""

    def __init__(self, head: Head, window: Window, request_id: str) -> None:
        self._head = head
        self._request_id = request_id
        self._began = time.perf_counter()
        self.window = window
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False

    def told(self, reply: Reply, usual: Iterable[Header]) -> bytes:
        """Return the whole answer; `usual` are the headers the server adds to each."""
        self._measure(200)
        closing = b"" if self.keep_alive else lines([_CLOSING])
        own = b"content-length: %d\r\nx-request-id: %b\r\n\r\n" % (len(reply.body), self._request_id.encode())
        return b"".join([_OK, lines(usual), reply.headers, closing, own, reply.body])

    def told_no(self, error: Exception, usual: Iterable[Header]) -> bytes:
        """Return what a refusal says, or what may be said of an error nobody planned, which is logged."""
        answer = copy_context().run(self._problem, error)
        self._measure(answer.status_code)
        caching = middleware.caching(personal=b"authorization" in self._head.told)
        own = [caching, (middleware.REQUEST_ID, self._request_id.encode()), *([] if self.keep_alive else [_CLOSING])]
        return spelt(answer.status_code, [*usual, *answer.raw_headers, *middleware.ALWAYS, *own], bytes(answer.body))

    def _problem(self, error: Exception) -> problems.ProblemResponse:
        structlog.contextvars.bind_contextvars(request_id=self._request_id)
        return problems.answer_to(error)

    def unheard(self) -> None:
        """Count an answer whose caller had left."""
        self._measure(None)

    def _measure(self, status: int | None) -> None:
        middleware.measure(self._head.method.decode(), self.window.route, status, time.perf_counter() - self._began)
