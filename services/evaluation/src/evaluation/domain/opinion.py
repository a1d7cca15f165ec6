"""Opinions of citizens on a result: a stance and a text, published without the author (E6, E15)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID


class Stance(StrEnum):
    """How a citizen judges the result."""

    SATISFIED = "satisfied"
    MIXED = "mixed"
    DISSATISFIED = "dissatisfied"


Person = NewType("Person", str)
"""The pseudonym of a person under a key of this service. It is stored, but never published (E15)."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A citizen's current opinion on an initiative, as published: the author is left out."""

    id: UUID
    stance: Stance
    text: str
    given_at: datetime
