"""Routes of results: the secretary publishes them, everyone can read them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.lifecycle import NotVerified
from evaluation.domain.result import NotPublishedYet, TooFewScores
from evaluation.domain.round import NoSuchRound, RoundMoveNotAllowed, RoundState
from evaluation.handlers import results as handlers
from evaluation.schemas.results import ResultResponse
from evaluation.schemas.rounds import RoundResponse
from evaluation.schemas.text import Empty
from evaluation.store import rounds
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Idempotent, PageOf, problem_responses
from townhall.contracts.values import RoundId

router = APIRouter(tags=["scores"])
Secretary = Annotated[Caller, allow(Role.SECRETARY)]


@router.post(
    "/rounds/{round_id}/publication", responses=problem_responses(RoundMoveNotAllowed, TooFewScores, NotVerified)
)
async def post_publication(
    round_id: UUID, _caller: Secretary, idempotent: Idempotent, _payload: Empty = None
) -> RoundResponse:
    """Publish the results of all initiatives of the round."""

    async def publish(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await handlers.publish(tx, RoundId(round_id)))

    return await idempotent(publish)


@router.get("/rounds/{round_id}/results", responses=problem_responses(NotPublishedYet))
async def get_results(round_id: UUID, db: Db) -> PageOf[ResultResponse]:
    """Show the results of a round, best first. All of them fit on one page."""
    async with db.reading() as session:
        details = await rounds.get(session, RoundId(round_id))
    if details is None:
        raise NoSuchRound
    if details.round.state is not RoundState.PUBLISHED:
        raise NotPublishedYet
    return PageOf(items=[ResultResponse.of(each) for each in details.results])
