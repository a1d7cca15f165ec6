"""A recount: the totals of every vote, counted again from its ballots, in batches, beside open votes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from voting.domain.tally import Tally
from voting.store.tables import TallyRow, VoteRow

BATCH: Final = 4096
"""Blocks of one batch: 32 MiB, under half a million ballots, well within the statement timeout."""

_BLOCKS = text("SELECT pg_relation_size('current_ballot') / current_setting('block_size')::bigint")
# The blocks are read in their order on disk: in the order of an index each ballot would be a random read.
_COUNT = text("""
    SELECT vote_id, count(*) FILTER (WHERE choice), count(*) FILTER (WHERE NOT choice)
    FROM current_ballot
    WHERE ctid >= CAST(CAST(:first AS text) AS tid) AND ctid < CAST(CAST(:beyond AS text) AS tid)
    GROUP BY vote_id
""")


@dataclass(frozen=True, slots=True)
class Recounted:
    """The totals of a vote as they are stored, and as its ballots give them."""

    task_id: UUID
    title: str
    opens_at: datetime
    stored: Tally
    counted: Tally

    @property
    def agrees(self) -> bool:
        """Whether they are equal (V6)."""
        return self.stored == self.counted


async def recount(session: AsyncSession, on_progress: Callable[[int, int], object]) -> Sequence[Recounted]:
    """Count all ballots of all votes; return the votes in the order of their opening.

    `session` is of one snapshot, so that totals and ballots are of the same moment, also of votes that are open. No row
    is locked. `on_progress` is called after each batch with the number of blocks read and of all.
    """
    blocks = int((await session.execute(_BLOCKS)).scalar_one())
    counted: dict[int, Tally] = {}
    for first in range(0, blocks, BATCH):
        limits = {"first": f"({first},0)", "beyond": f"({min(first + BATCH, blocks)},0)"}
        for vote_id, yes, no in await session.execute(_COUNT, limits):
            before = counted.get(vote_id, Tally())
            counted[vote_id] = Tally(before.yes + yes, before.no + no)
        on_progress(min(first + BATCH, blocks), blocks)
    return await _compared(session, counted)


async def _compared(session: AsyncSession, counted: dict[int, Tally]) -> Sequence[Recounted]:
    vote, tally = VoteRow, TallyRow
    query = (
        select(col(vote.id), col(vote.task_id), col(vote.title), col(vote.opens_at), col(tally.yes), col(tally.no))
        .join(tally, col(tally.task_id) == col(vote.task_id))
        .order_by(col(vote.opens_at), col(vote.task_id))
    )
    return [
        Recounted(task_id, title, opens_at, Tally(yes, no), counted.get(vote_id, Tally()))
        for vote_id, task_id, title, opens_at, yes, no in await session.execute(query)
    ]
