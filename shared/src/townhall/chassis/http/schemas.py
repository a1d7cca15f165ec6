"""Base models of request and response bodies: `RequestModel` is strict, `ResponseModel` is what the API publishes."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError
from typing_extensions import override

_WITHOUT_LITERAL: Final = frozenset({"uuid", "date", "datetime", "enum", "tuple", "set", "frozenset"})
"""Kinds JSON has no literal for: they come as strings and arrays."""
_YEARS: Final = range(1900, 2200)
"""Further away, adding a period or a time zone leaves what Python and PostgreSQL can hold."""


def _read_as_json(schema: Any, handler: GetCoreSchemaHandler) -> None:  # noqa: ANN401  a tree of dicts and lists
    """Let a UUID, a time, a choice or a set be read as JSON writes it; all else stays strict."""
    if isinstance(schema, dict):
        kind: Any = handler.resolve_ref_schema(schema) if schema.get("type") == "definition-ref" else schema
        if kind.get("type") in _WITHOUT_LITERAL:
            kind["strict"] = False
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        _read_as_json(part, handler)


class RequestModel(BaseModel):
    """Base of all request bodies. Unknown fields are refused, and values are not converted (`"1"` or `true` for 1)."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        ser_json_inf_nan="null",
    )

    @classmethod
    @override
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _read_as_json(handler.resolve_ref_schema(schema), handler)
        return schema


class ResponseModel(BaseModel):
    """What anyone, or the caller, may see."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


@dataclass(frozen=True)
class _Written:
    """Refuses other ways to write a time: pydantic would also read seconds since 1970, as a number or in quotes."""

    form: str

    def __call__(self, given: object) -> object:
        if isinstance(given, date) or (isinstance(given, str) and re.match(self.form, given, re.ASCII)):
            return given
        raise PydanticCustomError("date_form", "A date or time is written as RFC 3339 says.")


def _near(given: date) -> None:
    if given.year not in _YEARS:
        raise PydanticCustomError("date_range", "The date is too far away.")


def _moment(given: datetime) -> datetime:
    _near(given)
    return given.astimezone(UTC)


def _day(given: date) -> date:
    _near(given)
    return given


Moment = Annotated[AwareDatetime, BeforeValidator(_Written(r"\d{4}-\d\d-\d\d[Tt ]")), AfterValidator(_moment)]
"""A point in time with its offset, as RFC 3339 writes it; kept in UTC."""
Day = Annotated[date, BeforeValidator(_Written(r"\d{4}-\d\d-\d\d$")), AfterValidator(_day)]
"""A calendar day."""
