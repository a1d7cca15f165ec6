"""P1 to P13 as a state machine: any sequence of steps has the same result in the domain and in the naive model."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from proposal.domain import referral, screening, selection, submission, support
from proposal.domain.lifecycle import Move, Person, Proposal, Wording
from proposal.domain.merging import MERGE_TARGET_STATES, Target
from proposal.domain.screening import REASONS, Verdict
from proposal.domain.selection import Draft, Origin, Referral, Task
from proposal.domain.submission import Author
from services.proposal.tests.model import PROPOSALS_A_DAY, SCREENING_DAYS, ModelProposal, ModelTask, ProposalModel
from services.proposal.tests.samples import parameters
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId
from townhall.testing.state_machines import Action, Machine, action, runs

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = RuleUsed(version=1, article="제7조")
PARAMETERS = parameters(screening_days=SCREENING_DAYS, proposals_a_day=PROPOSALS_A_DAY)
WORDING = Wording("제목", "문제", "해법", "교통")
INDEX = st.integers(0, 9)
"""An index into the proposals or tasks, modulo their number."""
PERSON = st.sampled_from(["kim", "lee", "park"])
DECISIONS = st.sampled_from(list(REASONS))
MISTAKES = st.sampled_from([*[""] * 8, "reason", "own", "details", "target", "target", "proposal"])
"""What is wrong with a screening decision; usually nothing."""
ANY_STATE = st.sampled_from([False, False, False, True])
"""True to pick from all proposals, not only from those in the state the step needs."""
AUTHOR_OR_OTHER = st.none() | PERSON
"""None for the author."""
REASON_OF_ANOTHER = dict(
    zip(REASONS, ("unclear", "no-remedy", "commercial", "same-problem", "local-matter"), strict=True)
)
"""For each decision a reason of another decision's list."""
RULE_ARGUMENTS: dict[str, Any] = {"parameters": PARAMETERS, "rule": RULE}


def id_of(number: int) -> ProposalId:
    """Return the id of the proposal with this number, whether it exists or not."""
    return ProposalId(UUID(int=number + 1))


