"""Command-line options shared by several commands."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

Choice = TypeVar("Choice", bound=StrEnum)


def parser_of(choices: type[Choice]) -> Callable[[str], Choice]:
    """Return a parser of an option that is one of these values. Typer's own reports a wrong one as "Value error"."""

    def parse(text: str) -> Choice:
        try:
            return choices(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(choices)}.") from None

    return parse


DataDir = Annotated[
    Path, typer.Option(metavar="DIR", help="The platform's data directory.", envvar="TOWNHALL_DATA_DIR")
]
"""The data directory of a platform on this machine."""
DEFAULT_DATA_DIR: Final = Path(".townhall")
"""Default data directory, in the current directory."""
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
"""Print machine-readable output."""
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        help="The service's database. Default: that of the platform in the data directory.",
        envvar="TOWNHALL_DATABASE_URL",
    ),
]
"""The database of a service deployed elsewhere."""
Servers = Annotated[
    str | None,
    typer.Option(
        "--kafka",
        metavar="HOST:PORT,…",
        help="Bootstrap servers of the cluster. Default: the broker of the platform in the data directory.",
        envvar="TOWNHALL_KAFKA_SERVERS",
    ),
]
"""The Kafka cluster of a platform deployed elsewhere."""
Prefix = Annotated[
    str, typer.Option(metavar="NAME", help="Prefix of every topic name, as in the services' TOPIC_PREFIX setting.")
]
"""The prefix of topics and groups."""
