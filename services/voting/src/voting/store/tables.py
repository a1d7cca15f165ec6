"""The tables. Rules about rows are constraints, named after the number of the rule."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

TIMESTAMP: Any = DateTime(timezone=True)


class Row(SQLModel, registry=registry()):
    """Base of the rows, with a registry of its own: the services of one test process don't share metadata."""


class VoteRow(Row, table=True):
    """A vote, the terms it was opened under, and its wrapped key. Counting ballots locks but doesn't update it.

    `id` is what its ballots are stored under: 4 bytes, where `task_id` has 16.
    """

    __tablename__ = "vote"
    __table_args__ = (
        UniqueConstraint("id", name="vote_number"),
        CheckConstraint("opens_at < closes_at", name="v1_closes_after_it_opens"),
        Index("vote_by_time", "opens_at", "task_id"),
        Index("vote_by_state", "state", "opens_at", "task_id"),
        Index("vote_closing", "closes_at", postgresql_where=text("state = 'open'")),
    )

    task_id: UUID = Field(primary_key=True)
    id: int = Field(default=None, sa_type=Integer, sa_column_args=(Identity(always=True),))
    title: str
    state: str
    opens_at: datetime = Field(sa_type=TIMESTAMP)
    closes_at: datetime = Field(sa_type=TIMESTAMP)
    scheduled_at: datetime = Field(sa_type=TIMESTAMP)
    rule_version: int | None = None
    rule_article: str | None = None
    more_than: int | None = None
    ballots_changeable: bool | None = None
    wrapped_key: bytes
    key_version: int


class TallyRow(Row, table=True):
    """The totals of a vote, updated in the transaction that stores the ballots."""

    __tablename__ = "tally"
    __table_args__ = (CheckConstraint("yes >= 0 AND no >= 0", name="v6_totals_not_negative"),)

    task_id: UUID = Field(primary_key=True, foreign_key="vote.task_id")
    yes: int = 0
    no: int = 0
    reached_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class CurrentBallotRow(Row, table=True):
    """The current ballot of each citizen on each task: the last one accepted. Ids rise in the order of counting.

    When a later ballot replaces it, the database moves the row to `replaced_ballot` (V6): every ballot ever accepted is
    in exactly one of the two tables.
    """

    __tablename__ = "current_ballot"
    __table_args__ = (PrimaryKeyConstraint("vote_id", "voter", name="v3_one_ballot_per_citizen"),)

    id: int = Field(sa_type=BigInteger)
    cast_at: datetime = Field(sa_type=TIMESTAMP)
    vote_id: int = Field(primary_key=True)
    choice: bool
    """True for yes."""
    voter: bytes = Field(primary_key=True)


class ReplacedBallotRow(Row, table=True):
    """The accepted ballots that a later one of the same citizen replaced. Append-only (V6)."""

    __tablename__ = "replaced_ballot"
    __table_args__ = (PrimaryKeyConstraint("vote_id", "id", name="v6_replaced_once"),)

    id: int = Field(sa_type=BigInteger, primary_key=True)
    cast_at: datetime = Field(sa_type=TIMESTAMP)
    vote_id: int = Field(primary_key=True)
    choice: bool
    voter: bytes


class CrossingRow(Row, table=True):
    """A reached threshold with the totals at that time: one per task and rule version (V5)."""

    __tablename__ = "crossing"
    __table_args__ = (PrimaryKeyConstraint("task_id", "rule_version", name="v5_threshold_once"),)

    task_id: UUID = Field(primary_key=True, foreign_key="vote.task_id")
    rule_version: int = Field(primary_key=True)
    yes: int
    no: int
    reached_at: datetime = Field(sa_type=TIMESTAMP)
