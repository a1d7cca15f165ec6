"""The lines of the intake in any order, beside a naive model (V9)."""

import asyncio
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from townhall.contracts.values import TaskId
from voting.domain.ballot import CastBallot, Choice
from voting.intake.queues import BallotQueues, PendingBallot


class Standing_In_Line(RuleBasedStateMachine):  # noqa: N801  the lines against a naive model
    """Ballots come and are taken in any order: nobody is lost, nobody overtakes in their line, turns are fair."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = BallotQueues(room=6)
        self.model: dict[TaskId, list[str]] = {}
        self.number = 0

    @rule(task=st.integers(0, 3))
    def come(self, task: int) -> None:
        """Somebody comes; when there is no room somebody leaves, from the end of a longest line."""
        task_id, name = TaskId(UUID(int=task)), str(self.number)
        self.number += 1
        loop = asyncio.new_event_loop()
        leaving = self.lines.put(PendingBallot(CastBallot(task_id, name, Choice.YES), loop.create_future()))
        loop.close()
        full = sum(map(len, self.model.values())) == 6
        self.model.setdefault(task_id, []).append(name)
        assert (leaving is not None) is full
        if leaving is not None:
            line = self.model[leaving.cast_ballot.task_id]
            assert len(line) == max(map(len, self.model.values()))
            assert line.pop() == leaving.cast_ballot.subject

    @rule(most=st.integers(1, 8))
    def serve(self, most: int) -> None:
        """Some are taken, one from each line in turn."""
        before = {task_id: len(line) for task_id, line in self.model.items() if line}
        taken = self.lines.take(most)
        assert len(taken) == min(most, sum(before.values()))
        for waiting in taken:
            assert self.model[waiting.cast_ballot.task_id].pop(0) == waiting.cast_ballot.subject
        served = {task_id: count - len(self.model[task_id]) for task_id, count in before.items()}
        for task_id, count in before.items():
            assert served[task_id] == count or served[task_id] >= max(served.values()) - 1

    @invariant()
    def nobody_is_lost(self) -> None:
        """As many wait as came and were neither taken nor sent away."""
        assert len(self.lines) == sum(map(len, self.model.values()))


TestLines = Standing_In_Line.TestCase
TestLines.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
