"""The composition root: what this service is made of, top to bottom."""

from typing import Final

from fastapi import FastAPI

from proposal import consumers, routes
from proposal.handlers.gauges import update_gauges
from proposal.handlers.screenings import announce_overdue_screenings
from proposal.settings import Settings
from proposal.store.rules import RULES
from townhall.chassis.rules.routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE
from townhall.contracts import proposal as events

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == events.TOPIC)
"""The event types this service publishes."""


def build(settings: Settings) -> FastAPI:
    """Return the application. Connections are opened when it starts, not here."""
    return assemble(
        Service(
            name="proposal",
            title="Townhall: proposals and tasks",
            settings=settings,
            routers=[*routes.ROUTERS, rules_router(RULES)],
            subscriptions=consumers.subscriptions(),
            announces=ANNOUNCES,
            timers=[
                Timer("announce_overdue_screenings", seconds=5, act=announce_overdue_screenings),
                Timer("update_gauges", seconds=5, act=update_gauges),
            ],
        )
    )
