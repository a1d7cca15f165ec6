"""The four services running in one process, each on its own database, joined by nothing but the broker."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from sqlalchemy import text

from townhall.chassis.db import Database
from townhall.chassis.retrying import sleep
from townhall.testing import client_for, settle
from townhall.testing.people import Mint

SERVICES = ("proposal", "voting", "committee", "evaluation")
Json = dict[str, Any]

_ANNOUNCED = text("SELECT headers ->> 'ce_type' AS type, count(*) AS times FROM outbox GROUP BY 1")


class Refused(Exception):
    """A request was refused; the argument is the public code."""


@dataclass(frozen=True)
class Whole:
    """The whole platform, as people and operators reach it."""

    apps: dict[str, FastAPI]
    databases: dict[str, Database]
    mint: Mint

    async def get(self, service: str, path: str, **query: str) -> Json:
        """Read, as anybody may."""
        return await self._ask("GET", service, path, params=query)

    async def put(self, who: tuple[str, str], service: str, path: str, **payload: object) -> Json:
        """Say how something shall be. `who` is a role and a name."""
        return await self._ask("PUT", service, path, headers=self.mint(*who).header, json=payload)

    async def post(self, who: tuple[str, str], service: str, path: str, **payload: object) -> Json:
        """Make something happen. `who` is a role and a name."""
        return await self._ask("POST", service, path, headers=self.mint(*who).header, json=payload)

    async def settle(self) -> None:
        """Wait until every announcement is published, and heard by each service that wants it."""
        await settle(*self.apps.values())

    async def announced(self) -> Counter[str]:
        """How often each type of event was announced, by any service."""
        times: Counter[str] = Counter()
        for database in self.databases.values():
            async with database.reading() as session:
                times.update({row.type: row.times for row in await session.execute(_ANNOUNCED)})
        return times

    async def _ask(self, method: str, service: str, path: str, **what: Any) -> Json:  # noqa: ANN401  what httpx takes
        async with client_for(self.apps[service]) as client:
            response = await client.request(method, path, **what)
        body: Json = response.json()
        if response.is_error:
            raise Refused(body["code"])
        return body


async def until(look: Callable[[], Awaitable[Json | None]], within: float = 20.0) -> Json:
    """Look again until there is something to see: for what timers do, which no event tells of beforehand."""
    async with asyncio.timeout(within):
        while (seen := await look()) is None:
            await sleep(0.02)
    return seen
