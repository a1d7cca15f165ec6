"""An independent, deliberately naive model of proposals and tasks, to compare the domain with.

For each proposal it keeps the list of its moves and derives everything else from that list.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(days=1)
SCREENING_DAYS, PROPOSALS_A_DAY = 14, 2
REASONS_OF = {
    "admit": {"meets-requirements", "public-interest", "new-approach"},
    "reject": {
        *("outside-remit", "already-done", "personal-matter", "before-a-court", "unlawful-or-offensive", "commercial")
    },
    "request-revision": {"unclear", "no-remedy", "several-matters", "names-people"},
    "transfer": {"other-body-competent", "local-matter"},
    "merge": {"same-problem", "same-remedy"},
}
STATE_AFTER = {
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
class ModelProposal:
    """One proposal: its author, the role it was submitted in, and its moves with their times."""

    author: str
    role: str
    moves: list[tuple[str, datetime]]
    merged_into: int | None = None
    tasks: set[int] = field(default_factory=set)
    supporters: set[str] = field(default_factory=set)

    @property
    def state(self) -> str:
        """The state after the last move."""
        return STATE_AFTER[self.moves[-1][0]]

    @property
    def screening_due_at(self) -> datetime:
        """`SCREENING_DAYS` after the last submission or resubmission."""
        return max(at for move, at in self.moves if move in {"submit", "resubmit"}) + SCREENING_DAYS * DAY


@dataclass
class ModelTask:
    """One task."""

    closes_at: datetime
    threshold_reached: bool = False
    referred: bool = False


class ProposalModel:
    """All proposals and tasks by number, in the order they were made.

    Each `..._refusals` method returns the codes of every refusal that applies; empty when the step is allowed.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.proposals: list[ModelProposal] = []
        self.tasks: list[ModelTask] = []

    def recent_submissions(self, author: str) -> int:
        """Count the author's proposals of the last 24 hours."""
        return len([each for each in self.proposals if each.author == author and each.moves[0][1] > self.now - DAY])

    def submission_refusals(self, author: str, role: str) -> set[str]:
        """P2: only citizens have a quota."""
        full = role == "citizen" and self.recent_submissions(author) >= PROPOSALS_A_DAY
        return {"too-many-proposals"} if full else set()

    def screening_refusals(
        self, number: int, decision: str, *, reason: str, officer: str, into: int | None
    ) -> set[str]:
        """P3 to P7. `into` is the proposal to merge into; a number not in use is an unknown proposal."""
        proposal = self.proposals[number]
        codes = {"own-proposal"} if proposal.author == officer else set()
        codes |= {"unknown-reason"} if reason not in REASONS_OF[decision] else set()
        codes |= {"details-do-not-fit-the-decision"} if (into is not None) != (decision == "merge") else set()
        codes |= {"proposal-not-in-that-state"} if proposal.state != "screening" else set()
        return codes | (set() if into is None else self.merge_refusals(number, into))

    def merge_refusals(self, number: int, into: int) -> set[str]:
        """P7: only into another proposal in screening or admitted, never in a circle."""
        if into >= len(self.proposals):
            return {"merge-target-unknown"}
        codes = {"merge-into-itself"} if into == number else set()
        codes |= {"merge-would-circle"} if into != number and number in self.merge_chain(into) else set()
        ended = self.proposals[into].state not in {"screening", "admitted"}
        return codes | ({"merge-target-ended"} if ended else set())

    def merge_chain(self, number: int) -> list[int]:
        """Return the proposal and those it was merged into, in order."""
        chain, current = [number], self.proposals[number].merged_into
        while current is not None:
            assert current not in chain
            chain.append(current)
            current = self.proposals[current].merged_into
        return chain

    def resubmission_refusals(self, number: int, person: str) -> set[str]:
        """P3, P8: only the author, and only after a revision was requested."""
        proposal = self.proposals[number]
        codes = {"not-your-proposal"} if proposal.author != person else set()
        return codes | ({"proposal-not-in-that-state"} if proposal.state != "revision-requested" else set())

    def withdrawal_refusals(self, number: int, person: str) -> set[str]:
        """P3, P8, P9: only the author, before it ended or became part of a task."""
        proposal = self.proposals[number]
        codes = {"not-your-proposal"} if proposal.author != person else set()
        codes |= {"part-of-a-task"} if proposal.tasks else set()
        ended = proposal.state not in {"screening", "revision-requested", "admitted"}
        return codes | ({"proposal-not-in-that-state"} if ended else set())

    def support_refusals(self, number: int, person: str) -> set[str]:
        """P10: a repeated support is always allowed, a new one only in screening or admitted."""
        proposal = self.proposals[number]
        allowed = person in proposal.supporters or proposal.state in {"screening", "admitted"}
        return set() if allowed else {"not-open-to-support"}

    def selection_refusals(self, numbers: list[int], *, from_proposals: bool) -> set[str]:
        """P11: from proposals that were all admitted, or from the government's plans and then from none."""
        codes = {"lineage-does-not-fit-the-origin"} if bool(numbers) != from_proposals else set()
        codes |= {"proposal-unknown"} if any(number >= len(self.proposals) for number in numbers) else set()
        known = [self.proposals[number] for number in numbers if number < len(self.proposals)]
        return codes | ({"proposal-not-admitted"} if any(each.state != "admitted" for each in known) else set())

    def referral_refusals(self, task: ModelTask, *, while_voting: bool) -> set[str]:
        """P13: once, not after the threshold, and only after the vote where the rule requires it."""
        codes = {"already-referred"} if task.referred else set()
        codes |= {"threshold-already-reached"} if task.threshold_reached else set()
        return codes | ({"vote-still-on"} if self.now < task.closes_at and not while_voting else set())
