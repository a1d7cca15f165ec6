"""What the command prints can't act on an operator's terminal."""

import ast
import json
from pathlib import Path

import pytest

import townhall_local
from townhall_local.output import print_document

SOURCES = Path(townhall_local.__file__).parent
HOSTILE = "\x1b]0;owned\x07\u202e\x9b31m"


def test_a_document_is_escaped_and_stays_the_same_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters, escape sequences and direction overrides become JSON's own escapes; Korean stays readable."""
    value = {"title": f"광화문 {HOSTILE}", "number": 1}
    print_document(json.dumps(value, ensure_ascii=False, indent=2))
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert "광화문" in printed
    assert all(each.isprintable() or each == "\n" for each in printed)


def test_commands_print_through_the_escaping_functions() -> None:
    """Nothing but the module of output calls `typer.echo` or `print`."""
    calls = {
        f"{path.relative_to(SOURCES)}:{node.lineno}"
        for path in SOURCES.rglob("*.py")
        if path.name != "output.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"typer.echo", "typer.secho", "print"}
    }
    assert not calls
