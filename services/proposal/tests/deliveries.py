"""Delivering events to proposal's consumers, and reading the timelines that result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from proposal.consumers import subscriptions
from proposal.domain.selection import Draft, Origin, Task
from proposal.handlers.tasks import select_task
from proposal.schemas.tasks import TaskResponse
from proposal.store import tasks, timeline
from townhall.chassis.consuming import Message
from townhall.chassis.db import Database
from townhall.contracts import Event, committee, evaluation, proposal, voting
from townhall.contracts.values import (
    ActedBy,
    CaseId,
    Decision,
    DirectiveId,
    InitiativeId,
    MeetingId,
    Outcome,
    RuleUsed,
    SittingId,
    TaskId,
)
from townhall.testing import deliver_events, deliver_messages

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = RuleUsed(version=1, article="규정 제1조")
DRAFT = Draft("심야 버스", "요약", Origin.GOVERNMENT, (), "government-plan")
TRUNCATE_PROJECTIONS = "TRUNCATE fact, task_state, inbox"


def all_events(task_id: TaskId) -> list[Event]:
    """Return the events of four services about a task, from its selection to the verification."""
    case: dict[str, Any] = {"task_id": task_id, "case_id": CaseId(UUID(int=1))}
    delivery: dict[str, Any] = {"task_id": task_id, "initiative_id": InitiativeId(UUID(int=2))}
    sitting, meeting = SittingId(UUID(int=3)), MeetingId(UUID(int=4))
    due = (AT + timedelta(days=90)).date()
    return [
        proposal.TaskSelected(
            task_id=task_id, title="심야 버스", origin="government", proposal_ids=(), reason="government-plan",
            opens_at=AT, closes_at=AT + timedelta(days=30), rule=RULE,
        ),
        voting.VoteOpened(task_id=task_id, closes_at=AT + timedelta(days=30), more_than=3, rule=RULE),
        voting.ThresholdReached(task_id=task_id, title="심야 버스", yes=4, no=1, more_than=3, reached_at=AT, rule=RULE),
        committee.CaseOpened(**case, title="심야 버스", cause="threshold", rule=RULE),
        committee.CaseDocketed(**case, sitting_id=sitting, sits_at=AT),
        committee.DeliberationStarted(**case, sitting_id=sitting, present=5, rule=RULE),
        committee.CaseDeliberated(
            **case, sitting_id=sitting, decision=Decision.RECOMMENDED, reasons=("useful",), in_favour=4, against=1,
            abstained=0, recused=0, acted_by=ActedBy.CHAIR, rule=RULE,
        ),
        committee.CasePlacedOnAgenda(**case, meeting_id=meeting, meets_at=AT),
        committee.OutcomeRecorded(
            **case, meeting_id=meeting, outcome=Outcome.ADOPTED, reason="useful", acted_by=ActedBy.SECRETARY
        ),
        evaluation.InitiativeOpened(
            **delivery, directive_id=DirectiveId(UUID(int=5)), title="버스", responsible_body="국토교통부", due_on=due
        ),
        evaluation.InitiativeDone(**delivery),
        evaluation.InitiativeVerified(**delivery, acted_by=ActedBy.OFFICER),
    ]  # fmt: skip


@dataclass
class Deliveries:
    """The service's consumers over a database."""

    db: Database

    async def deliver(self, *events: Event) -> list[Message]:
        """Deliver events in one batch; return their messages, for `redeliver`."""
        return await deliver_events(self.db, subscriptions(), *events)

    async def redeliver(self, messages: Sequence[Message]) -> None:
        """Deliver these messages in one batch."""
        await deliver_messages(self.db, subscriptions(), messages)

    async def task(self) -> Task:
        """Select a task from the government's plans."""
        async with self.db.transaction() as tx:
            return await select_task(tx, DRAFT)

    async def response(self, task_id: TaskId) -> TaskResponse:
        """Return the task's public record with its timeline."""
        async with self.db.reading() as session:
            record = await tasks.get(session, task_id)
            facts = await timeline.facts_of(session, task_id)
        assert record is not None
        return TaskResponse.with_timeline(record.task, record.state, facts)

    async def projections(self) -> tuple[list[Any], list[tuple[UUID, str]]]:
        """Return all facts, and the state of each task."""
        async with self.db.reading() as session:
            facts = await session.execute(text("SELECT * FROM fact ORDER BY event_id"))
            states = await session.execute(text("SELECT task_id, state FROM task_state ORDER BY task_id"))
            return [tuple(row) for row in facts], [(row.task_id, row.state) for row in states]

    async def truncate_projections(self) -> None:
        """Empty the tables that are made from events, and the inbox."""
        async with self.db.transaction() as tx:
            await tx.session.execute(text(TRUNCATE_PROJECTIONS))
