"""What a service may answer before the framework: a shortcut looks at a head, and opens a window for what is plain."""

from asyncio import Future
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

SHAPING: Final = frozenset(
    {
        b"authorization", b"content-encoding", b"content-type", b"expect", b"if-match", b"if-modified-since",
        b"if-none-match", b"if-unmodified-since", b"range", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Headers that say how a request is to be taken. Whoever opens a window has to know what each of them means there."""


class Head(NamedTuple):
    """A request's line and headers, with nothing odd about them: no header that matters stands there twice."""

    method: bytes
    url: bytes
    told: Mapping[bytes, bytes]
    """Those of `SHAPING` it has."""


class Reply(NamedTuple):
    """A 200 on its way out."""

    body: bytes
    headers: bytes
    """What this answer needs beside what every answer has, each line with its end; `Cache-Control` is one of them."""


class Pending(NamedTuple):
    """An answer that is being worked on."""

    result: Future[Any]
    """A `Rejected` in it is told as everywhere."""
    reply: Callable[[Any], Reply]
    """Writes the result."""


class Window(NamedTuple):
    """Where a plain request is answered."""

    route: str
    """What metrics call it: the path as the framework spells it."""
    take: Callable[[bytes], Reply | Pending | None]
    """Takes the body. None, and the framework gets the request as if nobody had looked at it before."""


Shortcut = Callable[[Head], Window | None]
"""Asked with each head; None when the request goes the usual way."""
