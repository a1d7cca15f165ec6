"""Applications behind a real socket: for what an ASGI client never sees."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI

from townhall.chassis.http.listener import EmbeddedServer, listen
from townhall.chassis.settings import ServiceSettings
from townhall.chassis.state import state_of
from townhall.embedded.ports import HOST

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no authority. By default each new HTTP client loads all authorities of the system, also for plain HTTP."""


@asynccontextmanager
async def listening(app: FastAPI, **settings: Any) -> AsyncIterator[int]:  # noqa: ANN401  settings are of any type
    """Serve an application that is open already, as a service is; yields the port.

    Keyword arguments replace the server's settings. Requests under way at the end are finished first.
    """
    served = state_of(app, ServiceSettings).model_copy(update=settings)
    listener = listen(HOST, 0, write_seconds=served.write_seconds)
    port = int(listener.getsockname()[1])
    server = EmbeddedServer(app, listener, served)
    serving = asyncio.create_task(server.serve())
    try:
        yield port
    finally:
        server.stop()
        await asyncio.wait({serving}, timeout=served.stop_seconds)


async def exchange(port: int, *pieces: bytes) -> bytes:
    """Send the pieces one after the other; return everything received until the server closes the connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    async with asyncio.timeout(10):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        everything = await reader.read()
    writer.close()
    return everything
