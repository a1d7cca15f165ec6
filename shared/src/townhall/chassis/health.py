"""Whether a service lives, and whether it should be given requests."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from townhall.chassis import revisions
from townhall.chassis.consuming import Consumer, dead_letters
from townhall.chassis.consuming.consumer import MAX_DEAD_LETTERS
from townhall.chassis.db import Database
from townhall.chassis.relay import Relay

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Health:
    """What readiness looks at. Losing the broker later is told but keeps the service ready: the outbox waits for it."""

    name: str
    db: Database
    relay: Relay
    consumer: Consumer | None
    stopping: bool = False

    async def checks(self) -> Mapping[str, bool]:
        """Return each check and whether it is well."""
        database, dead_letter_capacity = await self._stored()
        return {
            "running": not self.stopping,
            "database": database,
            "heard_once": self.consumer is None or self.consumer.joined_once,
            "dead_letter_capacity": dead_letter_capacity,
        }

    def told(self) -> Mapping[str, bool]:
        """Return what an operator wants to know but no request has to wait for."""
        return {"relay_leading": self.relay.leading, "consumer": self.consumer is not None and self.consumer.assigned}

    async def _stored(self) -> tuple[bool, bool]:
        """Tell whether the database is there and new enough, and whether it has room for more messages set aside.

        Counted and not asked of the consumer, which notices that there is no room only when the next messages come.
        """
        try:
            async with self.db.reading() as session:
                if await revisions.behind(await session.connection(), self.name):
                    return False, True
                return True, await dead_letters.causes(session) < MAX_DEAD_LETTERS
        except (SQLAlchemyError, OSError, TimeoutError):
            return False, True


@router.get("/livez")
async def livez() -> Mapping[str, str]:
    """Answer while the process can. Looks at nothing outside it."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Answer 200 when every check is well, else 503; the body names them."""
    health: Health = request.app.state.health
    checks = await health.checks()
    ready = all(checks.values())
    return JSONResponse({"ready": ready, "checks": checks, "told": health.told()}, status_code=200 if ready else 503)
