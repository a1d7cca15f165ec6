"""Text types of request bodies, with their maximum lengths in characters."""

from typing import Annotated

from pydantic import Field

from townhall.chassis.http import Line, Prose, RequestModel

SEED_EXAMPLE = "공정한 추첨을 위한 시드 4f1c9e07"

TitleText = Annotated[str, Line(100), Field(examples=["정류장 38곳에 조명과 비상벨 설치"])]
NoteText = Annotated[str, Prose(2000, least=0), Field(description="Public text; may be empty.")]
OpinionText = Annotated[str, Prose(2000), Field(examples=["이제 자정에도 버스로 집에 갑니다."])]
StratumText = Annotated[str, Line(40)]
SeedText = Annotated[str, Line(200), Field(examples=[SEED_EXAMPLE])]


class EmptyRequest(RequestModel):
    """A body without fields."""


Empty = EmptyRequest | None
"""An empty object, or no body at all."""
