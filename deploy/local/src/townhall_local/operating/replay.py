"""`townhall replay`: let a service hear every topic from the beginning."""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Annotated

import typer

from townhall_local.operating.reaching import database, database_url, running_on
from townhall_local.options import HERE, DatabaseUrl, DataDir


def replay(
    service: Annotated[str, typer.Argument(help="proposal, voting, committee or evaluation.")],
    data_dir: DataDir = HERE,
    database_url_: DatabaseUrl = None,
) -> None:
    """Let a service hear every topic from the beginning.

    What it heard before is known by the id of the event and changes nothing; what it missed is applied. On this machine
    the service is started anew for it; elsewhere (--database-url) it begins with the next start of the service.

    \b
    Examples:
      townhall replay committee

    Exit code 0, or 1 when the database could not be used.
    """
    url = database_url(service, database_url_, data_dir)
    asyncio.run(_begin_anew(service, url))
    if database_url_:
        typer.echo(f"{service} will hear every topic from the beginning once it is started again")
        return
    with suppress(ProcessLookupError):
        os.kill(running_on(data_dir).services[service].pid, signal.SIGTERM)
    typer.echo(f"{service} starts again and hears every topic from the beginning")


async def _begin_anew(service: str, url: str) -> None:
    from townhall.chassis.consuming import incarnation  # noqa: PLC0415  slow to load, and no other command needs it

    async with database(service, url) as db, db.transaction() as tx:
        await incarnation.renew(tx.session)
