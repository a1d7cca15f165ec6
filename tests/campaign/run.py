"""One run and its verdict."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final

MAX_FINDINGS: Final = 12
"""Findings in the verdict's line, at most."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, and all that determines it."""

    seed: int
    fault: str
    mutant: str = ""
    secs: float = 20.0
    broker: str = "tansu"
    brief: bool = False
    """Whether replay and refill are left out."""


@dataclass
class Verdict:
    """The result of a run; printed as one line of JSON."""

    run: Run
    broken: list[tuple[str, str]] = field(default_factory=list)
    """The promises that were broken: rule and finding."""
    struck: dict[str, int] = field(default_factory=dict)
    """How often each act of the schedule had its effect."""
    marks: dict[str, int] = field(default_factory=dict)
    """Observed effects of the fault."""
    counts: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    """How often citizens and officials got each answer."""
    recovery_seconds: float | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every promise held."""
        return not self.broken

    def as_dict(self) -> dict[str, Any]:
        """Return the content of the line."""
        rules = Counter(rule for rule, _ in self.broken)
        found = [f"{rule}: {finding}" for rule, finding in self.broken[:MAX_FINDINGS]]
        return asdict(self.run) | {
            "ok": self.ok, "broken": dict(rules), "found": found,
            "struck": self.struck, "marks": self.marks, **self.counts, "answers": self.answers,
            "recovery_seconds": self.recovery_seconds, "seconds": round(self.seconds, 1),
        }  # fmt: skip
