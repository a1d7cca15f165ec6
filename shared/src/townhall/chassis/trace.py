"""The trace a piece of work belongs to: W3C `traceparent`, carried from request to event to effect."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def started() -> str:
    """Return a new `traceparent` (W3C Trace Context, version 00), not sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def current() -> str:
    """Return the trace of the work under way, or a new one when it has none."""
    return _current.get() or started()


@contextmanager
def following(header: str | None) -> Iterator[str]:
    """Work inside the trace a header names; a missing or malformed header starts a new one."""
    trace = header if header and _FORM.fullmatch(header) else started()
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)
