"""Liveness and readiness of a service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from townhall.chassis import revisions
from townhall.chassis.consuming import Consumer, dead_letters
from townhall.chassis.db import Database
from townhall.chassis.outbox.relay import Relay
from townhall.chassis.state import from_state

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Health:
    """What readiness depends on. A broker lost later is shown but keeps the service ready: the outbox waits for it."""

    name: str
    db: Database
    relay: Relay
    consumer: Consumer | None
    stopping: bool = False

    async def checks(self) -> Mapping[str, bool]:
        """Return a mapping from each check's name to whether it passes."""
        database, dead_letter_capacity = await self._stored()
        return {
            "running": not self.stopping,
            "database": database,
            "consumer_joined": self.consumer is None or self.consumer.joined,
            "dead_letter_capacity": dead_letter_capacity,
        }

    def details(self) -> Mapping[str, bool | str]:
        """Return what operators may want to know and readiness doesn't depend on."""
        assigned = self.consumer is not None and self.consumer.assigned
        return {"relay_leading": self.relay.leading, "consumer": assigned, **self.broker()}

    def broker(self) -> Mapping[str, str]:
        """Return why relay and consumer can't use the Kafka cluster, or `ok`, for each."""
        tasks = {"relay": self.relay.access, **({"consumer": self.consumer.access} if self.consumer else {})}
        return {f"{name}_broker": access.cause or "ok" for name, access in tasks.items()}

    async def _stored(self) -> tuple[bool, bool]:
        """Return whether the database is reachable and migrated, and whether more dead letters may be stored.

        The latter is counted here, since the consumer notices only with the next messages.
        """
        try:
            async with self.db.reading() as session:
                if await revisions.behind(await session.connection(), self.name):
                    return False, True
                return True, await dead_letters.waiting(session) < dead_letters.MAX_WAITING
        except (SQLAlchemyError, OSError, TimeoutError):
            return False, True


@router.get("/livez")
async def livez() -> Mapping[str, str]:
    """Answer 200 as long as the process can answer; depends on nothing outside it."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(health: Annotated[Health, Depends(from_state(Health))]) -> JSONResponse:
    """Answer 200 if every check passes, else 503; the body names them."""
    checks = await health.checks()
    ready = all(checks.values())
    return JSONResponse(
        {"ready": ready, "checks": checks, "details": health.details()}, status_code=200 if ready else 503
    )
