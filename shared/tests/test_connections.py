"""Responses over a real socket, from the server that every service runs on."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.tests.sample_service import app_of
from shared.tests.token_variants import Issuer
from townhall.embedded.ports import HOST
from townhall.testing.sockets import NO_TLS, exchange, listening

GET = b"GET /notes?limit=1 HTTP/1.1\r\nhost: desk\r\n"
LAST = GET + b"connection: close\r\n\r\n"
NOTE = b'{"title":"a"}'


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of the small service, with short timers."""
    async with listening(app_of(Issuer(), body_seconds=0.3), keep_alive_seconds=0.5) as port:
        yield port


def post(*headers: bytes, body: bytes = NOTE) -> bytes:
    """Write a POST of a note, with these headers for its framing."""
    head = [b"POST /notes HTTP/1.1", b"host: desk", b"content-type: application/json", *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


LENGTH = b"content-length: %d" % len(NOTE)
CHUNKED = b"transfer-encoding: chunked"


def statuses(received: bytes) -> list[int]:
    """Return the statuses of a connection's answers, in their order."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


ANSWERS: dict[str, tuple[bytes, list[int]]] = {
    "no HTTP": (b"hello\r\n\r\n", [400]),
    "another version": (b"GET /notes HTTP/2.0\r\nhost: desk\r\n\r\n", [400]),
    "no host": (b"GET /notes HTTP/1.1\r\nconnection: close\r\n\r\n", [400]),
    "a name with a space": (GET + b"a b: c\r\n\r\n", [400]),
    "a large head": (GET + b"x: " + b"y" * 17_000 + b"\r\n\r\n", [431]),
    "a head just small enough": (GET + b"x: " + b"y" * 15_000 + b"\r\nconnection: close\r\n\r\n", [200]),
    "two lengths": (post(LENGTH, b"content-length: 3"), [400]),
    "a signed length": (post(b"content-length: +13"), [400]),
    "a chunk size that is none": (post(CHUNKED, body=b"zz\r\n" + NOTE + b"\r\n0\r\n\r\n"), [400]),
    "a chunk longer than its size": (post(CHUNKED, body=b"d\r\n" + NOTE + b"XX0\r\n\r\n"), [400]),
    "a length over the limit": (post(b"content-length: 65537", body=b""), [413]),
    "chunks over the limit": (post(CHUNKED, body=(b"1000\r\n" + b" " * 4096 + b"\r\n") * 17), [413]),
    "a body that doesn't end": (post(b"content-length: 50"), [408]),
    "requests in a row": (GET + b"\r\n" + post(LENGTH) + LAST, [200, 201, 200]),
    "a request, then none": (post(LENGTH) + b"rubbish\r\n\r\n", [201, 400]),
    "a trailer": (post(CHUNKED, body=b"d\r\n" + NOTE + b"\r\n0\r\nhost: other\r\n\r\n") + LAST, [201, 200]),
    "an upgrade with a body": (post(b"upgrade: websocket", b"connection: upgrade", LENGTH) + b"", [201]),
    "a request as a body": (
        post(b"upgrade: h2c", b"connection: upgrade", b"content-length: %d" % len(LAST), body=LAST),
        [400],
    ),
    "a slash encoded": (b"GET /notes%2Fx HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n\r\n", [404]),
    "a tunnel": (b"CONNECT desk:80 HTTP/1.1\r\nhost: desk:80\r\nconnection: close\r\n\r\n", [404]),
    "an asterisk": (b"OPTIONS * HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n\r\n", [404]),
    "half a head": (GET, []),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("sent", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_what_callers_get(sent: bytes, expected: list[int], port: int) -> None:
    """Each request one answer, in order; then the connection ends, if only because it is idle."""
    assert statuses(await exchange(port, sent)) == expected


async def test_a_request_may_come_in_pieces(port: int) -> None:
    """Byte by byte, the head and the body."""
    whole = post(LENGTH, b"connection: close")
    assert statuses(await exchange(port, *(whole[at : at + 1] for at in range(len(whole))))) == [201]


async def test_head_answers_what_get_would_without_its_body(port: int) -> None:
    """RFC 9110, section 9.3.2; and a path that may be read names HEAD among its methods."""
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", verify=NO_TLS) as client:
        shown, head = await client.get("/notes"), await client.head("/notes")
        refused = await client.delete("/notes")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == shown.headers["content-length"]
    assert refused.headers["allow"] == "GET, HEAD, POST"


async def test_requests_keep_their_contexts_apart(port: int) -> None:
    """The id of one request is on no answer to another, not on the same connection either."""
    ids = [b"x-request-id: request-%d\r\n" % number for number in range(3)]
    received = await exchange(port, *(GET + each + b"\r\n" for each in ids), GET.replace(b"/notes", b"/none") + b"\r\n")
    found = re.findall(rb"x-request-id: ([^\r]+)", received)
    assert found[:3] == [b"request-0", b"request-1", b"request-2"]
    assert b'"request_id":"%b"' % found[3] in received
    assert not found[3].startswith(b"request-")


async def test_too_many_requests_at_once() -> None:
    """Are refused with word when to come again; probes are answered all the same."""
    app = app_of(Issuer(), requests_at_once=1)
    entered, release = asyncio.Event(), asyncio.Event()

    @app.get("/held")
    async def held() -> dict[str, str]:
        entered.set()
        await release.wait()
        return {}

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {}

    async with listening(app) as port, httpx.AsyncClient(base_url=f"http://{HOST}:{port}", verify=NO_TLS) as client:
        first = asyncio.ensure_future(client.get("/held"))
        await entered.wait()
        refused = await client.get("/notes")
        assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        assert (await client.get("/livez")).status_code == 200
        release.set()
        assert (await first).status_code == 200
        assert (await client.get("/notes")).status_code == 200
