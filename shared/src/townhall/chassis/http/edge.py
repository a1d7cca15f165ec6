"""The outermost layer: names the request, times it, guards its answer, and answers when nothing else did."""

import re
import time
import uuid
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from townhall.chassis import metrics, trace
from townhall.chassis.http import problems

REQUEST_ID: Final = "x-request-id"
_FORM: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_DOCS: Final = frozenset({"/docs", "/redoc"})
_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
# The framework's page of the API loads its script from a CDN and starts it inline.
_DOCS_POLICY: Final = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: https:; frame-ancestors 'none'; "
    "script-src 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'unsafe-inline' https://cdn.jsdelivr.net"
)


class Edge:
    """Pure ASGI, since it stands before every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see its answer out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        guarded = _Guarded(scope, send, _request_id(headers))
        with (
            structlog.contextvars.bound_contextvars(request_id=guarded.request_id),
            trace.following(headers.get("traceparent")),
        ):
            began = time.perf_counter()
            try:
                await self._answered(scope, receive, guarded)
            finally:
                _measure(scope, guarded.status, time.perf_counter() - began)

    async def _answered(self, scope: Scope, receive: Receive, guarded: "_Guarded") -> None:
        try:
            await self._app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001  the last resort: nothing may reach the caller as it is
            answer = problems.failed(error)
            if guarded.status is None:
                await answer(scope, receive, guarded)


class _Guarded:
    """Sends an answer with what every answer carries, and remembers its status."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope = scope
        self._send = send
        self.request_id = request_id
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._dress(MutableHeaders(scope=message))
        await self._send(message)

    def _dress(self, headers: MutableHeaders) -> None:
        for name, value in _ALWAYS.items():
            headers[name] = value
        if self._scope["path"] in _DOCS:
            headers["content-security-policy"] = _DOCS_POLICY
        headers[REQUEST_ID] = self.request_id
        personal = any(name == b"authorization" for name, _ in self._scope["headers"])
        headers.setdefault("cache-control", "no-store" if personal else "no-cache")


def _request_id(headers: Headers) -> str:
    given = headers.get(REQUEST_ID, "")
    return given if _FORM.fullmatch(given) else uuid.uuid4().hex


def _measure(scope: Scope, status: int | None, seconds: float) -> None:
    method = scope["method"] if scope["method"] in problems.METHODS else "other"
    route = getattr(scope.get("route"), "path", "unmatched")
    # An answer that was never sent went to a caller who had left.
    metrics.REQUEST_SECONDS.labels(method, route, str(status or "none")).observe(seconds)
