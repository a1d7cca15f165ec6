"""Initiatives, as anyone may follow them."""

from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.initiative import NoSuchInitiative, State
from evaluation.schemas.initiatives import InitiativeResponse
from evaluation.store import initiatives
from evaluation.store.initiatives import InitiativeDetails
from townhall.chassis.http import Cursor, Db, Page, PageOf
from townhall.contracts.values import InitiativeId

router = APIRouter(tags=["initiatives"])


@router.get("/initiatives")
async def get_initiatives(db: Db, page: Page, state: State | None = None) -> PageOf[InitiativeResponse]:
    """List initiatives, newest first."""
    async with db.reading() as session:
        found = await initiatives.page(session, state, page.after, page.limit + 1)
    return page.of(found, _cursor, InitiativeResponse.of)


@router.get("/initiatives/{initiative_id}")
async def get_initiative(initiative_id: UUID, db: Db) -> InitiativeResponse:
    """Show an initiative with its plan, every delay, and what citizens made of it."""
    async with db.reading() as session:
        found = await initiatives.details(session, InitiativeId(initiative_id))
    if found is None:
        raise NoSuchInitiative
    return InitiativeResponse.of(found)


def _cursor(details: InitiativeDetails) -> Cursor:
    return Cursor(details.initiative.opened_at, details.initiative.id)
