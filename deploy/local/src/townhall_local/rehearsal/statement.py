"""Recorded statements as proposals: a title of one line and a problem, in characters the APIs accept."""

import unicodedata
from dataclasses import dataclass
from typing import Final

TITLE: Final = 100
PROBLEM: Final = 20_000
BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Fillers: letters and symbols to Unicode, nothing to a reader."""
JOINERS: Final = frozenset("\u200c\u200d")
"""Formatting that scripts and emoji can't do without."""
UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Controls, invisible formatting (bidi among them), surrogates, private and unassigned characters."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody wrote for others to vote on."""

    id: str
    author: str
    body: str


def title(statement: Statement) -> str:
    """The statement on one line, cut to a title's length."""
    line = " ".join(_clean(statement.body).split())[:TITLE].rstrip()
    return line if _says_something(line) else _nameless(statement)


def problem(statement: Statement) -> str:
    """The whole statement, its lines kept."""
    lines = "\n".join(line.rstrip() for line in _clean(statement.body).splitlines()).strip()[:PROBLEM]
    return lines if _says_something(lines) else _nameless(statement)


def readable(body: str) -> bool:
    """Whether there is something to read in it, once what no API accepts is left out."""
    return _says_something(_clean(body))


def _clean(body: str) -> str:
    kept = (char for char in body.replace("\r\n", "\n").replace("\t", " ") if _allowed(char))
    return unicodedata.normalize("NFC", "".join(kept))


def _allowed(char: str) -> bool:
    return char == "\n" or char in JOINERS or unicodedata.category(char) not in UNSAFE


def _says_something(text: str) -> bool:
    return any(unicodedata.category(char)[0] in "LNPS" and char not in BLANKS for char in text)


def _nameless(statement: Statement) -> str:
    """A statement without words stays votable: people did vote on it."""
    return f"Statement {statement.id}"[:TITLE]
