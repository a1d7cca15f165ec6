"""Counting what waits, a group at a time.

While one group is committed the next one gathers; a ballot that comes alone waits for nobody. Answers are given after
the commit, never before.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from structlog import get_logger

from townhall.chassis.retrying import sleep
from townhall.chassis.transient import transient
from townhall.rejected import Rejected
from voting import metrics
from voting.domain.ballot import CastBallot, Counted
from voting.intake.queues import BallotQueues, PendingBallot
from voting.intake.refusals import NotCounted, NotSure, TooBusy

Answer = Counted | Rejected
CountTogether = Callable[[Sequence[CastBallot]], Awaitable[Sequence[Answer]]]
"""Counts ballots in one transaction and returns after its commit."""
CountInBulk = Callable[[Sequence[CastBallot]], Awaitable[Sequence[Counted | None]]]
"""Counts those that need no deciding, in one short transaction; None for each that does."""

SMALL: Final = 8
"""Ballots that are not worth two groups."""

log = get_logger()


class Intake:
    """Takes ballots one by one and counts them in groups."""

    def __init__(self, count: CountTogether, *, room: int, group: int, first: CountInBulk | None = None) -> None:
        self._count = count
        self._first = first
        self._lines = BallotQueues(room)
        self._most = group
        self._come = asyncio.Event()
        self._closed = False
        self._last = 0

    async def cast(self, cast_ballot: CastBallot) -> Counted:
        """Return what the ballot did once that is committed, or raise why it was refused."""
        answer = asyncio.get_running_loop().create_future()
        self.take(cast_ballot, answer)
        counted: Counted = await answer
        return counted

    def take(self, cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        """Take a ballot, and give the same as its answer. Cancelled while the ballot waits, it is not counted."""
        waiting = PendingBallot(cast_ballot, answer)
        leaving = waiting if self._closed else self._lines.put(waiting)
        if leaving is not None:
            _tell(leaving, TooBusy())
        self._come.set()

    @asynccontextmanager
    async def working(self) -> AsyncIterator["Intake"]:
        """Count for as long as the block lasts; then take no more, and finish what waits."""
        work = asyncio.create_task(self._work(), name="intake")
        try:
            yield self
        finally:
            self._closed = True
            self._come.set()
            await work

    async def _work(self) -> None:
        while self._lines or not self._closed:
            await self._come.wait()
            self._come.clear()
            while self._lines:
                # Requests that are being read come in before the line is taken: under load that makes groups larger.
                await sleep(0)
                group = self._lines.take(min(self._most, self._share(len(self._lines))))
                metrics.WAITING.set(len(self._lines))
                self._last = len(group)
                if group:
                    await self._together(group)

    def _share(self, waiting: int) -> int:
        """Return how many to take: half of those who are answered now or wait, so that one half is read meanwhile.

        A crowd that was counted all at once would come back all at once, and leave the processor idle in between.
        """
        return max(SMALL, (self._last + waiting + 1) // 2)

    async def _together(self, group: Sequence[PendingBallot]) -> None:
        began = time.perf_counter()
        metrics.GROUP_SIZE.observe(len(group))
        left = group
        try:
            left = await self._left_by_first(group)
            answers = await self._count([waiting.cast_ballot for waiting in left]) if left else ()
            answered = list(zip(left, answers, strict=True))
        except Exception as fault:  # noqa: BLE001  whatever it was, every caller gets an answer
            await self._apart(left, fault)
        else:
            _tell_all(answered)
        metrics.GROUP_SECONDS.observe(time.perf_counter() - began)

    async def _left_by_first(self, group: Sequence[PendingBallot]) -> Sequence[PendingBallot]:
        """Count the short way what goes that way; return what is left for the rules to decide."""
        if self._first is None:
            return group
        answers = await self._first([waiting.cast_ballot for waiting in group])
        answered = list(zip(group, answers, strict=True))
        _tell_all([(waiting, answer) for waiting, answer in answered if answer is not None])
        return [waiting for waiting, answer in answered if answer is None]

    async def _apart(self, group: Sequence[PendingBallot], fault: Exception) -> None:
        """Answer a group that failed together. One ballot at fault must not fail its neighbours."""
        gone = transient(fault)
        metrics.GROUP_FAILURES.labels("database" if gone else "ballot").inc()
        log.warning("ballots_not_counted_together", ballots=len(group), fault=type(fault).__name__)
        for waiting in group:
            answer = NotSure() if gone else await self._alone(waiting.cast_ballot)
            gone = gone or isinstance(answer, NotSure)
            _tell(waiting, answer)

    async def _alone(self, cast_ballot: CastBallot) -> Answer | NotCounted:
        try:
            return (await self._count([cast_ballot]))[0]
        except Exception as fault:  # noqa: BLE001  its text may hold the ballot: only its kind may be told (V8)
            log.error("ballot_not_counted", fault=type(fault).__name__)  # noqa: TRY400  no traceback, for the same
            return NotSure() if transient(fault) else NotCounted()


def _tell_all(answered: Sequence[tuple[PendingBallot, Answer]]) -> None:
    for outcome, times in Counter(_outcome(answer) for _, answer in answered).items():
        metrics.BALLOTS.labels(outcome).inc(times)
    for waiting, answer in answered:
        _answer(waiting, answer)


def _tell(waiting: PendingBallot, answer: Answer | NotCounted) -> None:
    metrics.BALLOTS.labels(_outcome(answer)).inc()
    _answer(waiting, answer)


def _answer(waiting: PendingBallot, answer: Answer | NotCounted) -> None:
    """Answer one caller. One who entry up since is not told; their ballot stands all the same."""
    if waiting.answer.done():
        return
    if isinstance(answer, Counted):
        waiting.answer.set_result(answer)
    else:
        waiting.answer.set_exception(answer)


def _outcome(answer: Answer | NotCounted) -> str:
    if isinstance(answer, Counted):
        return answer.outcome
    return answer.code if isinstance(answer, Rejected) else "failed"
