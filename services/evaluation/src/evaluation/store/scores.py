"""Scores. Single scores are stored, and never returned; only their sums are."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.opinion import Person
from evaluation.domain.result import ScoreTally
from evaluation.domain.score import Score, Track
from evaluation.store.tables import ScoreRow
from townhall.contracts.values import InitiativeId, RoundId

_CHANGEABLE: Final = {"score", "given_at"}


async def upsert(session: AsyncSession, citizen: Person, given: Score) -> None:
    """Store a score. It replaces the citizen's earlier one for the initiative (E11, by the constraint)."""
    row = _row(citizen, given)
    statement = insert(ScoreRow).values(row.model_dump())
    await session.execute(
        statement.on_conflict_do_update(
            constraint="e11_one_score_per_citizen", set_=row.model_dump(include=_CHANGEABLE)
        )
    )


async def tallies(session: AsyncSession, round_id: RoundId) -> Mapping[tuple[InitiativeId, Track], ScoreTally]:
    """Return the number and sum of scores of a round by initiative and track; those without any are left out."""
    about, track, score = col(ScoreRow.initiative_id), col(ScoreRow.track), col(ScoreRow.score)
    query = select(about, track, func.count(), func.sum(score)).where(col(ScoreRow.round_id) == round_id)
    rows = await session.execute(query.group_by(about, track))
    return {(InitiativeId(about), Track(track)): ScoreTally(count, int(total)) for about, track, count, total in rows}


def _row(citizen: Person, given: Score) -> ScoreRow:
    return ScoreRow(
        round_id=given.round_id,
        initiative_id=given.initiative_id,
        citizen=citizen,
        track=given.track,
        score=given.score,
        given_at=given.given_at,
    )
