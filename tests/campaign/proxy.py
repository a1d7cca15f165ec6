"""A TCP proxy to one process, from clients or to PostgreSQL, that can cut, delay and suspend connections."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

from townhall.chassis.retrying import sleep
from townhall.embedded.ports import HOST

CHUNK: Final = 65_536
CLIENTS: Final = {"cut-reply": 0.3, "delay": 0.5, "half-open": 0.1}
DATABASE: Final = {"cut-reply": 0.02, "half-open": 0.02}
"""The probability, by state, that a chunk of traffic is struck; a transaction has many chunks."""
LONGEST_DELAY: Final = 1.2


@dataclass
class Proxy:
    """One proxy. `state` is the current fault; `pass` is none."""

    upstream: int
    rng: Random
    probability: Mapping[str, float]
    closes_suspended: bool = True
    """Whether suspended connections are closed when the fault ends. A firewall that forgot them never closes them."""
    state: str = "pass"
    struck: Counter[str] = field(default_factory=Counter)
    """The number of chunks struck, by state."""
    port: int = 0
    _suspended: set[asyncio.StreamWriter] = field(default_factory=set)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _connections: set["asyncio.Future[tuple[None, None]]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The base URL of the process through the proxy."""
        return f"http://{HOST}:{self.port}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Proxy"]:
        """Forward connections while the block runs."""
        server = await asyncio.start_server(self._forward, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            if self._connections:
                await asyncio.wait(self._connections, timeout=2)

    def heal(self) -> None:
        """End the fault, and close suspended connections unless `closes_suspended` is False."""
        self.state = "pass"
        for writer in self._suspended if self.closes_suspended else ():
            writer.transport.abort()
        self._suspended.clear()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(HOST, self.upstream)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, upstream_writer}
        task = asyncio.gather(
            self._pump(reader, upstream_writer, reply=False), self._pump(upstream_reader, writer, reply=True)
        )
        self._connections.add(task)
        await asyncio.wait([task])
        self._connections.discard(task)
        self._writers -= {writer, upstream_writer}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, reply: bool) -> None:
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                if self._strikes(reply=reply):
                    if self.state == "half-open":
                        self._suspended.add(sink)
                        return
                    if self.state == "cut-reply":
                        break
                    await sleep(self.rng.uniform(0, LONGEST_DELAY))
                sink.write(chunk)
                await sink.drain()
        sink.transport.abort()

    def _strikes(self, *, reply: bool) -> bool:
        """Decide whether this chunk is struck. Only replies are cut: the request has been forwarded."""
        strikes = self.rng.random() < self.probability.get(self.state, 0.0) and (reply or self.state != "cut-reply")
        self.struck[self.state] += strikes
        return strikes
