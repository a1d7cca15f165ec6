"""What a rehearsal changes, it changes from the rule that holds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from townhall_local.rehearsal.preparing import in_force

VERSIONS: list[dict[str, Any]] = [
    {"version": 5, "effective_from": "2027-03-01T00:00:00Z"},
    {"version": 4, "effective_from": "2027-02-01T00:00:00Z"},
    {"version": 3, "effective_from": "2027-02-01T00:00:00Z"},
    {"version": 2, "effective_from": "2027-01-01T00:00:00Z"},
    {"version": 1, "effective_from": None},
]
"""As a service lists them, newest first; the newest isn't in force yet."""


@pytest.mark.parametrize(("month", "version"), [(12, 5), (2, 4), (1, 2)])
def test_the_rule_in_force_is_the_latest_that_took_effect(month: int, version: int) -> None:
    """A version enacted for later doesn't hold yet; of two that took effect together, the later enacted does."""
    assert in_force(VERSIONS, datetime(2027, month, 15, tzinfo=UTC))["version"] == version


def test_before_any_change_the_first_version_holds() -> None:
    """It has no date: it has held since the beginning."""
    assert in_force(VERSIONS, datetime(2020, 1, 1, tzinfo=UTC))["version"] == 1
