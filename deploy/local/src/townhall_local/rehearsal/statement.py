"""Recorded statements as proposals: a title of one line and a problem, in characters the APIs accept."""

import unicodedata
from typing import Final

from townhall_local.rehearsal.polis import Comment

TITLE: Final = 100
PROBLEM: Final = 20_000
FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters to Unicode, nothing to a reader."""
UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, invisible formatting (bidi among them), surrogates, private and unassigned characters."""


def title(comment: Comment) -> str:
    """The statement on one line, cut to a title's length."""
    return " ".join(_clean(comment.body).split())[:TITLE].rstrip() or _nameless(comment)


def problem(comment: Comment) -> str:
    """The whole statement, its lines kept."""
    lines = (line.rstrip() for line in _clean(comment.body).splitlines())
    return "\n".join(lines).strip()[:PROBLEM] or _nameless(comment)


def _clean(body: str) -> str:
    kept = (char for char in body.replace("\r\n", "\n").replace("\t", " ") if _readable(char))
    return unicodedata.normalize("NFC", "".join(kept))


def _readable(char: str) -> bool:
    return char == "\n" or not (char in FILLERS or unicodedata.category(char) in UNSAFE)


def _nameless(comment: Comment) -> str:
    """A statement without words stays votable: people did vote on it."""
    return f"Statement {comment.id}"[:TITLE]
