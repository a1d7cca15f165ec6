"""The tables. Rules about rows are constraints, named after the number of the rule."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

TIMESTAMP: Any = DateTime(timezone=True)
HUNDREDTHS: Any = Numeric(5, 2)

LOCKED_READ: Final = {"populate_existing": True}
"""Execution options of a query that locks: rows the session has read before are overwritten by the locked ones."""


class Row(SQLModel, registry=registry()):
    """Base of the rows, with a registry of its own: the services of one test process don't share metadata."""


class InitiativeRow(Row, table=True):
    """The current state of an initiative."""

    __tablename__ = "initiative"
    __table_args__ = (
        UniqueConstraint("task_id", name="e1_one_initiative_per_task"),
        UniqueConstraint("directive_id", name="e1_one_initiative_per_directive"),
        Index("initiative_by_time", "opened_at", "id"),
        Index("initiative_by_state", "state", "opened_at", "id"),
        Index("initiative_due", "due_on", postgresql_where=text("state IN ('planned', 'started', 'delayed')")),
    )

    id: UUID = Field(primary_key=True)
    task_id: UUID
    directive_id: UUID
    title: str
    responsible_body: str
    due_on: date
    state: str
    opened_at: datetime = Field(sa_type=TIMESTAMP)
    started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    overdue_for: date | None = None
    """The due date that was last announced as passed."""


class MilestoneRow(Row, table=True):
    """A planned step of an initiative."""

    __tablename__ = "milestone"
    __table_args__ = (Index("milestone_due", "due_on", postgresql_where=text("reached_at IS NULL AND NOT overdue")),)

    id: UUID = Field(primary_key=True)
    initiative_id: UUID = Field(foreign_key="initiative.id", index=True)
    title: str
    due_on: date
    planned_at: datetime = Field(sa_type=TIMESTAMP)
    reached_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    note: str
    overdue: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Whether it was announced as overdue."""


class DelayRow(Row, table=True):
    """One change of a due date. Append-only."""

    __tablename__ = "delay"
    __table_args__ = (
        PrimaryKeyConstraint("initiative_id", "was_due_on", name="e3_one_delay_per_due_date"),
        CheckConstraint("due_on > was_due_on", name="e3_due_date_later"),
    )

    initiative_id: UUID = Field(foreign_key="initiative.id")
    was_due_on: date
    due_on: date
    reason: str
    note: str
    acted_by: str
    at: datetime = Field(sa_type=TIMESTAMP)


class ReportRow(Row, table=True):
    """The responsible body's final report on an initiative."""

    __tablename__ = "report"

    initiative_id: UUID = Field(foreign_key="initiative.id", primary_key=True)
    outcome: str
    reason: str | None
    note: str
    acted_by: str
    at: datetime = Field(sa_type=TIMESTAMP)


class VerificationRow(Row, table=True):
    """The Support Unit's confirmation that a report is true."""

    __tablename__ = "verification"

    initiative_id: UUID = Field(foreign_key="initiative.id", primary_key=True)
    note: str
    acted_by: str
    at: datetime = Field(sa_type=TIMESTAMP)


class OpinionRow(Row, table=True):
    """One citizen's current opinion on one initiative."""

    __tablename__ = "opinion"
    __table_args__ = (
        UniqueConstraint("initiative_id", "citizen", name="e6_one_opinion_per_citizen"),
        Index("opinion_by_time", "initiative_id", "given_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    initiative_id: UUID = Field(foreign_key="initiative.id")
    citizen: str
    stance: str
    text: str
    given_at: datetime = Field(sa_type=TIMESTAMP)


class RoundRow(Row, table=True):
    """The current state of an evaluation round."""

    __tablename__ = "round"
    __table_args__ = (
        CheckConstraint("(seed IS NULL) = (frame_sha256 IS NULL)", name="e10_seed_and_frame"),
        CheckConstraint("seed IS NOT NULL OR state IN ('applying', 'cancelled')", name="e10_seed_after_draw"),
        Index("round_by_time", "opened_at", "id"),
        Index("round_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    title: str
    state: str
    panel_size: int
    seed_commitment: str
    applications_close_at: datetime = Field(sa_type=TIMESTAMP)
    opened_at: datetime = Field(sa_type=TIMESTAMP)
    rule_version: int
    rule_article: str
    due_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    overdue_for: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    seed: str | None = None
    frame_sha256: str | None = None
    published_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    cancel_reason: str | None = None
    cancel_note: str | None = None
    cancelled_by: str | None = None
    cancelled_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class RoundInitiativeRow(Row, table=True):
    """An initiative in a round. `released` is set when the round is cancelled."""

    __tablename__ = "round_initiative"
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "initiative_id", name="e8_initiative_once_per_round"),
        Index("e8_one_round_per_initiative", "initiative_id", unique=True, postgresql_where=text("NOT released")),
    )

    round_id: UUID = Field(foreign_key="round.id")
    initiative_id: UUID = Field(foreign_key="initiative.id")
    position: int
    released: bool = False


class ApplicationRow(Row, table=True):
    """One citizen's application to the panel of one round. Everything but `citizen` is published."""

    __tablename__ = "application"
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "citizen", name="e9_one_application_per_citizen"),
        UniqueConstraint("round_id", "ticket", name="e9_one_citizen_per_ticket"),
    )

    round_id: UUID = Field(foreign_key="round.id")
    citizen: str
    ticket: str
    region: str
    age_band: str
    sex: str
    drawn: bool = False


class ScoreRow(Row, table=True):
    """One citizen's current score of one initiative."""

    __tablename__ = "score"
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "initiative_id", "citizen", name="e11_one_score_per_citizen"),
        CheckConstraint("score BETWEEN 0 AND 100", name="e11_score_from_0_to_100"),
    )

    round_id: UUID = Field(foreign_key="round.id")
    initiative_id: UUID = Field(foreign_key="initiative.id")
    citizen: str
    track: str
    score: int
    given_at: datetime = Field(sa_type=TIMESTAMP)


class ResultRow(Row, table=True):
    """A published result. Never changed."""

    __tablename__ = "result"
    __table_args__ = (PrimaryKeyConstraint("round_id", "initiative_id", name="e12_one_result_per_round"),)

    round_id: UUID = Field(foreign_key="round.id")
    initiative_id: UUID = Field(foreign_key="initiative.id", index=True)
    panel_score: Decimal = Field(sa_type=HUNDREDTHS)
    panel_size: int
    panel_count: int
    open_score: Decimal | None = Field(sa_type=HUNDREDTHS)
    open_count: int
    weighted_score: Decimal = Field(sa_type=HUNDREDTHS)
    rule_version: int
    rule_article: str
    published_at: datetime = Field(sa_type=TIMESTAMP)
