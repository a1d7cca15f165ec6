"""Traces: every event has a `traceparent`, whether spans are exported or not."""

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracerProvider

from townhall.chassis.telemetry import tracers, tracing

W3C = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
NO_PROVIDER = NoOpTracerProvider()
ONE, TWO = str(uuid4()), str(uuid4())


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Spans recorded as with the SDK configured."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    previous = tracers.use(provider)
    yield exporter
    tracers.use(previous)


def test_without_an_sdk_the_callers_trace_is_carried_on() -> None:
    """A valid header is what is announced with, unchanged; a saved context gives the same one later."""
    with tracing.request_span("GET", CALLER):
        assert tracing.traceparent() == CALLER
        context = tracing.current()
    assert tracing.traceparent(context=context) == CALLER
    assert tracing.traceparent() != CALLER


@pytest.mark.parametrize("header", [None, "", "nonsense", CALLER.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32)])
def test_a_missing_or_malformed_header_begins_a_trace(header: str | None) -> None:
    """One for the whole request."""
    with tracing.request_span("GET", header):
        assert W3C.fullmatch(tracing.traceparent())
        assert tracing.traceparent() == tracing.traceparent()


def test_events_of_one_trace_are_handled_in_it() -> None:
    """Whatever they are about."""
    with tracing.consumer_span("topic", "service", [(ONE, CALLER), (TWO, CALLER)]):
        assert {tracing.traceparent(key) for key in (ONE, TWO, "another")} == {CALLER}


def test_events_of_several_traces_are_kept_apart_by_key(exporter: InMemorySpanExporter) -> None:
    """What is announced about a key belongs to its event's trace; the span of all is linked to each."""
    with tracing.consumer_span("topic", "service", [(ONE, CALLER), (TWO, OTHER), (ONE, OTHER)]):
        assert (tracing.traceparent(ONE), tracing.traceparent(TWO)) == (CALLER, OTHER)
        own = tracing.traceparent("another")
    (span,) = exporter.get_finished_spans()
    assert {f"{link.context.trace_id:032x}" for link in span.links} == {CALLER[3:35], OTHER[3:35]}
    assert own[3:35] not in {CALLER[3:35], OTHER[3:35]}


def test_a_failed_handler_marks_its_span_and_shows_no_message(exporter: InMemorySpanExporter) -> None:
    """The type of an exception is recorded; its message may hold what a person wrote."""
    with pytest.raises(ValueError, match="canary"), tracing.consumer_span("topic", "service", [(ONE, CALLER)]):
        raise ValueError("canary")
    (span,) = exporter.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert not span.status.is_ok
    assert "canary" not in span.to_json()


def test_a_request_is_a_span_of_the_callers_trace(exporter: InMemorySpanExporter) -> None:
    """Named after its route template, never after its path."""
    with tracing.request_span("GET", CALLER) as span:
        tracing.finish_request(span, "GET", "/votes/{task_id}", 503)
    (ended,) = exporter.get_finished_spans()
    assert ended.name == "GET /votes/{task_id}"
    assert ended.parent is not None
    assert f"{ended.parent.trace_id:032x}-{ended.parent.span_id:016x}" == CALLER[3:52]
    assert not ended.status.is_ok


@pytest.fixture
def provider() -> Iterator[Callable[[], object]]:
    """Return the provider in use; the one of this run is put back at the end."""
    previous = tracers.use(NO_PROVIDER)

    def in_use() -> object:
        tracers.use(found := tracers.use(NO_PROVIDER))
        return found

    yield in_use
    tracers.use(previous)


@pytest.mark.parametrize("environment", [{}, {tracers.ENDPOINTS[0]: "http://collector", "OTEL_SDK_DISABLED": "true"}])
def test_nothing_is_exported_unless_configured(environment: dict[str, str], provider: Callable[[], object]) -> None:
    """Without an endpoint, or with the SDK disabled, spans record nothing."""
    tracers.configure("sample", environment)
    assert provider() is NO_PROVIDER


def test_an_endpoint_is_all_it_takes(provider: Callable[[], object]) -> None:
    """With the standard variable set, spans are exported under the service's name."""
    tracers.configure("sample", {tracers.ENDPOINTS[1]: "http://127.0.0.1:9"})
    used = provider()
    assert isinstance(used, TracerProvider)
    assert used.resource.attributes["service.name"] == "sample"
    used.shutdown()
