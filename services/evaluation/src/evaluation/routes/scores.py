"""Routes of scores: one for panel members, one for all other citizens."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from evaluation.domain.opinion import Person
from evaluation.domain.score import NotInThisRound, NotOnThePanel, NotScoring, OnThePanel, Score, Track
from evaluation.handlers import scores
from evaluation.schemas.scores import ScoreRequest, ScoreResponse
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.http import Db, problem_responses
from townhall.contracts.values import InitiativeId, RoundId

router = APIRouter(tags=["scores"])
PanelMember = Annotated[Caller, allow(Role.CITIZEN, Role.EVALUATOR)]
Citizen = Annotated[Caller, allow(Role.CITIZEN)]


@router.put(
    "/rounds/{round_id}/scores/{initiative_id}", responses=problem_responses(NotInThisRound, NotOnThePanel, NotScoring)
)
async def put_score(
    round_id: UUID, initiative_id: UUID, payload: ScoreRequest, caller: PanelMember, db: Db
) -> ScoreResponse:
    """Score an initiative as a member of the panel. You may change it until the results are published."""
    async with db.transaction() as tx:
        given = Score(RoundId(round_id), InitiativeId(initiative_id), Track.PANEL, payload.score, tx.now)
        await scores.give_score(tx, Person(caller.person), given)
    return ScoreResponse.of(given)


@router.put(
    "/rounds/{round_id}/open-scores/{initiative_id}",
    responses=problem_responses(NotInThisRound, OnThePanel, NotScoring),
)
async def put_open_score(
    round_id: UUID, initiative_id: UUID, payload: ScoreRequest, caller: Citizen, db: Db
) -> ScoreResponse:
    """Score an initiative outside the panel. You may change it until the results are published."""
    async with db.transaction() as tx:
        given = Score(RoundId(round_id), InitiativeId(initiative_id), Track.OPEN, payload.score, tx.now)
        await scores.give_score(tx, Person(caller.person), given)
    return ScoreResponse.of(given)
