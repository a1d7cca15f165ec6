"""The report of a rehearsal, and its comparison with the recount."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import quantiles

from townhall_local.rehearsal.schedule import Tally


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The task of one statement, as the public APIs show it at the end."""

    source_id: str
    task_id: str
    yes: int
    no: int
    threshold_reached: bool
    case_id: str | None
    cases: int
    docketed: bool
    seconds_to_case: float | None
    """From the threshold to the case, by the timestamps of the services."""


@dataclass(slots=True)
class Ballots:
    """Counts of ballots. sent = accepted + refused; revised are the accepted ones that changed an earlier ballot."""

    sent: int = 0
    accepted: int = 0
    revised: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Sending:
    """The measurements of sending the ballots."""

    voters: int
    ballots: Ballots
    seconds: float
    sender_seconds: float
    """CPU seconds of the sending process, most of them for signing tokens."""

    @property
    def per_second(self) -> float:
        """Ballots answered per second."""
        return self.ballots.sent / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a rehearsal."""

    yes_threshold: int
    tasks: list[TaskResult]
    sending: Sending
    seconds: float
    differences: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether the platform's totals equal the recount."""
        return not self.differences

    def as_json(self) -> dict[str, object]:
        """Return the contents of the JSON report."""
        return {
            "agrees": self.agrees,
            "differences": self.differences,
            "yes_threshold": self.yes_threshold,
            "tasks": [_public(task) for task in self.tasks],
            "voters": self.sending.voters,
            "ballots": asdict(self.sending.ballots),
            "seconds": round(self.seconds, 3),
            "seconds_casting": round(self.sending.seconds, 3),
            "ballots_per_second": round(self.sending.per_second, 1),
            "sender_cpu_seconds": round(self.sending.sender_seconds, 3),
            "seconds_crossing_to_case": crossing_to_case(self.tasks),
        }


def crossing_to_case(tasks: list[TaskResult]) -> dict[str, float | None]:
    """Return median and 99th percentile in seconds; None if no task reached the threshold."""
    waits = [task.seconds_to_case for task in tasks if task.seconds_to_case is not None]
    if not waits:
        return {"p50": None, "p99": None}
    cuts = quantiles(waits * 2 if len(waits) == 1 else waits, n=100, method="inclusive")
    return {"p50": round(cuts[49], 4), "p99": round(cuts[98], 4)}


def differences(results: list[TaskResult], expected: Mapping[str, Tally], more_than: int) -> list[str]:
    """Return a sentence for each difference between the results and the expected totals."""
    return [line for task in results for line in _differences(task, expected[task.source_id], more_than)]


def _differences(task: TaskResult, tally: Tally, more_than: int) -> list[str]:
    where = f"statement {task.source_id} (task {task.task_id})"
    lines = []
    if (task.yes, task.no) != (tally.yes, tally.no):
        lines.append(f"{where}: counted {task.yes} yes, {task.no} no; the recount has {tally.yes} yes, {tally.no} no")
    if tally.yes > more_than and not task.threshold_reached:
        lines.append(f"{where}: {tally.yes} yes is more than {more_than}, but the threshold is not reached")
    if tally.ever_yes <= more_than and task.threshold_reached:
        lines.append(f"{where}: never more than {tally.ever_yes} yes, yet the threshold is reached")
    if task.cases != int(task.threshold_reached):
        lines.append(f"{where}: {task.cases} cases, where there must be {int(task.threshold_reached)}")
    return lines


def _public(task: TaskResult) -> dict[str, object]:
    shown = ("source_id", "task_id", "yes", "no", "threshold_reached", "case_id")
    return {name: value for name, value in asdict(task).items() if name in shown}
