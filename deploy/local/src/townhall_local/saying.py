"""Answers for programs, and the command's own name for people."""

import shutil
import sys
from pathlib import Path
from typing import Any

import typer
from pydantic_core import to_json


def put_json(answer: Any) -> None:  # noqa: ANN401  whatever pydantic can write
    """Print one JSON document, on a line."""
    typer.echo(to_json(answer))


def called() -> str:
    """Return what a person types to reach this command again: its name, or its path where the name is not found."""
    mine = Path(sys.argv[0])
    found = shutil.which("townhall")
    if mine.name != "townhall" or (found and Path(found).resolve() == mine.resolve()):
        return "townhall"
    return str(mine)
