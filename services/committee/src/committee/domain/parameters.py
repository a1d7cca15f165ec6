"""The parameters a rule version sets for the Committee and the strategy meeting."""

from datetime import timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

_EXAMPLE: Final[JsonDict] = {
    "quorum": 8,
    "decision_quorum": 5,
    "early_hours": 24,
    "lapse_hours": 24,
    "longest_sitting_hours": 24,
    "docketing_days": 30,
    "agenda_days": 30,
    "outcome_days": 7,
}


class Parameters(BaseModel):
    """The parameters of one rule version. Rule versions are rows with an article and an effective date."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    quorum: int = Field(ge=2, le=1000, description="Members who must be present to open a sitting (C6).")
    decision_quorum: int = Field(
        ge=2, le=1000, description="Positions a decision needs, those of recused members not counted (C9)."
    )
    early_hours: int = Field(
        ge=0,
        le=720,
        description="How long before its time a sitting may be opened (C5) or a meeting's outcomes recorded (C14).",
    )
    lapse_hours: int = Field(
        ge=1, le=720, description="How long after its time a sitting that was not opened lapses (C11)."
    )
    longest_sitting_hours: int = Field(ge=1, le=720, description="How long a sitting may stay open (C11).")
    docketing_days: int = Field(ge=1, le=3650, description="How long a case may wait for a sitting (C17).")
    agenda_days: int = Field(ge=1, le=3650, description="How long a deliberated case may wait for a meeting (C17).")
    outcome_days: int = Field(ge=1, le=3650, description="How long after the meeting its outcome is due (C17).")

    @property
    def early(self) -> timedelta:
        """`early_hours` (C5, C14)."""
        return timedelta(hours=self.early_hours)

    @property
    def lapse_period(self) -> timedelta:
        """`lapse_hours` (C11)."""
        return timedelta(hours=self.lapse_hours)

    @property
    def longest_sitting(self) -> timedelta:
        """`longest_sitting_hours` (C11)."""
        return timedelta(hours=self.longest_sitting_hours)

    @property
    def docketing_period(self) -> timedelta:
        """`docketing_days` (C17)."""
        return timedelta(days=self.docketing_days)

    @property
    def agenda_period(self) -> timedelta:
        """`agenda_days` (C17)."""
        return timedelta(days=self.agenda_days)

    @property
    def outcome_period(self) -> timedelta:
        """`outcome_days` (C17)."""
        return timedelta(days=self.outcome_days)
