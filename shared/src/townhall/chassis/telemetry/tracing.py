"""Traces: OpenTelemetry's API over requests, consumed events and announcements; W3C `traceparent` in between.

Without an SDK (the default) spans record nothing, but the context is carried on all the same, so that every event has a
`traceparent`. `tracers.configure` has them exported.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    get_current_span,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.types import EventDict, WrappedLogger
from typing_extensions import override

from townhall.chassis.telemetry import tracers

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_NO_CONTEXT: Final = Context()
_by_key: ContextVar[Mapping[str, str]] = ContextVar("traceparent_by_key", default=MappingProxyType({}))


class request_span:  # noqa: N801  used like a function; contextlib's costs each request twice as much
    """Make the span of an HTTP request current: in the caller's trace if the header is valid, else in a new one.

    `with request_span(method, traceparent) as span`; set its route and status with `finish_request`.
    """

    __slots__ = ("_span", "_token")

    def __init__(self, method: str, traceparent: str | None) -> None:
        self._span = _start(method, _context(traceparent), SpanKind.SERVER)

    def __enter__(self) -> Span:
        self._token = attach(trace.set_span_in_context(self._span, _NO_CONTEXT))
        return self._span

    def __exit__(self, *_exception: object) -> None:
        detach(self._token)
        self._span.end()


def finish_request(span: Span, method: str, route: str, status: int | None) -> None:
    """Name the span after its route template, and set the status; None if no answer was sent."""
    if not span.is_recording():
        return
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.request.method": method, "http.route": route})
    if status is not None:
        span.set_attribute("http.response.status_code", status)
    if status is None or status >= 500:  # noqa: PLR2004  a server error by definition
        span.set_status(StatusCode.ERROR)


@contextmanager
def consumer_span(topic: str, service: str, causes: Sequence[tuple[str, str | None]]) -> Iterator[Span]:
    """Open the span of a handler call; `causes` are key and `traceparent` of each of its events.

    Events of one key, or of one trace: the span belongs to the trace of the first. Else it begins a trace that is
    linked to all of theirs, and `traceparent(key)` returns the one of the first event about the key.
    """
    by_key: dict[str, str | None] = {}
    for key, header in causes:
        by_key.setdefault(key, header)
    headers = set(by_key.values())
    single = len(headers) == 1
    contexts = {header: _context(header) for header in {header for _, header in causes}}
    parent = contexts[headers.pop()] if single else _NO_CONTEXT
    others = [get_current_span(each).get_span_context() for each in contexts.values() if each is not parent]
    links = [Link(each) for each in others if each.is_valid]
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": topic,
        "messaging.consumer.group.name": service,
        "messaging.batch.message_count": len(causes),
    }
    known = {} if single else {key: _header(contexts[header]) for key, header in by_key.items()}
    span = _start(f"process {topic}", parent, SpanKind.CONSUMER, attributes, links)
    reset = _by_key.set(known)
    try:
        # The message of an exception may hold personal data: only its type is recorded.
        with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except Exception as error:
                span.set_status(StatusCode.ERROR)
                span.set_attribute("error.type", type(error).__qualname__)
                raise
    finally:
        _by_key.reset(reset)


def current() -> Mapping[str, object]:
    """Return the current context, to announce something in it later: `traceparent` converts it."""
    return get_current()


def traceparent(key: str = "", context: Mapping[str, object] | None = None) -> str:
    """Return the W3C header of a context, by default of the current one; one without a span gets a new trace.

    If the current span joins several traces, it is the header of the event about `key`.
    """
    return _header(Context(context)) if context is not None else _by_key.get().get(key) or _header(None)


def new_traceparent() -> str:
    """Return the header of a new trace, not sampled."""
    return _header(_NO_CONTEXT)


def add_trace_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the current trace to a log line; a processor of structlog."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _start(
    name: str,
    parent: Context,
    kind: SpanKind,
    attributes: Mapping[str, str | int] | None = None,
    links: Sequence[Link] = (),
) -> Span:
    span = tracers.current().start_span(name, parent, kind, attributes, links)
    return span if span.get_span_context().is_valid else _NewTrace()


def _context(header: str | None) -> Context:
    """Return the context a header names; an empty one if it is missing or malformed."""
    return _PROPAGATOR.extract({"traceparent": header}, _NO_CONTEXT) if header else _NO_CONTEXT


def _header(context: Context | None) -> str:
    """Return the header of a context, by default the current one; if it has no span, of a new trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context)
    if not carrier:
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(_NewTrace(), _NO_CONTEXT))
    return carrier["traceparent"]


class _NewTrace(NonRecordingSpan):
    """The span of a new trace that nothing records: its ids are made when something needs them, as few requests do."""

    def __init__(self) -> None:
        super().__init__(INVALID_SPAN_CONTEXT)
        self._made: SpanContext | None = None

    @override
    def get_span_context(self) -> SpanContext:
        self._made = self._made or _new_context()
        return self._made


def _new_context() -> SpanContext:
    ids = secrets.token_bytes(24)
    return SpanContext(int.from_bytes(ids[:16]), int.from_bytes(ids[16:]), is_remote=False)
