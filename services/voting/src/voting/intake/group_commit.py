"""Group commit: ballots that arrive while a transaction is under way are counted together in the next one.

A ballot that arrives while none is under way is counted at once. Callers are answered after the commit, never before.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Final

from structlog import get_logger

from townhall.chassis.retrying import sleep
from townhall.chassis.transient import passing, transient
from townhall.rejected import Rejected
from voting import metrics
from voting.domain.ballot import CastBallot, Counted
from voting.intake.queues import BallotQueues, PendingBallot, TooBusy

Answer = Counted | Rejected
CountGroup = Callable[[Sequence[CastBallot]], Awaitable[Sequence[Answer]]]
"""Counts any ballots in one transaction; returns an answer for each after the commit."""
CountInBulk = Callable[[Sequence[CastBallot]], Awaitable[Sequence[Counted | None]]]
"""Counts ballots in one short transaction; returns None for each that it doesn't count because a rule must decide."""

MIN_GROUP: Final = 8
"""Up to this many waiting ballots are counted in one group."""

log = get_logger()


class ResultUnknown(Rejected):
    """The database connection failed, so the ballot may or may not be stored. Sending it again is safe (V3)."""

    code = "result-unknown"
    rule = "V9"
    status = 503
    title = "Your ballot may not have been counted. Please send it again: it will not count twice."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class CountingFailed(Exception):
    """Counting a ballot failed by an unexpected error. Carries nothing of the ballot, since it is logged (V8)."""


class Intake:
    """Accepts ballots one by one and counts them in groups.

    `count` counts a group. `count_in_bulk`, if given, is called first; `count` then gets the ballots it left.
    """

    def __init__(
        self, count: CountGroup, *, capacity: int, group_size: int, count_in_bulk: CountInBulk | None = None
    ) -> None:
        self._count = count
        self._count_in_bulk = count_in_bulk
        self._queues = BallotQueues(capacity)
        self._group_size = group_size
        self._wake = asyncio.Event()
        self._closed = False
        self._last_size = 0

    async def cast(self, cast_ballot: CastBallot) -> Counted:
        """Return what the ballot did, after the commit.

        Raises the refusal (`Rejected`): of a rule, `TooBusy` or `ResultUnknown`; `CountingFailed` for any other error.
        """
        answer = asyncio.get_running_loop().create_future()
        self.take(cast_ballot, answer)
        counted: Counted = await answer
        return counted

    def take(self, cast_ballot: CastBallot, answer: "asyncio.Future[Counted]") -> None:
        """Queue a ballot; `answer` gets what `cast` returns or raises. Cancelled while queued, it is not counted."""
        pending = PendingBallot(cast_ballot, answer)
        evicted = pending if self._closed else self._queues.put(pending)
        if evicted is not None:
            _answer(evicted, TooBusy())
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Intake"]:
        """Count while the block runs. On exit refuse new ballots and return once the queued ones are counted."""
        task = asyncio.create_task(self._run(), name="intake")
        try:
            yield self
        finally:
            self._closed = True
            self._wake.set()
            await task

    async def _run(self) -> None:
        while self._queues or not self._closed:
            await self._wake.wait()
            self._wake.clear()
            while self._queues:
                # Let requests that were received already reach the queues: under load that makes groups larger.
                await sleep(0)
                group = self._queues.take(min(self._group_size, self._share(len(self._queues))))
                metrics.QUEUED.set(len(self._queues))
                self._last_size = len(group)
                if group:
                    await self._count_group(group)

    def _share(self, waiting: int) -> int:
        """Return the size of the next group: half of the ballots that wait or were just answered.

        Clients whose ballots are answered together send their next requests together. With two halves in turn, the
        process reads the requests of one half while the database commits the other.
        """
        return max(MIN_GROUP, (self._last_size + waiting + 1) // 2)

    async def _count_group(self, group: Sequence[PendingBallot]) -> None:
        began = time.perf_counter()
        metrics.GROUP_SIZE.observe(len(group))
        rest_of_group = group
        try:
            rest_of_group = await self._left_by_bulk(group)
            answers = await self._count([each.cast_ballot for each in rest_of_group]) if rest_of_group else ()
            answered = list(zip(rest_of_group, answers, strict=True))
        except Exception as error:  # noqa: BLE001  whatever failed, every caller gets an answer
            await self._count_one_by_one(rest_of_group, error)
        else:
            _answer_all(answered)
        metrics.GROUP_SECONDS.observe(time.perf_counter() - began)

    async def _left_by_bulk(self, group: Sequence[PendingBallot]) -> Sequence[PendingBallot]:
        """Count and answer what `count_in_bulk` counts; return the other ballots."""
        if self._count_in_bulk is None:
            return group
        answers = await self._count_in_bulk([pending.cast_ballot for pending in group])
        answered = list(zip(group, answers, strict=True))
        _answer_all([(pending, answer) for pending, answer in answered if answer is not None])
        return [pending for pending, answer in answered if answer is None]

    async def _count_one_by_one(self, group: Sequence[PendingBallot], error: Exception) -> None:
        """Count the ballots of a failed group each by itself, so that one ballot's error doesn't fail the others.

        After a transient error, of the group or of a ballot, all that follow get `ResultUnknown` without another try.
        """
        unavailable = transient(error)
        metrics.GROUP_FAILURES.labels("database" if unavailable else "ballot").inc()
        log.warning("ballot_group_failed", ballots=len(group), error=type(error).__name__)
        for pending in group:
            answer = ResultUnknown() if unavailable else await self._count_one(pending.cast_ballot)
            unavailable = unavailable or isinstance(answer, ResultUnknown)
            _answer(pending, answer)

    async def _count_one(self, cast_ballot: CastBallot) -> Answer | CountingFailed:
        try:
            return (await self._count([cast_ballot]))[0]
        except Exception as error:  # noqa: BLE001  the message may hold the ballot: only the type is logged (V8)
            log.error("ballot_failed", error=type(error).__name__)  # noqa: TRY400  no traceback, for the same reason
            return ResultUnknown() if passing(error) else CountingFailed()


def _answer_all(answered: Sequence[tuple[PendingBallot, Answer]]) -> None:
    for outcome, ballots in Counter(_outcome(answer) for _, answer in answered).items():
        metrics.BALLOTS.labels(outcome).inc(ballots)
    for pending, answer in answered:
        _resolve(pending, answer)


def _answer(pending: PendingBallot, answer: Answer | CountingFailed) -> None:
    metrics.BALLOTS.labels(_outcome(answer)).inc()
    _resolve(pending, answer)


def _resolve(pending: PendingBallot, answer: Answer | CountingFailed) -> None:
    """Resolve the caller's future, unless the caller cancelled it since. The ballot is counted in either case."""
    if pending.answer.done():
        return
    if isinstance(answer, Counted):
        pending.answer.set_result(answer)
    else:
        pending.answer.set_exception(answer)


def _outcome(answer: Answer | CountingFailed) -> str:
    if isinstance(answer, Counted):
        return answer.outcome
    return answer.code if isinstance(answer, Rejected) else "failed"
