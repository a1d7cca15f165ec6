"""The FastAPI application with the layers every request passes before the framework sees it."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.datastructures import State
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp
from typing_extensions import override

from townhall.chassis.http import idempotency, openapi, problems
from townhall.chassis.http.checks import RequestChecks
from townhall.chassis.http.limits import BodyLimits
from townhall.chassis.http.middleware import RequestMiddleware
from townhall.chassis.settings import ServiceSettings

FastPath: TypeAlias = Callable[[State, ASGIApp], ASGIApp]
"""Makes the ASGI application that answers some requests without the framework: given the state of the application, and
what takes the requests it leaves. The state is complete once the application has started."""

# The framework's own would look for a provider with each request; traces are continued by the middleware.
_NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}


class Application(FastAPI):
    """FastAPI behind, from the outside: the request middleware, request checks, the fast path, body limits."""

    def __init__(self, settings: ServiceSettings, fast_path: FastPath | None = None, **options: Any) -> None:  # noqa: ANN401  FastAPI's own
        # No redirects: a Location would be built from whatever Host the caller sent.
        super().__init__(docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=_NO_TELEMETRY, **options)
        self._settings = settings
        self._fast_path = fast_path
        self.state.settings = settings
        problems.install(self)
        idempotency.install(self)
        openapi.install(self)

    @override
    def build_middleware_stack(self) -> ASGIApp:
        """Put the layers around the framework; Starlette calls this with the first request."""
        settings = self._settings
        framework = super().build_middleware_stack()
        if isinstance(framework, ServerErrorMiddleware):
            framework = (
                framework.app
            )  # It answers exceptions as plain text; the request middleware answers all of them.
        app: ASGIApp = BodyLimits(framework, most=settings.body_bytes, seconds=settings.body_seconds)
        if self._fast_path is not None:
            app = self._fast_path(self.state, app)
        return RequestMiddleware(RequestChecks(app, at_once=settings.requests_at_once))
