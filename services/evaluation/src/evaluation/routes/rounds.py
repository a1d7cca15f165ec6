"""Evaluation rounds: opened, applied for, drawn, cancelled."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation import metrics
from evaluation.domain.lot import SeedMismatch
from evaluation.domain.opinion import Person
from evaluation.domain.reasons import UnknownReason
from evaluation.domain.refusals import (
    ApplicationsClosed,
    ApplicationsStillOpen,
    ClosingNotAhead,
    InitiativeInAnotherRound,
    NoApplication,
    NoSuchRound,
    NotDrawnYet,
    NotReadyForEvaluation,
    PanelTooSmall,
    RoundMoveNotAllowed,
    TooFewApplicants,
    UnknownInitiative,
    UnknownStratum,
)
from evaluation.domain.round import RoundState
from evaluation.handlers import rounds as handlers
from evaluation.schemas.rounds import (
    ApplicationRequest,
    ApplicationResponse,
    CancellationRequest,
    DrawResponse,
    RoundRequest,
    RoundResponse,
    SeedRequest,
)
from evaluation.store import panels, rounds
from evaluation.store.rounds import RoundDetails
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import RoundId

router = APIRouter(tags=["rounds"])
Applicant = Annotated[Caller, allow(Role.CITIZEN, Role.EVALUATOR)]
Secretary = Annotated[Caller, allow(Role.SECRETARY)]

OPENING = problem_responses(
    NotReadyForEvaluation, InitiativeInAnotherRound, UnknownInitiative, ClosingNotAhead, PanelTooSmall
)


@router.post("/rounds", status_code=201, responses=OPENING)
async def post_round(payload: RoundRequest, _who: Secretary, idempotent: Idempotent) -> RoundResponse:
    """Open a round, and commit to the seed of its lot before anybody applies."""

    async def open_round(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await handlers.open_round(tx, payload.call()))

    opened = await idempotent(open_round)
    metrics.ROUNDS.labels("opened").inc()
    return opened


@router.get("/rounds")
async def get_rounds(db: Db, page: Page, state: RoundState | None = None) -> PageOf[RoundResponse]:
    """List rounds, newest first."""
    async with db.reading() as session:
        found = await rounds.page(session, state, page.after, page.limit + 1)
    return page.of(found, _cursor, RoundResponse.of)


@router.get("/rounds/{round_id}")
async def get_round(round_id: UUID, db: Db) -> RoundResponse:
    """Show a round."""
    async with db.reading() as session:
        found = await rounds.details(session, RoundId(round_id))
    if found is None:
        raise NoSuchRound
    return RoundResponse.of(found)


@router.put("/rounds/{round_id}/application", responses=problem_responses(ApplicationsClosed, UnknownStratum))
async def put_application(round_id: UUID, payload: ApplicationRequest, who: Applicant, db: Db) -> ApplicationResponse:
    """Apply for the panel, or change your application. Doing it again keeps your ticket."""
    async with db.transaction() as tx:
        ticket = await handlers.apply(tx, RoundId(round_id), Person(who.person), payload.stratum())
    metrics.APPLICATIONS.inc()
    return ApplicationResponse.of(ticket, drawn=None)


@router.get("/rounds/{round_id}/application")
async def get_application(round_id: UUID, who: Applicant, db: Db) -> ApplicationResponse:
    """Show your own application, and whether the lot fell on you."""
    async with db.reading() as session:
        details = await rounds.details(session, RoundId(round_id))
        entry = await panels.entry(session, RoundId(round_id), Person(who.person))
    if details is None:
        raise NoSuchRound
    if entry is None:
        raise NoApplication
    return ApplicationResponse.of(entry.ticket, drawn=entry.drawn if details.round.seed else None)


@router.post(
    "/rounds/{round_id}/draw",
    responses=problem_responses(RoundMoveNotAllowed, ApplicationsStillOpen, TooFewApplicants, SeedMismatch),
)
async def post_draw(round_id: UUID, payload: SeedRequest, _who: Secretary, idempotent: Idempotent) -> RoundResponse:
    """Show the seed, and draw the panel with it."""

    async def draw(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await handlers.draw(tx, RoundId(round_id), payload.seed))

    drawn = await idempotent(draw)
    metrics.ROUNDS.labels("drawn").inc()
    return drawn


@router.get("/rounds/{round_id}/draw", responses=problem_responses(NotDrawnYet))
async def get_draw(round_id: UUID, db: Db) -> DrawResponse:
    """Show the seed, the whole frame and the drawn tickets, so that anyone can repeat the draw."""
    async with db.reading() as session:
        details = await rounds.details(session, RoundId(round_id))
        if details is None:
            raise NoSuchRound
        if details.round.seed is None:
            raise NotDrawnYet
        return DrawResponse.of(details.round, await panels.frame(session, RoundId(round_id)))


@router.post("/rounds/{round_id}/cancellation", responses=problem_responses(RoundMoveNotAllowed, UnknownReason))
async def post_cancellation(
    round_id: UUID, payload: CancellationRequest, _who: Secretary, idempotent: Idempotent
) -> RoundResponse:
    """End a round that can't succeed, with the reason. Its initiatives may be evaluated in another one."""

    async def cancel(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await handlers.cancel(tx, RoundId(round_id), payload.reason, payload.note))

    cancelled = await idempotent(cancel)
    metrics.ROUNDS.labels("cancelled").inc()
    return cancelled


def _cursor(details: RoundDetails) -> Cursor:
    return Cursor(details.round.opened_at, details.round.id)
