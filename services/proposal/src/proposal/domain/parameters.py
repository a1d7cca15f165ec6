"""The parameters a rule version sets for proposals and tasks."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Days = Annotated[int, Field(ge=1, le=366)]


class Parameters(BaseModel):
    """The parameters of one rule version. Rule versions are rows with an article and an effective date."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    screening_days: Annotated[Days, Field(examples=[14])]
    """Days from submission until screening is due (P1)."""
    voting_days: Annotated[Days, Field(examples=[30])]
    """Days a vote lasts when the Support Unit sets no closing time (P12)."""
    longest_voting_days: Annotated[Days, Field(examples=[90])]
    """The most days a vote may last (P12)."""
    latest_opening_days: Annotated[Days, Field(examples=[180])]
    """The most days between selection and the opening of the vote (P12)."""
    proposals_a_day: Annotated[int, Field(ge=1, le=10_000, examples=[10])]
    """How many proposals one citizen may submit within 24 hours (P2)."""
    referral_while_voting: Annotated[bool, Field(examples=[True])]
    """Whether a task may be referred before its vote closes (P13)."""