class Proposals(Machine):
    """Takes each step in the domain and in the model; both must accept or refuse it, and end in the same state."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ProposalModel(START)
        self.proposals: list[Proposal] = []
        self.tasks: list[Task] = []

    def put(self, number: int, proposal: Proposal) -> None:
        """Replace a proposal of the domain."""
        self.proposals[number] = proposal

    def note(self, number: int, move: str) -> None:
        """Add a move to a proposal of the model."""
        self.model.proposals[number].moves.append((move, self.model.now))

    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.model.now += timedelta(hours=hours)

    @initialize(decisions=st.lists(st.none() | DECISIONS | st.just(Move.ADMIT), min_size=2, max_size=5))
    def begin(self, decisions: list[Move | None]) -> None:
        """Start with some proposals, most of them screened."""
        for number, decision in enumerate(decisions):
            self.submit("kim", ActedBy.AGENCY)
            if decision is not None:
                self.screen(number, decision, mistake="", into=number + 1)

    def submit(self, person: str, role: ActedBy) -> None:
        """Submit a proposal."""
        author = Author(Person(person), role, self.model.recent_submissions(person))
        new = (id_of(len(self.proposals)), WORDING, author)
        self.check(
            self.model.submission_refusals(person, role),
            lambda: self.proposals.append(submission.submit(*new, **RULE_ARGUMENTS, at=self.model.now)),
            lambda: self.model.proposals.append(ModelProposal(person, role, [("submit", self.model.now)])),
        )

    def screen(self, number: int, decision: Move, mistake: str, into: int) -> None:
        """Decide on a proposal in screening; a merge goes into an allowed target, unless the mistake says otherwise."""
        number = self.pick("screening", number, any_state=mistake == "proposal")
        reason = REASON_OF_ANOTHER[decision] if mistake == "reason" else min(REASONS[decision])
        officer = self.model.proposals[number].author if mistake == "own" else "officer"
        allowed = [
            at
            for at, proposal in enumerate(self.model.proposals)
            if proposal.state in MERGE_TARGET_STATES and at != number
        ]
        targets = range(len(self.proposals) + 1) if mistake == "target" or not allowed else allowed
        target = targets[into % len(targets)] if (decision is Move.MERGE) is not (mistake == "details") else None
        self.decide(number, Verdict(decision, reason), officer, target)

    def decide(self, number: int, decided: Verdict, officer: str, into: int | None) -> None:
        """Decide on a proposal, with the body or target that the decision names."""
        body = "서울시" if decided.decision is Move.TRANSFER else None
        verdict = replace(decided, body=body, merge_into=None if into is None else id_of(into))
        target = None if into is None or into >= len(self.proposals) else self.target(into)
        old = self.proposals[number]
        self.check(
            self.model.screening_refusals(number, decided.decision, reason=decided.reason, officer=officer, into=into),
            lambda: self.put(number, screening.screen(old, verdict, Person(officer), target=target, at=self.model.now)),
            lambda: self.note_screening(number, decided.decision, into),
        )

    def pick(self, state: str, number: int, *, any_state: bool = False) -> int:
        """Return the number of a proposal in that state, or of any proposal if there is none or `any_state`."""
        matching = [at for at, proposal in enumerate(self.model.proposals) if proposal.state == state]
        candidates = range(len(self.proposals)) if any_state or not matching else matching
        return candidates[number % len(candidates)]

    def target(self, number: int) -> Target:
        """Return a proposal as a merge target, with its merge chain as the store would return it."""
        chain, current = [], self.proposals[number].merged_into
        while current is not None:
            chain.append(current)
            current = self.proposals[current.int - 1].merged_into
        return Target(id_of(number), self.proposals[number].state, tuple(chain))

    def note_screening(self, number: int, decision: Move, into: int | None) -> None:
        """Add a decision to a proposal of the model."""
        self.note(number, decision)
        self.model.proposals[number].merged_into = into

    def resubmit(self, number: int, person: str | None, *, any_state: bool) -> None:
        """Resubmit a proposal with a revised text."""
        number = self.pick("revision-requested", number, any_state=any_state)
        old, by = self.proposals[number], person or self.model.proposals[number].author
        revised = Wording("더 나은 제목", "문제", "해법")
        self.check(
            self.model.resubmission_refusals(number, by),
            lambda: self.put(
                number, submission.resubmit(old, revised, Person(by), **RULE_ARGUMENTS, at=self.model.now)
            ),
            lambda: self.note(number, "resubmit"),
        )

    def withdraw(self, number: int, person: str | None) -> None:
        """Withdraw a proposal."""
        number %= len(self.proposals)
        by = person or self.model.proposals[number].author
        self.check(
            self.model.withdrawal_refusals(number, by),
            lambda: self.put(number, submission.withdraw(self.proposals[number], Person(by))),
            lambda: self.note(number, "withdraw"),
        )

    def support(self, number: int, person: str) -> None:
        """Support a proposal; repeated, it changes nothing."""
        number %= len(self.proposals)
        expected, proposal = self.model.proposals[number], self.proposals[number]

        def add() -> None:
            if person not in expected.supporters:
                support.require_open(proposal)
                self.put(number, replace(proposal, supports=proposal.supports + 1))

        self.check(self.model.support_refusals(number, person), add, lambda: expected.supporters.add(person))

    def select(self, numbers: set[int], *, from_proposals: bool, any_state: bool) -> None:
        """Select a task from admitted proposals, or from any when there are none or `any_state`."""
        admitted = [at for at, proposal in enumerate(self.model.proposals) if proposal.state == "admitted"]
        candidates = admitted if admitted and not any_state else range(len(self.proposals) + 1)
        chosen = sorted({candidates[number % len(candidates)] for number in numbers})
        found = [self.proposals[number] for number in chosen if number < len(self.proposals)]
        origin = Origin.PROPOSALS if from_proposals else Origin.GOVERNMENT
        draft = Draft("과제", "요약", origin, tuple(map(id_of, chosen)), "public-interest")
        task_id, now = TaskId(UUID(int=len(self.tasks))), self.model.now

        def select() -> None:
            task = selection.select(task_id, draft, found, parameters=PARAMETERS, rule=RULE, at=now)
            self.tasks.append(task)
            for number in chosen:
                old = self.proposals[number]
                self.put(number, replace(old, task_ids=(*old.task_ids, task.id)))

        refusals = self.model.selection_refusals(chosen, from_proposals=from_proposals)
        self.check(refusals, select, lambda: self.note_selection(chosen))

    def note_selection(self, chosen: list[int]) -> None:
        """Add a task to the model."""
        for number in chosen:
            self.model.proposals[number].tasks.add(len(self.model.tasks))
        self.model.tasks.append(ModelTask(self.model.now + timedelta(days=30)))

    def refer(self, number: int, *, threshold_reached: bool, while_voting: bool) -> None:
        """Refer a task, if there is one, perhaps after its threshold was reached."""
        if not self.tasks:
            return
        number %= len(self.tasks)
        task = self.model.tasks[number]
        task.threshold_reached |= threshold_reached
        rule = PARAMETERS.model_copy(update={"referral_while_voting": while_voting})
        new = Referral("urgent", "", ActedBy.OFFICER, self.model.now)

        def refer() -> None:
            old = self.tasks[number]
            self.tasks[number] = referral.refer(old, new, parameters=rule, threshold_reached=task.threshold_reached)

        def note() -> None:
            task.referred = True

        self.check(self.model.referral_refusals(task, while_voting=while_voting), refer, note)

    @rule(
        to=st.one_of(
            action("wait", hours=st.integers(1, 30)),
            action(
                "submit",
                person=PERSON,
                role=st.sampled_from([ActedBy.CITIZEN, ActedBy.CITIZEN, ActedBy.AGENCY, ActedBy.OFFICER]),
            ),
            action("screen", number=INDEX, decision=DECISIONS, mistake=MISTAKES, into=INDEX),
            action("resubmit", number=INDEX, person=AUTHOR_OR_OTHER, any_state=ANY_STATE),
            action("withdraw", number=INDEX, person=AUTHOR_OR_OTHER),
            action("support", number=INDEX, person=PERSON),
            action(
                "select",
                numbers=st.sets(INDEX, max_size=2),
                from_proposals=st.sampled_from([True, True, False]),
                any_state=ANY_STATE,
            ),
            action(
                "refer", number=INDEX, threshold_reached=ANY_STATE, while_voting=st.sampled_from([True, True, False])
            ),
        )
    )
    def any_step(self, to: Action) -> None:
        """Take a step of any kind."""
        self.perform(to)

    @invariant()
    def proposals_equal_the_model(self) -> None:
        """P1, P3, P8 to P11: state, due date, wording, supports, tasks and merge chain equal the model's."""
        assert len(self.proposals) == len(self.model.proposals)
        for number, (proposal, expected) in enumerate(zip(self.proposals, self.model.proposals, strict=True)):
            assert (proposal.state, proposal.screening_due_at) == (expected.state, expected.screening_due_at)
            assert (proposal.supports, len(proposal.task_ids)) == (len(expected.supporters), len(expected.tasks))
            revised = any(move == "resubmit" for move, _ in expected.moves)
            assert proposal.wording == replace(WORDING, title="더 나은 제목" if revised else "제목")
            chain = [id_of(each) for each in self.model.merge_chain(number)[1:]]
            assert self.target(number).merge_chain == tuple(chain)

    @invariant()
    def tasks_equal_the_model(self) -> None:
        """P13: referrals and closing times equal the model's."""
        actual = [(task.referral is not None, task.closes_at) for task in self.tasks]
        assert actual == [(task.referred, task.closes_at) for task in self.model.tasks]


TestProposals = Proposals.TestCase
TestProposals.settings = runs(examples=200, steps=30)
