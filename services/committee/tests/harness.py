"""The Committee's domain without a database: applies the rules to cases, sittings and meetings in memory."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from committee.domain import case as cases
from committee.domain import deliberation
from committee.domain import meeting as meetings
from committee.domain import sitting as sittings
from committee.domain.assignment import Assignment, Slot, assign
from committee.domain.case import AWAITING_SITTING, Case, CaseState, Cause, Due
from committee.domain.deliberation import Participation, Stance
from committee.domain.meeting import Mandate, Meeting, MeetingState, NotOnAgenda
from committee.domain.sitting import Sitting, SittingState
from services.committee.tests.samples import RULE, TITLE
from townhall.contracts.values import CaseId, Decision, MeetingId, Outcome, SittingId, TaskId

S = TypeVar("S", SittingId, MeetingId)
CHAIR: Final = "chair"


class CommitteeHarness:
    """Cases by id; sittings and meetings in the order they were called."""

    def __init__(self) -> None:
        self.cases: dict[CaseId, Case] = {}
        self.causes: set[tuple[CaseId, Cause]] = set()
        self.sittings: list[Sitting] = []
        self.meetings: list[Meeting] = []
        self.assigned: dict[UUID, list[CaseId]] = {}
        """The cases assigned to each sitting or meeting, by position."""
        self.attending: set[tuple[SittingId, str]] = set()
        self.recused: set[tuple[CaseId, str]] = set()
        self.stances: dict[tuple[CaseId, SittingId | None, str], Stance] = {}

    def receive(self, task: TaskId, cause: Cause, at: datetime) -> None:
        """Open the one case of a task, or add a cause to it (C1)."""
        case_id = cases.case_id_of(task)
        if case_id not in self.cases:
            self.cases[case_id] = Case(case_id, task, TITLE, cause, at, due=Due(at + RULE.docketing_period, 1))
            self.fill_sittings(at)
        self.causes.add((case_id, cause))

    def call_sitting(self, new: Sitting, at: datetime) -> None:
        """Call a sitting and fill its docket (C2, C4)."""
        self.sittings.append(sittings.call(new, RULE, version=1, at=at))
        self.assigned[new.sitting_id] = []
        self.fill_sittings(at)

    def attend(self, number: int, member: str, at: datetime) -> None:
        """Let a member attend a sitting (C5)."""
        sitting = self.sittings[number]
        sittings.attend(sitting, RULE, at=at)
        added = (sitting.sitting_id, member) not in self.attending
        self.attending.add((sitting.sitting_id, member))
        self.sittings[number] = replace(sitting, present=sitting.present + added)

    def open(self, number: int, at: datetime) -> None:
        """Open a sitting with the chair attending (C6). When it is refused, the chair doesn't attend either."""
        sitting = self.sittings[number]
        sittings.attend(sitting, RULE, at=at)
        added = (sitting.sitting_id, CHAIR) not in self.attending
        attended = replace(sitting, present=sitting.present + added)
        self.sittings[number] = sittings.open_sitting(attended, RULE, version=1, at=at)
        self.attending.add((sitting.sitting_id, CHAIR))
        for case in self.of_sitting(sitting.sitting_id, CaseState.DOCKETED):
            self.cases[case.case_id] = case.move_to(CaseState.IN_DELIBERATION)

    def recuse(self, case: Case, member: str) -> None:
        """Recuse a member from a case (C7)."""
        deliberation.require_undecided(case)
        self.recused.add((case.case_id, member))

    def take_position(self, case: Case, member: str, stance: Stance) -> None:
        """Set a member's position (C8)."""
        deliberation.require_in_deliberation(case, self.participation(case, member))
        self.stances[case.case_id, case.sitting_id, member] = stance

    def decide(self, case: Case, decision: Decision, at: datetime) -> None:
        """Decide a case by the positions taken (C9 to C12)."""
        taken = [
            stance
            for (case_id, sitting_id, member), stance in self.stances.items()
            if (case_id, sitting_id) == (case.case_id, case.sitting_id) and (case_id, member) not in self.recused
        ]
        count = deliberation.count_positions(taken, recused=0)
        if deliberation.decide(case, self.participation(case, CHAIR), count, decision, RULE) is CaseState.DEFERRED:
            self.defer(case, at)
            self.fill_sittings(at)
        else:
            self.cases[case.case_id] = case.move_to(CaseState.DELIBERATED, due=Due(at + RULE.agenda_period, 1))
            self.fill_meetings(at)

    def close(self, number: int, at: datetime) -> None:
        """Close an open sitting (C11)."""
        self.sittings[number].move_to(SittingState.CLOSED)
        self.end(number, at)

    def end_expired(self, at: datetime) -> None:
        """End all sittings whose time has passed, the one that expired first first, as the timer does (C11)."""
        while expired := [each for each in self.sittings if each.ends_at is not None and each.ends_at <= at]:
            self.end(self.sittings.index(min(expired, key=lambda each: each.ends_at or at)), at)

    def end(self, number: int, at: datetime) -> None:
        """End a sitting and defer its undecided cases (C11)."""
        sitting = self.sittings[number]
        self.sittings[number] = sittings.end(sitting)
        for case in self.of_sitting(sitting.sitting_id, CaseState.DOCKETED, CaseState.IN_DELIBERATION):
            self.defer(case, at)
        self.fill_sittings(at)

    def call_meeting(self, new: Meeting, at: datetime) -> None:
        """Call a strategy meeting and fill its agenda (C12, C13)."""
        self.meetings.append(meetings.call(new, at=at))
        self.assigned[new.meeting_id] = []
        self.fill_meetings(at)

    def record(self, number: int, case: Case, outcome: Outcome, mandate: Mandate | None, *, at: datetime) -> None:
        """Record the outcome of an agenda item (C14, C15)."""
        meeting = self.meetings[number]
        if case.state is not CaseState.ON_AGENDA or case.meeting_id != meeting.meeting_id:
            raise NotOnAgenda
        held = meetings.hold(meeting, RULE, at=at)
        state = meetings.case_state_after(outcome, mandate, on=at.date())
        self.meetings[number] = held
        due = Due(at + RULE.agenda_period, 1)
        self.cases[case.case_id] = cases.apply_outcome(case, state, later_than=meeting.meets_at, due=due)
        self.fill_meetings(at)

    def defer(self, case: Case, at: datetime) -> None:
        """Defer a case to a later sitting."""
        sitting = next(each for each in self.sittings if each.sitting_id == case.sitting_id)
        due = Due(at + RULE.docketing_period, 1)
        self.cases[case.case_id] = cases.defer(case, later_than=sitting.sits_at, due=due)

    def participation(self, case: Case, member: str) -> Participation:
        """Return whether a member attends the case's sitting and is recused from the case."""
        attending = case.sitting_id is not None and (case.sitting_id, member) in self.attending
        return Participation(attending=attending, recused=(case.case_id, member) in self.recused)

    def of_sitting(self, sitting_id: SittingId, *states: CaseState) -> list[Case]:
        """Return the cases of a sitting in these states."""
        return [case for case in self.cases.values() if case.sitting_id == sitting_id and case.state in states]

    def fill_sittings(self, at: datetime) -> None:
        """Assign waiting cases to future sittings (C2)."""
        called = [each for each in self.sittings if each.state is SittingState.CALLED]
        slots = self.slots(((each.sitting_id, each.sits_at, each.capacity) for each in called), at)
        for each in assign([case for case in self.cases.values() if case.state in AWAITING_SITTING], slots):
            self.cases[each.case.case_id] = cases.docket(each.case, each.slot.id)
            self.note(each)

    def fill_meetings(self, at: datetime) -> None:
        """Assign deliberated cases to future strategy meetings (C12)."""
        called = [each for each in self.meetings if each.state is MeetingState.CALLED]
        slots = self.slots(((each.meeting_id, each.meets_at, each.capacity) for each in called), at)
        for each in assign([case for case in self.cases.values() if case.state is CaseState.DELIBERATED], slots):
            due = Due(each.slot.starts_at + RULE.outcome_period, 1)
            self.cases[each.case.case_id] = cases.place_on_agenda(each.case, each.slot.id, due=due)
            self.note(each)

    def slots(self, called: Iterable[tuple[S, datetime, int]], at: datetime) -> list[Slot[S]]:
        """Return those that start after this time, with the number of their positions assigned so far."""
        return [Slot(key, starts, capacity, len(self.assigned[key])) for key, starts, capacity in called if starts > at]

    def note(self, each: Assignment[S]) -> None:
        """Store an assignment; its position must be the next one, within the capacity (C3)."""
        self.assigned[each.slot.id].append(each.case.case_id)
        assert each.position == len(self.assigned[each.slot.id]) <= each.slot.capacity
