"""What comes before a request: heads that are too long, too slow, or no HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.tests.sample_service import app_of
from shared.tests.token_variants import Issuer
from townhall.chassis.http.wire import Wire
from townhall.testing.sockets import listening, said

ASKS = b"GET /notes HTTP/1.1\r\nhost: desk\r\n"


class Hasty(Wire):
    """The same, with less patience."""

    PATIENCE = 0.1


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of the small service, served as every service is."""
    async with listening(app_of(Issuer())) as port:
        yield port


def problem(answer: bytes) -> tuple[int, str]:
    """Return status and code of an answer, after checking that it is whole, guarded and the last one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-content-type-options"] == "nosniff"
    assert (headers["connection"], int(headers["content-length"])) == ("close", len(body))
    return int(status.split()[1]), json.loads(body)["code"]


@pytest.mark.parametrize(
    "junk", [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET /\0 HTTP/1.1\r\n\r\n", ASKS + b"a b: c\r\n\r\n"]
)
async def test_what_is_no_http_gets_a_problem(junk: bytes, port: int) -> None:
    """It is answered as everything else is, and repeats nothing."""
    assert problem(await said(port, junk)) == (400, "request-unreadable")


@pytest.mark.parametrize("many", [[b"x: " + b"y" * 40_000 + b"\r\n"], [b"x: " + b"y" * 900 + b"\r\n"] * 40])
async def test_a_head_that_is_too_long_is_refused(many: list[bytes], port: int) -> None:
    """Whether it comes at once, in pieces, or never ends."""
    whole = [ASKS, *many, b"\r\n"]
    assert problem(await said(port, b"".join(whole))) == (431, "head-too-large")
    assert problem(await said(port, *whole[:-1])) == (431, "head-too-large")


async def test_a_head_that_never_ends_is_given_up() -> None:
    """Whoever began is told; whoever said nothing is not."""
    async with listening(app_of(Issuer()), Hasty) as port:
        assert problem(await said(port, ASKS)) == (408, "head-too-slow")
        assert await said(port) == b""


async def test_a_head_in_pieces_is_read(port: int) -> None:
    """Slow and long are no faults in themselves; and one connection carries many requests."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(3):
            assert (await client.get("/notes", headers={"x": "y" * 30_000})).status_code == 200
    pieces = (ASKS[:9], ASKS[9:], b"connection: close\r\n", b"\r\n")
    assert (await said(port, *pieces)).startswith(b"HTTP/1.1 200 ")


async def test_a_body_is_not_counted_as_the_head_that_follows_it(port: int) -> None:
    """A client may send the next request before it has the answer, and in any pieces."""
    body = b'{"title":"pipelined"}'.ljust(40_000)
    post = b"POST /notes HTTP/1.1\r\nhost: desk\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        writer.write(post % len(body) + body + ASKS)
        assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
        writer.write(b"connection: close\r\n\r\n")
        assert b"HTTP/1.1 200 " in await reader.read()
    writer.close()


async def test_head_answers_what_get_would_without_its_body(port: int) -> None:
    """RFC 9110, section 9.3.2; and a path that may be read names HEAD among its methods."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        shown, told_of = await client.get("/notes"), await client.head("/notes")
        refused = await client.delete("/notes")
    assert (told_of.status_code, told_of.content) == (200, b"")
    assert told_of.headers["content-length"] == shown.headers["content-length"]
    assert refused.headers["allow"] == "GET, HEAD, POST"
