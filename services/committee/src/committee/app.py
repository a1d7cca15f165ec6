"""The composition root: what this service is made of, top to bottom."""

from typing import Final

from fastapi import FastAPI

from committee import consumers, routes
from committee.handlers.cases import count_cases, tell_overdue
from committee.handlers.rules import RULES
from committee.handlers.sittings import end_sitting
from committee.settings import Settings
from townhall.chassis.rules.routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE, committee

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == committee.TOPIC)


def build(settings: Settings) -> FastAPI:
    """Put the service together. Nothing is opened before it starts."""
    return assemble(
        Service(
            name="committee",
            title="Townhall: the Committee and the strategy meeting",
            settings=settings,
            routers=[*routes.ROUTERS, rules_router(RULES)],
            subscriptions=consumers.subscriptions(),
            announces=ANNOUNCES,
            timers=[
                Timer("end_sittings", seconds=2, act=end_sitting),
                Timer("tell_overdue", seconds=5, act=tell_overdue),
                Timer("count_cases", seconds=5, act=count_cases),
            ],
        )
    )
