"""Recorded statements become proposals that the APIs accept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from townhall.chassis.http.text import Line, Prose
from townhall_local.rehearsal import statement
from townhall_local.rehearsal.statement import Statement


@pytest.mark.parametrize(
    ("body", "title", "problem"),
    [
        ("심야 버스가 필요합니다", "심야 버스가 필요합니다", "심야 버스가 필요합니다"),
        (" two\r\nlines \n", "two lines", "two\nlines"),
        ("a\u202eb\u2066c\x00d\x07", "abcd", "abcd"),
        ("tab\there", "tab here", "tab here"),
        ("\u1112\u1161\u11ab", "한", "한"),
        ("", "Statement 9", "Statement 9"),
        ("\u3164\u200b\u2800 \n", "Statement 9", "Statement 9"),
        ("👩\u200d🚒", "👩\u200d🚒", "👩\u200d🚒"),
        ("x" * 300, "x" * 99 + "…", "x" * 300),
        ("word " * 30, ("word " * 19).rstrip() + "…", ("word " * 30).strip()),
    ],
)
def test_a_statement_becomes_a_title_and_a_problem(body: str, title: str, problem: str) -> None:
    """The text is kept; line breaks, invisible characters and length are adapted to the field."""
    comment = Statement("9", "1", body)
    assert (statement.title(comment), statement.problem(comment)) == (title, problem)


@given(st.text(max_size=400))
def test_any_text_fits(body: str) -> None:
    """The API's types accept title and problem of any input unchanged."""
    comment = Statement("9", "1", body)
    title, problem = statement.title(comment), statement.problem(comment)
    assert Line(statement.TITLE)(title) == title
    assert Prose(statement.PROBLEM)(problem) == problem
