"""The totals of every vote, counted again from its ballots, in batches, beside open votes.

It reads the tables of voting and shares no code with it, so that it finds mistakes of that code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

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
_TOTALS = text("SELECT id, task_id, yes, no FROM vote JOIN tally USING (task_id) ORDER BY opens_at, task_id")


@dataclass(frozen=True, slots=True)
class Tally:
    """The totals of a vote."""

    yes: int
    no: int


@dataclass(frozen=True, slots=True)
class Recounted:
    """The totals of a vote as they are stored, and as its ballots give them."""

    task_id: UUID
    stored: Tally
    counted: Tally

    @property
    def agrees(self) -> bool:
        """Whether they are equal (V6)."""
        return self.stored == self.counted


async def recount(
    session: AsyncSession, on_progress: Callable[[int, int], object], batch: int = BATCH
) -> Sequence[Recounted]:
    """Count all ballots of all votes; return the votes in the order of their opening.

    `session` is of one snapshot, so that totals and ballots are of the same moment, also of votes that are open. No row
    is locked. `on_progress` is called after each batch with the number of blocks read and of all.
    """
    blocks = int((await session.execute(_BLOCKS)).scalar_one())
    counted: dict[int, Tally] = {}
    for first in range(0, blocks, batch):
        limits = {"first": f"({first},0)", "beyond": f"({min(first + batch, blocks)},0)"}
        for vote_id, yes, no in await session.execute(_COUNT, limits):
            before = counted.get(vote_id, Tally(0, 0))
            counted[vote_id] = Tally(before.yes + yes, before.no + no)
        on_progress(min(first + batch, blocks), blocks)
    return await _compared(session, counted)


async def _compared(session: AsyncSession, counted: dict[int, Tally]) -> Sequence[Recounted]:
    return [
        Recounted(row.task_id, Tally(row.yes, row.no), counted.get(row.id, Tally(0, 0)))
        for row in await session.execute(_TOTALS)
    ]
