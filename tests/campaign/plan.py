"""The runs of a series: the short one for every change, the long one, and the one of all mutants."""

from collections.abc import Iterator
from itertools import product
from typing import Final

from tests.campaign.catalogue import FAULTS, MUTANTS
from tests.campaign.run import Run

SHORT_SEED: Final = 1
SHORT_SECS: Final = 6.0
IN_FULL: Final = ("none", "duplicates")
"""Short runs that also replay the topics and refill the broker."""
ALSO_ON_KAFKA: Final = ("kill-broker", "pause-broker", "kill-services")
"""Short runs that are made on Apache Kafka as well, with `--kafka-too`."""
MUTANTS_IN_SHORT: Final = (
    "check_then_insert",
    "no_relay_lock",
    "skip_poison",
    "not_more_than",
    "local_commit",
    "read_only_connections",
)
LONG_SECS: Final = 8.0
ON_KAFKA: Final = 4
"""One of so many rounds over all faults is on Apache Kafka."""
BRIEF: Final = 2
"""One of so many rounds leaves out replay and refill, which take as long as all the rest."""


def short(broker: str, *, kafka_too: bool) -> Iterator[Run]:
    """Return every fault once, and some mutants; the longest first, so that they don't run alone at the end."""
    for fault in sorted(FAULTS, key=lambda name: name not in IN_FULL):
        yield Run(SHORT_SEED, fault, secs=SHORT_SECS, broker=broker, brief=fault not in IN_FULL)
    for fault in ALSO_ON_KAFKA if kafka_too else ():
        yield Run(SHORT_SEED, fault, secs=SHORT_SECS, broker="kafka", brief=True)
    for mutant in MUTANTS_IN_SHORT:
        yield Run(SHORT_SEED, MUTANTS[mutant].fault, mutant, MUTANTS[mutant].secs, broker, brief=True)


def long(first: int, seeds: int) -> Iterator[Run]:
    """Return a run for each seed, fault after fault, every other round with replay and refill."""
    names = list(FAULTS)
    for seed in range(first, first + seeds):
        rounds, position = divmod(seed - 1, len(names))
        broker = "kafka" if rounds % ON_KAFKA == ON_KAFKA - 1 else "tansu"
        yield Run(seed, names[position], secs=LONG_SECS, broker=broker, brief=rounds % BRIEF == 0)


def exam(first: int, seeds: int, broker: str) -> Iterator[Run]:
    """Return every mutant with every seed."""
    for seed, (name, mutant) in product(range(first, first + seeds), MUTANTS.items()):
        yield Run(seed, mutant.fault, name, mutant.secs, broker, brief=True)
