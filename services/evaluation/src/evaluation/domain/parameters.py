"""The parameters of the evaluation rules. They are versioned data (`/rules`), not constants."""

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


def _composed(value: str) -> str:
    """Return the value in Unicode's composed form (NFC), as the values of applications are."""
    return unicodedata.normalize("NFC", value)


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("a value is listed twice")
    return values


Weight = Annotated[int, Field(ge=0, le=1000)]
Seats = Annotated[int, Field(ge=1, le=10_000)]
Days = Annotated[int, Field(ge=1, le=366)]
StratumValue = Annotated[str, StringConstraints(pattern=r"^[^|\x00-\x1f\x7f]{1,40}$"), AfterValidator(_composed)]
"""A region, age band or sex. It must not contain `|`, which separates values in the published frame."""
StratumValues = Annotated[
    tuple[StratumValue, ...], Field(strict=False, min_length=1, max_length=50), AfterValidator(_distinct)
]
"""`strict=False`, since JSON has lists and no tuples."""


class Parameters(BaseModel):
    """The parameters of one version of the rules."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    panel_weight: Annotated[Weight, Field(ge=1, examples=[7])]
    open_weight: Annotated[Weight, Field(examples=[3])]
    panel_size: Annotated[Seats, Field(examples=[120])]
    """Seats of a panel for which the secretary gives no number."""
    minimum_scores: Annotated[Seats, Field(examples=[3])]
    """Panel scores that each initiative needs before results are published; also the smallest panel size."""
    draw_days: Annotated[Days, Field(examples=[7])]
    """Days from the closing of applications until the draw of the panel is due."""
    scoring_days: Annotated[Days, Field(examples=[60])]
    """Days from the draw until the publication of results is due."""
    regions: Annotated[StratumValues, Field(examples=[["서울", "부산", "전남", "제주"]])]
    age_bands: Annotated[StratumValues, Field(examples=[["under-20", "20-39", "40-59", "60+"]])]
    sexes: Annotated[StratumValues, Field(examples=[["female", "male", "unspecified"]])]
    time_zone: Annotated[str, AfterValidator(_zone), Field(examples=["Asia/Seoul"])]
    """The time zone of due dates: they end at midnight there."""

    @model_validator(mode="after")
    def _panel_can_score(self) -> Self:
        if self.panel_size < self.minimum_scores:
            raise ValueError("panel_size must not be smaller than minimum_scores")
        return self

    def day(self, at: datetime) -> date:
        """Return the calendar day at a time, in the time zone of due dates."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()
