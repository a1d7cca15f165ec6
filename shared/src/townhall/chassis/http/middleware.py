"""The outermost layer: names each request, continues its trace, times it, and completes or replaces its answer."""

import re
import secrets
import time
from collections.abc import Awaitable, Iterable
from functools import cache
from typing import Final

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from townhall.chassis.http import docs, problems
from townhall.chassis.telemetry import metrics, tracing

REQUEST_ID: Final = b"x-request-id"
_REQUEST_ID_FORM: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_POLICY: Final = b"content-security-policy"
COMMON_HEADERS: Final = (*_SECURITY, (_POLICY, b"default-src 'none'; frame-ancestors 'none'"))
"""Headers of every answer but the documentation page's."""
_DOCS_HEADERS: Final = (*_SECURITY, (_POLICY, docs.POLICY.encode()))
_SET_HERE: Final = frozenset({*(name for name, _ in COMMON_HEADERS), REQUEST_ID})


class RequestMiddleware:
    """Pure ASGI on the raw headers, since every request passes here: routes, the fast path and refusals alike."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an exception from inside becomes a problem, or ends an answer that has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        if scope["method"] == "HEAD":  # The server leaves the body out (RFC 9110, section 9.3.2).
            scope["method"] = "GET"
        headers = dict(scope["headers"])
        answer = _Answer(scope, send, _request_id(headers.get(REQUEST_ID, b"")), personal=b"authorization" in headers)
        header = headers.get(b"traceparent")
        # The server gives each request a context of its own, which ends with it.
        structlog.contextvars.bind_contextvars(request_id=answer.request_id)
        with tracing.request_span(scope["method"], header.decode("latin-1") if header else None) as span:
            try:
                await self._app(scope, receive, answer)
            except Exception as error:
                problem = problems.answer_to(error)
                if answer.status is not None:
                    raise  # The server cuts the connection: nobody may take half an answer for a whole one.
                await problem(scope, receive, answer)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                _measure(scope["method"], route, answer.status, time.perf_counter() - began)
                tracing.finish_request(span, scope["method"], route, answer.status)


class _Answer:
    """The `send` of a request: adds the common headers to its answer and remembers the status."""

    __slots__ = ("_personal", "_scope", "_send", "request_id", "status")

    def __init__(self, scope: Scope, send: Send, request_id: str, *, personal: bool) -> None:
        self._scope = scope
        self._send = send
        self._personal = personal
        self.request_id = request_id
        self.status: int | None = None

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._completed(message.get("headers", ()))
        return self._send(message)

    def _completed(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        kept = [header for header in headers if header[0] not in _SET_HERE]
        if not any(name == b"cache-control" for name, _ in kept):
            # `no-store` if the request was authenticated, else `no-cache`.
            kept.append((b"cache-control", b"no-store" if self._personal else b"no-cache"))
        common = _DOCS_HEADERS if self._scope["path"] == docs.PATH else COMMON_HEADERS
        return [*kept, *common, (REQUEST_ID, self.request_id.encode())]


def _request_id(given: bytes) -> str:
    """Return the caller's own id for the request if it is well-formed, else a new one."""
    return given.decode() if _REQUEST_ID_FORM.fullmatch(given) else secrets.token_hex(16)


def _measure(method: str, route: str, status: int | None, seconds: float) -> None:
    """Count a request; a status of None if no answer was sent."""
    _timer(method if method in problems.METHODS else "other", route, str(status or "none")).observe(seconds)


@cache
def _timer(method: str, route: str, status: str) -> Histogram:
    """Look a time series up once; all three labels come from closed sets."""
    return metrics.REQUEST_SECONDS.labels(method, route, status)
