"""The naive model of delivery and evaluation: lists of what happened, and sums done by hand."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

DAY = timedelta(days=1)
FEWEST = 2
"""Panel scores that an initiative needs."""


@dataclass
class Work:
    """One initiative: what happened to it, in order."""

    due: date
    happened: list[str] = field(default_factory=list)
    dates: list[date] = field(default_factory=list)
    """Every due date it ever had before this one."""
    told: set[date] = field(default_factory=set)
    milestones: dict[int, bool] = field(default_factory=dict)
    """By number: reached or not."""

    @property
    def stands(self) -> str:
        """Where it is: the last word that counts."""
        for word in ("evaluated", "verified", "dropped", "done"):
            if word in self.happened:
                return word
        if "started" not in self.happened:
            return "planned"
        return "delayed" if "delayed" in self.happened[self.happened.index("started") :] else "started"

    @property
    def owed(self) -> bool:
        """Tell whether the responsible body still owes its last word."""
        return self.stands in {"planned", "started", "delayed"}

    def may(self, step: str) -> set[str]:
        """Return why a step is not to be taken from here."""
        if step == "evaluated":
            return set() if self.stands == "verified" else {"initiative-not-verified"}
        begun = self.stands in {"started", "delayed"}
        open_to = {
            "started": self.stands == "planned",
            "delayed": self.owed,
            "done": begun,
            "dropped": self.owed,
            "verified": self.stands in {"done", "dropped"},
        }
        return set() if open_to[step] else {"initiative-not-in-that-state"}

    def may_delay(self, until: date, today: date) -> set[str]:
        """A delay needs a later day that has not passed."""
        return self.may("delayed") | ({"new-date-not-later"} if until <= self.due or until < today else set())

    def delay(self, until: date) -> None:
        """Move the due date; the old one stays on record."""
        self.happened.append("delayed")
        self.dates.append(self.due)
        self.due = until

    def late(self, today: date) -> bool:
        """Tell whether its due date passed, and nobody was told of that date."""
        return self.owed and today > self.due and self.due not in self.told

    def may_plan(self, today: date) -> set[str]:
        """A milestone for its due date is planned while work goes on, and that day isn't past."""
        no = {"initiative-not-under-way"} if not self.owed else set()
        return no | ({"milestone-in-the-past"} if self.due < today else set())

    def may_reach(self, number: int) -> set[str]:
        """A milestone that was planned is reached once, while work goes on."""
        if number not in self.milestones:
            return {"no-such-milestone"}
        no = {"initiative-not-under-way"} if not self.owed else set()
        return no | ({"milestone-already-reached"} if self.milestones[number] else set())


@dataclass
class Survey:
    """One round: its works, its applicants, its panel, every score that was ever given."""

    works: list[int]
    seats: int
    closes_at: datetime
    due: datetime | None
    stands: str = "applying"
    strata: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What each applicant last said of themselves."""
    panel: set[str] = field(default_factory=set)
    given: list[tuple[str, int, int]] = field(default_factory=list)

    def may_apply(self, region: str, now: datetime) -> set[str]:
        """Anybody from a place on the list, before the time is over."""
        no = {"applications-closed"} if self.stands != "applying" or now >= self.closes_at else set()
        return no | ({"unknown-stratum"} if region == "nowhere" else set())

    def may_draw(self, *, honest: bool, now: datetime) -> set[str]:
        """Idempotent, after the time to apply, with the seed committed to, and enough to draw from."""
        no = {"round-not-in-that-state"} if self.stands != "applying" else set()
        no |= {"applications-still-open"} if now < self.closes_at else set()
        no |= {"seed-does-not-match"} if not honest else set()
        return no | ({"too-few-applicants"} if len(self.strata) < FEWEST else set())

    def may_score(self, who: str, work: int, track: str) -> set[str]:
        """Between the draw and the end; the drawn as panel, all others openly."""
        no = {"round-not-scoring"} if self.stands != "scoring" else set()
        no |= {"initiative-not-in-this-round"} if work not in self.works else set()
        no |= {"not-on-the-panel"} if track == "panel" and who not in self.panel else set()
        return no | ({"on-the-panel"} if track == "open" and who in self.panel else set())

    def scores(self, work: int, *, panel: bool) -> list[int]:
        """Return the last score each citizen gave a work, of the panel or of all others."""
        last = {who: score for who, about, score in self.given if about == work}
        return [score for who, score in last.items() if (who in self.panel) is panel]

    def may_publish(self, works: list[Work]) -> set[str]:
        """Every work has enough scores of the panel and was verified."""
        no = {"round-not-in-that-state"} if self.stands != "scoring" else set()
        few = any(len(self.scores(number, panel=True)) < FEWEST for number in self.works)
        no |= {"too-few-scores"} if few else set()
        unverified = any(works[number].stands != "verified" for number in self.works)
        return no | ({"initiative-not-verified"} if unverified else set())

    def may_cancel(self) -> set[str]:
        """What ended stays ended."""
        return {"round-not-in-that-state"} if self.stands in {"published", "cancelled"} else set()

    def result(self, work: int) -> tuple[Decimal, Decimal | None, Decimal]:
        """Add up by hand: the panel's mean, the others' mean, and seven parts of one to three of the other."""
        panel, others = self.scores(work, panel=True), self.scores(work, panel=False)
        mean = Fraction(sum(panel), len(panel))
        if not others:
            return shown(mean), None, shown(mean)
        other = Fraction(sum(others), len(others))
        return shown(mean), shown(other), shown((7 * mean + 3 * other) / 10)


def shown(exact: Fraction) -> Decimal:
    """Round to two places as people do."""
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)
