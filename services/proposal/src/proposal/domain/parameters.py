"""The numbers a rule version sets for proposals and tasks."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=1, le=366)]


class Parameters(BaseModel):
    """What the rules leave open. Never constants: each version has an article and an effective date."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    screening_days: Annotated[Days, Field(examples=[14])]
    """Screening is due this many days after a proposal is handed in."""
    voting_days: Annotated[Days, Field(examples=[30])]
    """How long a vote lasts when the Support Unit names no closing time."""
    longest_voting_days: Annotated[Days, Field(examples=[90])]
    """No vote may last longer."""
    latest_opening_days: Annotated[Days, Field(examples=[180])]
    """No vote may be announced further ahead."""
    proposals_a_day: Annotated[int, Field(ge=1, le=10_000, examples=[10])]
    """How many proposals one citizen may hand in within 24 hours."""
    referral_while_voting: Annotated[bool, Field(examples=[True])]
    """Whether a task may be referred while its vote still goes on, or only after it closed below the threshold."""
