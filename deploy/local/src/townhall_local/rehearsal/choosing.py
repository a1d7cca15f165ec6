"""What is to be played, from what was said on the command line."""

import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from townhall_local.rehearsal import petitions, polis, recount, shaping
from townhall_local.rehearsal.programme import Programme

FACTOR: Final = re.compile(r"\d{1,9}(\.\d{1,9}|/\d{1,9})?", re.ASCII)
LARGEST_FACTOR: Final = 100


class Unclear(Exception):
    """The options don't say what to play."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A recording and how much of it, or a board and how much of that."""

    recording: Path | None = None
    max_voters: int | None = None
    board: Path | None = None
    scale: Fraction | None = None
    ballots: int | None = None
    top: int | None = None

    def programme(self) -> Programme:
        """Read it; raise `Unclear`, or `Unreadable` about a file."""
        if (self.recording is None) == (self.board is None):
            raise Unclear("name either DIR, a recorded consultation, or --petitions FILE")
        return self._recorded(self.recording) if self.recording is not None else self._shaped(self.board or Path())

    def _recorded(self, folder: Path) -> Programme:
        if (self.scale, self.ballots, self.top) != (None, None, None):
            raise Unclear(
                "--scale, --ballots and --top shape the counts of --petitions; a recording is played as it is"
            )
        recording = polis.read(folder)
        return recount.programme(recording if self.max_voters is None else recording.of_first_voters(self.max_voters))

    def _shaped(self, file: Path) -> Programme:
        if self.max_voters is not None:
            raise Unclear("--max-voters is for a recording; a board is cut with --scale or --ballots")
        if (self.scale is None) == (self.ballots is None):
            raise Unclear("say how many ballots: either --scale, a factor of the counts, or --ballots, in all")
        board = petitions.read(file)
        board = board if self.top is None else petitions.largest(board, self.top)
        total = self.ballots if self.ballots is not None else shaping.scaled(board, self.scale or Fraction())
        if not total:
            raise Unclear("at that --scale there is not one ballot")
        return shaping.programme(board, total)


def factor(text: str) -> Fraction:
    """Read a scale: 0.01 and 1/100 are the same, and exact."""
    scale = Fraction(0)
    if FACTOR.fullmatch(text):
        with suppress(ZeroDivisionError):
            scale = Fraction(text)
    if not 0 < scale <= LARGEST_FACTOR:
        raise Unclear(f"--scale is a number above 0 and up to {LARGEST_FACTOR}, such as 0.01 or 1/100")
    return scale
