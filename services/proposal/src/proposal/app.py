"""The composition root: what this service is made of, top to bottom."""

from typing import Final

from fastapi import FastAPI

from proposal import consumers, handlers, routes
from proposal.settings import Settings
from townhall.chassis.rules.routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE, proposal

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == proposal.TOPIC)


def build(settings: Settings) -> FastAPI:
    """Put the service together. Nothing is opened before it starts."""
    return assemble(
        Service(
            name="proposal",
            title="Townhall: proposals and tasks",
            settings=settings,
            routers=[*routes.ROUTERS, rules_router(handlers.RULES)],
            subscriptions=consumers.subscriptions(),
            announces=ANNOUNCES,
            timers=[Timer("tell_overdue_screenings", seconds=5, act=handlers.tell_overdue_screenings)],
        )
    )
