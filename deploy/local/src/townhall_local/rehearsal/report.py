"""What a rehearsal found, as the JSON report says it, and whether it is as it must be."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import quantiles

from townhall_local.rehearsal.programme import Tally


@dataclass(frozen=True, slots=True)
class TaskFound:
    """One comment's task, as the public APIs show it in the end."""

    source_id: str
    task_id: str
    yes: int
    no: int
    threshold_reached: bool
    case_id: str | None
    cases: int
    docketed: bool
    seconds_to_case: float | None
    """From the crossing of the threshold to the case, by the services' own records."""


@dataclass(slots=True)
class Ballots:
    """How the ballots fared. Sent = accepted + refused; the revised are those accepted that changed an earlier one."""

    sent: int = 0
    accepted: int = 0
    revised: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Casting:
    """The casting of the ballots alone."""

    voters: int
    ballots: Ballots
    seconds: float
    sender_seconds: float
    """Of a processor, spent here and not by the platform; the signing of tokens is most of it."""

    @property
    def per_second(self) -> float:
        """Ballots answered in a second."""
        return self.ballots.sent / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a rehearsal measured."""

    yes_threshold: int
    tasks: list[TaskFound]
    casting: Casting
    seconds: float
    differences: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """The platform counted what the recount says."""
        return not self.differences

    def as_json(self) -> dict[str, object]:
        """The report file."""
        return {
            "agrees": self.agrees,
            "differences": self.differences,
            "yes_threshold": self.yes_threshold,
            "tasks": [_public(task) for task in self.tasks],
            "voters": self.casting.voters,
            "ballots": asdict(self.casting.ballots),
            "seconds": round(self.seconds, 3),
            "seconds_casting": round(self.casting.seconds, 3),
            "ballots_per_second": round(self.casting.per_second, 1),
            "sender_cpu_seconds": round(self.casting.sender_seconds, 3),
            "seconds_crossing_to_case": crossing_to_case(self.tasks),
        }


def crossing_to_case(tasks: list[TaskFound]) -> dict[str, float | None]:
    """Median and 99th percentile; null where no threshold was crossed."""
    waits = [task.seconds_to_case for task in tasks if task.seconds_to_case is not None]
    if not waits:
        return {"p50": None, "p99": None}
    cuts = quantiles(waits * 2 if len(waits) == 1 else waits, n=100, method="inclusive")
    return {"p50": round(cuts[49], 4), "p99": round(cuts[98], 4)}


def differences(found: list[TaskFound], expected: Mapping[str, Tally], more_than: int) -> list[str]:
    """Every way in which the platform disagrees with the recount; empty when it agrees."""
    return [line for task in found for line in _differences(task, expected[task.source_id], more_than)]


def _differences(task: TaskFound, tally: Tally, more_than: int) -> list[str]:
    where = f"statement {task.source_id} (task {task.task_id})"
    lines = []
    if (task.yes, task.no) != (tally.yes, tally.no):
        lines.append(f"{where}: counted {task.yes} yes, {task.no} no; the recount says {tally.yes} yes, {tally.no} no")
    if tally.yes > more_than and not task.threshold_reached:
        lines.append(f"{where}: {tally.yes} yes is more than {more_than}, but the threshold is not reached")
    if tally.ever_yes <= more_than and task.threshold_reached:
        lines.append(f"{where}: never more than {tally.ever_yes} yes, yet the threshold is reached")
    if task.cases != int(task.threshold_reached):
        lines.append(f"{where}: {task.cases} cases, where there must be {int(task.threshold_reached)}")
    return lines


def _public(task: TaskFound) -> dict[str, object]:
    shown = ("source_id", "task_id", "yes", "no", "threshold_reached", "case_id")
    return {name: value for name, value in asdict(task).items() if name in shown}
