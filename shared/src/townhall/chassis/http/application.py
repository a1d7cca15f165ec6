"""The FastAPI application with the layers every request passes before the framework sees it."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from townhall.chassis.http import idempotency, openapi, problems
from townhall.chassis.http.checks import RequestChecks
from townhall.chassis.http.limits import BodyLimits
from townhall.chassis.http.middleware import RequestMiddleware
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import provide

FastPath: TypeAlias = Callable[[FastAPI, ASGIApp], ASGIApp]
"""Makes the ASGI application that answers some requests without the framework. It is given the application, whose state
is complete once it has started, and the ASGI application for all other requests."""

# The framework's own would look for a provider with each request; traces are continued by the middleware.
_NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}


class Application(FastAPI):
    """FastAPI behind, from the outside: the request middleware, request checks, the fast path, body limits."""

    def __init__(self, settings: ServiceSettings, fast_path: FastPath | None = None, **options: Any) -> None:  # noqa: ANN401  FastAPI's own
        # No redirects: a Location would be built from whatever Host the caller sent.
        super().__init__(docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=_NO_TELEMETRY, **options)
        self._settings = settings
        self._fast_path = fast_path
        provide(self, settings, ServiceSettings)
        problems.install(self)
        idempotency.install(self)
        openapi.install(self)

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the layers; what FastAPI and Starlette do before them for root paths and telemetry is not used here."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        await self.middleware_stack(scope, receive, send)

    @override
    def build_middleware_stack(self) -> ASGIApp:
        """Put the layers around the framework; Starlette calls this with the first request."""
        settings = self._settings
        framework = super().build_middleware_stack()
        if isinstance(framework, ServerErrorMiddleware):
            # It answers exceptions as plain text; the request middleware answers all of them.
            framework = framework.app
        app: ASGIApp = BodyLimits(framework, most=settings.body_bytes, seconds=settings.body_seconds)
        if self._fast_path is not None:
            app = self._fast_path(self, app)
        return RequestMiddleware(RequestChecks(app, at_once=settings.requests_at_once))
