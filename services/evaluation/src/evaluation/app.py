"""The composition root: what this service is made of, top to bottom."""

from typing import Final

from fastapi import FastAPI

from evaluation import consumers, routes
from evaluation.handlers import RULES, initiatives, rounds
from evaluation.settings import Settings
from townhall.chassis.rules.routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE, evaluation

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == evaluation.TOPIC)


def build(settings: Settings) -> FastAPI:
    """Put the service together. Nothing is opened before it starts."""
    return assemble(
        Service(
            name="evaluation",
            title="Townhall: delivery and public evaluation",
            settings=settings,
            routers=[*routes.ROUTERS, rules_router(RULES)],
            subscriptions=consumers.subscriptions(),
            announces=ANNOUNCES,
            timers=[
                Timer("tell_overdue_initiatives", seconds=5, act=initiatives.tell_overdue),
                Timer("tell_missed_milestones", seconds=5, act=initiatives.tell_missed_milestones),
                Timer("tell_overdue_rounds", seconds=5, act=rounds.tell_overdue),
            ],
        )
    )
