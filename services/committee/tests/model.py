"""An independent, deliberately naive model of the Committee and the strategy meeting, to compare the domain with.

After every step it looks at every waiting case again and assigns what fits.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
QUORUM, DECISION_QUORUM = 3, 2
STATE_WHEN_ASSIGNED = {"opened": "docketed", "deferred": "docketed", "deliberated": "on-agenda"}
"""The waiting states, each with the state after an assignment."""
FINAL = {"adopted", "adopted-with-change", "returned"}


@dataclass
class ModelSlot:
    """A sitting or a strategy meeting."""

    starts_at: datetime
    capacity: int
    state: str = "called"
    assigned: list[int] = field(default_factory=list)
    """The tasks of the cases assigned to it, by position; none is ever removed."""
    present: set[str] = field(default_factory=set)
    opened_at: datetime | None = None


@dataclass
class ModelCase:
    """The case of one task."""

    due: datetime | None
    causes: set[str]
    state: str = "opened"
    slot: ModelSlot | None = None
    later_than: datetime | None = None
    """The time of the sitting or meeting that deferred it."""
    stances: dict[str, str] = field(default_factory=dict)
    recused: set[str] = field(default_factory=set)


class CommitteeModel:
    """Cases by task number; sittings and meetings in the order they were called.

    Each `..._refusals` method returns the codes of every refusal that applies; empty when the step is allowed.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.tasks: list[int] = []
        """Oldest first."""
        self.cases: dict[int, ModelCase] = {}
        self.sittings: list[ModelSlot] = []
        self.meetings: list[ModelSlot] = []

    def assign_all(self) -> None:
        """Assign each waiting case, oldest first, to the earliest slot with room that is late enough."""
        for task in self.tasks:
            case = self.cases[task]
            if case.state in STATE_WHEN_ASSIGNED:
                slots = self.meetings if case.state == "deliberated" else self.sittings
                free = [slot for slot in slots if self.has_room(slot, case.later_than)]
                if free:
                    self.assign(task, min(free, key=lambda slot: slot.starts_at))

    def has_room(self, slot: ModelSlot, later_than: datetime | None) -> bool:
        """Return whether a slot still accepts a case that was deferred at that time."""
        future = slot.state == "called" and slot.starts_at > self.now
        return future and len(slot.assigned) < slot.capacity and (later_than is None or slot.starts_at > later_than)

    def assign(self, task: int, slot: ModelSlot) -> None:
        """Assign a case to a slot."""
        case = self.cases[task]
        case.state, case.slot, case.later_than = STATE_WHEN_ASSIGNED[case.state], slot, None
        case.due = None if case.state == "docketed" else slot.starts_at + 7 * DAY
        slot.assigned.append(task)

    def call(self, slots: list[ModelSlot], starts_at: datetime, capacity: int) -> None:
        """Call a sitting or a meeting."""
        slots.append(ModelSlot(starts_at, capacity))

    def receive(self, task: int, cause: str) -> None:
        """Open the case of a task, or add a cause to it."""
        if task not in self.cases:
            self.tasks.append(task)
            self.cases[task] = ModelCase(self.now + 30 * DAY, set())
        self.cases[task].causes.add(cause)

    def attendance_refusals(self, slot: ModelSlot) -> set[str]:
        """C5: not too early, and not after the end."""
        ended = {"sitting-elsewhere"} if slot.state not in {"called", "open"} else set()
        return ended | ({"sitting-not-due"} if self.now < slot.starts_at - DAY else set())

    def opening_refusals(self, slot: ModelSlot) -> set[str]:
        """C6: only a called sitting with a quorum, the chair included."""
        codes = self.attendance_refusals(slot) | ({"sitting-elsewhere"} if slot.state != "called" else set())
        return codes | ({"no-quorum"} if len(slot.present | {"chair"}) < QUORUM else set())

    def open(self, slot: ModelSlot) -> None:
        """Open a sitting and start the deliberation of its cases."""
        slot.state, slot.opened_at = "open", self.now
        slot.present.add("chair")
        for case in self.cases_of(slot):
            case.state, case.stances = "in-deliberation", {}

    def cases_of(self, slot: ModelSlot) -> list[ModelCase]:
        """Return the cases that a slot has now."""
        return [self.cases[task] for task in slot.assigned if self.cases[task].slot is slot]

    def position_refusals(self, case: ModelCase, member: str) -> set[str]:
        """C7, C8: only in a deliberation, by members who attend and aren't recused."""
        if case.state != "in-deliberation" or case.slot is None:
            return {"case-not-in-deliberation"}
        absent = {"not-attending"} if member not in case.slot.present else set()
        return absent | ({"member-recused"} if member in case.recused else set())

    def decision_refusals(self, case: ModelCase, decision: str) -> set[str]:
        """C9, C10: with enough positions, and by their majority; a deferral needs neither."""
        codes = self.position_refusals(case, "chair")
        if decision == "deferred":
            return codes
        taken = [stance for member, stance in case.stances.items() if member not in case.recused]
        majority_for = taken.count("for") > taken.count("against")
        codes |= {"no-decision-quorum"} if len(taken) < DECISION_QUORUM else set()
        return codes | ({"against-majority"} if majority_for == (decision == "declined") else set())

    def decide(self, case: ModelCase, decision: str) -> None:
        """Decide a case."""
        if decision == "deferred":
            self.defer(case)
        else:
            case.state, case.due = "deliberated", self.now + 30 * DAY

    def defer(self, case: ModelCase) -> None:
        """Defer a case to a later sitting."""
        assert case.slot is not None
        case.state, case.later_than, case.slot = "deferred", case.slot.starts_at, None
        case.due = self.now + 30 * DAY

    def end(self, slot: ModelSlot) -> None:
        """End a sitting and defer its undecided cases."""
        undecided = [case for case in self.cases_of(slot) if case.state in {"docketed", "in-deliberation"}]
        slot.state = "closed" if slot.state == "open" else "lapsed"
        for case in undecided:
            self.defer(case)

    def end_expired(self) -> None:
        """C11: end all sittings whose time has passed, the one that expired first first."""
        while expired := [slot for slot in self.sittings if self.expires_at(slot) <= self.now]:
            self.end(min(expired, key=self.expires_at))
            self.assign_all()

    def expires_at(self, slot: ModelSlot) -> datetime:
        """Return a day after the opening, or after its time if it isn't open; the far future after its end."""
        ended = slot.state not in {"called", "open"}
        return datetime.max.replace(tzinfo=UTC) if ended else (slot.opened_at or slot.starts_at) + DAY

    def outcome_refusals(self, slot: ModelSlot, case: ModelCase, outcome: str, due_in: int | None) -> set[str]:
        """C14, C15; `due_in` is the number of days until the directive is due, None without a directive."""
        codes = {"not-on-agenda"} if case.state != "on-agenda" or case.slot is not slot else set()
        codes |= {"meeting-not-due"} if self.now < slot.starts_at - DAY else set()
        if outcome.startswith("adopted"):
            codes |= {"directive-missing"} if due_in is None else set()
        elif due_in is not None:
            codes |= {"directive-not-due"}
        return codes | ({"directive-in-past"} if due_in is not None and due_in < 0 else set())

    def record(self, slot: ModelSlot, case: ModelCase, outcome: str) -> None:
        """Record the outcome of an agenda item."""
        slot.state = "held"
        if outcome == "deferred":
            case.state, case.later_than, case.slot = "deliberated", slot.starts_at, None
            case.due = self.now + 30 * DAY
        else:
            case.state, case.due = outcome, None
