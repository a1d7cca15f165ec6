"""Where the issuer's key set comes from: a URL or a file of the settings, never an address in a token.

What answers is not trusted to end, to be small or to be a key set, so the fetch has a deadline, a size limit and no
redirects. Environment proxies are not used: one meant for the outside must not stand between a service and its issuer.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import cache, partial
from pathlib import Path
from typing import Final, TypeAlias

import httpx

MAX_BYTES: Final = 256 * 1024
"""Bytes of a key set; a longer one is refused."""
STEP_SECONDS: Final = 4.0
"""Seconds of each step of a fetch, less than the caller's deadline for the whole (a body may drip for ever): httpcore
closes the connection of a TLS handshake on its own timeout, but not when it is cancelled."""

KeySource: TypeAlias = Callable[[], Awaitable[bytes]]
"""Fetches the document; raises whatever it likes if it can't."""


class KeySetRefused(ValueError):
    """What answered is not a key set: another status, encoded, or too long."""


def key_source(url: str, *, step_seconds: float = STEP_SECONDS) -> KeySource:
    """Return the source for a URL or the path of a file."""
    return partial(_download, url, step_seconds) if "://" in url else partial(asyncio.to_thread, _read, Path(url))


async def _download(url: str, step_seconds: float) -> bytes:
    """Fetch the document on the event loop, so that cancelling ends it wherever it is. Redirects are refused."""
    headers = {"accept": "application/jwk-set+json, application/json", "accept-encoding": "identity"}
    verify = _trust() if url.lower().startswith("https:") else False
    async with (
        httpx.AsyncClient(verify=verify, trust_env=False, follow_redirects=False, timeout=step_seconds) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        if response.status_code != httpx.codes.OK or "content-encoding" in response.headers:
            raise KeySetRefused
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                raise KeySetRefused
        return bytes(body)


@cache
def _trust() -> ssl.SSLContext:
    """Return the trust store of the system, or of `SSL_CERT_FILE`; reading it takes 20 ms, so it is read once."""
    return ssl.create_default_context()


def _read(path: Path) -> bytes:
    if not path.is_file():  # Reading a pipe would hold the thread.
        raise KeySetRefused
    with path.open("rb") as file:
        body = file.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise KeySetRefused
    return body
