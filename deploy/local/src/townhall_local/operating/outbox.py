"""`townhall outbox`: what services announced, and whether it has to be announced again."""

import asyncio
from typing import Annotated

import typer

from townhall_local.names import SERVICES
from townhall_local.operating import refilling
from townhall_local.operating.reaching import database_url
from townhall_local.options import HERE, AsJson, DatabaseUrl, DataDir
from townhall_local.saying import put_json
from townhall_local.trouble import Trouble

outbox = typer.Typer(no_args_is_help=True, help="What services announced.")


@outbox.callback()
def _group() -> None:
    """Make `outbox` a group although it has one command."""


@outbox.command()
def refill(
    service: Annotated[str | None, typer.Option(help="Only this service; all four by default.")] = None,
    data_dir: DataDir = HERE,
    database_url_: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Publish again all that was ever announced, for a broker that was emptied.

    Readers discard what they know by the id of the event, so nothing happens twice.

    \b
    Examples:
      townhall outbox refill
      townhall outbox refill --service voting --database-url postgresql://voting:…@db/voting

    Exit code 0, or 1 when a database could not be used.
    """
    if database_url_ and not service:
        raise Trouble("--database-url is one service's database: name it with --service.")
    chosen = [service] if service else list(SERVICES)
    counted = asyncio.run(refilling.refill({name: database_url(name, database_url_, data_dir) for name in chosen}))
    if as_json:
        put_json(counted)
        return
    for name, rows in counted.items():
        typer.echo(f"{name}: {rows} announcements will be published again")
