"""The command `townhall`."""

import sys

import typer

from townhall_local.rehearsal.command import rehearse
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
townhall.command()(rehearse)


def app() -> None:
    """Do what the command line says; tell trouble in one sentence, with exit code 1."""
    try:
        townhall()
    except Trouble as trouble:
        sys.stderr.write(f"townhall: {trouble}\n")
        sys.exit(1)


if __name__ == "__main__":
    app()
