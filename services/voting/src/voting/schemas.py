"""What citizens hand in over HTTP, and what anyone, or they alone, may see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from townhall.chassis.http import RequestModel, ResponseModel
from townhall.contracts.values import RuleUsed, TaskId
from voting.domain.ballot import Choice, Counted, CurrentBallot, Outcome
from voting.domain.vote import State, Terms
from voting.store.votes import Shown


class BallotRequest(RequestModel):
    """A ballot: yes or no."""

    choice: Annotated[Choice, Field(examples=["yes"])]


class BallotResponse(ResponseModel):
    """The caller's own ballot. Nobody else ever sees it."""

    task_id: UUID
    choice: Choice
    cast_at: datetime

    @classmethod
    def of(cls, task_id: TaskId, current_ballot: CurrentBallot) -> "BallotResponse":
        """Show a ballot to the one who cast it."""
        return cls(task_id=task_id, choice=current_ballot.choice, cast_at=current_ballot.cast_at)


class CountedResponse(BallotResponse):
    """What the caller's request did to their ballot."""

    outcome: Annotated[
        Outcome, Field(description="`unchanged` when the same ballot stood already, as after a repeated request.")
    ]

    @classmethod
    def after(cls, task_id: TaskId, counted: Counted) -> "CountedResponse":
        """Answer an accepted ballot."""
        current_ballot = counted.current_ballot
        return cls(
            task_id=task_id, choice=current_ballot.choice, cast_at=current_ballot.cast_at, outcome=counted.outcome
        )


class ThresholdResponse(ResponseModel):
    """Whether more than the required number voted yes."""

    more_than: Annotated[int | None, Field(examples=[1000], description="Null until the vote opens.")]
    reached: bool
    reached_at: datetime | None
    """Idempotent reached it stays reached, even when citizens change their ballots."""


class VoteResponse(ResponseModel):
    """A vote with its totals."""

    task_id: UUID
    title: Annotated[str, Field(examples=["심야 버스 노선을 늘려 주세요"])]
    state: State
    opens_at: datetime
    closes_at: datetime
    yes: Annotated[int, Field(examples=[1204])]
    no: Annotated[int, Field(examples=[311])]
    threshold: ThresholdResponse
    rule: Annotated[RuleUsed | None, Field(description="The rule in force when the vote opened; null until then.")]

    @classmethod
    def of(cls, shown: Shown) -> "VoteResponse":
        """Show a vote to anyone."""
        vote, terms = shown.vote, shown.vote.terms
        return cls(
            task_id=vote.task_id,
            title=vote.title,
            state=vote.state,
            opens_at=vote.opens_at,
            closes_at=vote.closes_at,
            yes=shown.tally.yes,
            no=shown.tally.no,
            threshold=_threshold(terms, shown.reached_at),
            rule=None if terms is None else RuleUsed(version=terms.version, article=terms.article),
        )


def _threshold(terms: Terms | None, reached_at: datetime | None) -> ThresholdResponse:
    more_than = None if terms is None else terms.more_than
    return ThresholdResponse(more_than=more_than, reached=reached_at is not None, reached_at=reached_at)
