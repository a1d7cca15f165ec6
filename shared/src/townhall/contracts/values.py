"""Values that several events share. Pydantic types only."""

from enum import StrEnum
from typing import Annotated, NewType
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints

ProposalId = NewType("ProposalId", UUID)
"""Names a proposal."""
TaskId = NewType("TaskId", UUID)
"""Names a task, in all four services."""
CaseId = NewType("CaseId", UUID)
"""Names a case of the Committee; it follows from the task, so a replay makes the same."""
SittingId = NewType("SittingId", UUID)
"""Names a sitting of the Committee."""
MeetingId = NewType("MeetingId", UUID)
"""Names a strategy meeting."""
DirectiveId = NewType("DirectiveId", UUID)
"""Names a directive."""
InitiativeId = NewType("InitiativeId", UUID)
"""Names an initiative; it follows from the directive, so a replay makes the same."""
MilestoneId = NewType("MilestoneId", UUID)
"""Names a milestone."""
RoundId = NewType("RoundId", UUID)
"""Names an evaluation round."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A public title, at most 100 characters."""
Note = Annotated[str, StringConstraints(max_length=2000)]
"""Free public text beside a coded reason; may be empty."""
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
"""A typed public reason in kebab-case. Readers must accept codes they don't know."""
BodyName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""The public name of a government body."""
Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
"""A mean score from 0 to 100."""


class RuleUsed(BaseModel):
    """The versioned rule an automatic act used, so that anyone can check the act against it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: PositiveInt
    article: str
    """The title of the article the parameters come from."""


class ActedBy(StrEnum):
    """Who acted, by role and never by name."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    MEMBER = "member"
    CHAIR = "chair"
    SECRETARY = "secretary"
    AGENCY = "agency"
    RULE = "rule"
    """Nobody: the act followed from a rule by itself."""


class Outcome(StrEnum):
    """What the strategy meeting made of a case."""

    ADOPTED = "adopted"
    ADOPTED_WITH_CHANGE = "adopted-with-change"
    RETURNED = "returned"
    DEFERRED = "deferred"


class Decision(StrEnum):
    """What the Committee made of a case. `deferred` alone leaves it undeliberated."""

    RECOMMENDED = "recommended"
    AMENDED = "amended"
    DECLINED = "declined"
    DEFERRED = "deferred"
