"""Progress: a bar for a person, a plain line now and then for a log."""

from time import monotonic
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text
from typing_extensions import override

LINE_EVERY: Final = 5.0
"""Seconds between plain lines."""


class _Rate(ProgressColumn):
    @override
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f}/s", style="cyan")


class Meter:
    """Counts up to a total, with rate and time left."""

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
        self._start = self._said = monotonic()
        self._bar.start()
        self._row = self._bar.add_task(self._what, total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if not self._console.is_terminal:
            seconds = monotonic() - self._start
            self._console.print(f"{self._what}: {self._done:,} in {seconds:.1f} s, {self._done / seconds:,.0f}/s")

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        self._bar.advance(self._row)
        if not self._console.is_terminal and monotonic() - self._said > LINE_EVERY:
            self._say()

    def _say(self) -> None:
        self._said = monotonic()
        rate = self._done / max(self._said - self._start, 1e-9)
        left = (self._total - self._done) / rate if rate else 0.0
        self._console.print(f"{self._what}: {self._done:,} of {self._total:,}, {rate:,.0f}/s, {left:.0f} s left")
