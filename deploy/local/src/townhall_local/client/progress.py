"""Progress output: a bar on a terminal, a plain line every few seconds in a log."""

from time import monotonic
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text
from typing_extensions import override

LINE_EVERY: Final = 5.0
"""Seconds between plain lines."""
DRAW_EVERY: Final = 0.2
"""Seconds between updates of the bar; redrawing it for every item would cost more than many of the items."""


class _Rate(ProgressColumn):
    @override
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s", style="cyan")


class ProgressMeter:
    """Counts items up to a total and shows rate and time left."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self._what = what
        self._total = total
        self._done = 0
        self._bar = Progress(
            TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._start = self._shown = monotonic()
        self._every = DRAW_EVERY if self._console.is_terminal else LINE_EVERY
        self._bar.start()
        self._row = self._bar.add_task(self._what, total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.update(self._row, completed=self._done)
        self._bar.stop()
        if not self._console.is_terminal:
            seconds = monotonic() - self._start
            self._console.print(f"{self._what}: {self._done:,} in {seconds:.1f} s, {self._done / seconds:,.0f}/s")

    def advance(self) -> None:
        """Count one item as done."""
        self._done += 1
        now = monotonic()
        if now - self._shown > self._every:
            self._shown = now
            self._show(now - self._start)

    def _show(self, seconds: float) -> None:
        if self._console.is_terminal:
            self._bar.update(self._row, completed=self._done)
            return
        rate = self._done / seconds
        left = (self._total - self._done) / rate
        self._console.print(f"{self._what}: {self._done:,} of {self._total:,}, {rate:,.0f}/s, {left:.0f} s left")
