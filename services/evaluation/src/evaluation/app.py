"""The composition root: the only module that wires all others together."""

from typing import Final

from fastapi import FastAPI

from evaluation import consumers, routes
from evaluation.handlers import initiatives, milestones, rounds
from evaluation.handlers.gauges import update_gauges
from evaluation.settings import Settings
from evaluation.store.rules import RULES
from townhall.chassis.rules.routes import rules_router
from townhall.chassis.serve import Service, Timer, assemble
from townhall.contracts import CATALOGUE
from townhall.contracts import evaluation as events

ANNOUNCES: Final = tuple(kind for kind in CATALOGUE.values() if kind.TOPIC == events.TOPIC)
TIMER_SECONDS: Final = 5
"""Seconds between two runs of the timers that announce passed due dates."""


def build(settings: Settings) -> FastAPI:
    """Return the application. It opens no connection before it starts."""
    return assemble(
        Service(
            name="evaluation",
            title="Townhall: delivery and public evaluation",
            settings=settings,
            routers=[*routes.ROUTERS, rules_router(RULES)],
            subscriptions=consumers.subscriptions(),
            announces=ANNOUNCES,
            timers=[
                Timer("announce_overdue_initiatives", seconds=TIMER_SECONDS, act=initiatives.announce_overdue),
                Timer("announce_overdue_milestones", seconds=TIMER_SECONDS, act=milestones.announce_overdue),
                Timer("announce_overdue_rounds", seconds=TIMER_SECONDS, act=rounds.announce_overdue),
                Timer("update_gauges", seconds=TIMER_SECONDS, act=update_gauges),
            ],
        )
    )
