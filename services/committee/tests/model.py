"""The naive model of the Committee: a list of matters, a list of tables with places, and the rules said once more.

It never asks the domain anything. Whoever waits is given a place after every step, by looking at everything again.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
QUORUM, POSITIONS = 3, 2
WAITING = {"opened": "docketed", "deferred": "docketed", "deliberated": "on-agenda"}
ENDED = {"adopted", "adopted-with-change", "returned"}


@dataclass
class Table:
    """A sitting or a strategy meeting: something with a time and places, which are given and never taken back."""

    starts_at: datetime
    capacity: int
    phase: str = "called"
    given: list[int] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    opened_at: datetime | None = None


@dataclass
class Matter:
    """What became of one task."""

    due: datetime | None
    causes: set[str]
    stands: str = "opened"
    table: Table | None = None
    left: datetime | None = None
    """The time of the table that put it off: it goes to a later one only."""
    stances: dict[str, str] = field(default_factory=dict)
    recused: set[str] = field(default_factory=set)


class Committee:
    """Everything that stands in the Committee's books."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.tasks: list[int] = []
        """In the order they came."""
        self.matters: dict[int, Matter] = {}
        self.sittings: list[Table] = []
        self.meetings: list[Table] = []

    def give(self) -> None:
        """Give everybody who waits the first free place that is late enough, whoever came first being first."""
        for task in self.tasks:
            matter = self.matters[task]
            if matter.stands in WAITING:
                tables = self.meetings if matter.stands == "deliberated" else self.sittings
                free = [table for table in tables if self.free(table, matter.left)]
                if free:
                    self.seat(task, min(free, key=lambda table: table.starts_at))

    def free(self, table: Table, left: datetime | None) -> bool:
        """Tell whether a table still takes somebody who left another one at that time."""
        to_come = table.phase == "called" and table.starts_at > self.now
        return to_come and len(table.given) < table.capacity and (left is None or table.starts_at > left)

    def seat(self, task: int, table: Table) -> None:
        """Give a place."""
        matter = self.matters[task]
        matter.stands, matter.table, matter.left = WAITING[matter.stands], table, None
        matter.due = None if matter.stands == "docketed" else table.starts_at + 7 * DAY
        table.given.append(task)

    def call(self, tables: list[Table], starts_at: datetime, capacity: int) -> None:
        """Call a sitting or a meeting."""
        tables.append(Table(starts_at, capacity))

    def hear(self, task: int, cause: str) -> None:
        """A threshold or a referral is received, once more or for the first time."""
        if task not in self.matters:
            self.tasks.append(task)
            self.matters[task] = Matter(self.now + 30 * DAY, set())
        self.matters[task].causes.add(cause)

    def may_come(self, table: Table) -> set[str]:
        """Return why somebody may not enter the room."""
        over = {"sitting-elsewhere"} if table.phase not in {"called", "open"} else set()
        return over | ({"sitting-not-due"} if self.now < table.starts_at - DAY else set())

    def may_open(self, table: Table) -> set[str]:
        """Return why the chair may not open a sitting by coming in."""
        no = self.may_come(table) | ({"sitting-elsewhere"} if table.phase != "called" else set())
        return no | ({"no-quorum"} if len(table.present | {"chair"}) < QUORUM else set())

    def open(self, table: Table) -> None:
        """The chair opens a sitting; its cases are taken up."""
        table.phase, table.opened_at = "open", self.now
        table.present.add("chair")
        for matter in self.on(table):
            matter.stands, matter.stances = "in-deliberation", {}

    def on(self, table: Table) -> list[Matter]:
        """Return what a table has before it now."""
        return [self.matters[task] for task in table.given if self.matters[task].table is table]

    def may_speak(self, matter: Matter, member: str) -> set[str]:
        """Return why somebody has no say."""
        if matter.stands != "in-deliberation" or matter.table is None:
            return {"case-not-in-deliberation"}
        absent = {"not-attending"} if member not in matter.table.present else set()
        return absent | ({"member-recused"} if member in matter.recused else set())

    def may_decide(self, matter: Matter, decision: str) -> set[str]:
        """Return why the chair may not decide so."""
        no = self.may_speak(matter, "chair")
        if decision == "deferred":
            return no
        said = [stance for member, stance in matter.stances.items() if member not in matter.recused]
        more_for = said.count("for") > said.count("against")
        no |= {"no-decision-quorum"} if len(said) < POSITIONS else set()
        return no | ({"against-majority"} if more_for == (decision == "declined") else set())

    def decide(self, matter: Matter, decision: str) -> None:
        """Note the decision."""
        if decision == "deferred":
            self.put_off(matter)
        else:
            matter.stands, matter.due = "deliberated", self.now + 30 * DAY

    def put_off(self, matter: Matter) -> None:
        """Send a case on to a later sitting."""
        assert matter.table is not None
        matter.stands, matter.left, matter.table = "deferred", matter.table.starts_at, None
        matter.due = self.now + 30 * DAY

    def end(self, table: Table) -> None:
        """A sitting ends; what it still has goes on to a later one."""
        left = [matter for matter in self.on(table) if matter.stands in {"docketed", "in-deliberation"}]
        table.phase = "closed" if table.phase == "open" else "lapsed"
        for matter in left:
            self.put_off(matter)

    def end_what_is_over(self) -> None:
        """Nobody opened it within a day, or nobody closed it within a day: one after the other, earliest first."""
        while over := [table for table in self.sittings if self.over(table) <= self.now]:
            self.end(min(over, key=self.over))
            self.give()

    def over(self, table: Table) -> datetime:
        """Return when a sitting ends by itself; one that ended never does again."""
        ended = table.phase not in {"called", "open"}
        return datetime.max.replace(tzinfo=UTC) if ended else (table.opened_at or table.starts_at) + DAY

    def may_record(self, table: Table, matter: Matter, outcome: str, due_in: int | None) -> set[str]:
        """Return why an outcome may not be recorded; `due_in` are the days until the directive's due date."""
        no = {"not-on-agenda"} if matter.stands != "on-agenda" or matter.table is not table else set()
        no |= {"meeting-not-due"} if self.now < table.starts_at - DAY else set()
        if outcome.startswith("adopted"):
            no |= {"directive-missing"} if due_in is None else set()
        elif due_in is not None:
            no |= {"directive-not-due"}
        return no | ({"directive-in-past"} if due_in is not None and due_in < 0 else set())

    def record(self, table: Table, matter: Matter, outcome: str) -> None:
        """Note what a strategy meeting made of an item."""
        table.phase = "held"
        if outcome == "deferred":
            matter.stands, matter.left, matter.table = "deliberated", table.starts_at, None
            matter.due = self.now + 30 * DAY
        else:
            matter.stands, matter.due = outcome, None
