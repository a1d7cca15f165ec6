"""Scores of the panel and of everybody else, and the results."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation import metrics
from evaluation.domain.opinion import Person
from evaluation.domain.refusals import (
    NoSuchRound,
    NotInThisRound,
    NotOnThePanel,
    NotPublishedYet,
    NotScoring,
    NotVerified,
    OnThePanel,
    RoundMoveNotAllowed,
    TooFewScores,
)
from evaluation.domain.round import RoundState
from evaluation.domain.score import Score, Track
from evaluation.handlers import scores
from evaluation.schemas.results import ResultResponse, ScoreRequest, ScoreResponse
from evaluation.schemas.rounds import RoundResponse
from evaluation.schemas.words import Nothing
from evaluation.store import rounds
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Idempotent, PageOf, problem_responses
from townhall.contracts.values import InitiativeId, RoundId

router = APIRouter(prefix="/rounds/{round_id}", tags=["scores"])
Panellist = Annotated[Caller, allow(Role.CITIZEN, Role.EVALUATOR)]
Citizen = Annotated[Caller, allow(Role.CITIZEN)]
Secretary = Annotated[Caller, allow(Role.SECRETARY)]


@router.put("/scores/{initiative_id}", responses=problem_responses(NotInThisRound, NotOnThePanel, NotScoring))
async def put_score(
    round_id: UUID, initiative_id: UUID, payload: ScoreRequest, who: Panellist, db: Db
) -> ScoreResponse:
    """Score an initiative as a member of the panel. You may change it until the results are published."""
    async with db.transaction() as tx:
        given = Score(RoundId(round_id), InitiativeId(initiative_id), Track.PANEL, payload.score, tx.now)
        await scores.give_score(tx, Person(who.person), given)
    metrics.SCORES.labels(given.track).inc()
    return ScoreResponse.of(given)


@router.put("/open-scores/{initiative_id}", responses=problem_responses(NotInThisRound, OnThePanel, NotScoring))
async def put_open_score(
    round_id: UUID, initiative_id: UUID, payload: ScoreRequest, who: Citizen, db: Db
) -> ScoreResponse:
    """Score an initiative outside the panel. You may change it until the results are published."""
    async with db.transaction() as tx:
        given = Score(RoundId(round_id), InitiativeId(initiative_id), Track.OPEN, payload.score, tx.now)
        await scores.give_score(tx, Person(who.person), given)
    metrics.SCORES.labels(given.track).inc()
    return ScoreResponse.of(given)


@router.post("/publication", responses=problem_responses(RoundMoveNotAllowed, TooFewScores, NotVerified))
async def post_publication(
    round_id: UUID, _who: Secretary, idempotent: Idempotent, _payload: Nothing = None
) -> RoundResponse:
    """Publish the results of all initiatives of the round."""

    async def publish(tx: Transaction) -> RoundResponse:
        return RoundResponse.of(await scores.publish(tx, RoundId(round_id)))

    published = await idempotent(publish)
    metrics.ROUNDS.labels("published").inc()
    return published


@router.get("/results", responses=problem_responses(NotPublishedYet))
async def get_results(round_id: UUID, db: Db) -> PageOf[ResultResponse]:
    """Show the results of a round, best first. There are never more than fit on one page."""
    async with db.reading() as session:
        details = await rounds.details(session, RoundId(round_id))
    if details is None:
        raise NoSuchRound
    if details.round.state is not RoundState.PUBLISHED:
        raise NotPublishedYet
    return PageOf(items=[ResultResponse.of(each) for each in details.results])
