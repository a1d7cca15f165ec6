"""The local issuer of access tokens, asked over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp


class LocalIssuer:
    """Gives anyone on this machine a token in any role, which is why production refuses it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """A token, and the seconds it lives."""
        async with self._session.post(f"{self._url}/token", json={"role": role, "subject": subject}) as response:
            response.raise_for_status()
            answer = await response.json()
            return answer["access_token"], float(answer["expires_in"])


@asynccontextmanager
async def issuer_at(url: str) -> AsyncIterator[LocalIssuer]:
    """Keep a connection to the issuer open for a while."""
    async with aiohttp.ClientSession() as session:
        yield LocalIssuer(url, session)
