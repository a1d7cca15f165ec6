"""Routes of evaluation rounds: public reads; the secretary opens and cancels them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.reasons import UnknownReason
from evaluation.domain.round import (
    ClosingNotAhead,
    InitiativeInAnotherRound,
    NoSuchRound,
    NotReadyForEvaluation,
    PanelTooSmall,
    RoundMoveNotAllowed,
    RoundState,
    UnknownInitiative,
)
from evaluation.handlers import rounds as handlers
from evaluation.schemas.rounds import CancellationRequest, RoundRequest, RoundResponse
from evaluation.store import rounds
from evaluation.store.rounds import RoundDetails
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Cursor, Db, Idempotent, Page, PageOf, problem_responses
from townhall.contracts.values import RoundId

router = APIRouter(tags=["rounds"])
Secretary = Annotated[Caller, allow(Role.SECRETARY)]

OPENING = problem_responses(
    NotReadyForEvaluation, InitiativeInAnotherRound, UnknownInitiative, ClosingNotAhead, PanelTooSmall
)


@router.post("/rounds", status_code=201, responses=OPENING)
async def post_round(payload: RoundRequest, _caller: Secretary, idempotent: Idempotent) -> RoundResponse:
    """Open a round, and commit to the seed of its draw before anyone applies."""

    async def open_round(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await handlers.open_round(tx, payload.new_round()))

    return await idempotent(open_round)


@router.get("/rounds")
async def get_rounds(db: Db, page: Page, state: RoundState | None = None) -> PageOf[RoundResponse]:
    """List rounds, newest first."""
    async with db.reading() as session:
        found = await rounds.page(session, state, page.after, page.limit)
    return page.of(found, _cursor, RoundResponse.of)


@router.get("/rounds/{round_id}")
async def get_round(round_id: UUID, db: Db) -> RoundResponse:
    """Show a round."""
    async with db.reading() as session:
        found = await rounds.get(session, RoundId(round_id))
    if found is None:
        raise NoSuchRound
    return RoundResponse.of(found)


@router.post("/rounds/{round_id}/cancellation", responses=problem_responses(RoundMoveNotAllowed, UnknownReason))
async def post_cancellation(
    round_id: UUID, payload: CancellationRequest, _caller: Secretary, idempotent: Idempotent
) -> RoundResponse:
    """Cancel a round that can't succeed, with a reason. Its initiatives may be evaluated in another one."""

    async def cancel(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await handlers.cancel(tx, RoundId(round_id), payload.reason, payload.note))

    return await idempotent(cancel)


def _cursor(details: RoundDetails) -> Cursor:
    return Cursor(details.round.opened_at, details.round.id)
