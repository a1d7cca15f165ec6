"""Whether a service lives, and whether it should be given requests."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from townhall.chassis import revisions
from townhall.chassis.db import Database
from townhall.chassis.delivery import Hearing, aside
from townhall.chassis.delivery.hearing import MOST_ASIDE
from townhall.chassis.relay import Relay

router = APIRouter(include_in_schema=False)


@dataclass(slots=True)
class Health:
    """What readiness looks at. Losing the broker later is told but keeps the service ready: the outbox waits for it."""

    name: str
    db: Database
    relay: Relay
    hearing: Hearing | None
    stopping: bool = False

    async def checks(self) -> Mapping[str, bool]:
        """Return each check and whether it is well."""
        database, room_aside = await self._stored()
        return {
            "running": not self.stopping,
            "database": database,
            "heard_once": self.hearing is None or self.hearing.joined_once,
            "room_aside": room_aside,
        }

    def told(self) -> Mapping[str, bool]:
        """Return what an operator wants to know but no request has to wait for."""
        return {"relay_leading": self.relay.leading, "hearing": self.hearing is not None and self.hearing.assigned}

    async def _stored(self) -> tuple[bool, bool]:
        """Tell whether the database is there and new enough, and whether it has room for more messages set aside.

        Counted and not asked of the hearing, which notices that there is no room only when the next messages come.
        """
        try:
            async with self.db.reading() as session:
                if await revisions.behind(await session.connection(), self.name):
                    return False, True
                return True, await aside.causes(session) < MOST_ASIDE
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
