"""The tables. Rules over a whole table are constraints, named after the rule."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

INSTANT: Any = DateTime(timezone=True)


class Row(SQLModel, registry=registry()):
    """The tables of this service, apart from those of any other in the same process."""


class VoteRow(Row, table=True):
    """A vote, the rule frozen on it, and its sealed key. Ballots never rewrite it."""

    __tablename__ = "vote"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="v1_a_vote_takes_time"),
        Index("vote_by_time", "opens_at", "task_id"),
        Index("vote_by_state", "state", "opens_at", "task_id"),
        Index("vote_closing", "closes_at", postgresql_where=text("state = 'open'")),
    )

    task_id: UUID = Field(primary_key=True)
    title: str
    state: str
    opens_at: datetime = Field(sa_type=INSTANT)
    closes_at: datetime = Field(sa_type=INSTANT)
    scheduled_at: datetime = Field(sa_type=INSTANT)
    rule_version: int | None = None
    rule_article: str | None = None
    more_than: int | None = None
    ballots_changeable: bool | None = None
    wrapped_key: bytes
    key_version: int


class TallyRow(Row, table=True):
    """The totals of a vote, rewritten in the transaction of the ballots they count."""

    __tablename__ = "tally"
    __table_args__ = (CheckConstraint("yes >= 0 AND no >= 0", name="v6_no_total_below_none"),)

    task_id: UUID = Field(primary_key=True, foreign_key="vote.task_id")
    yes: int = 0
    no: int = 0
    reached_at: datetime | None = Field(default=None, sa_type=INSTANT)


class BallotRow(Row, table=True):
    """Every ballot ever accepted, in the order of counting. Rows are only ever added."""

    __tablename__ = "ballot"

    id: int | None = Field(default=None, sa_type=BigInteger, sa_column_args=(Identity(always=True),), primary_key=True)
    task_id: UUID
    voter: bytes
    choice: str
    cast_at: datetime = Field(sa_type=INSTANT)


class CurrentBallotRow(Row, table=True):
    """The one ballot of each citizen that counts: the last accepted."""

    __tablename__ = "current_ballot"
    __table_args__ = (PrimaryKeyConstraint("task_id", "voter", name="v3_one_ballot_per_citizen"),)

    task_id: UUID = Field(primary_key=True)
    voter: bytes = Field(primary_key=True)
    choice: str
    cast_at: datetime = Field(sa_type=INSTANT)
    ballot: int = Field(sa_type=BigInteger)


class CrossingRow(Row, table=True):
    """A threshold reached, with the totals of the moment: once per task and rule version."""

    __tablename__ = "crossing"
    __table_args__ = (PrimaryKeyConstraint("task_id", "rule_version", name="v5_threshold_once"),)

    task_id: UUID = Field(primary_key=True, foreign_key="vote.task_id")
    rule_version: int = Field(primary_key=True)
    yes: int
    no: int
    reached_at: datetime = Field(sa_type=INSTANT)
