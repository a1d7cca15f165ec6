"""C1 to C17 as a state machine: any sequence of steps has the same result in the domain and in the naive model."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from committee.domain.case import Cause, case_id_of
from committee.domain.deliberation import Stance
from committee.domain.sitting import Sitting
from services.committee.tests.harness import CHAIR
from services.committee.tests.model import FINAL, ModelSlot
from services.committee.tests.strategies import MEMBERS, CommitteeMachine, Deliberation, task_of
from townhall.contracts.values import Decision, MeetingId, Outcome
from townhall.testing.state_machines import Action, action, runs

INDEX = st.integers(0, 11)
"""An index into cases, sittings or meetings, modulo their number."""
HOURS, CAPACITY = st.sampled_from([None, None, -1, 0, 1, 1, 5, 20, 30, 50, 80]), st.sampled_from([1, 1, 2, 3])
HOURS_AROUND = st.sampled_from([None, -25, -24, -1, 0, 0, 3, 24])
"""Hours from the time of a sitting or meeting, around the limits of opening and lapse; None to let no time pass."""
STANCE = st.sampled_from([None, "recuse", *Stance, Stance.FOR])
ALL_FOR: Deliberation = ((Stance.FOR,) * len(MEMBERS), Decision.RECOMMENDED)
DELIBERATION = st.one_of(
    st.just(ALL_FOR),
    st.tuples(st.just((Stance.FOR, Stance.AGAINST, None)), st.sampled_from(Decision)),
    st.tuples(st.tuples(STANCE, STANCE, STANCE), st.sampled_from(Decision)),
)
"""All members for it, a tie, or anything."""
DELIBERATIONS = st.lists(DELIBERATION, max_size=3)
PRESENT = st.sampled_from([1, 2, 2, 3, 3])
ADOPTED, ANY_OUTCOME = st.sampled_from([Outcome.ADOPTED, Outcome.ADOPTED_WITH_CHANGE]), st.sampled_from(Outcome)
RESULT = st.one_of(
    st.tuples(ADOPTED, st.sampled_from([0, 1])),
    st.tuples(ANY_OUTCOME, st.none()),
    st.tuples(ANY_OUTCOME, st.sampled_from([-1, 0])),
)
"""An outcome, and the days until its directive is due, or None without a directive."""


class CommitteeProcess(CommitteeMachine):
    """All steps in any order."""

    @initialize(causes=st.lists(st.sampled_from(Cause), min_size=2, max_size=4), capacity=CAPACITY)
    def begin(self, causes: list[Cause], capacity: int) -> None:
        """Start with some cases, two of them recommended, and two sittings called for the same time."""
        for task, cause in enumerate(causes):
            self.receive(task, cause)
        self.call(sitting=False, hours=50, capacity=1)
        self.call(sitting=True, hours=5, capacity=2)
        self.sit(0, 0, len(MEMBERS), deliberations=[ALL_FOR] * 2, closes=True)
        self.call(sitting=True, hours=30, capacity=capacity)
        self.call(sitting=True, hours=None, capacity=capacity)

    @rule(
        to=st.one_of(
            action("receive", task=st.integers(0, 6), cause=st.sampled_from(Cause)),
            action("wait", hours=st.integers(1, 60)),
            action("call", sitting=st.booleans(), hours=HOURS, capacity=CAPACITY),
            action(
                "sit",
                number=INDEX,
                hours=HOURS_AROUND,
                present=PRESENT,
                deliberations=DELIBERATIONS,
                closes=st.booleans(),
            ),
            action("deliberate_any", number=INDEX, each=DELIBERATION),
            action("recuse_any", number=INDEX, member=st.sampled_from([*MEMBERS, CHAIR])),
            action("close_any", number=INDEX),
            action("meet", number=INDEX, hours=HOURS_AROUND, results=st.lists(RESULT, min_size=2, max_size=4)),
            action("record_any", number=INDEX, task=INDEX, result=RESULT),
        )
    )
    def any_step(self, to: Action) -> None:
        """Take a step of any kind."""
        self.perform(to)

    @invariant()
    def cases_equal_the_model(self) -> None:
        """C1, C16, C17: one case per task, with the state, causes, due date and meeting of the model."""
        assert len(self.harness.cases) == len(self.model.cases)
        for task in self.model.tasks:
            case, expected = self.case_of(task)
            assert (case.state, case.due.at if case.due else None) == (expected.state, expected.due)
            assert {cause for case_id, cause in self.harness.causes if case_id == case.case_id} == expected.causes
            assert case.later_than == expected.later_than
            at_a_meeting = expected.state in FINAL | {"on-agenda"}
            assert case.meeting_id == (self.id_of_meeting(expected.slot) if at_a_meeting else None)

    def id_of_meeting(self, wanted: ModelSlot | None) -> MeetingId:
        """Return the id of the domain's meeting that corresponds to the model's."""
        return next(
            meeting.meeting_id
            for meeting, slot in zip(self.harness.meetings, self.model.meetings, strict=True)
            if slot is wanted
        )

    @invariant()
    def assignments_equal_the_model(self) -> None:
        """C2, C3, C12: dockets and agendas name the same cases in the same positions, within their capacity."""
        for called, slots in (
            (self.harness.sittings, self.model.sittings),
            (self.harness.meetings, self.model.meetings),
        ):
            keys = [each.sitting_id if isinstance(each, Sitting) else each.meeting_id for each in called]
            assert [self.harness.assigned[key] for key in keys] == [
                [case_id_of(task_of(task)) for task in slot.assigned] for slot in slots
            ]
            assert [each.state for each in called] == [slot.state for slot in slots]
            assert all(len(slot.assigned) <= slot.capacity for slot in slots)

    @invariant()
    def no_case_waits_while_there_is_room(self) -> None:
        """C2, C11, C12: for a waiting case there is no future slot that has room and is late enough."""
        for case in self.model.cases.values():
            slots = {
                "opened": self.model.sittings,
                "deferred": self.model.sittings,
                "deliberated": self.model.meetings,
            }
            assert not [slot for slot in slots.get(case.state, []) if self.model.has_room(slot, case.later_than)]

    @invariant()
    def no_case_is_on_two_agendas(self) -> None:
        """C12: a case is on one open agenda at most, and once on each."""
        for task, case in self.model.cases.items():
            agendas = [slot for slot in self.model.meetings if task in slot.assigned and slot is not case.slot]
            assert all(slot.state == "held" for slot in agendas)
            assert all(slot.assigned.count(task) == 1 for slot in agendas)


TestCommitteeProcess = CommitteeProcess.TestCase
TestCommitteeProcess.settings = runs(examples=200, steps=20)
