"""The schedule of faults, which follows from the seed alone."""

from dataclasses import dataclass
from random import Random
from typing import Final

EVERY: Final = (1.0, 4.0)
PAUSE: Final = (2.0, 6.0)
FIRST: Final = 1.0
LAST: Final = 0.6
"""Seconds from the start of the load to the first strike, and from the last strike to its end."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One act of the schedule: when, which, on which process, and for how long."""

    at: float
    act: str
    target: float
    """Selects the process: a number in [0, 1) that scales to the candidates."""
    seconds: float


def schedule(seed: int, acts: tuple[str, ...], seconds: float) -> list[Strike]:
    """Draw the strikes of a run: every act once before any is repeated.

    They are 1 to 4 s apart, and closer if a short run would otherwise have no time for all its acts.
    """
    rng, deck, strikes = Random(f"{seed} schedule"), list[str](), list[Strike]()
    last = seconds - LAST
    gaps = [rng.uniform(*EVERY) for _ in range(max(len(acts), int(seconds)))]
    closeness = min(1.0, (last - FIRST) / max(sum(gaps[: len(acts) - 1]), 1.0))
    at = FIRST
    for gap in gaps if acts else ():
        deck = deck or rng.sample(acts, len(acts))
        if at <= last + 0.001:
            strikes.append(Strike(at, deck.pop(), rng.random(), rng.uniform(*PAUSE)))
        at += gap * closeness
    return strikes
