"""The trace a piece of work belongs to: W3C `traceparent`, carried from request to event to effect."""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
_of_keys: ContextVar[Mapping[str, str]] = ContextVar("traceparents", default=MappingProxyType({}))


def started() -> str:
    """Return a new `traceparent` (W3C Trace Context, version 00), not sampled."""
    ids = secrets.token_hex(24)
    return f"00-{ids[:32]}-{ids[32:]}-00"


def current(key: str = "") -> str:
    """Return the trace of the work under way, of its part about `key` where it has parts, or a new one."""
    return _of_keys.get().get(key) or _current.get() or started()


def follow(header: str | None) -> str:
    """Work inside the trace a header names until the context ends; a missing or malformed one starts a new trace."""
    trace = _read(header)
    _current.set(trace)
    return trace


@contextmanager
def following_each(headers: Iterable[tuple[str, str | None]]) -> Iterator[None]:
    """Work on several matters at once, each with the key it is about and the header that names its trace.

    What is announced about a key belongs to the trace of the first matter of that key; about any other key, to the one
    trace there is, or to a new one when there are several.
    """
    first: dict[str, str | None] = {}
    for key, header in headers:
        first.setdefault(key, header)
    traces = {key: _read(header) for key, header in first.items()}
    keys = _of_keys.set(traces)
    token = _current.set(next(iter(traces.values())) if len(traces) == 1 else None)
    try:
        yield
    finally:
        _current.reset(token)
        _of_keys.reset(keys)


def _read(header: str | None) -> str:
    return header if header and _FORM.fullmatch(header) else started()
