"""Liveness and readiness of a service.

Readiness is about answering requests: it depends on the service's own database and on nothing else. A broker that is
away, or a topic full of junk, delays events and leaves citizens their HTTP; they have details and metrics of their own.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from sqlalchemy import text

from townhall.chassis import revisions
from townhall.chassis.db import Database
from townhall.chassis.state import from_state

DEADLINE: Final = 3.0
"""Seconds the database gets for the check, the wait for a connection included."""
FRESH: Final = 1.0
"""Seconds for which a result is used again, so that probes are no load on the database."""

_WRITE = text("INSERT INTO inbox (event_id) VALUES (gen_random_uuid())")

Details = Mapping[str, Callable[[], object]]
"""Functions that return what operators may want to know, by its name in the body of `/readyz`; a JSON value each."""

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Health:
    """What readiness depends on, and what the body of `/readyz` shows beside it."""

    name: str
    db: Database
    details: Details = field(default_factory=dict)
    stopping: bool = False
    _checked_at: float = field(default=float("-inf"), init=False)
    _usable: bool = field(default=False, init=False)
    _checking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def checks(self) -> Mapping[str, bool]:
        """Return a mapping from each check's name to whether it passes; the service is ready if all do."""
        return {"running": not self.stopping, "database": await self._database()}

    async def _database(self) -> bool:
        async with self._checking:
            if time.monotonic() - self._checked_at > FRESH:
                self._usable = await writable(self.db, self.name)
                self._checked_at = time.monotonic()
            return self._usable


async def writable(db: Database, package: str) -> bool:
    """Return whether the database is migrated and takes writes, by one that is rolled back.

    False whatever is wrong: no connection, a server that is read-only after a failover, a missing right, a full disk.
    """
    try:
        async with asyncio.timeout(DEADLINE), db.engine.connect() as connection:
            if await revisions.behind(connection, package):
                return False
            await connection.execute(_WRITE)
            await connection.rollback()
            return True
    except Exception:  # noqa: BLE001  the answer is the same for each
        return False


@router.get("/livez")
async def livez() -> Mapping[str, str]:
    """Answer 200 as long as the process can answer; depends on nothing outside it."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(health: Annotated[Health, Depends(from_state(Health))]) -> JSONResponse:
    """Answer 200 if every check passes, else 503; the body names them, and details that don't affect the status."""
    checks = await health.checks()
    ready = all(checks.values())
    details = {name: value() for name, value in health.details.items()}
    return JSONResponse({"ready": ready, "checks": checks, "details": details}, status_code=200 if ready else 503)
