"""When which trouble comes: it follows from the seed alone."""

from dataclasses import dataclass
from random import Random
from typing import Final

EVERY: Final = (1.0, 4.0)
PAUSE: Final = (2.0, 6.0)
FIRST: Final = 1.0
LAST: Final = 0.6
"""Seconds after the beginning of the load that the first strike comes, and before its end that the last does."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One act of the schedule: when, what, on whom, and for how long."""

    at: float
    act: str
    whom: float
    """A share of those it could strike."""
    seconds: float


def schedule(seed: int, acts: tuple[str, ...], seconds: float) -> list[Strike]:
    """Draw the strikes of a run: every act once before any comes again.

    They come 1 to 4 s apart, and closer where a short run would else have no time for all its acts.
    """
    dice, deck, strikes = Random(f"{seed} schedule"), list[str](), list[Strike]()
    last = seconds - LAST
    gaps = [dice.uniform(*EVERY) for _ in range(max(len(acts), int(seconds)))]
    closeness = min(1.0, (last - FIRST) / max(sum(gaps[: len(acts) - 1]), 1.0))
    at = FIRST
    for gap in gaps if acts else ():
        deck = deck or dice.sample(acts, len(acts))
        if at <= last + 0.001:
            strikes.append(Strike(at, deck.pop(), dice.random(), dice.uniform(*PAUSE)))
        at += gap * closeness
    return strikes
