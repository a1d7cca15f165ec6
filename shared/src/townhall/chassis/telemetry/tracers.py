"""Where spans come from: OpenTelemetry's default, which records nothing, or an SDK that exports them."""

import os
from collections.abc import Mapping
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import Tracer, TracerProvider
from structlog import get_logger

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""The standard variables; if one of them is set, spans are exported."""

log = get_logger()


class _Source:
    provider: TracerProvider = trace.get_tracer_provider()
    tracer = provider.get_tracer("townhall")


def configure(service: str, environment: Mapping[str, str] = os.environ) -> None:
    """Export spans as the standard `OTEL_*` variables describe; do nothing if they name no endpoint."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(map(environment.get, ENDPOINTS)):
        return
    try:
        from townhall.chassis.telemetry import exporting  # noqa: PLC0415  needs the optional extra
    except ImportError:
        log.warning("tracing_not_installed", extra="townhall[otel]")
    else:
        use(exporting.provider_of(service))


def use(provider: TracerProvider) -> TracerProvider:
    """Make all spans with this provider from now on; return the one before."""
    previous = _Source.provider
    _Source.provider, _Source.tracer = provider, provider.get_tracer("townhall")
    return previous


def current() -> Tracer:
    """Return what makes spans now."""
    return _Source.tracer


def flush() -> None:
    """Export the spans that have ended, if spans are exported; may block for seconds."""
    if force_flush := getattr(_Source.provider, "force_flush", None):
        force_flush(2_000)
