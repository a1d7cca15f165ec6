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
from evaluation.papers.rounds import (
    ApplicationPaper,
    ApplicationView,
    CancellationPaper,
    DrawView,
    RoundPaper,
    RoundView,
    SeedPaper,
)
from evaluation.store import panels, rounds
from evaluation.store.rounds import RoundStanding
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, Page, PageOf, Place, refusing
from townhall.contracts.values import RoundId

asks = APIRouter(tags=["rounds"])
Applicant = Annotated[Caller, allow(Role.CITIZEN, Role.EVALUATOR)]
Secretary = Annotated[Caller, allow(Role.SECRETARY)]

OPENING = refusing(NotReadyForEvaluation, InitiativeInAnotherRound, UnknownInitiative, ClosingNotAhead, PanelTooSmall)


@asks.post("/rounds", status_code=201, responses=OPENING)
async def post_round(paper: RoundPaper, _who: Secretary, once: Once) -> RoundView:
    """Open a round, and commit to the seed of its lot before anybody applies."""

    async def open_round(tx: Transaction) -> RoundView:
        return RoundView.of(await handlers.open_round(tx, paper.call()))

    opened = await once(open_round)
    metrics.ROUNDS.labels("opened").inc()
    return opened


@asks.get("/rounds")
async def get_rounds(db: Db, page: Page, state: RoundState | None = None) -> PageOf[RoundView]:
    """List rounds, newest first."""
    async with db.reading() as session:
        found = await rounds.page(session, state, page.after, page.limit + 1)
    return page.of(found, _place, RoundView.of)


@asks.get("/rounds/{round_id}")
async def get_round(round_id: UUID, db: Db) -> RoundView:
    """Show a round."""
    async with db.reading() as session:
        found = await rounds.standing(session, RoundId(round_id))
    if found is None:
        raise NoSuchRound
    return RoundView.of(found)


@asks.put("/rounds/{round_id}/application", responses=refusing(ApplicationsClosed, UnknownStratum))
async def put_application(round_id: UUID, paper: ApplicationPaper, who: Applicant, db: Db) -> ApplicationView:
    """Apply for the panel, or change your application. Doing it again keeps your ticket."""
    async with db.transaction() as tx:
        ticket = await handlers.apply(tx, RoundId(round_id), Person(who.person), paper.stratum())
    metrics.APPLICATIONS.inc()
    return ApplicationView.of(ticket, drawn=None)


@asks.get("/rounds/{round_id}/application")
async def get_application(round_id: UUID, who: Applicant, db: Db) -> ApplicationView:
    """Show your own application, and whether the lot fell on you."""
    async with db.reading() as session:
        standing = await rounds.standing(session, RoundId(round_id))
        entry = await panels.entry(session, RoundId(round_id), Person(who.person))
    if standing is None:
        raise NoSuchRound
    if entry is None:
        raise NoApplication
    return ApplicationView.of(entry.ticket, drawn=entry.drawn if standing.round.seed else None)


@asks.post(
    "/rounds/{round_id}/draw",
    responses=refusing(RoundMoveNotAllowed, ApplicationsStillOpen, TooFewApplicants, SeedMismatch),
)
async def post_draw(round_id: UUID, paper: SeedPaper, _who: Secretary, once: Once) -> RoundView:
    """Show the seed, and draw the panel with it."""

    async def draw(tx: Transaction) -> RoundView:
        return RoundView.of(await handlers.draw(tx, RoundId(round_id), paper.seed))

    drawn = await once(draw)
    metrics.ROUNDS.labels("drawn").inc()
    return drawn


@asks.get("/rounds/{round_id}/draw", responses=refusing(NotDrawnYet))
async def get_draw(round_id: UUID, db: Db) -> DrawView:
    """Show the seed, the whole frame and the drawn tickets, so that anyone can repeat the draw."""
    async with db.reading() as session:
        standing = await rounds.standing(session, RoundId(round_id))
        if standing is None:
            raise NoSuchRound
        if standing.round.seed is None:
            raise NotDrawnYet
        return DrawView.of(standing.round, await panels.frame(session, RoundId(round_id)))


@asks.post("/rounds/{round_id}/cancellation", responses=refusing(RoundMoveNotAllowed, UnknownReason))
async def post_cancellation(round_id: UUID, paper: CancellationPaper, _who: Secretary, once: Once) -> RoundView:
    """End a round that can't succeed, with the reason. Its initiatives may be evaluated in another one."""

    async def cancel(tx: Transaction) -> RoundView:
        return RoundView.of(await handlers.cancel(tx, RoundId(round_id), paper.reason, paper.note))

    cancelled = await once(cancel)
    metrics.ROUNDS.labels("cancelled").inc()
    return cancelled


def _place(standing: RoundStanding) -> Place:
    return Place(standing.round.opened_at, standing.round.id)
