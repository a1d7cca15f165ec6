"""Queues of ballots to be counted, one for each task, so that a task with few ballots doesn't wait for others (V9)."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from townhall.contracts.values import TaskId
from townhall.rejected import Rejected
from voting.domain.ballot import CastBallot, Counted


class TooBusy(Rejected):
    """The queues are full. The ballot was not stored, so sending it again is safe."""

    code = "too-busy"
    rule = "V9"
    status = 503
    title = "Too many ballots are waiting to be counted. Yours was not stored; please send it again."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


@dataclass(slots=True)
class PendingBallot:
    """A ballot that was not counted yet, and the future that its caller awaits."""

    cast_ballot: CastBallot
    answer: "asyncio.Future[Counted]"


class BallotQueues:
    """First-in, first-out queues by task, with a capacity for all together."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._queues: dict[TaskId, deque[PendingBallot]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, pending: PendingBallot) -> PendingBallot | None:
        """Append a ballot to the queue of its task.

        When the queues are full, the last ballot of the longest queue is evicted and returned: possibly the new one.
        """
        task_id = pending.cast_ballot.task_id
        evicted = None
        if self._length >= self._capacity:
            longest = max(self._queues.values(), key=len)
            if len(longest) <= len(self._queues.get(task_id, ())) + 1:
                return pending
            evicted = longest.pop()
            self._length -= 1
        self._queues.setdefault(task_id, deque()).append(pending)
        self._length += 1
        return evicted

    def take(self, limit: int) -> list[PendingBallot]:
        """Remove and return up to `limit` ballots, from the queues in turn. Cancelled ones are dropped."""
        taken: list[PendingBallot] = []
        while self._queues and len(taken) < limit:
            task_id = next(iter(self._queues))
            queue = self._queues.pop(task_id)
            count = 1 if self._queues else min(len(queue), limit - len(taken))
            removed = [queue.popleft() for _ in range(count)]
            self._length -= count
            if queue:
                self._queues[task_id] = queue  # Behind all others.
            taken += [pending for pending in removed if not pending.answer.cancelled()]
        return taken
