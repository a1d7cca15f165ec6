"""The numbers of voting's rule, versioned and never constants."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from voting.domain.vote import Terms

LARGEST = 2**31 - 1
"""More people than any electorate has, and what a total can hold."""


class Parameters(BaseModel):
    """What a version of the rule says."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    yes_more_than: Annotated[int, Field(ge=0, le=LARGEST, examples=[1000])]
    """The threshold is reached when *more than* this number voted yes."""
    ballots_changeable: Annotated[bool, Field(examples=[True])]
    """Whether a citizen may change their ballot until the vote closes; the last one counts."""

    def terms(self, version: int, article: str) -> Terms:
        """Return what a vote that opens now is held to."""
        return Terms(version, article, self.yes_more_than, self.ballots_changeable)
