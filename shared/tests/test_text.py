"""Text fields: NFC, visible characters, no deceptive formatting."""

import re
import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from townhall.chassis.http import Line, Prose

LINE = TypeAdapter(Annotated[str, Line(20)])
PROSE = TypeAdapter(Annotated[str, Prose(200)])
NOTE = TypeAdapter(Annotated[str, Prose(200, least=0)])


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("공원에 그늘을", "공원에 그늘을"),
        (unicodedata.normalize("NFD", "공원에 그늘을"), "공원에 그늘을"),
        ("  빈칸 \u3000", "빈칸"),
        ("ㅋㅋㅋ 좋아요!", "ㅋㅋㅋ 좋아요!"),
        ("옛말 ᄒᆞᆫ글", "옛말 ᄒᆞᆫ글"),
        ("大統領 훈령", "大統領 훈령"),
        ("👩‍👩‍👧 가족", "👩‍👩‍👧 가족"),
        ("नमस्ते", "नमस्ते"),
        ("a" * 20, "a" * 20),
        ("\U0001fae9 new", "\U0001fae9 new"),
    ],
)
def test_line_is_stored_composed(written: str, stored: str) -> None:
    """What people really write is kept, in one form."""
    assert LINE.validate_python(written) == unicodedata.normalize("NFC", stored)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("", "text_empty"),
        ("   ", "text_empty"),
        ("\u3164", "text_empty"),
        ("\u115f\u1160", "text_empty"),
        ("\uffa0", "text_empty"),
        ("\u2800", "text_empty"),
        ("\u200b\u200d\ufeff", "text_empty"),
        ("\xad\u034f\ufe0f", "text_empty"),
        ("\u3164 \u3164", "text_empty"),
        ("a" * 21, "text_too_long"),
        ("가" * 21, "text_too_long"),
        ("a\x00b", "text_characters"),
        ("a\x1bb", "text_characters"),
        ("a\x85b", "text_characters"),
        ("a\nb", "text_characters"),
        ("a\tb", "text_characters"),
        ("a\u2028b", "text_characters"),
        ("a\ud800", "text_characters"),
        ("\udfffa", "text_characters"),
        ("a\u202eb", "text_characters"),
        ("a\u2066b\u2069", "text_characters"),
        ("a\U000e0041", "text_characters"),
        ("a\ue000", "text_characters"),
        ("a\U00100000", "text_characters"),
        ("a\uffff", "text_characters"),
        (7, "string_type"),
        (None, "string_type"),
    ],
)
def test_line_refuses(written: object, kind: str) -> None:
    """Each mistake has its own name, and the answer can't repeat what was written."""
    with pytest.raises(ValidationError) as refused:
        LINE.validate_python(written)
    assert [error["type"] for error in refused.value.errors()] == [kind]


@pytest.mark.parametrize(
    ("written", "stored"), [("하나\r\n둘\r셋\u2028넷\n", "하나\n둘\n셋\n넷"), ("\n\n가\n\n나\t다", "가\n\n나\t다")]
)
def test_prose_has_one_kind_of_line_break(written: str, stored: str) -> None:
    """Whatever keyboard it came from."""
    assert PROSE.validate_python(written) == stored


def test_prose_may_be_optional() -> None:
    """`least=0` lets it be empty and nothing else; what shows nothing is empty."""
    for nothing in ("", " ", "\u3164\u115f", "\u200b\n\u200b", "\u2800"):
        assert NOTE.validate_python(nothing) == ""
    with pytest.raises(ValidationError):
        NOTE.validate_python("\x00")


@given(st.text(max_size=40))
def test_what_is_stored_is_stable(written: str) -> None:
    """Text that was accepted once is accepted again, unchanged, and PostgreSQL can hold it."""
    for kind in (LINE, PROSE):
        try:
            stored = kind.validate_python(written)
        except ValidationError:
            continue
        assert kind.validate_python(stored) == stored
        assert "\x00" not in stored.encode().decode()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_the_document_tells_the_same(written: str) -> None:
    """The pattern in the OpenAPI document and the check agree on text that is already tidy."""
    pattern = LINE.json_schema()["pattern"]
    try:
        accepted = LINE.validate_python(written)
    except ValidationError:
        accepted = None
    matched = re.search(pattern.removesuffix("$") + r"\Z", written) is not None
    assert matched == (accepted is not None)
