"""The faults and mutants by name: what each is, and which fault reveals which mutant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault: the acts its schedule is drawn from, and the configuration of the platform for it."""

    description: str
    acts: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    """Effects that must be observed in a run; without them the fault never struck."""
    injected: tuple[str, ...] = ()
    replicas: Mapping[str, int] = field(default_factory=dict)
    proxied: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    small_disk: int = 0
    replicated: bool = False
    """Whether PostgreSQL has a synchronous standby."""
    load_factor: int = 1
    """The number of concurrent citizens, as a multiple of the usual one."""
    publishes_once: bool = False
    """True if nothing about it explains an event that is published twice."""


TWO: Final = {"voting": 2, "committee": 2}
EACH_KILLED: Final = ("kill-proposal", "kill-voting", "kill-committee", "kill-evaluation")

FAULTS: Final[Mapping[str, Fault]] = {
    "none": Fault("no fault: the platform must be correct without faults first", publishes_once=True),
    "kill-services": Fault("kill -9 of each of the four services, in any order", EACH_KILLED),
    "kill-postgres": Fault("kill -9 of PostgreSQL with all its processes", ("kill-postgres",)),
    "kill-broker": Fault("kill -9 of the broker; an emptied one is refilled from the outboxes", ("kill-broker",)),
    "pause": Fault(
        "SIGSTOP for 2-6 s of a relay leader, of a consumer, and of the intake while votes close",
        ("pause-leader", "pause-consumer", "pause-intake"),
        ("closing times while stopped",),
        publishes_once=True,
    ),
    "pause-broker": Fault(
        "SIGSTOP of the broker for 2-6 s, and kill -9 of two services that wait for it", ("pause-broker",)
    ),
    "zombie-leader": Fault(
        "SIGSTOP of a relay leader until another has replaced it, then SIGCONT",
        ("pause-leader",),
        ("leaders replaced",),
        ("short_lease",),
        replicas={"voting": 2, "proposal": 2},
    ),
    "replicas": Fault(
        "two processes each of voting and committee, one of them stopped now and then",
        ("pause-service",),
        replicas=TWO,
        publishes_once=True,
    ),
    "replicas-killed": Fault(
        "two processes each of voting and committee, killed at random", ("kill-service",), replicas=TWO
    ),
    "cut-reply": Fault(
        "requests arrive, but connections are cut before the response",
        ("cut-reply",),
        ("cut-reply on a connection",),
        proxied="clients",
    ),
    "delay": Fault("traffic is delayed by up to 1.2 s", ("delay",), ("delay on a connection",), proxied="clients"),
    "half-open": Fault(
        "connections stay open but deliver nothing", ("half-open",), ("half-open on a connection",), proxied="clients"
    ),
    "database-cut": Fault(
        "PostgreSQL executes statements, but connections are cut before its response",
        ("cut-reply",),
        ("cut-reply on a connection",),
        proxied="database",
    ),
    "database-half-open": Fault(
        "connections to PostgreSQL stay open but deliver nothing, and are never closed",
        ("half-open",),
        ("half-open on a connection",),
        proxied="database",
    ),
    "duplicates": Fault(
        "events are delivered again out of order, and services consume every topic again from offset 0",
        ("repeat-events", "replay-service"),
        ("events delivered again", "batches with repeats consumed"),
        ("repeats",),
    ),
    "clock": Fault(
        "the wall clocks of services jump by up to 30 minutes, forward and back",
        ("clock-ahead", "clock-behind"),
        ("wrong times read",),
        ("shifted_clock",),
    ),
    "disk-full": Fault(
        "PostgreSQL's disk is full for 2-4 s", ("fill-disk",), ("writes refused by a full disk",), small_disk=208
    ),
    "late-commits": Fault(
        "commits up to 0.3 s after the last statement, and kill -9 of services",
        ("kill-service",),
        ("commits delayed",),
        ("late_commits",),
    ),
    "slow-consumer": Fault(
        "batches wait up to 1.5 s before they are applied, and kill -9 of services",
        ("kill-service",),
        ("batches delayed",),
        ("slow_consumer",),
    ),
    "poison": Fault(
        "about 1 % poison messages on every topic: null headers, unknown versions, half a body, oversize",
        ("poison",),
        ("dead letters",),
    ),
    "overload": Fault(
        "three times as many callers as the intake has capacity for",
        marks=("callers refused",),
        settings={"VOTING_INTAKE_CAPACITY": "8", "VOTING_INTAKE_GROUP_SIZE": "4"},
        load_factor=3,
    ),
    "everything": Fault(
        "all of the above that can happen on one platform, in any order",
        (
            "kill-service", "kill-postgres", "kill-broker", "pause-service", "pause-intake", "pause-broker",
            "cut-reply", "delay", "half-open", "replay-service", "repeat-events",
        ),
        injected=("late_commits", "slow_consumer"),
        replicas={"voting": 2},
        proxied="clients",
    ),
    "failover": Fault(
        "PostgreSQL's synchronous standby is promoted: the primary was killed, shut down or made read-only",
        ("kill-primary", "stop-primary", "fence-primary"),
        ("standbys promoted",),
        replicated=True,
    ),
    "read-only": Fault(
        "PostgreSQL is read-only from one moment to the next and keeps its connections; its standby is promoted",
        ("fence-primary",),
        ("standbys promoted",),
        replicated=True,
    ),
    "kill-voting": Fault("kill -9 of voting, repeatedly while citizens vote", ("kill-voting",)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A deliberate mistake, and the fault under which the checker must find it."""

    description: str
    fault: str
    secs: float = 10.0
    """Seconds of load after which it is found reliably."""


MUTANTS: Final[Mapping[str, Mutant]] = {
    "asynchronous_commit": Mutant("a commit is confirmed before it is on disk", "kill-postgres"),
    "local_commit": Mutant("a commit is confirmed before the standby has it", "failover"),
    "read_only_connections": Mutant("connections to a server that became read-only are kept", "read-only"),
    "id_after_last": Mutant("the relay reads `id > last` instead of the unsent rows", "late-commits"),
    "mark_before_ack": Mutant("the relay marks rows as sent before the broker acknowledged them", "kill-services"),
    "delete_before_ack": Mutant("the relay deletes rows before the broker acknowledged them", "pause-broker"),
    "answer_before_commit": Mutant("a ballot is acknowledged, then committed", "kill-voting"),
    "publish_before_commit": Mutant("events are published before their transaction commits", "late-commits"),
    "count_in_memory": Mutant("totals are counted in the memory of the process", "replicas"),
    "check_then_insert": Mutant("totals are read, added to and written without a lock", "replicas"),
    "inbox_apart": Mutant("the inbox is written in a transaction of its own", "database-cut"),
    "offset_first": Mutant("offsets are committed before the effect", "slow-consumer"),
    "no_relay_lock": Mutant("every relay leads", "replicas"),
    "application_clock": Mutant("votes open and close by the clock of the application", "clock"),
    "no_parking": Mutant("events are applied while an earlier message of their key is a dead letter", "poison"),
    "skip_poison": Mutant("messages that can't be read are skipped instead of stored as dead letters", "poison"),
    "not_more_than": Mutant("the threshold is reached with N yes instead of more than N", "none"),
    "failure_as_success": Mutant("a ballot whose transaction failed is acknowledged", "kill-postgres"),
}
