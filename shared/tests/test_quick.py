"""What is answered before the framework, and what is left to it: plain requests only, in their order, none lost."""

import asyncio
import json
import re
from asyncio import Future, StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from typing_extensions import override

from shared.tests.sample_service import SECRET, Unwilling, app_of
from shared.tests.token_variants import Issuer
from townhall.chassis.http import quick
from townhall.chassis.http.shortcut import Head, Pending, Reply, Window
from townhall.chassis.http.wire import Wire
from townhall.testing.sockets import listening, said

NOTE = b'{"title":"a note"}'
LAST = b"GET /notes?limit=1 HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n\r\n"
"""Goes to the framework, and ends the connection."""


def post(body: bytes, *headers: bytes, url: bytes = b"/notes", version: bytes = b"1.1") -> bytes:
    """Write a request."""
    told = [b"host: desk", b"content-type: application/json", b"content-length: %d" % len(body), *headers]
    return b"POST %b HTTP/%b\r\n%b\r\n\r\n" % (url, version, b"\r\n".join(told)) + body


class Office:
    """A shortcut for notes of one word: what to do with them."""

    def __init__(self) -> None:
        self.later: asyncio.Queue[Future[bytes]] = asyncio.Queue()
        self.heads: list[Head] = []

    def __call__(self, head: Head) -> Window | None:
        """Open a window for notes."""
        self.heads.append(head)
        plain = head.method == b"POST" and head.url == b"/notes" and head.told.keys() <= {b"content-type"}
        return Window("/notes", self.take) if plain else None

    def take(self, body: bytes) -> Reply | Pending | None:
        """Answer at once, or when a test says so; leave what is no word to the framework."""
        if body == b'"broken"':
            raise RuntimeError(SECRET)
        if body == b'"now"':
            return written(body)
        if body != b'"later"':
            return None
        result = asyncio.get_running_loop().create_future()
        self.later.put_nowait(result)
        return Pending(result, written)


def written(body: bytes) -> Reply:
    """Write an answer."""
    return Reply(body, b"cache-control: no-store\r\ncontent-type: application/json\r\n")


def answers(everything: bytes) -> list[tuple[int, bytes]]:
    """Take a connection's answers apart: status and body of each."""
    found = []
    while everything:
        head, _, rest = everything.partition(b"\r\n\r\n")
        length = int(re.findall(rb"content-length: (\d+)", head)[0])
        found.append((int(head[9:12]), rest[:length]))
        everything = rest[length:]
    return found


def statuses(everything: bytes) -> list[int]:
    """Return the statuses of a connection's answers."""
    return [status for status, _ in answers(everything)]


@pytest.fixture
def office() -> Office:
    """The shortcut."""
    return Office()


@pytest.fixture
def app(office: Office) -> FastAPI:
    """The small service with its shortcut."""
    return app_of(Issuer(), shortcut=office)


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    """Where it is served as every service is."""
    async with listening(app) as port:
        yield port


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
    """Open a connection for as long as the block lasts, and no longer than ten seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        yield reader, writer
    writer.close()


async def test_a_plain_request_is_answered_at_the_window(port: int) -> None:
    """With all that the framework's answers carry."""
    usual, quickly = [await said(port, post(body), LAST) for body in (NOTE, b'"now"')]
    assert [statuses(usual), answers(quickly)[0], statuses(quickly)[1]] == [[201, 200], (200, b'"now"'), 200]
    names = [re.findall(rb"\r\n([a-z-]+):", each.partition(b"\r\n\r\n")[0]) for each in (usual, quickly)]
    assert sorted(names[0]) == sorted(names[1])


PASSED_ON: dict[str, tuple[bytes, int]] = {
    "no word": (post(NOTE), 201),
    "much": (post(NOTE.ljust(quick.SMALL + 1)), 201),
    "of another version": (post(b'"now"', version=b"1.0"), 422),
    "of another version, kept": (post(b'"now"', b"connection: keep-alive", version=b"1.0"), 422),
    "the last of its connection": (post(b'"now"', b"connection: close"), 422),
    "with a header that stands there twice": (post(b'"now"', b"content-type: application/json"), 422),
    "with a header that means something": (post(b'"now"', b"range: bytes=0-1"), 422),
    "asking for permission": (post(NOTE, b"expect: 100-continue"), 201),
    "elsewhere": (post(b'"now"', url=b"/notes?"), 422),
    "in chunks": (
        post(b"", b"transfer-encoding: chunked").replace(b"content-length: 0\r\n", b"") + b'5\r\n"now"\r\n0\r\n\r\n',
        422,
    ),
}


@pytest.mark.parametrize(("request_", "status"), PASSED_ON.values(), ids=PASSED_ON.keys())
async def test_the_framework_gets_what_is_not_plain(request_: bytes, status: int, port: int) -> None:
    """Whole, whether it comes in one piece or byte by byte; 422 is its own word for a note that is no object."""
    for pieces in ([request_], [request_[at : at + 1] for at in range(len(request_))]):
        told = (await said(port, *pieces, LAST)).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert statuses(told)[0] == status


