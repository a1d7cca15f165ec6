"""The text types of request bodies, with their limits in characters."""

from typing import Annotated

from pydantic import Field

from townhall.chassis.http import Line, Prose

TitleText = Annotated[str, Line(100), Field(examples=["심야 버스 노선을 늘려 주세요"])]
TopicText = Annotated[str, Line(100), Field(examples=["교통"])]
LongText = Annotated[str, Prose(20_000), Field(examples=["막차가 끊기면 교대 근무자는 집에 갈 방법이 없습니다."])]
OptionalText = Annotated[str, Prose(20_000, least=0), Field(examples=["새벽 두 시까지 30분 간격으로 운행합시다."])]
NoteText = Annotated[str, Prose(2000, least=0), Field(description="Public text beside the reason; may be empty.")]
BodyText = Annotated[str, Line(200), Field(examples=["국토교통부"])]
