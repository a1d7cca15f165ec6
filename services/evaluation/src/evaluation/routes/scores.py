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
from evaluation.papers.results import ResultView, ScorePaper, ScoreView
from evaluation.papers.rounds import RoundView
from evaluation.papers.words import Nothing
from evaluation.store import rounds
from townhall.chassis.auth import Caller, Role, allow
from townhall.chassis.db import Transaction
from townhall.chassis.http import Db, Once, PageOf, refusing
from townhall.contracts.values import InitiativeId, RoundId

asks = APIRouter(prefix="/rounds/{round_id}", tags=["scores"])
Panellist = Annotated[Caller, allow(Role.CITIZEN, Role.EVALUATOR)]
Citizen = Annotated[Caller, allow(Role.CITIZEN)]
Secretary = Annotated[Caller, allow(Role.SECRETARY)]


@asks.put("/scores/{initiative_id}", responses=refusing(NotInThisRound, NotOnThePanel, NotScoring))
async def put_score(round_id: UUID, initiative_id: UUID, paper: ScorePaper, who: Panellist, db: Db) -> ScoreView:
    """Score an initiative as a member of the panel. You may change it until the results are published."""
    async with db.transaction() as tx:
        given = Score(RoundId(round_id), InitiativeId(initiative_id), Track.PANEL, paper.score, tx.now)
        await scores.give_score(tx, Person(who.person), given)
    metrics.SCORES.labels(given.track).inc()
    return ScoreView.of(given)


@asks.put("/open-scores/{initiative_id}", responses=refusing(NotInThisRound, OnThePanel, NotScoring))
async def put_open_score(round_id: UUID, initiative_id: UUID, paper: ScorePaper, who: Citizen, db: Db) -> ScoreView:
    """Score an initiative outside the panel. You may change it until the results are published."""
    async with db.transaction() as tx:
        given = Score(RoundId(round_id), InitiativeId(initiative_id), Track.OPEN, paper.score, tx.now)
        await scores.give_score(tx, Person(who.person), given)
    metrics.SCORES.labels(given.track).inc()
    return ScoreView.of(given)


@asks.post("/publication", responses=refusing(RoundMoveNotAllowed, TooFewScores, NotVerified))
async def post_publication(round_id: UUID, _who: Secretary, once: Once, _paper: Nothing = None) -> RoundView:
    """Publish the results of all initiatives of the round."""

    async def publish(tx: Transaction) -> RoundView:
        return RoundView.of(await scores.publish(tx, RoundId(round_id)))

    published = await once(publish)
    metrics.ROUNDS.labels("published").inc()
    return published


@asks.get("/results", responses=refusing(NotPublishedYet))
async def get_results(round_id: UUID, db: Db) -> PageOf[ResultView]:
    """Show the results of a round, best first. There are never more than fit on one page."""
    async with db.reading() as session:
        standing = await rounds.standing(session, RoundId(round_id))
    if standing is None:
        raise NoSuchRound
    if standing.round.state is not RoundState.PUBLISHED:
        raise NotPublishedYet
    return PageOf(items=[ResultView.of(each) for each in standing.results])
