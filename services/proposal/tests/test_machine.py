"""P1 to P13 in any order: proposals are handed in, moved, merged, supported and selected, and none is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from proposal.domain import referral, screening, selection, submission, support
from proposal.domain.lifecycle import Move, Person, Proposal, Wording
from proposal.domain.merging import GOES_ON, Target
from proposal.domain.screening import REASONS, Verdict
from proposal.domain.selection import Draft, Origin, Referral, Task
from proposal.domain.submission import Author
from services.proposal.tests.model import A_DAY, SCREENING_DAYS, Errand, SampleService, Sheet
from services.proposal.tests.samples import parameters
from townhall.contracts.values import ActedBy, ProposalId, RuleUsed, TaskId
from townhall.testing.state_machines import Action, Machine, action

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = RuleUsed(version=1, article="제7조")
PARAMETERS = parameters(screening_days=SCREENING_DAYS, proposals_a_day=A_DAY)
WORDING = Wording("제목", "문제", "해법", "교통")
ANY = st.integers(0, 9)
"""Picks one of what is there."""
WHO = st.sampled_from(["kim", "lee", "park"])
DECISIONS = st.sampled_from(list(REASONS))
SLIPS = st.sampled_from([*[""] * 8, "reason", "own", "details", "target", "target", "proposal"])
"""What an officer may get wrong."""
STRAY = st.sampled_from([False, False, False, True])
SOMEBODY = st.none() | WHO
"""The author, or anybody."""
REASON_OF_ANOTHER = dict(
    zip(REASONS, ("unclear", "no-remedy", "commercial", "same-problem", "local-matter"), strict=True)
)
GIVEN: dict[str, Any] = {"parameters": PARAMETERS, "rule": RULE}


def id_of(number: int) -> ProposalId:
    """The proposal of that number, whether it exists or not."""
    return ProposalId(UUID(int=number + 1))


class Proposals(Machine):
    """The rules and the naive model side by side: each step is taken or refused by both, and leaves both the same."""

    def __init__(self) -> None:
        super().__init__()
        self.model = SampleService(START)
        self.proposals: list[Proposal] = []
        self.tasks: list[Task] = []

    def put(self, number: int, proposal: Proposal) -> None:
        """Store what became of a proposal."""
        self.proposals[number] = proposal

    def note(self, number: int, what: str) -> None:
        """Write down what happened."""
        self.model.sheets[number].happened.append((what, self.model.now))

    def wait(self, hours: int) -> None:
        """Time passes; a day to the microsecond is where a quota ends."""
        self.model.now += timedelta(hours=hours)

    @initialize(decisions=st.lists(st.none() | DECISIONS | st.just(Move.ADMIT), min_size=2, max_size=5))
    def begin(self, decisions: list[Move | None]) -> None:
        """Some proposals have come, and most of them were decided on."""
        for number, decision in enumerate(decisions):
            self.submit("kim", ActedBy.AGENCY)
            if decision is not None:
                self.screen(number, decision, cast_ballot="", into=number + 1)

    def submit(self, who: str, office: ActedBy) -> None:
        """Somebody hands a proposal in."""
        author = Author(Person(who), office, self.model.recent(who))
        made = (id_of(len(self.proposals)), WORDING, author)
        self.check(
            self.model.may_submit(who, office),
            lambda: self.proposals.append(submission.submit(*made, **GIVEN, at=self.model.now)),
            lambda: self.model.sheets.append(Sheet(who, office, [("submit", self.model.now)])),
        )

    def screen(self, number: int, decision: Move, cast_ballot: str, into: int) -> None:
        """An officer decides on what is in screening; what they name of a merge goes on, unless they cast_ballot."""
        number = self.some("screening", number, stray=cast_ballot == "proposal")
        reason = REASON_OF_ANOTHER[decision] if cast_ballot == "reason" else min(REASONS[decision])
        officer = self.model.sheets[number].author if cast_ballot == "own" else "officer"
        goes_on = [at for at, sheet in enumerate(self.model.sheets) if sheet.stands in GOES_ON and at != number]
        there = range(len(self.proposals) + 1) if cast_ballot == "target" or not goes_on else goes_on
        target = there[into % len(there)] if (decision is Move.MERGE) is not (cast_ballot == "details") else None
        self.decide(number, Verdict(decision, reason), officer, target)

    def decide(self, number: int, asked: Verdict, officer: str, into: int | None) -> None:
        """Decide, with what else the decision has to name."""
        body = "서울시" if asked.decision is Move.TRANSFER else None
        verdict = replace(asked, body=body, merge_into=None if into is None else id_of(into))
        target = None if into is None or into >= len(self.proposals) else self.target(into)
        old = self.proposals[number]
        self.check(
            self.model.may_screen(number, asked.decision, reason=asked.reason, officer=officer, into=into),
            lambda: self.put(number, screening.screen(old, verdict, Person(officer), target=target, at=self.model.now)),
            lambda: self.screened(number, asked.decision, into),
        )

    def some(self, state: str, number: int, *, stray: bool = False) -> int:
        """Pick a proposal; one in that state, when there is one and nobody strays."""
        there = [at for at, sheet in enumerate(self.model.sheets) if sheet.stands == state]
        everything = range(len(self.proposals))
        return (everything if stray or not there else there)[number % len(everything if stray or not there else there)]

    def target(self, number: int) -> Target:
        """What a proposal would go on in, with its line as the store follows it."""
        line, here = [], self.proposals[number].merged_into
        while here is not None:
            line.append(here)
            here = self.proposals[here.int - 1].merged_into
        return Target(id_of(number), self.proposals[number].state, tuple(line))

    def screened(self, number: int, decision: Move, into: int | None) -> None:
        """Write a decision down."""
        self.note(number, decision)
        self.model.sheets[number].goes_on_in = into

    def resubmit(self, number: int, who: str | None, *, stray: bool) -> None:
        """The author, or somebody else, hands an improved text in."""
        number = self.some("revision-requested", number, stray=stray)
        old, who = self.proposals[number], who or self.model.sheets[number].author
        better = Wording("더 나은 제목", "문제", "해법")
        self.check(
            self.model.may_return(number, who),
            lambda: self.put(number, submission.resubmit(old, better, Person(who), **GIVEN, at=self.model.now)),
            lambda: self.note(number, "resubmit"),
        )

    def withdraw(self, number: int, who: str | None) -> None:
        """The author, or somebody else, takes a proposal back."""
        number %= len(self.proposals)
        who = who or self.model.sheets[number].author
        self.check(
            self.model.may_withdraw(number, who),
            lambda: self.put(number, submission.withdraw(self.proposals[number], Person(who))),
            lambda: self.note(number, "withdraw"),
        )

    def support(self, number: int, who: str) -> None:
        """A citizen stands behind a proposal; once more changes nothing."""
        number %= len(self.proposals)
        sheet, proposal = self.model.sheets[number], self.proposals[number]

        def give() -> None:
            if who not in sheet.supporters:
                support.require_open(proposal)
                self.put(number, replace(proposal, supports=proposal.supports + 1))

        self.check(self.model.may_support(number, who), give, lambda: sheet.supporters.add(who))

    def select(self, numbers: set[int], *, of_proposals: bool, stray: bool) -> None:
        """A task is selected: from admitted proposals when there are some, or from anything."""
        admitted = [at for at, sheet in enumerate(self.model.sheets) if sheet.stands == "admitted"]
        there = admitted if admitted and not stray else range(len(self.proposals) + 1)
        chosen = sorted({there[number % len(there)] for number in numbers})
        found = [self.proposals[number] for number in chosen if number < len(self.proposals)]
        origin = Origin.PROPOSALS if of_proposals else Origin.GOVERNMENT
        draft = Draft("과제", "요약", origin, tuple(map(id_of, chosen)), "public-interest")
        task_id, now = TaskId(UUID(int=len(self.tasks))), self.model.now

        def take() -> None:
            task = selection.select(task_id, draft, found, parameters=PARAMETERS, rule=RULE, at=now)
            self.tasks.append(task)
            for number in chosen:
                old = self.proposals[number]
                self.put(number, replace(old, task_ids=(*old.task_ids, task.id)))

        self.check(self.model.may_select(chosen, of_proposals=of_proposals), take, lambda: self.selected(chosen))

    def selected(self, chosen: list[int]) -> None:
        """Write a task down."""
        for number in chosen:
            self.model.sheets[number].tasks.add(len(self.model.tasks))
        self.model.tasks.append(Errand(self.model.now + timedelta(days=30)))

    def refer(self, number: int, *, passed: bool, while_voting: bool) -> None:
        """The Support Unit refers a task, if there is one; word of its threshold may have come before."""
        if not self.tasks:
            return
        number %= len(self.tasks)
        task = self.model.tasks[number]
        task.passed |= passed
        parameters = PARAMETERS.model_copy(update={"referral_while_voting": while_voting})
        act = Referral("urgent", "", ActedBy.OFFICER, self.model.now)

        def take() -> None:
            asked = self.tasks[number]
            self.tasks[number] = referral.refer(asked, act, parameters=parameters, threshold_reached=task.passed)

        def noted() -> None:
            task.referred = True

        self.check(self.model.may_refer(task, while_voting=while_voting), take, noted)

    @rule(
        to=st.one_of(
            action("wait", hours=st.integers(1, 30)),
            action(
                "submit",
                who=WHO,
                office=st.sampled_from([ActedBy.CITIZEN, ActedBy.CITIZEN, ActedBy.AGENCY, ActedBy.OFFICER]),
            ),
            action("screen", number=ANY, decision=DECISIONS, cast_ballot=SLIPS, into=ANY),
            action("resubmit", number=ANY, who=SOMEBODY, stray=STRAY),
            action("withdraw", number=ANY, who=SOMEBODY),
            action("support", number=ANY, who=WHO),
            action(
                "select",
                numbers=st.sets(ANY, max_size=2),
                of_proposals=st.sampled_from([True, True, False]),
                stray=STRAY,
            ),
            action("refer", number=ANY, passed=STRAY, while_voting=st.sampled_from([True, True, False])),
        )
    )
    def go_on(self, to: Action) -> None:
        """Take any turn."""
        self.perform(to)

    @invariant()
    def every_proposal_stands_where_its_history_leads(self) -> None:
        """P1, P3, P8 to P11: state, due date, wording, supports, tasks and lineage follow from what happened."""
        assert len(self.proposals) == len(self.model.sheets)
        for number, (proposal, sheet) in enumerate(zip(self.proposals, self.model.sheets, strict=True)):
            assert (proposal.state, proposal.screening_due_at) == (sheet.stands, sheet.due)
            assert (proposal.supports, len(proposal.task_ids)) == (len(sheet.supporters), len(sheet.tasks))
            again = any(what == "resubmit" for what, _ in sheet.happened)
            assert proposal.wording == replace(WORDING, title="더 나은 제목" if again else "제목")
            way = [id_of(each) for each in self.model.way(number)[1:]]
            assert self.target(number).line == tuple(way)

    @invariant()
    def referrals_stand(self) -> None:
        """P13: a task is referred or not, as was noted, and its vote keeps its time."""
        told = [(task.referral is not None, task.closes_at) for task in self.tasks]
        assert told == [(task.referred, task.closes_at) for task in self.model.tasks]


TestProposals = Proposals.TestCase
TestProposals.settings = settings(max_examples=200, stateful_step_count=30)
