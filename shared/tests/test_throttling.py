"""Throttled log lines: rubbish from one caller or topic doesn't bury the others, and is counted."""

import logging
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from townhall.chassis.telemetry.throttling import MAX_KINDS, MAX_LINES, THROTTLED, Throttle

SOURCES = [Path("shared/src"), *Path("services").glob("*/src")]


class Clock:
    """A clock set by the test."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The throttle's clock."""
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    """A throttle with that clock."""
    return Throttle(clock)


def line(event: str = "event_dead_lettered", **fields: str) -> logging.LogRecord:
    """Return a line as structlog hands it to logging."""
    message = {"event": event, "topic": "t", "reason": "bad-body"} | fields
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "", None, None)
    record.msg = message
    return record


def passed(throttle: Throttle, number: int, **fields: str) -> int:
    """Return how many of so many lines pass."""
    return sum(bool(throttle.filter(line(**fields))) for _ in range(number))


def suppressed(event: str = "event_dead_lettered") -> float:
    """Return how many lines the metric counts as left out."""
    return REGISTRY.get_sample_value("townhall_log_lines_suppressed_total", {"event": event}) or 0


def test_a_kind_is_written_a_few_times(throttle: Throttle, clock: Clock) -> None:
    """Ten a minute of the same event, topic and reason; the others are counted by a metric."""
    before = suppressed()
    assert passed(throttle, 500) == MAX_LINES
    assert suppressed() == before + 490
    clock.now = 60
    assert passed(throttle, 500) == MAX_LINES


def test_other_kinds_are_not_buried(throttle: Throttle) -> None:
    """Another topic, another reason and another event have their own ten lines."""
    passed(throttle, 500)
    for other in ({"topic": "u"}, {"reason": "bad-envelope"}, {"event": "event_failed"}):
        assert passed(throttle, 500, **other) == MAX_LINES


def test_what_is_not_in_the_table_is_never_left_out(throttle: Throttle) -> None:
    """Such as the start and the stop of a service."""
    assert passed(throttle, 500, event="service_started") == 500


def test_a_summary_says_how_many_were_left_out(throttle: Throttle, clock: Clock) -> None:
    """After the minute, before the next line of any kind."""
    with capture_logs() as written:
        passed(throttle, 25)
        assert not written
        clock.now = 60
        throttle.filter(line(event="service_started"))
        throttle.filter(line(event="service_started"))
    (summary,) = written
    assert (summary["event"], summary["of"]) == ("log_lines_suppressed", "event_dead_lettered")
    assert (summary["kind"], summary["suppressed"]) == (["t", "bad-body"], 15)


def test_its_own_memory_is_bounded(throttle: Throttle) -> None:
    """However many kinds there are."""
    for number in range(2 * MAX_KINDS):
        assert throttle.filter(line(topic=str(number)))
    assert passed(throttle, 20, topic="0") == MAX_LINES


def test_every_throttled_event_exists() -> None:
    """The table names no event that isn't logged any more."""
    code = "".join(path.read_text() for source in SOURCES for path in source.rglob("*.py"))
    assert not [event for event in THROTTLED if f'("{event}"' not in code]
