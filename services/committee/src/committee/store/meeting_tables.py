"""The tables of strategy meetings: agendas, outcomes, directives."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlmodel import Field

from committee.store.tables import INSTANT, Row


class MeetingRow(Row, table=True):
    """The current state of a strategy meeting."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND capacity", name="c12_never_more_items_than_capacity"),
        Index("meeting_by_time", "meets_at", "meeting_id"),
    )

    meeting_id: UUID = Field(primary_key=True)
    meets_at: datetime = Field(sa_type=INSTANT)
    capacity: int
    taken: int = 0
    """The number of agenda positions assigned. It never falls, so that no position is assigned twice (C12)."""
    state: str


class AgendaRow(Row, table=True):
    """The one agenda item of a deliberated case. After a deferral it is moved to a later meeting."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        PrimaryKeyConstraint("case_id", name="c12_one_agenda_item_per_case"),
        UniqueConstraint("meeting_id", "position", name="c12_one_case_per_position"),
    )

    case_id: UUID = Field(foreign_key="case.case_id")
    meeting_id: UUID = Field(foreign_key="meeting.meeting_id")
    position: int


class OutcomeRow(Row, table=True):
    """The outcome of a strategy meeting for the item at one position of its agenda."""

    __tablename__ = "outcome"
    __table_args__ = (
        PrimaryKeyConstraint("case_id", "meeting_id", name="c14_one_outcome_per_meeting"),
        Index("c14_one_final_outcome_per_case", "case_id", unique=True, postgresql_where=text("outcome <> 'deferred'")),
        Index("outcome_of_meeting", "meeting_id"),
    )

    case_id: UUID = Field(foreign_key="case.case_id")
    meeting_id: UUID = Field(foreign_key="meeting.meeting_id")
    position: int
    outcome: str
    reason: str
    note: str
    at: datetime = Field(sa_type=INSTANT)


class DirectiveRow(Row, table=True):
    """The instruction to a responsible body to carry out an adopted task."""

    __tablename__ = "directive"
    __table_args__ = (
        UniqueConstraint("case_id", name="c15_one_directive_per_case"),
        Index("directive_by_time", "issued_at", "directive_id"),
    )

    directive_id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="case.case_id")
    task_id: UUID
    title: str
    responsible_body: str
    instruction: str
    due_on: date
    outcome: str
    issued_at: datetime = Field(sa_type=INSTANT)
