"""Published results of rounds."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from evaluation.domain.result import Result
from evaluation.store.tables import ResultRow
from townhall.contracts.values import InitiativeId, RoundId, RuleUsed


async def add(session: AsyncSession, published: Sequence[Result]) -> None:
    """Store published results."""
    session.add_all(_row(each) for each in published)
    await session.flush()


async def latest(session: AsyncSession, ids: Sequence[InitiativeId]) -> Mapping[InitiativeId, Result]:
    """Return the latest result of each initiative that has one."""
    query = select(ResultRow).where(col(ResultRow.initiative_id).in_(ids)).order_by(col(ResultRow.published_at))
    return {InitiativeId(row.initiative_id): _result(row) for row in await session.scalars(query)}


async def by_round(session: AsyncSession, ids: Sequence[RoundId]) -> Mapping[RoundId, Sequence[Result]]:
    """Return the results of each published round, best first."""
    best_first = (col(ResultRow.weighted_score).desc(), col(ResultRow.initiative_id))
    query = select(ResultRow).where(col(ResultRow.round_id).in_(ids)).order_by(*best_first)
    found: dict[RoundId, list[Result]] = {}
    for row in await session.scalars(query):
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
