"""Who gets the next place: cases before sittings, deliberated cases before strategy meetings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from committee.domain.case import Case

Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Slot(Generic[Id]):
    """A sitting or meeting to come, with the places already taken."""

    id: Id
    starts_at: datetime
    capacity: int
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Assignment(Generic[Id]):
    """A place given to a case. Positions count from 1 and are never given twice."""

    case: Case
    slot: Slot[Id]
    position: int


def given(waiting: Iterable[Case], slots: Sequence[Slot[Id]]) -> Iterator[Assignment[Id]]:
    """Give each case, oldest first, the first place in starting order (C2, C12), and never one too many (C3)."""
    left = sorted(slots, key=lambda slot: slot.starts_at)
    for case in sorted(waiting, key=lambda case: (case.opened_at, case.case_id)):
        for index, slot in enumerate(left):
            if slot.taken < slot.capacity and _late_enough(case, slot.starts_at):
                left[index] = replace(slot, taken=slot.taken + 1)
                yield Assignment(case, slot, slot.taken + 1)
                break


def _late_enough(case: Case, starts_at: datetime) -> bool:
    return case.later_than is None or starts_at > case.later_than  # C11
