"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Final

import typer

DataDir = Annotated[Path, typer.Option(help="The platform's data directory.", envvar="TOWNHALL_DATA_DIR")]
"""Where the platform keeps what it knows, by default `.townhall` in the folder one is in."""
HERE: Final = Path(".townhall")
"""The default data directory."""
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
"""Whether a program reads the answer."""
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        help="The service's database, instead of the data directory's.",
        envvar="TOWNHALL_DATABASE_URL",
    ),
]
"""For operators of a platform that runs elsewhere."""
Servers = Annotated[
    str | None,
    typer.Option(
        "--kafka", metavar="HOST:PORT,…", help="The cluster, instead of the data directory's.", envvar="TOWNHALL_KAFKA"
    ),
]
"""For operators of a platform that runs elsewhere."""
