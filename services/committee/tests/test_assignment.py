"""C2, C11: the order of assignments. `test_machine.py` tests them in any sequence of steps."""

from datetime import timedelta

from committee.domain.assignment import Slot, assign
from services.committee.tests.samples import NOON, a_case


def test_the_oldest_case_gets_the_earliest_sitting() -> None:
    """C2: the oldest case goes on the sitting that starts first, the next one on the following sitting."""
    old, new = a_case(), a_case(opened_at=NOON + timedelta(hours=1))
    late, soon = Slot("late", NOON + timedelta(days=9), 1), Slot("soon", NOON + timedelta(days=2), 1)
    assigned = list(assign([new, old], [late, soon]))
    assert [(each.case, each.slot.id, each.position) for each in assigned] == [(old, "soon", 1), (new, "late", 1)]


def test_a_deferred_case_needs_a_later_sitting() -> None:
    """C11: it isn't assigned to a sitting at the time it was deferred; a newer case is."""
    deferred, newer = a_case(later_than=NOON + timedelta(days=1)), a_case(opened_at=NOON + timedelta(hours=1))
    assigned = list(assign([deferred, newer], [Slot("same", NOON + timedelta(days=1), 2)]))
    assert [each.case for each in assigned] == [newer]
