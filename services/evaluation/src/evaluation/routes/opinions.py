"""Opinions of citizens on results."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation import metrics
from evaluation.domain.initiative import NoSuchInitiative
from evaluation.domain.opinion import Opinion, Person
from evaluation.handlers.opinions import give_opinion
from evaluation.papers.initiatives import OpinionPaper, OpinionView
from evaluation.store import initiatives, opinions
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, Page, PageOf, Place
from townhall.contracts.values import InitiativeId

asks = APIRouter(prefix="/initiatives/{initiative_id}", tags=["opinions"])
Citizen = Annotated[Caller, allow(Role.CITIZEN)]


@asks.post("/opinions", status_code=201)
async def post_opinion(initiative_id: UUID, paper: OpinionPaper, who: Citizen, once: Once) -> OpinionView:
    """Say what you think of the result. It takes the place of what you said before; your name is never shown."""

    async def give(tx: Transaction) -> OpinionView:
        of, citizen = InitiativeId(initiative_id), Person(who.person)
        return OpinionView.of(await give_opinion(tx, of, citizen, paper.stance, paper.text))

    given = await once(give)
    metrics.OPINIONS.inc()
    return given


@asks.get("/opinions")
async def get_opinions(initiative_id: UUID, db: Db, page: Page) -> PageOf[OpinionView]:
    """List opinions on an initiative, newest first."""
    async with db.reading() as session:
        if not await initiatives.known(session, {InitiativeId(initiative_id)}):
            raise NoSuchInitiative
        found = await opinions.page(session, InitiativeId(initiative_id), page.after, page.limit + 1)
    return page.of(found, _place, OpinionView.of)


def _place(opinion: Opinion) -> Place:
    return Place(opinion.given_at, opinion.id)
