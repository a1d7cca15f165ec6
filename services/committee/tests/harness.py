"""The Committee without a database: its rules, and books that keep what they decide, as handlers do."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from committee.domain import assignment, deliberation
from committee.domain import case as cases
from committee.domain import meeting as meetings
from committee.domain import sitting as sittings
from committee.domain.assignment import Slot
from committee.domain.case import WAITS_FOR_SITTING, Case, CaseState, Cause, Due
from committee.domain.deliberation import Part, Stance
from committee.domain.meeting import Mandate, Meeting, MeetingState, NotOnAgenda
from committee.domain.sitting import Sitting, SittingState
from services.committee.tests.samples import RULE, TITLE
from townhall.contracts.values import CaseId, Decision, MeetingId, Outcome, SittingId, TaskId

S = TypeVar("S", SittingId, MeetingId)
CHAIR: Final = "chair"


class CommitteeHarness:
    """Cases, sittings and meetings by number, in the order they were made."""

    def __init__(self) -> None:
        self.cases: dict[CaseId, Case] = {}
        self.causes: set[tuple[CaseId, Cause]] = set()
        self.sittings: list[Sitting] = []
        self.meetings: list[Meeting] = []
        self.places: dict[UUID, list[CaseId]] = {}
        """The cases that were given places, in the order of their positions."""
        self.attending: set[tuple[SittingId, str]] = set()
        self.recused: set[tuple[CaseId, str]] = set()
        self.stances: dict[tuple[CaseId, SittingId | None, str], Stance] = {}

    def hear(self, task: TaskId, cause: Cause, at: datetime) -> None:
        """Open the one case of a task (C1)."""
        case_id = cases.case_id_of(task)
        if case_id not in self.cases:
            self.cases[case_id] = Case(case_id, task, TITLE, cause, at, due=Due(at + RULE.docketing, 1))
            self.fill_sittings(at)
        self.causes.add((case_id, cause))

    def call_sitting(self, asked: Sitting, at: datetime) -> None:
        """Call a sitting."""
        self.sittings.append(sittings.call(asked, RULE, version=1, at=at))
        self.places[asked.sitting_id] = []
        self.fill_sittings(at)

    def attend(self, number: int, member: str, at: datetime) -> None:
        """Let somebody into the room."""
        sitting = self.sittings[number]
        sittings.attend(sitting, RULE, at=at)
        came = (sitting.sitting_id, member) not in self.attending
        self.attending.add((sitting.sitting_id, member))
        self.sittings[number] = replace(sitting, present=sitting.present + came)

    def open(self, number: int, at: datetime) -> None:
        """Open a sitting, the chair coming in, and take up its cases; refused, the chair did not come in either."""
        sitting = self.sittings[number]
        sittings.attend(sitting, RULE, at=at)
        came = (sitting.sitting_id, CHAIR) not in self.attending
        attended = replace(sitting, present=sitting.present + came)
        self.sittings[number] = sittings.open_with(attended, RULE, version=1, at=at)
        self.attending.add((sitting.sitting_id, CHAIR))
        for case in self.of_sitting(sitting.sitting_id, CaseState.DOCKETED):
            self.cases[case.case_id] = case.to(CaseState.IN_DELIBERATION)

    def recuse(self, case: Case, member: str) -> None:
        """Let a member stand back."""
        deliberation.may_recuse(case)
        self.recused.add((case.case_id, member))

    def take_position(self, case: Case, member: str, stance: Stance) -> None:
        """Note a member's position; a later one takes its place."""
        deliberation.may_take_position(case, self.part(case, member))
        self.stances[case.case_id, case.sitting_id, member] = stance

    def decide(self, case: Case, decision: Decision, at: datetime) -> None:
        """Decide a case by the positions taken."""
        here = [
            stance
            for (case_id, sitting_id, member), stance in self.stances.items()
            if (case_id, sitting_id) == (case.case_id, case.sitting_id) and (case_id, member) not in self.recused
        ]
        said = deliberation.count(here, recused=0)
        if deliberation.decide(case, self.part(case, CHAIR), said, decision, RULE) is CaseState.DEFERRED:
            self.put_off(case, at)
            self.fill_sittings(at)
        else:
            self.cases[case.case_id] = case.to(CaseState.DELIBERATED, due=Due(at + RULE.tabling, 1))
            self.fill_meetings(at)

    def close(self, number: int, at: datetime) -> None:
        """Let the chair close a sitting."""
        self.sittings[number].to(SittingState.CLOSED)
        self.end(number, at)

    def end_what_is_over(self, at: datetime) -> None:
        """Do what the timer does: one sitting after the other, the one whose time was over first."""
        while over := [each for each in self.sittings if each.ends_at is not None and each.ends_at <= at]:
            self.end(self.sittings.index(min(over, key=lambda each: each.ends_at or at)), at)

    def end(self, number: int, at: datetime) -> None:
        """End a sitting; what it did not decide goes to the next one with room (C11)."""
        sitting = self.sittings[number]
        self.sittings[number] = sittings.end(sitting)
        for case in self.of_sitting(sitting.sitting_id, CaseState.DOCKETED, CaseState.IN_DELIBERATION):
            self.put_off(case, at)
        self.fill_sittings(at)

    def call_meeting(self, asked: Meeting, at: datetime) -> None:
        """Call a strategy meeting."""
        self.meetings.append(meetings.call(asked, at=at))
        self.places[asked.meeting_id] = []
        self.fill_meetings(at)

    def record(self, number: int, case: Case, outcome: Outcome, mandate: Mandate | None, *, at: datetime) -> None:
        """Record what a meeting made of an item of its agenda."""
        meeting = self.meetings[number]
        if case.state is not CaseState.ON_AGENDA or case.meeting_id != meeting.meeting_id:
            raise NotOnAgenda
        held = meetings.hold(meeting, RULE, at=at)
        end = meetings.end_of(outcome, mandate, on=at.date())
        self.meetings[number] = held
        later = Due(at + RULE.tabling, 1)
        self.cases[case.case_id] = cases.ended(case, end, later_than=meeting.meets_at, due=later)
        self.fill_meetings(at)

    def put_off(self, case: Case, at: datetime) -> None:
        """Take a case off its sitting."""
        sitting = next(each for each in self.sittings if each.sitting_id == case.sitting_id)
        later = Due(at + RULE.docketing, 1)
        self.cases[case.case_id] = cases.deferred(case, later_than=sitting.sits_at, due=later)

    def part(self, case: Case, member: str) -> Part:
        """What ties somebody to a case."""
        attending = case.sitting_id is not None and (case.sitting_id, member) in self.attending
        return Part(attending=attending, recused=(case.case_id, member) in self.recused)

    def of_sitting(self, sitting_id: SittingId, *states: CaseState) -> list[Case]:
        """The cases a sitting has before it."""
        return [case for case in self.cases.values() if case.sitting_id == sitting_id and case.state in states]

    def fill_sittings(self, at: datetime) -> None:
        """Give waiting cases the room of sittings to come (C2)."""
        called = [each for each in self.sittings if each.state is SittingState.CALLED]
        ahead = self.slots(((each.sitting_id, each.sits_at, each.capacity) for each in called), at)
        for place in assignment.given([case for case in self.cases.values() if case.state in WAITS_FOR_SITTING], ahead):
            self.cases[place.case.case_id] = cases.docketed(place.case, place.slot.id)
            self.seat(place)

    def fill_meetings(self, at: datetime) -> None:
        """Give deliberated cases the room of strategy meetings to come (C12)."""
        called = [each for each in self.meetings if each.state is MeetingState.CALLED]
        ahead = self.slots(((each.meeting_id, each.meets_at, each.capacity) for each in called), at)
        for place in assignment.given(
            [case for case in self.cases.values() if case.state is CaseState.DELIBERATED], ahead
        ):
            due = Due(place.slot.starts_at + timedelta(days=RULE.outcome_days), 1)
            self.cases[place.case.case_id] = cases.tabled(place.case, place.slot.id, due=due)
            self.seat(place)

    def slots(self, called: Iterable[tuple[S, datetime, int]], at: datetime) -> list[Slot[S]]:
        """What is to come, with the places taken."""
        return [Slot(key, starts, most, len(self.places[key])) for key, starts, most in called if starts > at]

    def seat(self, place: "assignment.Assignment[S]") -> None:
        """Write a place down: its position is the next one (C3)."""
        self.places[place.slot.id].append(place.case.case_id)
        assert place.position == len(self.places[place.slot.id]) <= place.slot.capacity
