"""The output of the demo: sections, actions of users, automatic steps and how long they took."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from townhall_local.client.polling import Polled, poll

PACE: Final = 0.12
"""Seconds between lines on a terminal, so that a person can follow; a log gets its lines at once."""
AUTOMATIC_WITHIN: Final = 20.0
"""Seconds within which each automatic step must be visible."""

Value = TypeVar("Value")


class UnexpectedResult(Exception):
    """The platform shows something else than the consultation expects."""


def expect(expected: object, actual: object, what: str) -> None:
    """Raise `UnexpectedResult`, which names `what`, unless both are equal."""
    if expected != actual:
        raise UnexpectedResult(f"{what}: expected {expected}, got {actual}")


class DemoOutput:
    """Writes to a terminal with colour and pace, or to a log in plain lines."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._sections = 0
        self.automatic_seconds: list[float] = []
        """How long each automatic step took, in seconds and in order."""

    def section(self, title: str) -> None:
        """Print the heading of a new section."""
        self._sections += 1
        self.console.print()
        self.console.rule(f"[bold]{self._sections} · {escape(title)}", align="left", style="dim")

    async def action(self, who: str, what: str, note: str = "") -> None:
        """Print an action of a user, with their note."""
        quoted = f"\n[italic dim]{escape(note)}[/]" if note else ""
        await self._line("[green]✓[/]", f"[bold]{escape(who)}[/] {escape(what)}{quoted}")

    async def check(self, what: str) -> None:
        """Print a check that succeeded."""
        await self._line("[green]✓[/]", f"[green]{escape(what)}[/]")

    async def failed(self, why: str) -> None:
        """Print why the demo failed."""
        await self._line("[bold red]✗[/]", f"[bold red]{escape(why)}[/]")

    async def automatic(self, what: str, probe: Callable[[], Awaitable[Value | None]]) -> Value:
        """Wait for an effect of events, without a user's action; print and record how long it took."""
        polled = await self.wait(what, probe)
        self.automatic_seconds.append(polled.seconds)
        took = f"automatic, visible after {polled.seconds * 1000:,.0f} ms"
        await self._line("[yellow]⚡[/]", f"[yellow]{escape(what)}[/] [dim]({took})[/]")
        return polled.value

    async def wait(self, what: str, probe: Callable[[], Awaitable[Value | None]]) -> Polled[Value]:
        """Poll until `probe` returns something; raises `PollTimeout`."""
        with self.console.status(f"… {escape(what)}"):
            return await poll(probe, what=what, within=AUTOMATIC_WITHIN, every=0.02)

    def table(self, title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """Print a table; in a log a plain line for each row, so that nothing is cut."""
        self.console.print()
        if not self.console.is_terminal:
            lines = [title, *("  " + "  ".join(row) for row in rows)]
            self.console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
            return
        shown = Table(title=title, title_justify="left", box=None, header_style="dim", pad_edge=False)
        for column in columns:
            shown.add_column(column, overflow="fold")
        for row in rows:
            shown.add_row(*(escape(cell) for cell in row))
        self.console.print(shown)

    async def _line(self, mark: str, text: str) -> None:
        if not self.console.is_terminal:  # no wrapping in a log
            self.console.print(f"  {mark} " + text.replace("\n", "\n      "), highlight=False, soft_wrap=True)
            return
        line = Table.grid(padding=(0, 1))
        line.add_row(f"  {mark}", text)
        self.console.print(line, highlight=False)
        await asyncio.sleep(PACE)  # noqa: TID251 - for the reader's eye
