"""The tree speaks the field's language: names and prose that only this project understood stay away."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.repository import shown, tracked

NAMES: Final = frozenset({
    "told", "untold", "unheard", "hear", "hears", "heard", "hearer", "hearers", "hearing", "paper", "papers", "aside",
    "setaside", "slip", "slips", "gavel", "noticeboard", "hung", "hanging", "fastlane", "shortcut", "crew", "town",
    "bureau", "chamber", "polls", "forge", "turns", "desk",
})  # fmt: skip
"""Words that no identifier and no file name is made of."""
NAMES_WHOLE: Final = frozenset({
    "asks", "standing", "Box", "Window", "Wire", "Quick", "Edge", "Exchange", "Once", "Ground", "Home",
})  # fmt: skip
"""Names that were taken for something else; as a part of a longer name they may be right."""
_MAY_BE_REFUSED: Final = re.compile(
    rf"(?<![a-z])({'|'.join(NAMES | NAMES_WHOLE)})(?![a-z])|({'|'.join(map(str.capitalize, NAMES))})(?![a-z])"
)
"""Spares most modules the parsing."""
PHRASES: Final = re.compile(
    r"\b(told|hears?|heard|papers?|noticeboard|gavel|fast ?lane|set aside|sets aside|the aside|short way|long way"
    r"|hangs? out|tabled|rerouted)\b",
    re.IGNORECASE,
)
"""What no docstring, comment or document says."""
DOCUMENTS: Final = ("README.md", "CONTRIBUTING.md", "docs/*.md", "services/*/README.md", "shared/README.md")
KEPT: Final = ("docs/decisions/", "docs/glossary.md", "tests/architecture/test_words.py")
"""Where the old words may stand: decisions tell what was called so, and this file lists them."""


def words(name: str) -> set[str]:
    """Split an identifier into its words, in lower case."""
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def defined(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return every name a module defines, with its line: functions, classes, arguments, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Return every comment and every docstring of a module, with its line."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def refused_names(source: str) -> list[str]:
    """Return each refused name a module defines, with its line."""
    if not _MAY_BE_REFUSED.search(source):
        return []
    return [
        f"{line}: {name}" for line, name in defined(ast.parse(source)) if words(name) & NAMES or name in NAMES_WHOLE
    ]


def refused_phrases(texts: Iterator[tuple[int, str]]) -> list[str]:
    """Return each refused phrase, with its line."""
    return [f"{line}: {found.group()}" for line, text in texts for found in PHRASES.finditer(text)]


def modules() -> list[Path]:
    """Return every Python file this test looks at."""
    return [path for path in tracked("*.py") if not shown(path).startswith(KEPT)]


def test_no_name_needs_a_dictionary() -> None:
    """No identifier is made of the words that only this project understood."""
    found = {shown(path): refused for path in modules() if (refused := refused_names(path.read_text()))}
    assert not found


def test_no_file_name_needs_a_dictionary() -> None:
    """Nor is a file's name."""
    named = [path for path in tracked() if not shown(path).startswith(KEPT)]
    assert not [shown(path) for path in named if words(path.stem) & NAMES]


def test_docstrings_and_comments_are_plain() -> None:
    """Docstrings and comments use the field's terms."""
    suspects = [text for path in modules() if PHRASES.search(text := path.read_text())]  # spares most the parsing
    assert not [refused for text in suspects for refused in refused_phrases(prose(text))]


@pytest.mark.parametrize("pattern", DOCUMENTS)
def test_documents_are_plain(pattern: str) -> None:
    """So do the documents."""
    paths = [path for path in tracked(pattern) if not shown(path).startswith(KEPT)]
    lines = {path: enumerate(path.read_text().splitlines(), start=1) for path in paths}
    assert not {shown(path): refused for path, texts in lines.items() if (refused := refused_phrases(iter(texts)))}


@pytest.mark.parametrize("code", ["def test_it_is_told(): ...", "class Hearing: ...", "asks = 1", "def f(paper): ..."])
def test_a_planted_name_is_found(code: str) -> None:
    """The check finds each kind of definition."""
    assert refused_names(code)


@pytest.mark.parametrize("code", ['"""What it is told."""', "x = 1  # set aside"])
def test_a_planted_phrase_is_found(code: str) -> None:
    """And docstrings as well as comments."""
    assert refused_phrases(prose(code))
