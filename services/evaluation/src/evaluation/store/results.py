"""Scores, which stay here, and the results made of them, which are public."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.opinion import Person
from evaluation.domain.score import Result, Score, Tally, Track
from evaluation.store.tables import ResultRow, ScoreRow
from townhall.contracts.values import InitiativeId, RoundId, RuleUsed


async def give(session: AsyncSession, citizen: Person, given: Score) -> None:
    """Store a score in the place of the citizen's earlier one (E11: the constraint judges)."""
    row = {
        "round_id": given.round_id,
        "initiative_id": given.initiative_id,
        "citizen": citizen,
        "track": given.track,
        "score": given.score,
        "given_at": given.given_at,
    }
    said = {"score": given.score, "given_at": given.given_at}
    put = insert(ScoreRow).values(row)
    await session.execute(put.on_conflict_do_update(constraint="e11_one_score_per_citizen", set_=said))


async def tallies(session: AsyncSession, round_id: RoundId) -> Mapping[tuple[InitiativeId, Track], Tally]:
    """Add up all scores of a round."""
    about, track, score = col(ScoreRow.initiative_id), col(ScoreRow.track), col(ScoreRow.score)
    asked = select(about, track, func.count(), func.sum(score)).where(col(ScoreRow.round_id) == round_id)
    rows = await session.execute(asked.group_by(about, track))
    return {(InitiativeId(about), Track(track)): Tally(count, int(total)) for about, track, count, total in rows}


async def add(session: AsyncSession, published: Sequence[Result]) -> None:
    """Store what is published."""
    session.add_all(_row(each) for each in published)
    await session.flush()


async def latest(session: AsyncSession, ids: Sequence[InitiativeId]) -> Mapping[InitiativeId, Result]:
    """Read the last result of each of these initiatives."""
    asked = select(ResultRow).where(col(ResultRow.initiative_id).in_(ids)).order_by(col(ResultRow.published_at))
    return {InitiativeId(row.initiative_id): _result(row) for row in await session.scalars(asked)}


async def of_rounds(session: AsyncSession, ids: Sequence[RoundId]) -> Mapping[RoundId, Sequence[Result]]:
    """Read the results of each of these rounds, best first."""
    best_first = (col(ResultRow.weighted_score).desc(), col(ResultRow.initiative_id))
    asked = select(ResultRow).where(col(ResultRow.round_id).in_(ids)).order_by(*best_first)
    found: dict[RoundId, list[Result]] = {}
    for row in await session.scalars(asked):
        found.setdefault(RoundId(row.round_id), []).append(_result(row))
    return found


def _row(published: Result) -> ResultRow:
    return ResultRow(
        round_id=published.round_id,
        initiative_id=published.initiative_id,
        panel_score=published.panel_score,
        panel_size=published.panel_size,
        panel_count=published.panel_count,
        open_score=published.open_score,
        open_count=published.open_count,
        weighted_score=published.weighted_score,
        rule_version=published.rule.version,
        rule_article=published.rule.article,
        published_at=published.published_at,
    )


def _result(row: ResultRow) -> Result:
    return Result(
        round_id=RoundId(row.round_id),
        initiative_id=InitiativeId(row.initiative_id),
        panel_score=row.panel_score,
        panel_size=row.panel_size,
        panel_count=row.panel_count,
        open_score=row.open_score,
        open_count=row.open_count,
        weighted_score=row.weighted_score,
        rule=RuleUsed(version=row.rule_version, article=row.rule_article),
        published_at=row.published_at,
    )
