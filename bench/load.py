"""A load generator that costs little beside what it measures: plain HTTP/1.1 over kept connections."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

RETRY_AFTER: Final = 0.05
_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


@dataclass(slots=True)
class Seen:
    """What a load saw: a latency for each answer, by status, and how long it all took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

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
            "answers": {str(status): times for status, times in sorted(self.statuses.items())},
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
    began = time.perf_counter()
    remaining = iter(requests)
    lanes = [_caller(ports[n % len(ports)], remaining, seen, began + seconds) for n in range(callers)]
    await asyncio.gather(*lanes)
    seen.seconds = time.perf_counter() - began
    return seen


async def paced(ports: Sequence[int], requests: Sequence[bytes], rate: float, callers: int = 64) -> Seen:
    """Send requests at a fixed rate, whatever the answers do; a latency counts from when its request was due."""
    seen = Seen()
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    lanes = [asyncio.create_task(_server_of(due, ports[n % len(ports)], seen)) for n in range(callers)]
    began = time.perf_counter()
    for number, each in enumerate(requests):
        at = began + number / rate
        if (wait := at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)  # noqa: TID251  the pace is what is asked for
        due.put_nowait((at, each))
    await due.join()
    seen.seconds = time.perf_counter() - began
    for lane in lanes:
        lane.cancel()
    await asyncio.gather(*lanes, return_exceptions=True)
    return seen


async def _caller(port: int, requests: Iterator[bytes], seen: Seen, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for each in requests:
        sent = time.perf_counter()
        if sent > until:
            break
        await _ask(reader, writer, each, seen, sent)
    writer.close()


async def _server_of(due: "asyncio.Queue[tuple[float, bytes]]", port: int, seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            at, each = await due.get()
            await _ask(reader, writer, each, seen, at)
            due.task_done()
    finally:
        writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes, seen: Seen, since: float
) -> None:
    writer.write(sent)
    head = await reader.readuntil(_END_OF_HEAD)
    where = head.lower().find(_LENGTH)
    if where >= 0:
        await reader.readexactly(int(head[where + len(_LENGTH) :].split(b"\r", 1)[0]))
    seen.latencies.append(time.perf_counter() - since)
    seen.statuses[int(head[9:12])] += 1
