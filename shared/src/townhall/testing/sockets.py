"""Applications behind a real socket: for what happens before the framework, which an ASGI client never sees."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from townhall.chassis.http.wire import Wire


class _Served(uvicorn.Server):
    """A server that tells when it listens, and on which port."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.servers[0].sockets[0].getsockname()[1])


@asynccontextmanager
async def listening(app: FastAPI, protocol: type[Wire] = Wire) -> AsyncIterator[int]:
    """Serve an application that is open already; the port it listens on. What is under way at the end is finished."""
    server = _Served(uvicorn.Config(app, port=0, http=protocol, lifespan="off", log_config=None, server_header=False))
    serving = asyncio.create_task(server.serve())
    await server.listens.wait()
    yield server.port
    server.should_exit = True
    await serving


async def said(port: int, *pieces: bytes) -> bytes:
    """Send the pieces one after the other; return everything that is said until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        everything = await reader.read()
    writer.close()
    return everything
