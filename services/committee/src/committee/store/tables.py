"""The tables. A rule over a whole table is a constraint, named after the rule."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

INSTANT: Any = DateTime(timezone=True)
TEXTS: Any = ARRAY(Text)


class Row(SQLModel, registry=registry()):
    """The base of this service's tables; its own registry, so that two services can share a test process."""


class SittingRow(Row, table=True):
    """The current state of a sitting."""

    __tablename__ = "sitting"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", name="c3_never_more_cases_than_capacity"),
        CheckConstraint("(ends_at IS NULL) = (state IN ('closed', 'lapsed'))", name="c11_every_sitting_ends"),
        Index("sitting_by_time", "sits_at", "sitting_id"),
        Index("sitting_ending", "ends_at", postgresql_where=text("ends_at IS NOT NULL")),
    )

    sitting_id: UUID = Field(primary_key=True)
    sits_at: datetime = Field(sa_type=INSTANT)
    capacity: int
    taken: int = 0
    """The number of docket positions assigned. It never falls, so that no position is assigned twice (C3)."""
    place: str
    state: str
    present: int = 0
    """The number of this sitting's rows in `attendance`. Both change in one transaction, under this row's lock."""
    ends_at: datetime | None = Field(default=None, sa_type=INSTANT)
    rule_version: int


class CaseRow(Row, table=True):
    """The current state of a case."""

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("task_id", name="c1_one_case_per_task"),
        CheckConstraint(
            "state NOT IN ('docketed', 'in-deliberation') OR sitting_id IS NOT NULL", name="c2_docketed_on"
        ),
        CheckConstraint("state <> 'on-agenda' OR meeting_id IS NOT NULL", name="c12_on_agenda_at"),
        CheckConstraint(
            "state NOT IN ('opened', 'deferred', 'deliberated', 'on-agenda') OR due_at IS NOT NULL",
            name="c17_waiting_until",
        ),
        Index("case_by_time", "opened_at", "case_id"),
        Index("case_by_state", "state", "opened_at", "case_id"),
        Index("case_of_sitting", "sitting_id"),
        Index("case_due", "due_at", postgresql_where=text("NOT overdue_announced")),
    )

    case_id: UUID = Field(primary_key=True)
    task_id: UUID
    title: str
    cause: str
    opened_at: datetime = Field(sa_type=INSTANT)
    state: str
    sitting_id: UUID | None = Field(default=None, foreign_key="sitting.sitting_id")
    meeting_id: UUID | None = Field(default=None, foreign_key="meeting.meeting_id")
    later_than: datetime | None = Field(default=None, sa_type=INSTANT)
    due_at: datetime | None = Field(default=None, sa_type=INSTANT)
    due_rule_version: int | None
    overdue_announced: bool = False


class CauseRow(Row, table=True):
    """Why a task came before the Committee. A redelivered event adds no second row."""

    __tablename__ = "cause"
    __table_args__ = (PrimaryKeyConstraint("case_id", "cause", "rule_version", name="c1_each_cause_once"),)

    case_id: UUID = Field(foreign_key="case.case_id")
    cause: str
    rule_version: int
    article: str
    reason: str
    note: str
    at: datetime = Field(sa_type=INSTANT)


class DocketRow(Row, table=True):
    """The position of a case on the docket of a sitting. It stays after the case has left the sitting."""

    __tablename__ = "docket"
    __table_args__ = (
        PrimaryKeyConstraint("sitting_id", "case_id", name="c2_once_per_case_and_sitting"),
        UniqueConstraint("sitting_id", "position", name="c2_one_case_per_position"),
    )

    sitting_id: UUID = Field(foreign_key="sitting.sitting_id")
    case_id: UUID = Field(foreign_key="case.case_id", index=True)
    position: int


class AttendanceRow(Row, table=True):
    """A member who attends a sitting, by pseudonym."""

    __tablename__ = "attendance"
    __table_args__ = (PrimaryKeyConstraint("sitting_id", "person", name="c5_each_member_once"),)

    sitting_id: UUID = Field(foreign_key="sitting.sitting_id")
    person: str
    arrived_at: datetime = Field(sa_type=INSTANT)


class RecusalRow(Row, table=True):
    """A member who is recused from a case, in all its sittings."""

    __tablename__ = "recusal"
    __table_args__ = (PrimaryKeyConstraint("case_id", "person", name="c7_one_recusal_per_member"),)

    case_id: UUID = Field(foreign_key="case.case_id")
    person: str
    reason: str
    """Never published: it could identify the member."""
    recused_at: datetime = Field(sa_type=INSTANT)


class PositionRow(Row, table=True):
    """A member's position on a case in one sitting. A new one replaces it."""

    __tablename__ = "position"
    __table_args__ = (
        PrimaryKeyConstraint("case_id", "sitting_id", "person", name="c8_one_position_per_member"),
        # C8: only a member who attends the sitting has a position.
        ForeignKeyConstraint(
            ["sitting_id", "person"], ["attendance.sitting_id", "attendance.person"], name="c8_only_attendees"
        ),
    )

    case_id: UUID = Field(foreign_key="case.case_id")
    sitting_id: UUID
    person: str
    stance: str
    note: str
    taken_at: datetime = Field(sa_type=INSTANT)


class DeferralRow(Row, table=True):
    """The deferral of a case by a sitting."""

    __tablename__ = "deferral"
    __table_args__ = (PrimaryKeyConstraint("case_id", "sitting_id", name="c11_one_deferral_per_sitting"),)

    case_id: UUID = Field(foreign_key="case.case_id")
    sitting_id: UUID = Field(foreign_key="sitting.sitting_id")
    reasons: list[str] = Field(sa_type=TEXTS)
    note: str
    acted_by: str
    at: datetime = Field(sa_type=INSTANT)


class DecisionRow(Row, table=True):
    """The Committee's decision on a case."""

    __tablename__ = "decision"
    __table_args__ = (PrimaryKeyConstraint("case_id", name="c9_one_decision_per_case"),)

    case_id: UUID = Field(foreign_key="case.case_id")
    sitting_id: UUID = Field(foreign_key="sitting.sitting_id")
    decision: str
    reasons: list[str] = Field(sa_type=TEXTS)
    note: str
    in_favour: int
    against: int
    abstained: int
    recused: int
    rule_version: int
    article: str
    at: datetime = Field(sa_type=INSTANT)
