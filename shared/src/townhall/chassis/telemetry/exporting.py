"""Exporting spans by OTLP over HTTP. Needs the extra `townhall[otel]`; the standard `OTEL_*` variables configure it."""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def provider_of(service: str) -> TracerProvider:
    """Return the provider of a service's spans; endpoint, headers, sampler and limits come from the environment."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
