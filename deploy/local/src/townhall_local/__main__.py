"""The command `townhall`."""

import logging
import sys

import typer

from townhall_local.demo.command import demo
from townhall_local.errors import CommandError
from townhall_local.operating.acl import acl
from townhall_local.operating.dead_letters import dead_letters
from townhall_local.operating.outbox import outbox
from townhall_local.operating.recount import recount
from townhall_local.operating.replay import replay
from townhall_local.operating.topics import topics
from townhall_local.output import printable
from townhall_local.rehearsal.command import rehearse
from townhall_local.token import token
from townhall_local.up.command import up

townhall = typer.Typer(
    help="Run Townhall on this machine, rehearse consultations, recount votes, and operate topics, outboxes and dead "
    "letters.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
townhall.command()(up)
townhall.command()(demo)
townhall.command()(rehearse)
townhall.command()(token)
topics.command()(acl)
townhall.add_typer(topics, name="topics")
townhall.add_typer(dead_letters, name="dead-letters")
townhall.add_typer(outbox, name="outbox")
townhall.command()(replay)
townhall.command()(recount)


def app() -> None:
    """Run the command line. A `CommandError` is printed as one sentence, with exit code 1."""
    # An unreachable broker is reported once, as a CommandError, not by every retry of the client.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        townhall()
    except CommandError as error:
        sys.stderr.write(f"townhall: {printable(error)}\n")
        sys.exit(1)


if __name__ == "__main__":
    app()
