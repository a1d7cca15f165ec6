"""A load generator with low CPU cost: plain HTTP/1.1 over keep-alive connections."""

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
class LoadResult:
    """The latencies in seconds, the counts of status codes and the duration of a load."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[bytes] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Responses per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def accepted(self) -> int:
        """Number of responses with status 200."""
        return self.statuses[b"200"]

    def percentile(self, share: float) -> float:
        """Return a percentile of the latencies, in milliseconds; `share` is from 0 to 1."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0

    @property
    def figures(self) -> dict[str, float | dict[str, int]]:
        """The figures for the report."""
        return {
            "per_second": round(self.rate, 1),
            "p50_ms": round(self.percentile(0.5), 2),
            "p99_ms": round(self.percentile(0.99), 2),
            "answers": {status.decode(): count for status, count in sorted(self.statuses.items())},
        }


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """Return the bytes of an HTTP request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + _END_OF_HEAD + body


async def closed_loop(ports: Sequence[int], requests: Sequence[bytes], callers: int, seconds: float) -> LoadResult:
    """Closed-loop load: each caller sends its next request after the last response, until time or requests end."""
    result = LoadResult()
    remaining = iter(requests)
    started_at = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            source = _UntilDeadline(remaining, started_at + seconds)
            group.create_task(_run_caller(ports[number % len(ports)], source, result))
    result.seconds = time.perf_counter() - started_at
    return result


async def open_loop(ports: Sequence[int], requests: Sequence[bytes], rate: float, callers: int = 64) -> LoadResult:
    """Open-loop load: send requests at a fixed rate; latencies count from when a request was due."""
    result = LoadResult()
    started_at = time.perf_counter()
    source = _Scheduled(deque((started_at + number / rate, each) for number, each in enumerate(requests)))
    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(_run_caller(ports[number % len(ports)], source, result))
    result.seconds = time.perf_counter() - started_at
    return result


class _UntilDeadline:
    """Requests that are due immediately, until a deadline."""

    def __init__(self, requests: Iterator[bytes], deadline: float) -> None:
        self._requests = requests
        self._deadline = deadline

    def next(self) -> tuple[float, bytes] | None:
        now = time.perf_counter()
        each = next(self._requests, None) if now < self._deadline else None
        return None if each is None else (now, each)


@dataclass(slots=True)
class _Scheduled:
    """Requests with their due times, in order."""

    left: deque[tuple[float, bytes]]

    def next(self) -> tuple[float, bytes] | None:
        return self.left.popleft() if self.left else None


async def _run_caller(port: int, source: _UntilDeadline | _Scheduled, result: LoadResult) -> None:
    """Send the requests of the source over one connection until there are no more."""
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(lambda: _Caller(source, result, loop), "127.0.0.1", port)
    await caller.done


class _Caller(asyncio.Protocol):
    """One connection: sends the next request when the response is complete."""

    def __init__(
        self, source: _UntilDeadline | _Scheduled, result: LoadResult, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._source = source
        self._result = result
        self._loop = loop
        self._response = b""
        self._since = 0.0
        self.done = loop.create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    @override
    def data_received(self, data: bytes) -> None:
        self._response += data
        head = self._response.find(_END_OF_HEAD)
        length = _LENGTH.search(self._response)
        if head < 0 or len(self._response) < head + 4 + (int(length[1]) if length else 0):
            return
        self._result.latencies.append(time.perf_counter() - self._since)
        self._result.statuses[self._response[9:12]] += 1
        self._response = b""
        self._next()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed the connection"))

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
