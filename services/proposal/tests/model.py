"""The naive model of proposals: for each one the list of what happened to it, read from the beginning every time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)
SCREENING_DAYS, A_DAY = 14, 2
LISTS = {
    "admit": {"meets-requirements", "public-interest", "new-approach"},
    "reject": {
        *("outside-remit", "already-done", "personal-matter", "before-a-court", "unlawful-or-offensive", "commercial")
    },
    "request-revision": {"unclear", "no-remedy", "several-matters", "names-people"},
    "transfer": {"other-body-competent", "local-matter"},
    "merge": {"same-problem", "same-remedy"},
}
BECOMES = {
    "submit": "screening",
    "resubmit": "screening",
    "admit": "admitted",
    "reject": "rejected",
    "request-revision": "revision-requested",
    "transfer": "transferred",
    "merge": "merged",
    "withdraw": "withdrawn",
}


@dataclass
class Sheet:
    """One proposal: who wrote it, in what office, and what happened when."""

    author: str
    office: str
    happened: list[tuple[str, datetime]]
    goes_on_in: int | None = None
    tasks: set[int] = field(default_factory=set)
    supporters: set[str] = field(default_factory=set)

    @property
    def stands(self) -> str:
        """The last thing that happened says where it is."""
        return BECOMES[self.happened[-1][0]]

    @property
    def due(self) -> datetime:
        """Screening is due so many days after it was last handed in."""
        return max(at for what, at in self.happened if what in {"submit", "resubmit"}) + SCREENING_DAYS * DAY


@dataclass
class Errand:
    """One task: when its vote closes, whether the threshold was heard of, whether it was referred."""

    closes_at: datetime
    passed: bool = False
    referred: bool = False


class SampleService:
    """All sheets by number, in the order they came."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.sheets: list[Sheet] = []
        self.tasks: list[Errand] = []

    def recent(self, author: str) -> int:
        """Count what somebody handed in less than a day ago."""
        return len([sheet for sheet in self.sheets if sheet.author == author and sheet.happened[0][1] > self.now - DAY])

    def may_submit(self, author: str, office: str) -> set[str]:
        """Only citizens have a quota."""
        return {"too-many-proposals"} if office == "citizen" and self.recent(author) >= A_DAY else set()

    def may_screen(self, number: int, decision: str, *, reason: str, officer: str, into: int | None) -> set[str]:
        """Return every reason against a decision; a number nobody has is a proposal nobody wrote."""
        sheet = self.sheets[number]
        no = {"own-proposal"} if sheet.author == officer else set()
        no |= {"unknown-reason"} if reason not in LISTS[decision] else set()
        no |= {"details-do-not-fit-the-decision"} if (into is not None) != (decision == "merge") else set()
        no |= {"proposal-not-in-that-state"} if sheet.stands != "screening" else set()
        return no | (set() if into is None else self.may_merge(number, into))

    def may_merge(self, number: int, into: int) -> set[str]:
        """Only into another one that goes on, and never back to where it came from."""
        if into >= len(self.sheets):
            return {"merge-target-unknown"}
        no = {"merge-into-itself"} if into == number else set()
        no |= {"merge-would-circle"} if into != number and number in self.way(into) else set()
        return no | ({"merge-target-ended"} if self.sheets[into].stands not in {"screening", "admitted"} else set())

    def way(self, number: int) -> list[int]:
        """Follow a proposal through what it goes on in; one that comes back to itself has no end."""
        way, here = [number], self.sheets[number].goes_on_in
        while here is not None:
            assert here not in way
            way.append(here)
            here = self.sheets[here].goes_on_in
        return way

    def may_return(self, number: int, who: str) -> set[str]:
        """Only its author hands a returned proposal in again."""
        sheet = self.sheets[number]
        no = {"not-your-proposal"} if sheet.author != who else set()
        return no | ({"proposal-not-in-that-state"} if sheet.stands != "revision-requested" else set())

    def may_withdraw(self, number: int, who: str) -> set[str]:
        """Only its author takes a proposal back, while no task rests on it and it has not ended."""
        sheet = self.sheets[number]
        no = {"not-your-proposal"} if sheet.author != who else set()
        no |= {"part-of-a-task"} if sheet.tasks else set()
        ended = sheet.stands not in {"screening", "revision-requested", "admitted"}
        return no | ({"proposal-not-in-that-state"} if ended else set())

    def may_support(self, number: int, who: str) -> set[str]:
        """Whoever stands behind it already may say so again; anybody else, while it goes on."""
        sheet = self.sheets[number]
        open_ = who in sheet.supporters or sheet.stands in {"screening", "admitted"}
        return set() if open_ else {"not-open-to-support"}

    def may_select(self, numbers: list[int], *, of_proposals: bool) -> set[str]:
        """From proposals that were all admitted, or from the government's plans and then from none."""
        no = {"lineage-does-not-fit-the-origin"} if bool(numbers) != of_proposals else set()
        no |= {"proposal-unknown"} if any(number >= len(self.sheets) for number in numbers) else set()
        known = [self.sheets[number] for number in numbers if number < len(self.sheets)]
        return no | ({"proposal-not-admitted"} if any(sheet.stands != "admitted" for sheet in known) else set())

    def may_refer(self, task: Errand, *, while_voting: bool) -> set[str]:
        """Idempotent, not beside the threshold, and only after the vote where the rule says so."""
        no = {"already-referred"} if task.referred else set()
        no |= {"threshold-already-reached"} if task.passed else set()
        return no | ({"vote-still-on"} if self.now < task.closes_at and not while_voting else set())
