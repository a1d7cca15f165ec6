"""The command `townhall`."""

import logging
import sys

import typer

from townhall_local.demo.command import demo
from townhall_local.operating.dead_letters import dead_letters
from townhall_local.operating.outbox import outbox
from townhall_local.operating.replay import replay
from townhall_local.operating.topics import topics
from townhall_local.rehearsal.command import rehearse
from townhall_local.token import token
from townhall_local.trouble import Trouble
from townhall_local.up.command import up

townhall = typer.Typer(
    help="Townhall on this machine: run it, play it, and operate it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
townhall.command()(up)
townhall.command()(demo)
townhall.command()(rehearse)
townhall.command()(token)
townhall.add_typer(topics, name="topics")
townhall.add_typer(dead_letters, name="dead-letters")
townhall.add_typer(outbox, name="outbox")
townhall.command()(replay)


def app() -> None:
    """Do what the command line says; tell trouble in one sentence, with exit code 1."""
    # A broker that is away is told once, as trouble.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        townhall()
    except Trouble as trouble:
        sys.stderr.write(f"townhall: {trouble}\n")
        sys.exit(1)


if __name__ == "__main__":
    app()
