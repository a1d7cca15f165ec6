"""The totals of one vote, and its threshold."""

from dataclasses import dataclass
from typing import Self

from voting.domain.ballot import Choice, CurrentBallot
from voting.domain.vote import Terms


@dataclass(frozen=True, slots=True)
class Tally:
    """How many citizens currently vote yes and no."""

    yes: int = 0
    no: int = 0

    def replacing(self, before: CurrentBallot | None, after: Choice) -> Self:
        """Return the totals after a citizen's ballot `before`, if any, is replaced by one with the choice `after`."""
        yes, no = self.yes, self.no
        if before is not None:
            yes, no = yes - (before.choice is Choice.YES), no - (before.choice is Choice.NO)
        return type(self)(yes + (after is Choice.YES), no + (after is Choice.NO))


def threshold_reached(tally: Tally, terms: Terms) -> bool:
    """Return whether *more than* the required number voted yes (V5)."""
    return tally.yes > terms.more_than
