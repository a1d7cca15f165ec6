"""Routes of panels: citizens and evaluators apply, the secretary draws, everyone can repeat the draw."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.opinion import Person
from evaluation.domain.panel import (
    ApplicationsClosed,
    ApplicationsStillOpen,
    NoApplication,
    NotDrawnYet,
    TooFewApplicants,
    UnknownStratum,
)
from evaluation.domain.panel_draw import SeedMismatch
from evaluation.domain.round import NoSuchRound, RoundMoveNotAllowed
from evaluation.handlers import panels as handlers
from evaluation.schemas.panels import ApplicationRequest, ApplicationResponse, DrawResponse, SeedRequest
from evaluation.schemas.rounds import RoundResponse
from evaluation.store import panels, rounds
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Idempotent, problem_responses
from townhall.contracts.values import RoundId

router = APIRouter(tags=["rounds"])
Applicant = Annotated[Caller, allow(Role.CITIZEN, Role.EVALUATOR)]
Secretary = Annotated[Caller, allow(Role.SECRETARY)]


@router.put("/rounds/{round_id}/application", responses=problem_responses(ApplicationsClosed, UnknownStratum))
async def put_application(
    round_id: UUID, payload: ApplicationRequest, caller: Applicant, db: Db
) -> ApplicationResponse:
    """Apply for the panel, or change your application. Your ticket stays the same."""
    async with db.transaction() as tx:
        ticket = await handlers.apply(tx, RoundId(round_id), Person(caller.person), payload.stratum())
    return ApplicationResponse.of(ticket, drawn=None)


@router.get("/rounds/{round_id}/application")
async def get_application(round_id: UUID, caller: Applicant, db: Db) -> ApplicationResponse:
    """Show your own application, and whether you were drawn."""
    async with db.reading() as session:
        details = await rounds.get(session, RoundId(round_id))
        entry = await panels.entry(session, RoundId(round_id), Person(caller.person))
    if details is None:
        raise NoSuchRound
    if entry is None:
        raise NoApplication
    return ApplicationResponse.of(entry.ticket, drawn=entry.drawn if details.round.seed else None)


@router.post(
    "/rounds/{round_id}/draw",
    responses=problem_responses(RoundMoveNotAllowed, ApplicationsStillOpen, TooFewApplicants, SeedMismatch),
)
async def post_draw(round_id: UUID, payload: SeedRequest, _caller: Secretary, idempotent: Idempotent) -> RoundResponse:
    """Reveal the seed, and draw the panel with it."""

    async def draw(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await handlers.draw(tx, RoundId(round_id), payload.seed))

    return await idempotent(draw)


@router.get("/rounds/{round_id}/draw", responses=problem_responses(NotDrawnYet))
async def get_draw(round_id: UUID, db: Db) -> DrawResponse:
    """Show the seed, the whole frame and the drawn tickets, so that anyone can repeat the draw."""
    async with db.reading() as session:
        details = await rounds.get(session, RoundId(round_id))
        if details is None:
            raise NoSuchRound
        if details.round.seed is None:
            raise NotDrawnYet
        return DrawResponse.of(details.round, await panels.frame(session, RoundId(round_id)))
