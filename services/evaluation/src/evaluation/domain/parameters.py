"""The numbers and lists a rule version sets for delivery and evaluation."""

import unicodedata
from datetime import date, datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("unknown time zone") from None
    return name


def _composed(cell: str) -> str:
    """Write the value as applications write it, whatever keyboard it came from."""
    return unicodedata.normalize("NFC", cell)


def _distinct(cells: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(cells)) != len(cells):
        raise ValueError("a value stands twice")
    return cells


Weight = Annotated[int, Field(ge=0, le=1000)]
Seats = Annotated[int, Field(ge=1, le=10_000)]
Days = Annotated[int, Field(ge=1, le=366)]
Cell = Annotated[str, StringConstraints(pattern=r"^[^|\x00-\x1f\x7f]{1,40}$"), AfterValidator(_composed)]
"""One value of a stratum. It never holds the bar that separates values in the published frame."""
Cells = Annotated[tuple[Cell, ...], Field(strict=False, min_length=1, max_length=50), AfterValidator(_distinct)]
"""Not strict itself: JSON has no tuples, but lists."""


class Parameters(BaseModel):
    """What the rules leave open. Never constants: each version has an article and an effective date."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    panel_weight: Annotated[Weight, Field(ge=1, examples=[7])]
    open_weight: Annotated[Weight, Field(examples=[3])]
    panel_size: Annotated[Seats, Field(examples=[120])]
    """Seats of a panel when the secretary names no number."""
    minimum_scores: Annotated[Seats, Field(examples=[3])]
    """Panel scores each initiative needs before a round may be published, so also the smallest panel."""
    draw_days: Annotated[Days, Field(examples=[7])]
    """The panel is due this many days after applications closed."""
    scoring_days: Annotated[Days, Field(examples=[60])]
    """Results are due this many days after the panel was drawn."""
    regions: Annotated[Cells, Field(examples=[["서울", "부산", "전남", "제주"]])]
    age_bands: Annotated[Cells, Field(examples=[["under-20", "20-39", "40-59", "60+"]])]
    sexes: Annotated[Cells, Field(examples=[["female", "male", "unspecified"]])]
    time_zone: Annotated[str, AfterValidator(_zone), Field(examples=["Asia/Seoul"])]
    """Where a due date ends: at midnight there."""

    @model_validator(mode="after")
    def _panel_can_score(self) -> Self:
        if self.panel_size < self.minimum_scores:
            raise ValueError("a panel smaller than the scores it must give")
        return self

    def day(self, at: datetime) -> date:
        """Return the calendar day of a moment, where due dates are counted."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()
