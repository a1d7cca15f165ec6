"""What a request body may be, decided before anything reads it: small, timely, and JSON with one meaning."""

import asyncio
import json
import math
from typing import Any, Final, Never

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from townhall.chassis.http import problems
from townhall.rejected import Rejected

LARGEST: Final = 64 * 1024
"""Bytes of a request body."""
PATIENCE: Final = 15.0
"""Seconds for a body to arrive."""
_DIGITS: Final = 16
"""Of a whole number; more can't be held exactly by every reader of JSON (RFC 8259, section 6)."""


class BodyTooLarge(Rejected):
    """More than any route takes."""

    code = "body-too-large"
    status = 413
    title = "The request body is larger than 64 KiB."


class BodyTooSlow(Rejected):
    """Began and didn't end."""

    code = "body-too-slow"
    status = 408
    title = "The request body took too long to arrive."


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


class Limits:
    """Reads a body whole, judges it, and hands it on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a body nobody should read; pass all others on."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        try:
            body = await _judged(headers, receive)
        except Rejected as refusal:
            answer = problems.refused(refusal)
            answer.headers["connection"] = "close"  # What is left of the body would be read as the next request.
            await answer(scope, receive, send)
            return
        await self._app(scope, Replay({"type": "http.request", "body": body, "more_body": False}, receive), send)


class Replay:
    """Gives a message that was taken already once more, then whatever comes after it."""

    def __init__(self, message: Message, receive: Receive) -> None:
        self._message: Message | None = message
        self._receive = receive

    async def __call__(self) -> Message:
        """Return the next message."""
        message, self._message = self._message, None
        return await self._receive() if message is None else message


async def _judged(headers: Headers, receive: Receive) -> bytes:
    told = headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > len(str(LARGEST)) or int(told) > LARGEST:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(PATIENCE):
            body = await _whole(receive)
    except TimeoutError as late:
        raise BodyTooSlow from late
    if body and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BodyNotJson
    if body:
        read(body)
    return body


async def _whole(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return b"".join(parts)


def read(body: bytes) -> Any:  # noqa: ANN401  JSON can be anything
    """Return what the JSON says, or raise `BodyUnreadable` when readers could differ about it."""
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
