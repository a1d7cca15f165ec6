"""A load generator that costs little beside what it measures: plain HTTP/1.1 over kept connections."""

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from typing_extensions import override

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


@dataclass(slots=True)
class Seen:
    """What a load saw: a latency for each answer, by status, and how long it all took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[bytes] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def accepted(self) -> int:
        """How many were answered 200."""
        return self.statuses[b"200"]

    def percentile(self, share: float) -> float:
        """Return the latency, in milliseconds, that this share of answers didn't exceed."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    @property
    def told(self) -> dict[str, float | dict[str, int]]:
        """What the report says of it."""
        return {
            "per_second": round(self.rate, 1),
            "p50_ms": round(self.percentile(0.5), 2),
            "p99_ms": round(self.percentile(0.99), 2),
            "answers": {status.decode(): times for status, times in sorted(self.statuses.items())},
        }


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + _END_OF_HEAD + body


async def closed(ports: Sequence[int], requests: Sequence[bytes], callers: int, seconds: float) -> Seen:
    """Let so many callers each send their next request when the last was answered, until time or requests end."""
    seen = Seen()
    remaining = iter(requests)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as callers_at_once:
        for number in range(callers):
            source = _Until(remaining, began + seconds)
            callers_at_once.create_task(_served(ports[number % len(ports)], source, seen))
    seen.seconds = time.perf_counter() - began
    return seen


async def paced(ports: Sequence[int], requests: Sequence[bytes], rate: float, callers: int = 64) -> Seen:
    """Send requests at a fixed rate, whatever the answers do; a latency counts from when its request was due."""
    seen = Seen()
    began = time.perf_counter()
    source = _Due(deque((began + number / rate, each) for number, each in enumerate(requests)))
    async with asyncio.TaskGroup() as callers_at_once:
        for number in range(callers):
            callers_at_once.create_task(_served(ports[number % len(ports)], source, seen))
    seen.seconds = time.perf_counter() - began
    return seen


class _Until:
    """Requests one after the other, each due at once, until a time."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self._requests = requests
        self._until = until

    def next(self) -> tuple[float, bytes] | None:
        now = time.perf_counter()
        each = next(self._requests, None) if now < self._until else None
        return None if each is None else (now, each)


@dataclass(slots=True)
class _Due:
    """Requests each with the time it is due, in their order."""

    left: deque[tuple[float, bytes]]

    def next(self) -> tuple[float, bytes] | None:
        return self.left.popleft() if self.left else None


async def _served(port: int, source: _Until | _Due, seen: Seen) -> None:
    """Keep one connection busy with what the source gives, until it gives no more."""
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(lambda: _Caller(source, seen, loop), "127.0.0.1", port)
    await caller.done


class _Caller(asyncio.Protocol):
    """One connection: sends, and sends again when the answer is whole."""

    def __init__(self, source: _Until | _Due, seen: Seen, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._seen = seen
        self._loop = loop
        self._answer = b""
        self._since = 0.0
        self.done = loop.create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    @override
    def data_received(self, data: bytes) -> None:
        self._answer += data
        head = self._answer.find(_END_OF_HEAD)
        length = _LENGTH.search(self._answer)
        if head < 0 or len(self._answer) < head + 4 + (int(length[1]) if length else 0):
            return
        self._seen.latencies.append(time.perf_counter() - self._since)
        self._seen.statuses[self._answer[9:12]] += 1
        self._answer = b""
        self._next()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server hung up"))

    def _next(self) -> None:
        following = self._source.next()
        if following is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._since, request = following
        wait = self._since - time.perf_counter()
        if wait > 0:
            self._loop.call_later(wait, self._transport.write, request)
        else:
            self._transport.write(request)
