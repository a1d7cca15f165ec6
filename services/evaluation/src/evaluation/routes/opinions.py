"""Routes of opinions: citizens give them, everyone can read them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.initiative import NoSuchInitiative
from evaluation.domain.opinion import Opinion, Person
from evaluation.handlers.opinions import give_opinion
from evaluation.schemas.opinions import OpinionRequest, OpinionResponse
from evaluation.store import initiatives, opinions
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf
from townhall.contracts.values import InitiativeId

router = APIRouter(tags=["opinions"])
Citizen = Annotated[Caller, allow(Role.CITIZEN)]


@router.post("/initiatives/{initiative_id}/opinions", status_code=201)
async def post_opinion(
    initiative_id: UUID, payload: OpinionRequest, caller: Citizen, idempotent: Idempotent
) -> OpinionResponse:
    """Give your opinion on the result. It replaces your earlier one, and is published without your name."""

    async def give(tx: Transaction) -> OpinionResponse:
        of, citizen = InitiativeId(initiative_id), Person(caller.person)
        return OpinionResponse.of(await give_opinion(tx, of, citizen, payload.stance, payload.text))

    return await idempotent(give)


@router.get("/initiatives/{initiative_id}/opinions")
async def get_opinions(initiative_id: UUID, db: Db, page: Page) -> PageOf[OpinionResponse]:
    """List opinions on an initiative, newest first."""
    async with db.reading() as session:
        if not await initiatives.existing(session, {InitiativeId(initiative_id)}):
            raise NoSuchInitiative
        found = await opinions.page(session, InitiativeId(initiative_id), page.after, page.limit)
    return page.of(found, _cursor, OpinionResponse.of)


def _cursor(opinion: Opinion) -> Cursor:
    return Cursor(opinion.given_at, opinion.id)
