"""What a request body may be, decided before anything reads it: small, timely, and JSON with one meaning."""

import asyncio
import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Never

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from townhall.rejected import Rejected

_DIGITS: Final = 16
"""Of a whole number; more can't be held exactly by every reader of JSON (RFC 8259, section 6)."""


# What is left of the body isn't waited for.
_CLOSE: Final[Mapping[str, str]] = {"Connection": "close"}


class BodyTooLarge(Rejected):
    """More than any route takes."""

    code = "body-too-large"
    status = 413
    title = "The request body is larger than this service accepts."
    headers: ClassVar = _CLOSE


class BodyTooSlow(Rejected):
    """Began and didn't end in time."""

    code = "body-too-slow"
    status = 408
    title = "The request body took too long to arrive."
    headers: ClassVar = _CLOSE


class BodyIncomplete(Rejected):
    """Ended before its declared end, or in a chunk coding that can't be read."""

    code = "body-incomplete"
    status = 400
    title = "The request body ended too early or is not framed correctly."
    headers: ClassVar = _CLOSE


class BodyNotJson(Rejected):
    """Another media type."""

    code = "body-not-json"
    status = 415
    title = "The request body must be application/json."


class BodyUnreadable(Rejected):
    """Not JSON, not UTF-8, or JSON that two readers could read differently."""

    code = "body-unreadable"
    status = 400
    title = "The request body must be JSON in UTF-8, without duplicate names, NaN or lone surrogates."


class BodyLimits:
    """Reads a body whole, checks it, and passes it on; raises a `Rejected` for one that no route should read."""

    def __init__(self, app: ASGIApp, *, most: int, seconds: float) -> None:
        self._app = app
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the body, if there is one, before the application is called."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > len(str(self._most)) or int(length) > self._most:
            raise BodyTooLarge
        body = await read_body(receive, most=self._most, seconds=self._seconds)
        if body and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise BodyNotJson
        if body:
            read(body)
        await self._app(scope, Replay(body, receive), send)


class Replay:
    """A `receive` that gives a body which was read already, then whatever comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        """Return the next message."""
        message, self._message = self._message, None
        return await self._receive() if message is None else message


async def read_body(receive: Receive, *, most: int, seconds: float) -> bytes:
    """Return the whole body; raises `BodyTooLarge`, `BodyTooSlow` or `BodyIncomplete`."""
    try:
        async with asyncio.timeout(seconds):
            return await _whole(receive, most)
    except TimeoutError as late:
        raise BodyTooSlow from late


async def _whole(receive: Receive, most: int) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyIncomplete  # A caller who sent a wrong chunk coding is still there to read this.
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return b"".join(parts)


def read(body: bytes) -> Any:  # noqa: ANN401  JSON can be anything
    """Return what the JSON title, or raise `BodyUnreadable` when readers could differ about it."""
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_int=_whole_number,
            parse_float=_finite,
        )
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()  # An escape may have made a lone surrogate.
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("duplicate name")
    return found


def _whole_number(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS else _refuse("too many digits")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse("not finite")


def _refuse(why: str) -> Never:
    raise ValueError(why)
