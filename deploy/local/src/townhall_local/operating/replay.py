"""`townhall replay`: let a service consume every topic from the beginning."""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Annotated

import typer

from townhall_local.operating.connections import database, database_url, running_platform
from townhall_local.options import DEFAULT_DATA_DIR, DatabaseUrl, DataDir
from townhall_local.output import print_line


def replay(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="proposal, voting, committee or evaluation.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    database_url_: DatabaseUrl = None,
) -> None:
    """Let a service consume every topic from the beginning.

    Events it has processed are known by their id and change nothing; events it missed are applied. On this machine the
    service is restarted for it; elsewhere (--database-url) the replay begins at its next start.

    \b
    Examples:
      townhall replay committee

    Exit code 0, or 1 if the database could not be used.
    """
    url = database_url(service, database_url_, data_dir)
    asyncio.run(_reset_consumer_group(service, url))
    if database_url_:
        print_line(f"{service} will consume every topic from the beginning at its next start")
        return
    with suppress(ProcessLookupError):
        os.kill(running_platform(data_dir).services[service].pid, signal.SIGTERM)
    print_line(f"{service} is restarting and will consume every topic from the beginning")


async def _reset_consumer_group(service: str, url: str) -> None:
    from townhall.chassis.consuming import incarnation  # noqa: PLC0415  slow to load, and no other command needs it

    async with database(service, url) as db, db.transaction() as tx:
        await incarnation.renew(tx.session)
