"""The queues of the intake against a reference model, with operations in any order (V9)."""

import asyncio
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from townhall.contracts.values import TaskId
from townhall.testing.state_machines import runs
from voting.domain.ballot import CastBallot, Choice
from voting.intake.queues import BallotQueues, PendingBallot


class QueuesMachine(RuleBasedStateMachine):
    """Ballots are put and taken in any order: none is lost, each queue is first-in first-out, turns are fair."""

    def __init__(self) -> None:
        super().__init__()
        self.queues = BallotQueues(capacity=6)
        self.model: dict[TaskId, list[str]] = {}
        self.number = 0

    @rule(task=st.integers(0, 3))
    def put(self, task: int) -> None:
        """Put a ballot; when the queues are full the last of a longest queue is evicted."""
        task_id, name = TaskId(UUID(int=task)), str(self.number)
        self.number += 1
        loop = asyncio.new_event_loop()
        evicted = self.queues.put(PendingBallot(CastBallot(task_id, name, Choice.YES), loop.create_future()))
        loop.close()
        full = sum(map(len, self.model.values())) == 6
        self.model.setdefault(task_id, []).append(name)
        assert (evicted is not None) is full
        if evicted is not None:
            queue = self.model[evicted.cast_ballot.task_id]
            assert len(queue) == max(map(len, self.model.values()))
            assert queue.pop() == evicted.cast_ballot.subject

    @rule(limit=st.integers(1, 8))
    def take(self, limit: int) -> None:
        """Take ballots, one from each queue in turn."""
        before = {task_id: len(queue) for task_id, queue in self.model.items() if queue}
        taken = self.queues.take(limit)
        assert len(taken) == min(limit, sum(before.values()))
        for pending in taken:
            assert self.model[pending.cast_ballot.task_id].pop(0) == pending.cast_ballot.subject
        served = {task_id: count - len(self.model[task_id]) for task_id, count in before.items()}
        for task_id, count in before.items():
            assert served[task_id] == count or served[task_id] >= max(served.values()) - 1

    @invariant()
    def no_ballot_is_lost(self) -> None:
        """As many are queued as were put and neither taken nor evicted."""
        assert len(self.queues) == sum(map(len, self.model.values()))


TestQueues = QueuesMachine.TestCase
TestQueues.settings = runs(examples=100, steps=30)
