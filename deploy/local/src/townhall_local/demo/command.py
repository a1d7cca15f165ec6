"""The command `townhall demo`."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from townhall_local.demo.run import run_demo
from townhall_local.options import parser_of
from townhall_local.up.command import Broker
from townhall_local.up.platform import PlatformOptions, platform
from townhall_local.up.signals import stop_signal


def demo(
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Data directory, kept afterwards. Default: a temporary one, deleted at the end."
        ),
    ] = None,
    base_port: Annotated[
        int, typer.Option(min=0, max=65_000, metavar="PORT", help="As for `townhall up`. 0: any free ports.")
    ] = 0,
    broker: Annotated[
        Broker,
        typer.Option(
            parser=parser_of(Broker),
            metavar="|".join(Broker),
            help="tansu (in memory) or kafka (Apache Kafka; needs Java 17 and Maven).",
        ),
    ] = Broker.TANSU,
    *,
    exit_at_end: Annotated[
        bool, typer.Option("--exit", help="Stop the platform after the demo instead of waiting for Ctrl-C.")
    ] = False,
) -> None:
    """Start a platform and run one consultation on it, from the first proposal to the published evaluation.

    Every action of a user goes through the public HTTP APIs; every automatic step is waited for and timed. Afterwards
    the platform stays up until Ctrl-C. It uses free ports and a directory of its own, so several can run side by side.

    \b
    Examples:
      townhall demo
      townhall demo --exit --broker kafka

    Exit code 0 if every step had its expected result, 1 otherwise.
    """
    with _directory(data_dir) as directory:
        demonstration = _Demo(PlatformOptions(directory, base_port, broker), exit_at_end=exit_at_end)
        asyncio.run(stop_signal(demonstration.run))
    raise typer.Exit(0 if demonstration.succeeded else 1)


@contextmanager
def _directory(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="townhall-demo-", ignore_cleanup_errors=True) as made:
        yield Path(made)


class _Demo:
    """A platform, and one run of the demo on it."""

    def __init__(self, options: PlatformOptions, *, exit_at_end: bool) -> None:
        self._options = options
        self._exit_at_end = exit_at_end
        self.succeeded = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Start the platform, run the demo, and wait for `stopping` unless it shall exit at the end."""
        console, started_at = Console(), time.monotonic()
        console.print("[bold]Townhall[/] is starting: PostgreSQL, a broker, and four services that share only topics …")
        async with platform(
            self._options, lambda message: console.print(message, markup=False, soft_wrap=True)
        ) as running:
            console.print(f"ready after {time.monotonic() - started_at:.1f} s", style="dim", highlight=False)
            self.succeeded = await run_demo(running, self._options.data_dir, console, stays_up=not self._exit_at_end)
            if self._exit_at_end:
                console.print("\nStopping the platform (--exit).")
                return
            console.print("\nThe platform stays up. Press Ctrl-C to stop it.")
            await stopping.wait()
