"""The reference model of evaluation: lists of what happened, evaluated anew for each question."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

DAY = timedelta(days=1)
MINIMUM_SCORES = 2
"""Panel scores that an initiative needs."""


@dataclass
class InitiativeModel:
    """One initiative: what happened to it, in order."""

    due: date
    history: list[str] = field(default_factory=list)
    earlier_dates: list[date] = field(default_factory=list)
    """Every due date before the current one."""
    announced: set[date] = field(default_factory=set)
    """Due dates that were announced as passed."""
    milestones: dict[int, bool] = field(default_factory=dict)
    """By number: reached or not."""

    @property
    def state(self) -> str:
        """The state that follows from the history."""
        for word in ("evaluated", "verified", "dropped", "done"):
            if word in self.history:
                return word
        if "started" not in self.history:
            return "planned"
        return "delayed" if "delayed" in self.history[self.history.index("started") :] else "started"

    @property
    def under_way(self) -> bool:
        """Return whether completion is still owed."""
        return self.state in {"planned", "started", "delayed"}

    def refusals(self, step: str) -> set[str]:
        """Return the codes with which a step may be refused now; none if it must be accepted."""
        if step == "evaluated":
            return set() if self.state == "verified" else {"initiative-not-verified"}
        begun = self.state in {"started", "delayed"}
        allowed = {
            "started": self.state == "planned",
            "delayed": self.under_way,
            "done": begun,
            "dropped": self.under_way,
            "verified": self.state in {"done", "dropped"},
        }
        return set() if allowed[step] else {"initiative-not-in-that-state"}

    def delay_refusals(self, until: date, today: date) -> set[str]:
        """A delay needs a later date that has not passed."""
        return self.refusals("delayed") | ({"new-date-not-later"} if until <= self.due or until < today else set())

    def delay(self, until: date) -> None:
        """Move the due date; the old one stays recorded."""
        self.history.append("delayed")
        self.earlier_dates.append(self.due)
        self.due = until

    def overdue(self, today: date) -> bool:
        """Return whether the due date passed and was not announced."""
        return self.under_way and today > self.due and self.due not in self.announced

    def plan_refusals(self, today: date) -> set[str]:
        """A milestone for the due date needs an initiative under way, and a day that has not passed."""
        codes = {"initiative-not-under-way"} if not self.under_way else set()
        return codes | ({"milestone-in-the-past"} if self.due < today else set())

    def reach_refusals(self, number: int) -> set[str]:
        """A planned milestone is reached once, while the initiative is under way."""
        if number not in self.milestones:
            return {"no-such-milestone"}
        codes = {"initiative-not-under-way"} if not self.under_way else set()
        return codes | ({"milestone-already-reached"} if self.milestones[number] else set())


@dataclass
class RoundModel:
    """One round: its initiatives, applicants, panel, and every score ever given."""

    initiatives: list[int]
    seats: int
    closes_at: datetime
    due: datetime | None
    state: str = "applying"
    strata: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The last stratum each applicant gave."""
    panel: set[str] = field(default_factory=set)
    given: list[tuple[str, int, int]] = field(default_factory=list)
    """Citizen, initiative, score."""

    def apply_refusals(self, region: str, now: datetime) -> set[str]:
        """An application needs a listed region, before applications close."""
        codes = {"applications-closed"} if self.state != "applying" or now >= self.closes_at else set()
        return codes | ({"unknown-stratum"} if region == "nowhere" else set())

    def draw_refusals(self, *, right_seed: bool, now: datetime) -> set[str]:
        """A draw happens once, after applications closed, with the committed seed and enough applicants."""
        codes = {"round-not-in-that-state"} if self.state != "applying" else set()
        codes |= {"applications-still-open"} if now < self.closes_at else set()
        codes |= {"seed-does-not-match"} if not right_seed else set()
        return codes | ({"too-few-applicants"} if len(self.strata) < MINIMUM_SCORES else set())

    def score_refusals(self, citizen: str, initiative: int, track: str) -> set[str]:
        """Scores are given between draw and end: panel scores by panel members, open scores by all others."""
        codes = {"round-not-scoring"} if self.state != "scoring" else set()
        codes |= {"initiative-not-in-this-round"} if initiative not in self.initiatives else set()
        codes |= {"not-on-the-panel"} if track == "panel" and citizen not in self.panel else set()
        return codes | ({"on-the-panel"} if track == "open" and citizen in self.panel else set())

    def scores(self, initiative: int, *, panel: bool) -> list[int]:
        """Return the last score of each citizen for an initiative, of the panel or of all others."""
        last = {citizen: score for citizen, about, score in self.given if about == initiative}
        return [score for citizen, score in last.items() if (citizen in self.panel) is panel]

    def publish_refusals(self, initiatives: list[InitiativeModel]) -> set[str]:
        """Every initiative of the round needs enough panel scores and a verification."""
        codes = {"round-not-in-that-state"} if self.state != "scoring" else set()
        too_few = any(len(self.scores(number, panel=True)) < MINIMUM_SCORES for number in self.initiatives)
        codes |= {"too-few-scores"} if too_few else set()
        unverified = any(initiatives[number].state != "verified" for number in self.initiatives)
        return codes | ({"initiative-not-verified"} if unverified else set())

    def cancel_refusals(self) -> set[str]:
        """A round that has ended can't be cancelled."""
        return {"round-not-in-that-state"} if self.state in {"published", "cancelled"} else set()

    def result(self, initiative: int) -> tuple[Decimal, Decimal | None, Decimal]:
        """Return the panel's mean, the open mean, and both weighted 7 to 3."""
        panel, others = self.scores(initiative, panel=True), self.scores(initiative, panel=False)
        mean = Fraction(sum(panel), len(panel))
        if not others:
            return rounded(mean), None, rounded(mean)
        open_mean = Fraction(sum(others), len(others))
        return rounded(mean), rounded(open_mean), rounded((7 * mean + 3 * open_mean) / 10)


def rounded(exact: Fraction) -> Decimal:
    """Round to two decimals, halves up."""
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)
