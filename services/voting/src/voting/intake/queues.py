"""Ballots that wait, a line for each task: who stands in a short line does not wait for the long ones (V9)."""

import asyncio
from collections import deque
from dataclasses import dataclass

from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot, Counted


@dataclass(slots=True)
class PendingBallot:
    """A ballot and the caller who waits for its answer."""

    cast_ballot: CastBallot
    answer: "asyncio.Future[Counted]"


class BallotQueues:
    """BallotQueues by task, served in turn, with room for so many in all."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lines: dict[TaskId, deque[PendingBallot]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, waiting: PendingBallot) -> PendingBallot | None:
        """Stand at the end of the task's line; return who had to leave for it, which may be the one who came."""
        task_id = waiting.cast_ballot.task_id
        leaving = None
        if self._length >= self._room:
            longest = max(self._lines.values(), key=len)
            if len(longest) <= len(self._lines.get(task_id, ())) + 1:
                return waiting
            leaving = longest.pop()
            self._length -= 1
        self._lines.setdefault(task_id, deque()).append(waiting)
        self._length += 1
        return leaving

    def take(self, most: int) -> list[PendingBallot]:
        """Take up to `most`, one from each line in turn. Those whose caller entry up are let go, uncounted."""
        taken: list[PendingBallot] = []
        while self._lines and len(taken) < most:
            task_id = next(iter(self._lines))
            line = self._lines.pop(task_id)
            turns = 1 if self._lines else min(len(line), most - len(taken))
            served = [line.popleft() for _ in range(turns)]
            self._length -= turns
            if line:
                self._lines[task_id] = line  # Behind all others.
            taken += [waiting for waiting in served if not waiting.answer.cancelled()]
        return taken
