"""Fetching the issuer's keys from a server that may do anything, and from a file."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from shared.tests.token_variants import ISSUER, NOW, jwk, token
from townhall.chassis.auth import Keys, KeysUnavailable, Trust
from townhall.chassis.auth.key_source import MAX_BYTES, KeySetRefused, key_source

JWKS = json.dumps({"keys": [jwk("k1")]}).encode()
HEAD = b"HTTP/1.1 200 OK\r\n"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server_that(answer: Answer) -> AsyncIterator[str]:
    """Run a server that answers each request like this; yields its URL."""
    handlers: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.add(handler := asyncio.ensure_future(serve(reader, writer)))
        handler.add_done_callback(lambda _: writer.transport.abort())

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        try:
            yield f"http://{host}:{port}/jwks.json"
        finally:
            # Before the server's end, which from Python 3.12 on waits for its connections.
            for handler in handlers:
                handler.cancel()
            await asyncio.gather(*handlers, return_exceptions=True)


def bytes_of(answer: bytes) -> Answer:
    """Return an answer of these bytes, after which the connection ends."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return write


async def between_drips() -> None:
    """Return after a hundredth of a second: the rate of a slow answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Answer for ever, never silent for long."""
    writer.write(HEAD + b"content-length: 200000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await between_drips()


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    """Never come to the body."""
    writer.write(HEAD)
    while True:
        writer.write(b"x: y\r\n")
        await writer.drain()
        await between_drips()


async def silence(writer: asyncio.StreamWriter) -> None:
    """Accept and never answer."""
    del writer
    await asyncio.Event().wait()


def keys_from(url: str, *, step_seconds: float = 4, deadline: float = 1.0) -> Keys:
    """Return keys that are fetched from there."""
    trust = Trust(ISSUER, "townhall", deadline=deadline)
    return Keys(key_source(url, step_seconds=step_seconds), trust, now=lambda: float(NOW))


async def test_a_key_set() -> None:
    """It is fetched, whole, with no more than one request."""
    async with server_that(bytes_of(HEAD + b"\r\n" + JWKS)) as url:
        assert await key_source(url)() == JWKS


REFUSED = {
    "a redirect": b"HTTP/1.1 302 Found\r\nlocation: https://elsewhere.example/\r\n\r\n",
    "another status": b"HTTP/1.1 404 Not Found\r\n\r\n" + JWKS,
    "compressed": HEAD + b"content-encoding: gzip\r\n\r\n" + JWKS,
    "longer than allowed": HEAD + b"\r\n" + b" " * (MAX_BYTES + 1) + JWKS,
    "longer than allowed, by its head": HEAD + b"content-length: 99999999\r\n\r\n" + b" " * (MAX_BYTES + 1),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_answers_that_are_no_key_set(name: str) -> None:
    """None is read to its end, decoded or followed."""
    async with server_that(bytes_of(REFUSED[name])) as url:
        with pytest.raises(KeySetRefused):
            await key_source(url)()


@pytest.mark.parametrize("answer", [drip, drip_headers, silence])
async def test_the_deadline_is_of_the_whole_fetch(answer: Answer) -> None:
    """However the answer is drawn out, the fetch ends in time."""
    async with server_that(answer) as url, asyncio.timeout(5):
        keys = keys_from(url)
        await keys.refresh()
        with pytest.raises(KeysUnavailable):
            await keys.claims(token())


BROKEN = [b"", b"HTTP/1.1", b"\x00\xff\r\n\r\n", HEAD + b"content-length: 9\r\n\r\nx"]


@pytest.mark.parametrize("answer", BROKEN)
async def test_no_http(answer: bytes) -> None:
    """An answer that breaks off, or is none, stops nothing."""
    async with server_that(bytes_of(answer)) as url:
        await keys_from(url).refresh()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://[::1/", "http://\ud800/", "https://a b/", "gopher://x/"]
)
async def test_addresses_that_lead_nowhere(url: str) -> None:
    """Nothing is raised; the service starts without keys."""
    await keys_from(url).refresh()


async def test_https_is_never_read_in_the_clear() -> None:
    """A server without TLS where TLS is wanted gives no keys, whatever it sends."""
    async with server_that(bytes_of(HEAD + b"\r\n" + JWKS)) as url:
        keys = keys_from(url.replace("http:", "https:"), step_seconds=0.1, deadline=5)
        await keys.refresh()
        with pytest.raises(KeysUnavailable):
            await keys.claims(token())


async def test_files(tmp_path: Path) -> None:
    """A file is read whole; one that is too long, is missing or is a pipe is refused, and waits for nobody."""
    file, pipe = tmp_path / "jwks.json", tmp_path / "pipe"
    file.write_bytes(JWKS)
    assert await key_source(str(file))() == JWKS
    file.write_bytes(JWKS + b" " * MAX_BYTES)
    os.mkfifo(pipe)
    for path in (file, pipe, tmp_path / "none", tmp_path):
        with pytest.raises(KeySetRefused):
            await key_source(str(path))()
