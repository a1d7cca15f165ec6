"""The command `townhall up`."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from townhall_local.options import DEFAULT_DATA_DIR, DataDir, parser_of
from townhall_local.output import command_name, print_json
from townhall_local.running_platform import RunningPlatform
from townhall_local.up.platform import PlatformOptions, platform
from townhall_local.up.ports import DEFAULT_BASE
from townhall_local.up.prometheus import NotInstalled, prometheus
from townhall_local.up.signals import stop_signal


class Broker(StrEnum):
    """The brokers that `townhall up` can start."""

    TANSU = "tansu"
    KAFKA = "kafka"


BasePort = Annotated[
    int,
    typer.Option(
        min=0,
        max=65_000,
        metavar="PORT",
        help="Port of the issuer; +1 proposal, +2 voting, +3 committee, +4 evaluation. 0: any free ports.",
    ),
]


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    base_port: BasePort = DEFAULT_BASE,
    broker: Annotated[
        Broker,
        typer.Option(
            parser=parser_of(Broker),
            metavar="|".join(Broker),
            help="tansu (in memory) or kafka (Apache Kafka; needs Java 17 and Maven).",
        ),
    ] = Broker.TANSU,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Run Prometheus with the alert rules, if installed.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the addresses as one line of JSON once ready.")
    ] = False,
) -> None:
    """Run the whole platform on this machine until Ctrl-C.

    All state is kept in the data directory and survives a restart. The addresses of the running platform are in
    DATA_DIR/townhall.json, the logs in DATA_DIR/logs.

    \b
    Examples:
      townhall up --watch
      townhall up --data-dir /tmp/try --base-port 0 --json

    Exit code 0 after Ctrl-C or SIGTERM, 1 if the platform could not start.
    """
    options = PlatformOptions(data_dir, base_port, broker)
    log = Console(stderr=True, highlight=False)
    asyncio.run(stop_signal(lambda stopping: _serve(options, stopping, log, as_json=as_json, watch=watch)))
    log.print("Stopped.")


async def _serve(
    options: PlatformOptions, stopping: asyncio.Event, log: Console, *, as_json: bool, watch: bool
) -> None:
    started_at = time.monotonic()
    log.print(f"Starting Townhall on {options.data_dir} …")
    async with platform(options, lambda message: log.print(message, markup=False, soft_wrap=True)) as running:
        with _watched(running, options.data_dir, log) if watch else nullcontext(running) as shown:
            if as_json:
                print_json(shown)
            else:
                _show(shown, time.monotonic() - started_at, options.data_dir)
            try:
                await stopping.wait()
            finally:
                log.print("Stopping …")


@contextmanager
def _watched(running: RunningPlatform, data_dir: Path, log: Console) -> Iterator[RunningPlatform]:
    """Run Prometheus while the block runs, and yield the platform with its address; log why if there is none."""
    try:
        with prometheus(running, data_dir) as url:
            watched = running.model_copy(update={"prometheus": url})
            watched.write(data_dir)
            yield watched
    except NotInstalled as reason:
        log.print(str(reason), soft_wrap=True)
        yield running


def _show(running: RunningPlatform, seconds: float, data_dir: Path) -> None:
    """Print the addresses as text."""
    out = Console(highlight=False)
    out.print(f"[bold]Townhall is ready[/] after {seconds:.1f} s.")
    for name, address in running.services.items():
        out.print(f"  {name:<12}{address.url}/docs")
    out.print(f"  {'issuer':<12}{running.issuer}")
    out.print(f"  {'kafka':<12}{running.kafka}")
    if running.prometheus:
        out.print(f"  {'prometheus':<12}{running.prometheus}/alerts")
    token = f"{command_name()} token --role citizen --subject kim --data-dir {data_dir}"
    out.print(f"A token for curl: {token}", soft_wrap=True)
    out.print("Press Ctrl-C to stop; the data is kept.")
