"""The composition root: what this service is made of, top to bottom."""

from typing import Final

from fastapi import FastAPI

from committee import consumers, routes
from committee.handlers.cases import announce_overdue_cases
from committee.handlers.gauges import update_gauges
from committee.handlers.sittings import end_expired_sitting
from committee.settings import Settings
from committee.store.rules import RULES
from townhall.chassis.rules.routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE
from townhall.contracts import committee as events

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == events.TOPIC)
"""The event types this service publishes."""


def build(settings: Settings) -> FastAPI:
    """Return the application. Connections are opened when it starts, not here."""
    return assemble(
        Service(
            name="committee",
            title="Townhall: the Committee and the strategy meeting",
            settings=settings,
            routers=[*routes.ROUTERS, rules_router(RULES)],
            subscriptions=consumers.subscriptions(),
            announces=ANNOUNCES,
            timers=[
                Timer("end_expired_sitting", seconds=2, act=end_expired_sitting),
                Timer("announce_overdue_cases", seconds=5, act=announce_overdue_cases),
                Timer("update_gauges", seconds=5, act=update_gauges),
            ],
        )
    )
