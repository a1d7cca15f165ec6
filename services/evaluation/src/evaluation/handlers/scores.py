"""Scores, and what is published of them."""

from evaluation.domain import delivery, score
from evaluation.domain import round as rules_of_round
from evaluation.domain.opinion import Person
from evaluation.domain.round import Round
from evaluation.domain.score import Count, Result, Score, Tally, Track
from evaluation.handlers import RULES
from evaluation.handlers.rounds import locked, shown
from evaluation.store import initiatives, panels, results, rounds
from evaluation.store.rounds import RoundDetails
from townhall.chassis.db import Transaction
from townhall.contracts import evaluation as wire
from townhall.contracts.values import InitiativeId, RoundId, TaskId


async def give_score(tx: Transaction, citizen: Person, given: Score) -> None:
    """Keep a citizen's score in the place of an earlier one. The round can't be published meanwhile."""
    scored = await locked(tx, given.round_id, shared=True)
    application = await panels.entry(tx.session, given.round_id, citizen)
    on_panel = application is not None and application.drawn
    score.accept(scored, given.initiative_id, given.track, on_panel=on_panel)
    await results.give(tx.session, citizen, given)


async def publish(tx: Transaction, round_id: RoundId) -> RoundDetails:
    """Publish the results of all initiatives of a round together, or of none."""
    published = rules_of_round.publish(await locked(tx, round_id), tx.now)
    found = await _results(tx, published)
    await rounds.save(tx.session, published)
    await results.add(tx.session, found)
    tasks = await _evaluate(tx, published)
    tx.announce(*(_announcement(each, tasks[each.initiative_id]) for each in found))
    tx.announce(wire.ResultsPublished(round_id=round_id, initiatives=len(found), rule=published.rule))
    return await shown(tx, round_id)


async def _results(tx: Transaction, published: Round) -> list[Result]:
    rule = await RULES.version(tx.session, published.rule.version)
    tallies, seats = await results.tallies(tx.session, published.id), await panels.seats(tx.session, published.id)
    counts = [
        Count(each, seats, tallies.get((each, Track.PANEL), Tally()), tallies.get((each, Track.OPEN), Tally()))
        for each in published.initiative_ids
    ]
    return [score.result(published, count, rule.parameters, tx.now) for count in counts]


async def _evaluate(tx: Transaction, published: Round) -> dict[InitiativeId, TaskId]:
    """Move every initiative of the round to its last state; return their tasks."""
    found = await initiatives.locked(tx.session, published.initiative_ids)
    for each in found.values():
        await initiatives.save(tx.session, delivery.evaluate(each))
    return {each.id: each.task_id for each in found.values()}


def _announcement(result: Result, task_id: TaskId) -> wire.InitiativeEvaluated:
    return wire.InitiativeEvaluated(
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
