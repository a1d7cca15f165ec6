"""The outermost layer: names the request, times it, guards its answer, and answers when nothing else did."""

import re
import secrets
import time
from collections.abc import Iterable
from functools import cache
from typing import Final

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from townhall.chassis.http import docs, problems
from townhall.chassis.telemetry import metrics, tracing

REQUEST_ID: Final = b"x-request-id"
_FORM: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_GUARDS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_POLICY: Final = b"content-security-policy"
ALWAYS: Final = (*_GUARDS, (_POLICY, b"default-src 'none'; frame-ancestors 'none'"))
"""Headers of every answer but the documentation page's."""
_ON_DOCS: Final = (*_GUARDS, (_POLICY, docs.POLICY.encode()))
_OURS: Final = frozenset({*(name for name, _ in ALWAYS), REQUEST_ID})


class Edge:
    """Pure ASGI on the raw headers, since it stands before every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see its answer out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # The server leaves the body out (RFC 9110, section 9.3.2).
            scope = {**scope, "method": "GET"}
        given = dict(reversed(scope["headers"]))  # The first of a name counts.
        guarded = _Guarded(scope, send, request_id(given.get(REQUEST_ID, b"")), personal=b"authorization" in given)
        header = given.get(b"traceparent")
        # The server gives each request a context of its own, which ends with it.
        structlog.contextvars.bind_contextvars(request_id=guarded.request_id)
        began = time.perf_counter()
        with tracing.request_span(scope["method"], header.decode("latin-1") if header else None) as span:
            try:
                await self._answered(scope, receive, guarded)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                measure(scope["method"], route, guarded.status, time.perf_counter() - began)
                tracing.finish_request(span, scope["method"], route, guarded.status)

    async def _answered(self, scope: Scope, receive: Receive, guarded: "_Guarded") -> None:
        try:
            await self._app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001  the last resort: nothing may reach the caller as it is
            answer = problems.answer_to(error)
            if guarded.status is None:
                await answer(scope, receive, guarded)


class _Guarded:
    """Sends an answer with what every answer carries, and remembers its status."""

    def __init__(self, scope: Scope, send: Send, request_id: str, *, personal: bool) -> None:
        self._scope = scope
        self._send = send
        self._personal = personal
        self.request_id = request_id
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = self._dressed(message.get("headers", ()))
        await self._send(message)

    def _dressed(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        kept = [header for header in headers if header[0] not in _OURS]
        if not any(name == b"cache-control" for name, _ in kept):
            kept.append(caching(personal=self._personal))
        guards = _ON_DOCS if self._scope["path"] == docs.PATH else ALWAYS
        return [*kept, *guards, (REQUEST_ID, self.request_id.encode())]


def caching(*, personal: bool) -> tuple[bytes, bytes]:
    """Return what is told to caches where a route says nothing itself: what a token was needed for is nobody else's."""
    return b"cache-control", b"no-store" if personal else b"no-cache"


def request_id(given: bytes) -> str:
    """Return the name a request gave itself, or one for it when that is none."""
    return given.decode() if _FORM.fullmatch(given) else secrets.token_hex(16)


def measure(method: str, route: str, status: int | None, seconds: float) -> None:
    """Count a request; None for an answer that was never sent, since its caller had left."""
    _timer(method if method in problems.METHODS else "other", route, str(status or "none")).observe(seconds)


@cache
def _timer(method: str, route: str, status: str) -> Histogram:
    """Look a time series up once; all three come from closed sets."""
    return metrics.REQUEST_SECONDS.labels(method, route, status)
