"""`townhall outbox`: publish announced events again."""

import asyncio
from typing import Annotated

import typer

from townhall_local.errors import CommandError
from townhall_local.operating import outbox_refill
from townhall_local.operating.connections import database_url
from townhall_local.options import DEFAULT_DATA_DIR, AsJson, DatabaseUrl, DataDir
from townhall_local.output import print_json, print_line
from townhall_local.service_names import SERVICES

outbox = typer.Typer(no_args_is_help=True, help="The outboxes of the services.")


@outbox.callback()
def _group() -> None:
    """Make `outbox` a command group although it has only one command."""


@outbox.command()
def refill(
    service: Annotated[
        str | None, typer.Option(metavar="SERVICE", help="Only this service. Default: all four.")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Publish every event of the outboxes again, for a broker that lost its topics.

    Consumers ignore events whose id they have processed, so no effect happens twice.

    \b
    Examples:
      townhall outbox refill
      townhall outbox refill --service voting --database-url postgresql://voting:…@db/voting

    Exit code 0, or 1 if a database could not be used.
    """
    if database_url_ and not service:
        raise CommandError("--database-url is the database of one service: name the service with --service.")
    chosen = [service] if service else list(SERVICES)
    counts = asyncio.run(outbox_refill.refill({name: database_url(name, database_url_, data_dir) for name in chosen}))
    if as_json:
        print_json(counts)
        return
    for name, rows in counts.items():
        print_line(f"{name}: {rows} event{'' if rows == 1 else 's'} will be published again")
