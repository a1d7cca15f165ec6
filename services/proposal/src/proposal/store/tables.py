"""The tables. A rule over a whole table is a constraint, named after the rule."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

INSTANT: Any = DateTime(timezone=True)


class Row(SQLModel, registry=registry()):
    """The base of this service's tables; its own registry, so that two services can share a test process."""


class ProposalRow(Row, table=True):
    """The current state of a proposal, with its author's pseudonym."""

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="p7_merged_has_target"),
        CheckConstraint("merged_into <> id", name="p7_not_merged_into_itself"),
        CheckConstraint("supports >= 0", name="p10_supports_not_negative"),
        Index("proposal_by_state", "state", "submitted_at", "id"),
        Index("proposal_by_time", "submitted_at", "id"),
        Index("proposal_by_author", "author", "submitted_at"),
        Index("proposal_in_screening", "screening_due_at", postgresql_where=text("state = 'screening'")),
    )

    id: UUID = Field(primary_key=True)
    author: str
    title: str
    problem: str
    remedy: str
    topic: str | None
    state: str
    submitted_at: datetime = Field(sa_type=INSTANT)
    screening_due_at: datetime = Field(sa_type=INSTANT)
    overdue_announced_for: datetime | None = Field(default=None, sa_type=INSTANT)
    """The due date that was announced as overdue (P16); a new due date is announced again."""
    rule_version: int
    rule_article: str
    merged_into: UUID | None = Field(default=None, foreign_key="proposal.id", index=True)
    supports: int = 0
    """The number of this proposal's rows in `support`. Both change in one transaction, under this row's lock."""


class ScreeningRow(Row, table=True):
    """A screening decision. A proposal may have several; the newest has the highest id."""

    __tablename__ = "screening"

    id: int | None = Field(default=None, sa_type=BigInteger, sa_column_args=(Identity(always=True),), primary_key=True)
    proposal_id: UUID = Field(foreign_key="proposal.id", index=True)
    decision: str
    reason: str
    note: str
    body: str | None
    acted_by: str
    at: datetime = Field(sa_type=INSTANT)


class SupportRow(Row, table=True):
    """One citizen's support of one proposal."""

    __tablename__ = "support"
    __table_args__ = (PrimaryKeyConstraint("proposal_id", "supporter", name="p10_one_support_per_citizen"),)

    proposal_id: UUID = Field(foreign_key="proposal.id")
    supporter: str
    supported_at: datetime = Field(sa_type=INSTANT)


class TaskRow(Row, table=True):
    """A task as it was selected. The row never changes; later events about it are in `fact`."""

    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("opens_at >= selected_at", name="p12_opens_after_selection"),
        CheckConstraint("closes_at > opens_at", name="p12_closes_after_opening"),
        Index("task_by_time", "selected_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    title: str
    summary: str
    origin: str
    reason: str
    note: str
    opens_at: datetime = Field(sa_type=INSTANT)
    closes_at: datetime = Field(sa_type=INSTANT)
    selected_at: datetime = Field(sa_type=INSTANT)
    rule_version: int
    rule_article: str


class LineageRow(Row, table=True):
    """One proposal of a task."""

    __tablename__ = "lineage"
    __table_args__ = (PrimaryKeyConstraint("task_id", "proposal_id", name="p11_named_once_per_task"),)

    task_id: UUID = Field(foreign_key="task.id")
    proposal_id: UUID = Field(foreign_key="proposal.id", index=True)
    position: int
    """The order in which the task names its proposals, from 0."""


class ReferralRow(Row, table=True):
    """The referral of a task to the Committee without the threshold."""

    __tablename__ = "referral"
    __table_args__ = (PrimaryKeyConstraint("task_id", name="p13_one_referral_per_task"),)

    task_id: UUID = Field(foreign_key="task.id")
    reason: str
    note: str
    acted_by: str
    at: datetime = Field(sa_type=INSTANT)


class FactRow(Row, table=True):
    """A projection: one event about a task. It may arrive before the task, so `task_id` is no foreign key."""

    __tablename__ = "fact"
    __table_args__ = (
        PrimaryKeyConstraint("event_id", name="p14_each_fact_once"),
        Index("fact_of_task", "task_id", "at", "source", "version"),
    )

    event_id: UUID
    task_id: UUID
    source: str
    version: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=INSTANT)
    type: str
    facts: dict[str, Any] = Field(sa_type=JSONB)


class TaskStateRow(Row, table=True):
    """A projection: the furthest state shown by any event about a task (P15)."""

    __tablename__ = "task_state"
    __table_args__ = (Index("task_state_by_state", "state", "task_id"),)

    task_id: UUID = Field(primary_key=True)
    state: str
    rank: int
