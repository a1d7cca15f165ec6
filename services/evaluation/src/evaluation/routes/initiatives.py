"""Initiatives, as anyone may follow them."""

from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.initiative import NoSuchInitiative, State
from evaluation.papers.initiatives import InitiativeView
from evaluation.store import initiatives
from evaluation.store.initiatives import Standing
from townhall.chassis.http import Db, Page, PageOf, Place
from townhall.contracts.values import InitiativeId

asks = APIRouter(tags=["initiatives"])


@asks.get("/initiatives")
async def get_initiatives(db: Db, page: Page, state: State | None = None) -> PageOf[InitiativeView]:
    """List initiatives, newest first."""
    async with db.reading() as session:
        found = await initiatives.page(session, state, page.after, page.limit + 1)
    return page.of(found, _place, InitiativeView.of)


@asks.get("/initiatives/{initiative_id}")
async def get_initiative(initiative_id: UUID, db: Db) -> InitiativeView:
    """Show an initiative with its plan, every delay, and what citizens made of it."""
    async with db.reading() as session:
        found = await initiatives.standing(session, InitiativeId(initiative_id))
    if found is None:
        raise NoSuchInitiative
    return InitiativeView.of(found)


def _place(standing: Standing) -> Place:
    return Place(standing.initiative.opened_at, standing.initiative.id)
