"""Serving an application on a real socket, for tests of the HTTP server in front of the framework."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from townhall.chassis.http.wire import Wire


class _Served(uvicorn.Server):
    """A server with an event that is set once it listens, and its port."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.servers[0].sockets[0].getsockname()[1])


@asynccontextmanager
async def listening(app: FastAPI, protocol: type[Wire] = Wire) -> AsyncIterator[int]:
    """Serve an open application; yields its port. At the end running requests are finished."""
    server = _Served(uvicorn.Config(app, port=0, http=protocol, lifespan="off", log_config=None, server_header=False))
    serving = asyncio.create_task(server.serve())
    await server.listening.wait()
    yield server.port
    server.should_exit = True
    await serving


async def said(port: int, *pieces: bytes) -> bytes:
    """Send the pieces one after the other; return received received until the connection closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        received = await reader.read()
    writer.close()
    return received
