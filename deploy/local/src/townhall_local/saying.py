"""Answers for programs."""

from typing import Any

import typer
from pydantic_core import to_json


def put_json(answer: Any) -> None:  # noqa: ANN401  whatever pydantic can write
    """Print one JSON document, on a line."""
    typer.echo(to_json(answer))
