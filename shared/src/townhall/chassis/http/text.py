"""Text people write: Unicode, Korean first, stored composed (NFC), with something in it to see."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from typing_extensions import override

_CONTROLS: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_BIDI: Final = "\u202a-\u202e\u2066-\u206f"
_NOT_TEXT: Final = "\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f\U000f0000-\U0010ffff"
_BREAKS: Final = "\t\n\r\u2028\u2029"
_REFUSED: Final = _CONTROLS + _BIDI + _NOT_TEXT
"""Controls, direction overrides, tags, private and non-characters. Lone surrogates are refused apart from these."""
_BLANK: Final = (
    " \t\n\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # white space
    "\xad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2060-\u2065\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"  # ignorable
    "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # fillers: letters by their category, nothing to the eye
)


@dataclass(frozen=True)
class _Text:
    longest: int
    """Characters after composition."""
    least: int = 1
    """1 when something visible is needed, 0 when it may be empty; then what shows nothing is stored as nothing."""

    refused = _REFUSED

    def __call__(self, given: str) -> str:
        """Return the text as it is stored, or raise what is wrong with it."""
        text = unicodedata.normalize("NFC", self.tidied(given))
        if len(text) > self.longest:
            raise PydanticCustomError("text_too_long", "The text is too long.")
        if re.search(f"[{self.refused}\ud800-\udfff]", text):
            raise PydanticCustomError("text_characters", "The text has characters that are not allowed.")
        if re.search(f"[^{_BLANK}]", text):
            return text
        if self.least:
            raise PydanticCustomError("text_empty", "The text has nothing to see.")
        return ""

    def tidied(self, given: str) -> str:
        """Return the text without what only a keyboard meant."""
        return given.strip(" \u3000")

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema: dict[str, Any] = {"type": "string", "minLength": self.least, "maxLength": self.longest}
        some = f"[^{self.refused}]*"
        return schema | {"pattern": f"^{some}[^{self.refused}{_BLANK}]{some}$" if self.least else f"^{some}$"}


@dataclass(frozen=True)
class Line(_Text):
    """One line of text: `title: Annotated[str, Line(100)]`."""

    refused = _REFUSED + _BREAKS


@dataclass(frozen=True)
class Prose(_Text):
    """Text of several lines: `problem: Annotated[str, Prose(20_000)]`; `Prose(2000, least=0)` may be empty."""

    @override
    def tidied(self, given: str) -> str:
        """Return the text with one kind of line break."""
        return re.sub("\r\n?|[\u2028\u2029]", "\n", given).strip(" \u3000\n")
