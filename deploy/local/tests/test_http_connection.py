"""The low-overhead HTTP connection reconnects and resends, against a real server that fails now and then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from townhall_local.client.api import Unreachable
from townhall_local.client.http_connection import HttpConnection, HttpResponse

REQUEST = b"PUT /votes/7/ballot HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
Reply = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
"""Answers a request, given its number from 1."""


@asynccontextmanager
async def served(reply: Reply, within: float = 5.0) -> AsyncIterator[tuple[HttpConnection, list[int]]]:
    """Serve on a free port; yields a client and the number of requests on each connection."""
    connections: list[int] = []
    number = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal number
        mine = len(connections)
        connections.append(0)
        try:
            while await reader.readexactly(len(REQUEST)) == REQUEST:
                number += 1
                connections[mine] += 1
                await reply(number, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    connection = HttpConnection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=within)
    async with server:
        yield connection, connections
        connection.close()


def ok(body: bytes, *headers: bytes) -> bytes:
    """A complete response."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


async def test_one_connection_serves_many_requests() -> None:
    """Responses match their requests, in however many pieces they arrive."""

    async def reply(number: int, writer: asyncio.StreamWriter) -> None:
        answer = ok(b'{"n": %d}' % number)
        for piece in (answer[:20], answer[20:-3], answer[-3:]):
            writer.write(piece)
            await writer.drain()

    async with served(reply) as (connection, connections):
        answers = [await connection.request(REQUEST) for _ in range(3)]
    assert answers == [HttpResponse(200, b'{"n": %d}' % n, "") for n in (1, 2, 3)]
    assert connections == [3]


async def test_a_503_is_retried() -> None:
    """The same request is sent again, on the same connection."""

    async def reply(number: int, writer: asyncio.StreamWriter) -> None:
        busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
        writer.write(busy if number < 3 else ok(b"taken"))

    async with served(reply) as (connection, connections):
        assert (await connection.request(REQUEST)).body == b"taken"
    assert connections == [3]


@pytest.mark.parametrize("half", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"no HTTP at all\r\n\r\n"])
async def test_a_broken_connection_is_replaced(half: bytes) -> None:
    """The request may or may not have been processed; it is sent again, which is safe for a ballot."""

    async def reply(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(half if number == 1 else ok(b"taken"))
        if number == 1:
            writer.close()

    async with served(reply) as (connection, connections):
        assert (await connection.request(REQUEST)).body == b"taken"
    assert connections == [1, 1]


async def test_a_closing_connection_is_not_reused() -> None:
    """A service that stops answers with `Connection: close`."""

    async def reply(_: int, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(b"taken", b"Connection: close"))

    async with served(reply) as (connection, connections):
        assert [(await connection.request(REQUEST)).body for _ in range(2)] == [b"taken"] * 2
    assert connections == [1, 1]


async def test_a_request_without_response_times_out() -> None:
    """`Unreachable` is raised after the timeout."""

    async def reply(_: int, writer: asyncio.StreamWriter) -> None:
        await writer.drain()

    async with served(reply, within=0.1) as (connection, _):
        with pytest.raises(Unreachable, match="no answer"):
            await connection.request(REQUEST)


async def test_a_refused_connection_times_out() -> None:
    """Nothing listens on the port any more."""

    async def reply(_: int, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(b""))

    async with served(reply, within=0.15) as (connection, _):
        pass
    with pytest.raises(Unreachable):
        await connection.request(REQUEST)
