"""Bodies of the vote routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from townhall.chassis.http import ResponseModel
from townhall.contracts.values import RuleUsed
from voting.domain.vote import State, Terms
from voting.store.votes import VoteDetails


class ThresholdResponse(ResponseModel):
    """Whether more than the required number voted yes."""

    more_than: Annotated[int | None, Field(examples=[1000], description="Null until the vote opens.")]
    reached: bool
    reached_at: datetime | None
    """A reached threshold stays reached, even when citizens change their ballots."""


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
    def of(cls, details: VoteDetails) -> "VoteResponse":
        """Build the public response of a vote."""
        vote, terms = details.vote, details.vote.terms
        return cls(
            task_id=vote.task_id,
            title=vote.title,
            state=vote.state,
            opens_at=vote.opens_at,
            closes_at=vote.closes_at,
            yes=details.tally.yes,
            no=details.tally.no,
            threshold=_threshold(terms, details.reached_at),
            rule=None if terms is None else terms.used,
        )


def _threshold(terms: Terms | None, reached_at: datetime | None) -> ThresholdResponse:
    more_than = None if terms is None else terms.more_than
    return ThresholdResponse(more_than=more_than, reached=reached_at is not None, reached_at=reached_at)
