"""The faults and mutants by name: what each is, and which fault reveals which mutant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of trouble: which acts the schedule draws from, and how the platform is set up for it."""

    says: str
    acts: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    """What has to be seen of it, or it never struck."""
    plants: tuple[str, ...] = ()
    replicas: Mapping[str, int] = field(default_factory=dict)
    wires: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    small_disk: int = 0
    crowd: int = 1
    """How many times the usual number of citizens vote at once."""
    calm: bool = False
    """True when nothing of it excuses an event that is published twice."""


TWO: Final = {"voting": 2, "committee": 2}
EACH_KILLED: Final = ("kill-proposal", "kill-voting", "kill-committee", "kill-evaluation")

FAULTS: Final[Mapping[str, Fault]] = {
    "none": Fault("nothing happens: the platform has to be right in peace first", calm=True),
    "kill-services": Fault("kill -9 of each of the four services, in any order", EACH_KILLED),
    "kill-postgres": Fault("kill -9 of PostgreSQL, the server with all its helpers", ("kill-postgres",)),
    "kill-broker": Fault("kill -9 of the broker; an emptied one is filled from the outboxes", ("kill-broker",)),
    "pause": Fault(
        "SIGSTOP for 2-6 s of a relay leader, of a consumer, and of the intake while votes close",
        ("pause-leader", "pause-consumer", "pause-intake"),
        ("closing times slept through",),
        calm=True,
    ),
    "pause-broker": Fault(
        "SIGSTOP of the broker for 2-6 s, with kill -9 of two services that wait for it", ("pause-broker",)
    ),
    "zombie-leader": Fault(
        "SIGSTOP of a relay leader until another has taken its place, and then SIGCONT",
        ("pause-leader",),
        ("leaders replaced",),
        ("short_lease",),
        replicas={"voting": 2, "proposal": 2},
    ),
    "replicas": Fault(
        "two processes of voting and of committee at once, one of them stopped now and then",
        ("pause-service",),
        replicas=TWO,
        calm=True,
    ),
    "replicas-killed": Fault("the same two, killed at random", ("kill-service",), replicas=TWO),
    "cut-reply": Fault(
        "the request passes, its answer is cut off", ("cut-reply",), ("cut-reply on a wire",), wires="clients"
    ),
    "delay": Fault("pieces of traffic come up to 1.2 s late", ("delay",), ("delay on a wire",), wires="clients"),
    "half-open": Fault(
        "connections that carry nothing any more", ("half-open",), ("half-open on a wire",), wires="clients"
    ),
    "database-cut": Fault(
        "PostgreSQL does what it is asked, its answer to a service is cut off",
        ("cut-reply",),
        ("cut-reply on a wire",),
        wires="database",
    ),
    "database-half-open": Fault(
        "connections to PostgreSQL that carry nothing any more, and that nobody ever ends",
        ("half-open",),
        ("half-open on a wire",),
        wires="database",
    ),
    "duplicates": Fault(
        "events delivered again out of turn, and services that hear every topic from offset 0",
        ("repeat-events", "replay-service"),
        ("events delivered again", "batches with repeats consumed"),
        ("repeats",),
    ),
    "clock": Fault(
        "wall clocks of services jump by up to 30 minutes, both ways",
        ("clock-ahead", "clock-behind"),
        ("wrong times read",),
        ("shifted_clock",),
    ),
    "disk-full": Fault(
        "PostgreSQL's disk is full for 2-4 s", ("fill-disk",), ("writes refused for want of room",), small_disk=208
    ),
    "late-commits": Fault(
        "commits come up to 0.3 s after the last statement, with kill -9 of services",
        ("kill-service",),
        ("commits delayed",),
        ("late_commits",),
    ),
    "slow-consumer": Fault(
        "batches wait up to 1.5 s before they are applied, with kill -9 of services",
        ("kill-service",),
        ("batches delayed",),
        ("slow_consumer",),
    ),
    "poison": Fault(
        "1 % junk on every topic: null headers, unknown versions, half a body, oversize",
        ("poison",),
        ("messages set aside",),
    ),
    "overload": Fault(
        "three times as many callers as there is room for",
        marks=("callers turned away",),
        told={"VOTING_INTAKE_CAPACITY": "8", "VOTING_INTAKE_GROUP_SIZE": "4"},
        crowd=3,
    ),
    "everything": Fault(
        "all of the above that can happen on one platform, in any order",
        (
            "kill-service", "kill-postgres", "kill-broker", "pause-service", "pause-intake", "pause-broker",
            "cut-reply", "delay", "half-open", "replay-service", "repeat-events",
        ),
        plants=("late_commits", "slow_consumer"),
        replicas={"voting": 2},
        wires="clients",
    ),
    "kill-voting": Fault("kill -9 of voting, again and again while citizens vote", ("kill-voting",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake that is planted on purpose, and the fault under which the checker has to find it."""

    says: str
    fault: str
    secs: float = 10.0
    """How long a run has to be to find it as good as always."""


MUTANTS: Final[Mapping[str, Mutant]] = {
    "asynchronous_commit": Mutant("a commit is answered before it is on disk", "kill-postgres"),
    "id_after_last": Mutant("the relay reads `id > last` instead of what is not yet sent", "late-commits"),
    "mark_before_ack": Mutant("the relay marks rows sent before the broker acknowledged them", "kill-services"),
    "delete_before_ack": Mutant("the relay deletes rows before the broker acknowledged them", "pause-broker"),
    "answer_before_commit": Mutant("a ballot is acknowledged, then committed", "kill-voting"),
    "publish_before_commit": Mutant("events are published before their transaction commits", "late-commits"),
    "count_in_memory": Mutant("totals are counted in the process's memory", "replicas"),
    "check_then_insert": Mutant("totals are read, added to and written without a lock", "replicas"),
    "inbox_apart": Mutant("the inbox is written in a transaction of its own", "database-cut"),
    "offset_first": Mutant("offsets are committed before the effect", "slow-consumer"),
    "no_relay_lock": Mutant("every relay leads", "replicas"),
    "application_clock": Mutant("votes open and close by the application's clock", "clock"),
    "no_parking": Mutant("events overtake a message of their key that was set aside", "poison"),
    "skip_poison": Mutant("what can't be read is skipped instead of set aside", "poison"),
    "not_more_than": Mutant("the threshold is reached with N yes instead of more than N", "none"),
    "failure_as_success": Mutant("a ballot whose transaction failed is acknowledged", "kill-postgres"),
}
