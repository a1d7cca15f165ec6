"""Users of the platform: each request carries the user's own access token, renewed before it expires."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from townhall_local.client.api import Json, PublicApi

RENEW_BEFORE: Final = 60.0
"""A token is renewed this many seconds before it expires."""


class TokenIssuer(Protocol):
    """Issues access tokens."""

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """Return a new token and its lifetime in seconds."""
        ...


class TokenCache:
    """The access tokens of all users, each issued when first needed."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}

    async def token(self, role: str, subject: str) -> str:
        """Return a valid token for this user in this role."""
        now = asyncio.get_running_loop().time()
        token, renew_at = self._tokens.get((role, subject), ("", 0.0))
        if now >= renew_at:
            token, lifetime = await self._issuer.issue(role, subject)
            self._tokens[role, subject] = token, now + max(lifetime - RENEW_BEFORE, lifetime / 2)
        return token


@dataclass(frozen=True, slots=True)
class User:
    """A user in one role; the platform decides what they may do."""

    api: PublicApi
    tokens: TokenCache
    role: str
    subject: str

    async def put(self, service: str, path: str, body: Json | None = None) -> Json:
        """Send a PUT as this user; see `PublicApi.put`."""
        return await self.api.put(service, path, body or {}, token=await self.tokens.token(self.role, self.subject))

    async def post(self, service: str, path: str, body: Json | None = None) -> Json:
        """Send a POST as this user; see `PublicApi.post`."""
        return await self.api.post(service, path, body or {}, token=await self.tokens.token(self.role, self.subject))


@dataclass(frozen=True, slots=True)
class PlatformClient:
    """The public APIs of a running platform, anonymously (`api`) or as a user."""

    api: PublicApi
    tokens: TokenCache

    def user(self, role: str, subject: str) -> User:
        """Return the user of this name in this role."""
        return User(self.api, self.tokens, role, subject)


@asynccontextmanager
async def platform_client(
    services: Mapping[str, str], issuer: TokenIssuer, *, connections: int = 64
) -> AsyncIterator[PlatformClient]:
    """Open a client of the services at these base URLs, with at most so many connections to each."""
    async with PublicApi(services, connections=connections) as api:
        yield PlatformClient(api, TokenCache(issuer))
