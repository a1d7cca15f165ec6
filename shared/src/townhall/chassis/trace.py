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
    ids = secrets.token_hex(24)
    return f"00-{ids[:32]}-{ids[32:]}-00"


def current() -> str:
    """Return the trace of the work under way, or a new one when it has none."""
    return _current.get() or started()


def follow(header: str | None) -> str:
    """Work inside the trace a header names until the context ends; a missing or malformed one starts a new trace."""
    trace = header if header and _FORM.fullmatch(header) else started()
    _current.set(trace)
    return trace


@contextmanager
def following(header: str | None) -> Iterator[str]:
    """Work inside the trace a header names, as `follow` does, for the length of the block."""
    before = _current.get()
    try:
        yield follow(header)
    finally:
        _current.set(before)
