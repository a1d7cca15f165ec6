"""The numbers of the Committee's rules: versioned data, never constants."""

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
    "tabling_days": 30,
    "outcome_days": 7,
}


class Parameters(BaseModel):
    """One version of them. Each says which rule it belongs to."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    quorum: int = Field(ge=2, le=1000, description="Members who must be present to open a sitting (C6).")
    decision_quorum: int = Field(
        ge=2, le=1000, description="Positions a decision needs, recused members not counted; nobody decides alone (C9)."
    )
    early_hours: int = Field(
        ge=0,
        le=720,
        description="How long before its time a sitting may open or a meeting's outcomes be recorded (C5).",
    )
    lapse_hours: int = Field(ge=1, le=720, description="How long after its time an unopened sitting lapses (C11).")
    longest_sitting_hours: int = Field(ge=1, le=720, description="How long a sitting may stay open (C11).")
    docketing_days: int = Field(ge=1, le=3650, description="How long a case may wait for a sitting (C17).")
    tabling_days: int = Field(ge=1, le=3650, description="How long a deliberated case may wait for a meeting (C17).")
    outcome_days: int = Field(ge=1, le=3650, description="How long after the meeting its outcome is due (C17).")

    @property
    def early(self) -> timedelta:
        """C5, as a span."""
        return timedelta(hours=self.early_hours)

    @property
    def lapse(self) -> timedelta:
        """C11, as a span."""
        return timedelta(hours=self.lapse_hours)

    @property
    def longest_sitting(self) -> timedelta:
        """C11, as a span."""
        return timedelta(hours=self.longest_sitting_hours)

    @property
    def docketing(self) -> timedelta:
        """C17, as a span."""
        return timedelta(days=self.docketing_days)

    @property
    def tabling(self) -> timedelta:
        """C17, as a span."""
        return timedelta(days=self.tabling_days)

    @property
    def outcome(self) -> timedelta:
        """C17, as a span."""
        return timedelta(days=self.outcome_days)
