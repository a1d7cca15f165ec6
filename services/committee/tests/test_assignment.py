"""C2, C11: who gets the next place. What comes of it in any order stands in `test_machine.py`."""

from datetime import timedelta

from committee.domain import assignment
from committee.domain.assignment import Slot
from services.committee.tests.samples import NOON, a_case


def test_oldest_first_on_the_next_sitting() -> None:
    """C2: the case that waits longest gets the first place of the sitting that starts first."""
    old, new = a_case(), a_case(opened_at=NOON + timedelta(hours=1))
    late, soon = Slot("late", NOON + timedelta(days=9), 1), Slot("soon", NOON + timedelta(days=2), 1)
    places = list(assignment.given([new, old], [late, soon]))
    assert [(p.case, p.slot.id, p.position) for p in places] == [(old, "soon", 1), (new, "late", 1)]


def test_a_deferred_case_lets_others_have_the_sitting_it_left() -> None:
    """C11: only a later sitting takes it; a younger case isn't kept waiting by it."""
    left, young = a_case(later_than=NOON + timedelta(days=1)), a_case(opened_at=NOON + timedelta(hours=1))
    places = list(assignment.given([left, young], [Slot("same", NOON + timedelta(days=1), 2)]))
    assert [place.case for place in places] == [young]
