"""Machine-readable output, and how to type this command again."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import typer
from pydantic_core import to_json


def printable(value: object) -> str:
    """Return the text with every character escaped that a terminal would act on or not show.

    What an operator reads may be written by anybody: message keys, headers, names of topics. Control characters,
    escape sequences, line ends, overrides of the writing direction and invisible characters become `\\x1b`, `\\u202e`.
    """
    return "".join(each if each.isprintable() else _escaped(each) for each in str(value))


def print_line(line: object) -> None:
    """Print one line of text on standard output, escaped. Commands print nothing in another way."""
    typer.echo(printable(line))


def print_json(value: Any) -> None:  # noqa: ANN401  whatever pydantic can write
    """Print the value as one line of JSON on standard output; what `printable` escapes is escaped as JSON does it."""
    print_document(to_json(value).decode())


def print_document(text: str) -> None:
    """Print a JSON document on standard output as it is laid out, with the same characters escaped."""
    typer.echo("".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def command_name() -> str:
    """Return how to run this command from a shell: `townhall` if that is on the path, else the path of the script."""
    script = Path(sys.argv[0])
    found = shutil.which("townhall")
    if script.name != "townhall" or (found and Path(found).resolve() == script.resolve()):
        return "townhall"
    return str(script)
