"""The text types of request bodies, with their limits in characters."""

from typing import Annotated

from pydantic import Field

from townhall.chassis.http import Line, Prose

NoteText = Annotated[str, Prose(2000, least=0), Field(description="Public text beside the reasons; may be empty.")]
PrivateNoteText = Annotated[
    str, Prose(2000, least=0), Field(description="For the member's own record; never published.")
]
RecusalText = Annotated[
    str, Prose(500), Field(examples=["버스회사 이사를 맡고 있습니다."], description="Stored, but never published.")
]
VenueText = Annotated[str, Line(200, least=0), Field(examples=["정부세종청사 대회의실"], description="The venue.")]
BodyText = Annotated[str, Line(200), Field(examples=["국토교통부"])]
InstructionText = Annotated[str, Prose(2000), Field(examples=["심야 노선을 1년간 시범 운행하십시오."])]
