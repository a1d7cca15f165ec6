"""A rehearsal bases its rule change on the version in force."""

from datetime import UTC, datetime
from typing import Any

import pytest

from townhall_local.rehearsal.preparation import in_force

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
    """A version with a later effective date isn't in force yet; of two with the same date the higher number is."""
    assert in_force(VERSIONS, datetime(2027, month, 15, tzinfo=UTC))["version"] == version


def test_before_any_change_the_first_version_is_in_force() -> None:
    """It has no effective date."""
    assert in_force(VERSIONS, datetime(2020, 1, 1, tzinfo=UTC))["version"] == 1
