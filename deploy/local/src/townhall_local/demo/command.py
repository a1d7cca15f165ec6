"""The command `townhall demo`: its options, and how long the platform stays."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from townhall_local.demo.performance import perform
from townhall_local.up.command import Broker
from townhall_local.up.platform import Wanted, platform
from townhall_local.up.signals import stop_signal


def demo(
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep the platform's data here; otherwise nothing is kept.")
    ] = None,
    base_port: Annotated[int, typer.Option(min=0, max=65_000, help="As for `up`. 0: free ports.")] = 0,
    broker: Annotated[Broker, typer.Option(help="tansu (in memory) or Apache Kafka (Java 17, Maven).")] = Broker.TANSU,
    *,
    leave: Annotated[bool, typer.Option("--exit", help="End after the play instead of waiting for Ctrl-C.")] = False,
) -> None:
    """Play one consultation, from first proposal to published evaluation, on a platform of its own.

    Everything goes through the public HTTP APIs, as people would do it; what must follow by itself is waited for.
    Afterwards the platform stays up to look around, until Ctrl-C. It takes free ports and a new directory, so it runs
    beside other copies.

    \b
    Examples:
      townhall demo
      townhall demo --exit --broker kafka

    Exit code 0 when every step did what the story says, 1 otherwise.
    """
    with _directory(data_dir) as directory:
        show = _Show(Wanted(directory, base_port, broker), leave=leave)
        asyncio.run(stop_signal(show.go_on))
    raise typer.Exit(0 if show.succeeded else 1)


@contextmanager
def _directory(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="townhall-demo-", ignore_cleanup_errors=True) as made:
        yield Path(made)


class _Show:
    """One evening: the api opens, the play is given, the audience stays or leaves."""

    def __init__(self, wanted: Wanted, *, leave: bool) -> None:
        self._wanted = wanted
        self._leave = leave
        self.succeeded = False

    async def go_on(self, stopping: asyncio.Event) -> None:
        """Run the platform, play, and stay until told to stop."""
        console, began = Console(), time.monotonic()
        console.print("[bold]Townhall[/] starts: PostgreSQL, a broker, and four services that share only topics …")
        async with platform(self._wanted, lambda what: console.print(what, style="yellow", markup=False)) as running:
            console.print(f"ready after {time.monotonic() - began:.1f} s", style="dim", highlight=False)
            self.succeeded = await perform(running, self._wanted.data_dir, console)
            if self._leave:
                console.print("\nIt ends now; without --exit it stays up to look around.")
                return
            console.print("\nIt stays up for you to look around. Ctrl-C ends it.")
            await stopping.wait()
