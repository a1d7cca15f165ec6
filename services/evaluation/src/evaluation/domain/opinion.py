"""What citizens think of a result: a stance and their words, at any time, without their names."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID


class Stance(StrEnum):
    """How a citizen finds the result."""

    SATISFIED = "satisfied"
    MIXED = "mixed"
    DISSATISFIED = "dissatisfied"


Person = NewType("Person", str)
"""A pseudonym under this service's own key. Never public, never announced."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One citizen's current opinion, as it is public: nothing here leads to the citizen."""

    id: UUID
    stance: Stance
    text: str
    given_at: datetime
