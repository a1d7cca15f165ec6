"""The command `townhall up`: its options, and what it prints."""

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from townhall_local.options import HERE, DataDir
from townhall_local.running import Running
from townhall_local.saying import called
from townhall_local.up.platform import Wanted, platform
from townhall_local.up.ports import DEFAULT_BASE
from townhall_local.up.signals import stop_signal


class Broker(StrEnum):
    """The brokers `up` can start."""

    TANSU = "tansu"
    KAFKA = "kafka"


def up(
    data_dir: DataDir = HERE,
    base_port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65_000,
            help="The issuer's port; the services are behind it, +1 proposal to +4 evaluation. 0: free ports.",
        ),
    ] = DEFAULT_BASE,
    broker: Annotated[Broker, typer.Option(help="tansu (in memory) or Apache Kafka (Java 17, Maven).")] = Broker.TANSU,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the addresses as one line of JSON once all is ready.")
    ] = False,
) -> None:
    """Run the whole platform on this machine until Ctrl-C.

    Everything it keeps is in the data directory: stop it, start it with the same one, and it goes on where it was.
    The addresses of a running platform are in DATA_DIR/townhall.json; the logs are in DATA_DIR/logs.

    Examples:
        townhall up

        townhall up --data-dir /tmp/try --base-port 0 --json

    Exit code 0 after Ctrl-C or SIGTERM, 1 when it could not start.

    """
    wanted = Wanted(data_dir, base_port, broker)
    asyncio.run(stop_signal(lambda stopping: _serve(wanted, stopping, as_json=as_json)))


async def _serve(wanted: Wanted, stopping: asyncio.Event, *, as_json: bool) -> None:
    say = Console(stderr=True, highlight=False)
    began = time.monotonic()
    say.print(f"Starting Townhall on {wanted.data_dir} …")
    async with platform(wanted, lambda what: say.print(what, style="yellow")) as running:
        if as_json:
            typer.echo(running.model_dump_json())
        else:
            _show(running, time.monotonic() - began, wanted.data_dir)
        await stopping.wait()


def _show(running: Running, seconds: float, data_dir: Path) -> None:
    """Print where everything is, for a person."""
    out = Console(highlight=False)
    out.print(f"[bold]Townhall is ready[/] after {seconds:.1f} s.")
    for name, address in running.services.items():
        out.print(f"  {name:<12}{address.url}/docs")
    out.print(f"  {'issuer':<12}{running.issuer}")
    out.print(f"  {'kafka':<12}{running.kafka}")
    token = f"{called()} token --role citizen --subject kim --data-dir {data_dir}"
    out.print(f"A token for curl: {token}", soft_wrap=True)
    out.print("Ctrl-C ends it; what it knows stays.")
