"""One run and its verdict."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final

TOLD: Final = 12
"""Findings that are told in full."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, and all that decides it."""

    seed: int
    fault: str
    mutant: str = ""
    secs: float = 20.0
    broker: str = "tansu"
    brief: bool = False
    """Whether replay and refill are left out."""


@dataclass
class Verdict:
    """What became of a run; printed as one line of JSON."""

    run: Run
    broken: list[tuple[str, str]] = field(default_factory=list)
    struck: dict[str, int] = field(default_factory=dict)
    """How often each act of the schedule did what it is for."""
    marks: dict[str, int] = field(default_factory=dict)
    """What was seen of it."""
    counts: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    recovery_seconds: float | None = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every promise held."""
        return not self.broken

    def told(self) -> dict[str, Any]:
        """Return the line."""
        kinds = Counter(rule for rule, _ in self.broken)
        return asdict(self.run) | {
            "ok": self.ok, "broken": dict(kinds), "found": [f"{rule}: {said}" for rule, said in self.broken[:TOLD]],
            "struck": self.struck, "marks": self.marks, **self.counts, "answers": self.answers,
            "recovery_seconds": self.recovery_seconds, "seconds": round(self.seconds, 1),
        }  # fmt: skip
