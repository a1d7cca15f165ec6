"""People who use the platform: each acts with an access token of its own, renewed before it expires."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from townhall_local.client.api import Json, PublicApi

RENEW_BEFORE: Final = 60.0
"""Seconds of a token's life that are left unused, so that none expires on its way."""


class Issuer(Protocol):
    """Whoever signs access tokens."""

    async def issue(self, role: str, subject: str) -> tuple[str, float]:
        """A token, and the seconds it lives."""
        ...


class Tokens:
    """The access token of every person, asked for when first needed."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._held: dict[tuple[str, str], tuple[str, float]] = {}

    async def of(self, role: str, subject: str) -> str:
        """The token of one person in one role."""
        now = asyncio.get_running_loop().time()
        token, renew_at = self._held.get((role, subject), ("", 0.0))
        if now >= renew_at:
            token, lives = await self._issuer.issue(role, subject)
            self._held[role, subject] = token, now + max(lives - RENEW_BEFORE, lives / 2)
        return token


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a role. What they may do is for the platform to decide."""

    api: PublicApi
    tokens: Tokens
    role: str
    subject: str

    async def put(self, service: str, path: str, body: Json | None = None) -> Json:
        """Say how something shall be."""
        return await self.api.put(service, path, body or {}, token=await self.tokens.of(self.role, self.subject))

    async def post(self, service: str, path: str, body: Json | None = None) -> Json:
        """Make something happen, once."""
        return await self.api.post(service, path, body or {}, token=await self.tokens.of(self.role, self.subject))


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform and the people on it."""

    api: PublicApi
    tokens: Tokens

    def person(self, role: str, subject: str) -> Person:
        """Whoever bears that name, in that role."""
        return Person(self.api, self.tokens, role, subject)


@asynccontextmanager
async def visit(services: Mapping[str, str], issuer: Issuer, *, connections: int = 64) -> AsyncIterator[Platform]:
    """Keep connections to the services at these addresses open for a while."""
    async with PublicApi(services, connections=connections) as api:
        yield Platform(api, Tokens(issuer))