async def test_a_body_may_follow_its_head(port: int) -> None:
    """Many clients send them apart."""
    async with connected(port) as (reader, writer):
        request_ = post(b'"now"')
        for piece in (request_[:-5], request_[-5:-2], request_[-2:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.to_thread(int)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")


class Hasty(Wire):
    """The same, with less patience, and it tells."""

    NEARLY = 0.05
    passed_on = asyncio.Event()

    @override
    def _pass_on(self) -> None:
        super()._pass_on()
        self.passed_on.set()


async def test_a_body_that_does_not_come_is_left_to_the_framework(app: FastAPI) -> None:
    """Only there a slow body has its limit; nothing of it may be lost on the way."""
    request_ = post(b'"now"')
    async with listening(app, Hasty) as port, connected(port) as (reader, writer):
        writer.write(request_[:-3])
        await Hasty.passed_on.wait()
        writer.write(request_[-3:])
        assert (await reader.readline()).startswith(b"HTTP/1.1 422 ")


async def test_requests_sent_ahead_are_answered_in_their_order(port: int, office: Office) -> None:
    """What comes behind one that is not answered yet waits, and goes the usual way."""
    ahead = [post(b'"now"'), post(b'"now"'), post(NOTE), post(b'"now"'), LAST]
    assert statuses(await said(port, b"".join(ahead))) == [200, 200, 201, 422, 200]
    async with connected(port) as (reader, writer):
        writer.write(post(b'"now"') + post(b'"later"') + post(b'"now"') + post(NOTE) + LAST)
        (await office.later.get()).set_result(b'"done"')
        told = answers(await reader.read())
    assert [status for status, _ in told] == [200, 200, 422, 201, 200]
    assert told[1][1] == b'"done"'


async def test_a_refusal_is_told_as_everywhere(port: int, office: Office) -> None:
    """With the id of its request; and an error nobody planned tells nothing of itself."""
    async with connected(port) as (reader, writer):
        writer.write(post(b'"later"', b"x-request-id: mine-12345"))
        (await office.later.get()).set_exception(Unwilling())
        writer.write(post(b'"broken"') + LAST)
        refused, broken, last = answers(await reader.read())
    assert (refused[0], broken[0], last[0]) == (409, 500, 200)
    problem = json.loads(refused[1])
    assert (problem["code"], problem["rule"], problem["request_id"]) == ("unwilling", "X1", "mine-12345")
    assert SECRET.encode() not in broken[1]
    assert json.loads(broken[1])["code"] == "internal-error"


async def test_whoever_hangs_up_is_not_told(port: int, office: Office) -> None:
    """And the next caller is; the answer that nobody hears is counted as such."""
    async with connected(port) as (_, writer):
        writer.write(post(b'"later"'))
        result = await office.later.get()
    before = unheard()
    await said(port, LAST)  # By its answer the server has seen the other end.
    result.set_result(b'"done"')
    assert statuses(await said(port, post(b'"now"') + LAST)) == [200, 200]
    assert unheard() == before + 1


def unheard() -> float:
    """Return how many notes had an answer that nobody received."""
    labels = {"method": "POST", "route": "/notes", "status": "none"}
    return REGISTRY.get_sample_value("http_server_request_duration_seconds_count", labels) or 0.0


async def test_the_end_of_the_server_waits_for_what_has_begun(app: FastAPI, office: Office) -> None:
    """What is pending is answered, what is held is read to its end, and both are told that the connection ends."""
    serving: AbstractAsyncContextManager[int] = listening(app)
    port = await serving.__aenter__()
    async with connected(port) as (reader, writer), connected(port) as (held, holder), connected(port) as (idle, _):
        holder.write(post(b'"now"')[:-1])
        writer.write(post(b'"later"'))
        result = await office.later.get()
        ending = asyncio.ensure_future(serving.__aexit__(None, None, None))
        assert await idle.read() == b""  # The server has begun to end.
        result.set_result(b'"done"')
        holder.write(post(b'"now"')[-1:])
        async with asyncio.timeout(2):  # Less than connections are kept that have nothing to say.
            told, of_held = await reader.read(), await held.read()
        await ending
    assert answers(told) == [(200, b'"done"')]
    assert statuses(of_held) == [422]
    assert b"\r\nconnection: close\r\n" in told
    assert b"\r\nconnection: close\r\n" in of_held


async def test_a_shortcut_sees_only_what_shapes_a_request(port: int, office: Office) -> None:
    """Whatever else browsers send along makes no difference."""
    others: list[bytes] = [b"accept: */*", b"accept: */*", b"cookie: a=b", b"traceparent: 00-1", b"origin: null"]
    told: Any = await said(port, post(b'"now"', *others), LAST)
    assert statuses(told) == [200, 200]
    assert office.heads[0] == Head(b"POST", b"/notes", {b"content-type": b"application/json"})
