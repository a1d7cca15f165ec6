"""What to rehearse, from the command-line options."""

import re
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from townhall_local.rehearsal import petitions, polis, recount, synthetic_load
from townhall_local.rehearsal.schedule import Schedule

FACTOR: Final = re.compile(r"\d{1,9}(\.\d{1,9}|/\d{1,9})?", re.ASCII)
LARGEST_FACTOR: Final = 100


class InvalidOptions(Exception):
    """The options contradict each other, or one is missing."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Either a recording and how much of it, or petition counts and how much of them."""

    recording: Path | None = None
    max_voters: int | None = None
    petitions: Path | None = None
    scale: Fraction | None = None
    ballots: int | None = None
    top: int | None = None

    def schedule(self) -> Schedule:
        """Read the input and return what to send; raises `InvalidOptions`, or `Unreadable` about a file."""
        if (self.recording is None) == (self.petitions is None):
            raise InvalidOptions("give either DIR, a recorded consultation, or --petitions FILE")
        if self.recording is not None:
            return self._recorded(self.recording)
        return self._synthetic(self.petitions or Path())

    def _recorded(self, folder: Path) -> Schedule:
        if (self.scale, self.ballots, self.top) != (None, None, None):
            raise InvalidOptions("--scale, --ballots and --top apply to --petitions; a recording is replayed as it is")
        recording = polis.read(folder)
        return recount.schedule(recording if self.max_voters is None else recording.of_first_voters(self.max_voters))

    def _synthetic(self, file: Path) -> Schedule:
        if self.max_voters is not None:
            raise InvalidOptions("--max-voters applies to a recording; limit --petitions with --scale or --ballots")
        if (self.scale is None) == (self.ballots is None):
            raise InvalidOptions(
                "give the number of ballots: either --scale, a factor of the counts, or --ballots, the total"
            )
        counted = petitions.read(file)
        counted = counted if self.top is None else petitions.largest(counted, self.top)
        total = self.ballots if self.ballots is not None else synthetic_load.scaled(counted, self.scale or Fraction())
        if not total:
            raise InvalidOptions("at that --scale there is no ballot at all")
        return synthetic_load.schedule(counted, total)


def factor(text: str) -> Fraction:
    """Parse --scale, such as 0.01 or 1/100, exactly; raises `InvalidOptions`."""
    scale = Fraction(0)
    if FACTOR.fullmatch(text):
        with suppress(ZeroDivisionError):
            scale = Fraction(text)
    if not 0 < scale <= LARGEST_FACTOR:
        raise InvalidOptions(f"--scale is a number above 0 and up to {LARGEST_FACTOR}, such as 0.01 or 1/100")
    return scale
