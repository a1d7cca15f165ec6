"""What the audience sees: acts, what people do, what happens by itself, and how long the bus took for it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from townhall_local.client.waiting import Arrived, until

PACE: Final = 0.12
"""Seconds between lines for somebody who reads along; a log gets its lines at once."""
BUS_WITHIN: Final = 20.0
"""Seconds given to everything that must happen by itself."""

Seen = TypeVar("Seen")


class Surprise(Exception):
    """The platform did something else than the story tells."""


def expect(told: object, seen: object, what: str) -> None:
    """Compare what the platform shows with what the story tells."""
    if told != seen:
        raise Surprise(f"{what}: expected {told}, saw {seen}")


class Stage:
    """Writes to a terminal with colour and pace, or to a log in plain lines."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._acts = 0
        self.waits: list[float] = []
        """Seconds of every automatic step, in order."""

    def act(self, title: str) -> None:
        """Begin an act."""
        self._acts += 1
        self.console.print()
        self.console.rule(f"[bold]{self._acts} · {escape(title)}", align="left", style="dim")

    async def did(self, who: str, what: str, note: str = "") -> None:
        """Somebody did something."""
        said = f"\n[italic dim]{escape(note)}[/]" if note else ""
        await self._line("[green]✓[/]", f"[bold]{escape(who)}[/] {escape(what)}{said}")

    async def check(self, what: str) -> None:
        """Something turned out as it must."""
        await self._line("[green]✓[/]", f"[green]{escape(what)}[/]")

    async def failed(self, why: str) -> None:
        """A step went another way than told; the play ends here."""
        await self._line("[bold red]✗[/]", f"[bold red]{escape(why)}[/]")

    async def by_itself(self, what: str, look: Callable[[], Awaitable[Seen | None]]) -> Seen:
        """Wait for something nobody does: events bring it about."""
        arrived = await self.wait(what, look)
        self.waits.append(arrived.seconds)
        took = f"by itself, seen after {arrived.seconds * 1000:,.0f} ms"
        await self._line("[yellow]⚡[/]", f"[yellow]{escape(what)}[/] [dim]({took})[/]")
        return arrived.seen

    async def wait(self, what: str, look: Callable[[], Awaitable[Seen | None]]) -> Arrived[Seen]:
        """Wait until there is something to see."""
        with self.console.status(f"… {escape(what)}"):
            return await until(look, what=what, within=BUS_WITHIN, every=0.02)

    def table(self, title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """Show a table; a log gets a line for each row, so that nothing in it is cut."""
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
        if not self.console.is_terminal:  # a log wraps nothing
            self.console.print(f"  {mark} " + text.replace("\n", "\n      "), highlight=False, soft_wrap=True)
            return
        line = Table.grid(padding=(0, 1))
        line.add_row(f"  {mark}", text)
        self.console.print(line, highlight=False)
        await asyncio.sleep(PACE)  # noqa: TID251 - for the reader's eye
