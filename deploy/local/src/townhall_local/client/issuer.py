"""A client of the local token issuer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp


class LocalIssuer:
    """Issues a token for any role and subject to any program on this machine, so production settings refuse it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """Return a new token and its lifetime in seconds; raises `aiohttp.ClientError`."""
        async with self._session.post(f"{self._url}/token", json={"role": role, "subject": subject}) as response:
            response.raise_for_status()
            answer = await response.json()
            return answer["access_token"], float(answer["expires_in"])


@asynccontextmanager
async def issuer_at(url: str) -> AsyncIterator[LocalIssuer]:
    """Open an HTTP session to the issuer at this URL."""
    async with aiohttp.ClientSession() as session:
        yield LocalIssuer(url, session)
