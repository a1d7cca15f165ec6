"""A wire to one process, from clients or to PostgreSQL, that can be cut, slowed or left hanging."""

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
"""How often a wire in this state does it to a piece of traffic; a transaction has many pieces."""
LONGEST_DELAY: Final = 1.2


@dataclass
class Wire:
    """One proxy. `state` is what it does at this moment."""

    upstream: int
    dice: Random
    chance: Mapping[str, float]
    ends: bool = True
    """Whether what hangs is ended when all is well again. Where a firewall forgot it, it never is."""
    state: str = "pass"
    struck: Counter[str] = field(default_factory=Counter)
    """How often it did what, by state."""
    port: int = 0
    _hanging: set[asyncio.StreamWriter] = field(default_factory=set)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)
    _carrying: set["asyncio.Future[tuple[None, None]]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where clients reach the process through it."""
        return f"http://{HOST}:{self.port}"

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        """Carry traffic for the length of the block."""
        server = await asyncio.start_server(self._carry, HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._ends:
                writer.transport.abort()
            if self._carrying:
                await asyncio.wait(self._carrying, timeout=2)

    def mend(self) -> None:
        """Carry faithfully again, and end what was left hanging."""
        self.state = "pass"
        for writer in self._hanging if self.ends else ():
            writer.transport.abort()
        self._hanging.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(HOST, self.upstream)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, back}
        task = asyncio.gather(self._pump(reader, back, reply=False), self._pump(there, writer, reply=True))
        self._carrying.add(task)
        await asyncio.wait([task])
        self._carrying.discard(task)
        self._ends -= {writer, back}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, reply: bool) -> None:
        with suppress(OSError):
            while chunk := await source.read(CHUNK):
                if self._strikes(reply=reply):
                    if self.state == "half-open":
                        self._hanging.add(sink)
                        return
                    if self.state == "cut-reply":
                        break
                    await sleep(self.dice.uniform(0, LONGEST_DELAY))
                sink.write(chunk)
                await sink.drain()
        sink.transport.abort()

    def _strikes(self, *, reply: bool) -> bool:
        """Decide whether this piece of traffic is struck. Only the reply is cut: the request has passed."""
        strikes = self.dice.random() < self.chance.get(self.state, 0.0) and (reply or self.state != "cut-reply")
        self.struck[self.state] += strikes
        return strikes
