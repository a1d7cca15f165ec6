"""The totals of one vote, and the threshold they may reach."""

from dataclasses import dataclass
from typing import Self

from voting.domain.ballot import Choice, CurrentBallot
from voting.domain.vote import Terms


@dataclass(frozen=True, slots=True)
class Tally:
    """How many ballots stand on each side."""

    yes: int = 0
    no: int = 0

    def moved(self, before: CurrentBallot | None, after: Choice) -> Self:
        """Return the totals once a ballot stands as `after`, where it stood as `before` or not at all."""
        yes, no = self.yes, self.no
        if before is not None:
            yes, no = yes - (before.choice is Choice.YES), no - (before.choice is Choice.NO)
        return type(self)(yes + (after is Choice.YES), no + (after is Choice.NO))


def reached(tally: Tally, terms: Terms) -> bool:
    """Tell whether *more than* the required number voted yes; the number itself is not enough."""
    return tally.yes > terms.more_than  # V5
