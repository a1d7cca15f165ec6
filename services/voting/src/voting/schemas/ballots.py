"""Bodies of the ballot routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from townhall.chassis.http import RequestModel, ResponseModel
from townhall.contracts.values import TaskId
from voting.domain.ballot import Choice, Counted, CurrentBallot, Outcome


class BallotRequest(RequestModel):
    """A ballot: yes or no."""

    choice: Annotated[Choice, Field(examples=["yes"])]


class BallotResponse(ResponseModel):
    """The caller's own ballot; it is shown to no other person."""

    task_id: UUID
    choice: Choice
    cast_at: datetime

    @classmethod
    def of(cls, task_id: TaskId, current_ballot: CurrentBallot) -> "BallotResponse":
        """Build the response from the caller's current ballot."""
        return cls(task_id=task_id, choice=current_ballot.choice, cast_at=current_ballot.cast_at)


class CountedResponse(BallotResponse):
    """The caller's ballot and what the request did to it."""

    outcome: Annotated[
        Outcome, Field(description="`unchanged` when the same ballot was already counted, as after a repeated request.")
    ]

    @classmethod
    def from_counted(cls, task_id: TaskId, counted: Counted) -> "CountedResponse":
        """Build the response to an accepted ballot: the caller's current ballot and what the request changed."""
        current_ballot = counted.current_ballot
        return cls(
            task_id=task_id, choice=current_ballot.choice, cast_at=current_ballot.cast_at, outcome=counted.outcome
        )
