"""The parameters of the voting rules. They are versioned data (`/rules`), not constants."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from voting.domain.vote import Terms

MAX_THRESHOLD = 2**31 - 1
"""The largest total that the database column can hold."""


class Parameters(BaseModel):
    """The parameters of one version of the rules."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    yes_more_than: Annotated[int, Field(ge=0, le=MAX_THRESHOLD, examples=[1000])]
    """The threshold is reached when *more than* this number voted yes."""
    ballots_changeable: Annotated[bool, Field(examples=[True])]
    """Whether citizens may change their ballots until the vote closes. The last one counts (V4)."""

    def terms(self, version: int, article: str) -> Terms:
        """Return the terms of a vote that opens under these parameters."""
        return Terms(version, article, self.yes_more_than, self.ballots_changeable)
