"""Results of a round: computed and published."""

from evaluation import metrics
from evaluation.domain import lifecycle
from evaluation.domain import round as domain
from evaluation.domain.result import InitiativeScores, Result, ScoreTally, compute_result
from evaluation.domain.round import Round
from evaluation.domain.score import Track
from evaluation.handlers.rounds import get, get_for_update
from evaluation.store import initiatives, panels, results, rounds, scores
from evaluation.store.rounds import RoundDetails
from evaluation.store.rules import RULES
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as events
from townhall.contracts.values import InitiativeId, RoundId, TaskId


async def publish(tx: Transaction, round_id: RoundId) -> RoundDetails:
    """Publish the results of all initiatives of a round, or of none (E12).

    Raises `NoSuchRound`, `RoundMoveNotAllowed`, `TooFewScores` or `NotVerified`.
    """
    published = domain.publish(await get_for_update(tx, round_id), tx.now)
    found = await _results(tx, published)
    await rounds.save(tx.session, published)
    await results.add(tx.session, found)
    tasks = await _evaluate(tx, published)
    tx.announce(*(_evaluated(each, tasks[each.initiative_id]) for each in found))
    tx.announce(events.ResultsPublished(round_id=round_id, initiatives=len(found), rule=published.rule))
    tx.on_commit(metrics.ROUND_MOVES.labels("published").inc)
    return await get(tx, round_id)


async def _results(tx: Transaction, published: Round) -> list[Result]:
    rule = await RULES.version(tx.session, published.rule.version)
    tallies, seats = await scores.tallies(tx.session, published.id), await panels.seats(tx.session, published.id)
    none = ScoreTally()
    by_initiative = [
        InitiativeScores(each, seats, tallies.get((each, Track.PANEL), none), tallies.get((each, Track.OPEN), none))
        for each in published.initiative_ids
    ]
    return [compute_result(published, each, rule.parameters, tx.now) for each in by_initiative]


async def _evaluate(tx: Transaction, published: Round) -> dict[InitiativeId, TaskId]:
    """Move every initiative of the round to state `evaluated`; return their tasks."""
    found = await initiatives.get_for_update(tx.session, published.initiative_ids)
    for each in found.values():
        await initiatives.save(tx.session, lifecycle.evaluate(each))
    return {each.id: each.task_id for each in found.values()}


def _evaluated(result: Result, task_id: TaskId) -> events.InitiativeEvaluated:
    return events.InitiativeEvaluated(
        task_id=task_id,
        initiative_id=result.initiative_id,
        round_id=result.round_id,
        panel_score=float(result.panel_score),
        panel_size=result.panel_size,
        panel_count=result.panel_count,
        open_score=None if result.open_score is None else float(result.open_score),
        open_count=result.open_count,
        weighted_score=float(result.weighted_score),
        rule=result.rule,
    )
