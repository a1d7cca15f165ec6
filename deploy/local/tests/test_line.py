"""The line for very many requests, against a real server that fails now and then."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from townhall_local.client.api import Unreachable
from townhall_local.client.line import Answer, Line

REQUEST = b"PUT /votes/7/ballot HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
Reply = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
"""Answers the so-many-th request."""


@asynccontextmanager
async def served(reply: Reply, patience: float = 5.0) -> AsyncIterator[tuple[Line, list[int]]]:
    """Serve on a free port; tells how many requests came over each connection."""
    connections: list[int] = []
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        mine = len(connections)
        connections.append(0)
        try:
            while await reader.readexactly(len(REQUEST)) == REQUEST:
                asked += 1
                connections[mine] += 1
                await reply(asked, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line = Line(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", patience=patience)
    async with server:
        yield line, connections
        line.hang_up()


def ok(body: bytes, *headers: bytes) -> bytes:
    """A whole answer."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


async def test_one_connection_serves_many_requests() -> None:
    """Each answer belongs to its request, in however many pieces it comes."""

    async def reply(asked: int, writer: asyncio.StreamWriter) -> None:
        answer = ok(b'{"n": %d}' % asked)
        for piece in (answer[:20], answer[20:-3], answer[-3:]):
            writer.write(piece)
            await writer.drain()

    async with served(reply) as (line, connections):
        answers = [await line.ask(REQUEST) for _ in range(3)]
    assert answers == [Answer(200, b'{"n": %d}' % n, "") for n in (1, 2, 3)]
    assert connections == [3]


async def test_a_busy_service_is_asked_again() -> None:
    """503 says that nothing was stored, or that nobody knows: the same request follows."""

    async def reply(asked: int, writer: asyncio.StreamWriter) -> None:
        busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
        writer.write(busy if asked < 3 else ok(b"taken"))

    async with served(reply) as (line, connections):
        assert (await line.ask(REQUEST)).body == b"taken"
    assert connections == [3]


@pytest.mark.parametrize("half", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"no HTTP at all\r\n\r\n"])
async def test_a_broken_connection_is_made_anew(half: bytes) -> None:
    """Nobody knows what became of the request, so it is sent again: a ballot never counts twice."""

    async def reply(asked: int, writer: asyncio.StreamWriter) -> None:
        writer.write(half if asked == 1 else ok(b"taken"))
        if asked == 1:
            writer.close()

    async with served(reply) as (line, connections):
        assert (await line.ask(REQUEST)).body == b"taken"
    assert connections == [1, 1]


async def test_a_connection_the_service_ends_is_not_used_again() -> None:
    """A service that stops answers what it has, and says so."""

    async def reply(_: int, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(b"taken", b"Connection: close"))

    async with served(reply) as (line, connections):
        assert [(await line.ask(REQUEST)).body for _ in range(2)] == [b"taken"] * 2
    assert connections == [1, 1]


async def test_a_service_that_never_answers_is_given_up() -> None:
    """Not before its time, and not for ever."""

    async def reply(_: int, writer: asyncio.StreamWriter) -> None:
        await writer.drain()

    async with served(reply, patience=0.1) as (line, _):
        with pytest.raises(Unreachable, match="no answer"):
            await line.ask(REQUEST)


async def test_a_service_that_is_not_there_is_given_up() -> None:
    """Its port may be anybody's by then."""

    async def reply(_: int, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(b""))

    async with served(reply, patience=0.15) as (line, _):
        pass
    with pytest.raises(Unreachable):
        await line.ask(REQUEST)
