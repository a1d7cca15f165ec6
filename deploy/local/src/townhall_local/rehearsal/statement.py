"""Recorded statements as proposals: a one-line title and a problem, in characters the APIs accept."""

import unicodedata
from dataclasses import dataclass
from typing import Final

TITLE: Final = 100
PROBLEM: Final = 20_000
BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that Unicode calls letters or symbols but that are invisible."""
JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that some scripts and emoji need."""
UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Control, format (including bidi), surrogate, private-use and unassigned characters."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement for others to vote on."""

    id: str
    author: str
    body: str


def title(statement: Statement) -> str:
    """Return the statement on one line; one longer than a title is cut at a word and ends with "…"."""
    line = _shortened(" ".join(_clean(statement.body).split()))
    return line if _visible(line) else _placeholder(statement)


def _shortened(line: str) -> str:
    if len(line) <= TITLE:
        return line
    start = line[: TITLE - 1]
    at_word, space, _ = start.rpartition(" ")
    # A word longer than half a title, as in a text without spaces, is cut itself.
    return (at_word if space and len(at_word) > TITLE // 2 else start).rstrip() + "…"


def problem(statement: Statement) -> str:
    """Return the whole statement with its line breaks."""
    lines = "\n".join(line.rstrip() for line in _clean(statement.body).splitlines()).strip()[:PROBLEM]
    return lines if _visible(lines) else _placeholder(statement)


def has_visible_text(body: str) -> bool:
    """Return whether visible text is left after removing the characters that the APIs refuse."""
    return _visible(_clean(body))


def _clean(body: str) -> str:
    kept = (char for char in body.replace("\r\n", "\n").replace("\t", " ") if _allowed(char))
    return unicodedata.normalize("NFC", "".join(kept))


def _allowed(char: str) -> bool:
    return char == "\n" or char in JOINERS or unicodedata.category(char) not in UNSAFE


def _visible(text: str) -> bool:
    return any(unicodedata.category(char)[0] in "LNPS" and char not in BLANKS for char in text)


def _placeholder(statement: Statement) -> str:
    """Return a title for a statement without visible text, which people may have voted on nevertheless."""
    return f"Statement {statement.id}"[:TITLE]
