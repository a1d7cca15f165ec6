"""Machine-readable output, and how to type this command again."""

import shutil
import sys
from pathlib import Path
from typing import Any

import typer
from pydantic_core import to_json


def print_json(value: Any) -> None:  # noqa: ANN401  whatever pydantic can write
    """Print the value as one line of JSON on standard output."""
    typer.echo(to_json(value))


def command_name() -> str:
    """Return how to run this command from a shell: `townhall` if that is on the path, else the path of the script."""
    script = Path(sys.argv[0])
    found = shutil.which("townhall")
    if script.name != "townhall" or (found and Path(found).resolve() == script.resolve()):
        return "townhall"
    return str(script)
