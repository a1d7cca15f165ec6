"""The four services in one process, each on its own database, connected only by the broker."""

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
from townhall.testing.tokens import Mint

SERVICES = ("proposal", "voting", "committee", "evaluation")
Json = dict[str, Any]

_ANNOUNCED = text("SELECT headers ->> 'ce_type' AS type, count(*) AS count FROM outbox GROUP BY 1")


class Refused(Exception):
    """A request was refused; the argument is the code of the problem."""


@dataclass(frozen=True)
class InProcessPlatform:
    """The public APIs and the databases of the four services."""

    apps: dict[str, FastAPI]
    databases: dict[str, Database]
    mint: Mint

    async def get(self, service: str, path: str, **query: str) -> Json:
        """Send an anonymous GET; return the body. Raises `Refused`."""
        return await self._send("GET", service, path, params=query)

    async def put(self, who: tuple[str, str], service: str, path: str, **payload: object) -> Json:
        """Send a PUT as `who`, a role and a name; return the body. Raises `Refused`."""
        return await self._send("PUT", service, path, headers=self.mint(*who).header, json=payload)

    async def post(self, who: tuple[str, str], service: str, path: str, **payload: object) -> Json:
        """Send a POST as `who`, a role and a name; return the body. Raises `Refused`."""
        return await self._send("POST", service, path, headers=self.mint(*who).header, json=payload)

    async def settle(self) -> None:
        """Wait until every event is published, and consumed by each service that subscribes to it."""
        await settle(*self.apps.values())

    async def announced(self) -> Counter[str]:
        """Return how often each event type was announced, by any service."""
        counts: Counter[str] = Counter()
        for database in self.databases.values():
            async with database.reading() as session:
                counts.update({row.type: row.count for row in await session.execute(_ANNOUNCED)})
        return counts

    async def _send(self, method: str, service: str, path: str, **what: Any) -> Json:  # noqa: ANN401  what httpx takes
        async with client_for(self.apps[service]) as client:
            response = await client.request(method, path, **what)
        body: Json = response.json()
        if response.is_error:
            raise Refused(body["code"])
        return body


async def wait_until(probe: Callable[[], Awaitable[Json | None]], within: float = 20.0) -> Json:
    """Poll `probe` until it returns something, for effects of timers. Raises `TimeoutError`."""
    async with asyncio.timeout(within):
        while (value := await probe()) is None:
            await sleep(0.02)
    return value
