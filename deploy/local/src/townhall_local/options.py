"""Command-line options shared by several commands."""

from pathlib import Path
from typing import Annotated, Final

import typer

DataDir = Annotated[Path, typer.Option(help="The platform's data directory.", envvar="TOWNHALL_DATA_DIR")]
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
        envvar="TOWNHALL_KAFKA",
    ),
]
"""The Kafka cluster of a platform deployed elsewhere."""
