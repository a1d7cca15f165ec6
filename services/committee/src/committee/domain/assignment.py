"""Assigning waiting cases to sittings, and deliberated cases to strategy meetings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from committee.domain.case import Case

Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Slot(Generic[Id]):
    """A future sitting or meeting with its capacity."""

    id: Id
    starts_at: datetime
    capacity: int
    taken: int = 0
    """The number of positions assigned so far."""


@dataclass(frozen=True, slots=True)
class Assignment(Generic[Id]):
    """A case on the docket of a sitting, or on the agenda of a meeting."""

    case: Case
    slot: Slot[Id]
    position: int
    """From 1. A position is never assigned again, even after its case left."""


def assign(waiting: Iterable[Case], slots: Sequence[Slot[Id]]) -> Iterator[Assignment[Id]]:
    """Yield an assignment for each case that fits: the oldest case first, each on the earliest slot (C2, C12).

    No slot gets more cases than its capacity (C3), and no case a slot that isn't after its `later_than` (C11).
    """
    remaining = sorted(slots, key=lambda slot: slot.starts_at)
    for case in sorted(waiting, key=lambda case: (case.opened_at, case.case_id)):
        for index, slot in enumerate(remaining):
            if slot.taken < slot.capacity and _late_enough(case, slot.starts_at):
                remaining[index] = replace(slot, taken=slot.taken + 1)
                yield Assignment(case, slot, slot.taken + 1)
                break


def _late_enough(case: Case, starts_at: datetime) -> bool:
    return case.later_than is None or starts_at > case.later_than  # C11
