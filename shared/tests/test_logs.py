"""Logs: one JSON object a line, from every library, without personal text or choices."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import DBAPIError

from townhall.chassis.background import running
from townhall.chassis.telemetry import logs, tracing

CANARY = "canary-비밀투표"
_LIBRARIES = ("", "_granian", "granian.access", "faststream", "sqlalchemy", "alembic", "aiokafka")


class LogOutput:
    """What was written to standard output."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    def lines(self) -> list[dict[str, Any]]:
        """Return each line as the object it must be."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def output() -> Iterator[LogOutput]:
    """Logs as a service writes them; the test run's own come back afterwards."""
    loggers = [logging.getLogger(name) for name in _LIBRARIES]
    before = [(each, each.handlers[:], each.level, each.propagate) for each in loggers]
    processors, stdout = structlog.get_config(), sys.stdout
    sys.stdout = stream = io.StringIO()
    try:
        logs.configure("desk", "info")
        yield LogOutput(stream)
    finally:
        sys.stdout = stdout
        structlog.configure(**processors)
        for logger, handlers, level, propagate in before:
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)


def cast(choice: str) -> None:
    """Fail with a choice in a local variable, in the message and in a driver's error."""
    try:
        int(choice)
    except ValueError as error:
        raise DBAPIError(f"INSERT {choice}", {"choice": choice}, error) from error


async def test_our_own_lines(output: LogOutput) -> None:
    """A static event, keywords, the service, and what is bound to the request."""
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("desk").info("note_taken", count=3)
    line = output.lines()[0]
    assert "trace_id" not in line
    assert (line["event"], line["count"], line["service"], line["request_id"]) == ("note_taken", 3, "desk", "r-1")
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_a_line_names_its_trace(output: LogOutput) -> None:
    """Each line written for a request or event has the `trace_id` of its trace, a library's lines too."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    with tracing.request_span("GET", f"00-{trace_id}-b7ad6b7169203331-00"):
        structlog.get_logger("sample").info("note_taken")
        logging.getLogger("anything").warning("lost it")
    assert [line["trace_id"] for line in output.lines()] == [trace_id] * 2


def test_below_the_level(output: LogOutput) -> None:
    """What was not asked for is not written."""
    structlog.get_logger("desk").debug("note_taken")
    logging.getLogger("desk").debug("note taken")
    assert output.lines() == []


@pytest.mark.parametrize("name", ["_granian", "faststream", "sqlalchemy.pool", "alembic", "asyncio", "anything"])
def test_libraries_speak_the_same_form(name: str, output: LogOutput) -> None:
    """A library's line is an object like ours."""
    logging.getLogger(name).warning("lost %s", "it")
    assert [(line["event"], line["logger"], line["service"]) for line in output.lines()] == [("lost it", name, "desk")]


def test_requests_have_no_line_each(output: LogOutput) -> None:
    """Granian's access log, with its addresses and queries, is off."""
    logging.getLogger("granian.access").info("GET /notes?q=%s", CANARY)
    assert output.lines() == []


@pytest.mark.parametrize("speaks", ["ours", "a library", "the error alone"])
def test_exceptions_tell_types_and_frames_only(speaks: str, output: LogOutput) -> None:
    """No message, no statement, no parameter, no local variable; the cause comes first."""
    try:
        cast(CANARY)
    except DBAPIError as error:
        if speaks == "ours":
            structlog.get_logger("desk").exception("note_failed")
        elif speaks == "a library":
            logging.getLogger("_granian").exception("Exception in ASGI application\n")
        else:
            structlog.get_logger("desk").error("note_failed", exc_info=error)
    exception = output.lines()[0]["exception"]
    assert [each["type"] for each in exception] == ["builtins.ValueError", "sqlalchemy.exc.DBAPIError"]
    assert exception[1]["frames"][-1].endswith(" cast")
    assert CANARY not in output.stream.getvalue()
    assert json.dumps(CANARY) not in output.stream.getvalue()


def test_groups_tell_each(output: LogOutput) -> None:
    """All exceptions of an exception group are logged."""
    several = ExceptionGroup(CANARY, [KeyError(CANARY), OSError(CANARY)])
    structlog.get_logger("desk").error("task_failed", exc_info=several)
    group = output.lines()[0]["exception"][0]
    assert [each["type"] for each in group["of"]] == ["builtins.KeyError", "builtins.OSError"]
    assert json.dumps(CANARY)[1:-1] not in output.stream.getvalue()


async def test_a_task_nobody_awaited(output: LogOutput) -> None:
    """Asyncio writes the exception itself into its line; only the first line is kept."""
    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": "Task exception was never retrieved", "exception": ValueError(CANARY)})
    assert [line["event"] for line in output.lines()] == ["Task exception was never retrieved"]
    assert json.dumps(CANARY)[1:-1] not in output.stream.getvalue()


async def test_work_that_fails_says_where(output: LogOutput) -> None:
    """Work beside the requests goes on after a fault, and its line has the frames and nothing of the values."""
    failed, again = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        (again if failed.is_set() else failed).set()
        cast(CANARY)

    async with running({"work": work}), asyncio.timeout(20):
        await again.wait()
    (first, *_) = output.lines()
    assert (first["event"], first["task"], first["error"]) == ("background_task_failed", "work", "DBAPIError")
    assert any(" cast" in frame for each in first["exception"] for frame in each["frames"])
    assert json.dumps(CANARY)[1:-1] not in output.stream.getvalue()


def test_a_lost_broker_is_logged_rarely(output: LogOutput) -> None:
    """At most one of twenty lines a second is written."""
    for _ in range(100):
        logging.getLogger("aiokafka.conn").error("Unable connect to node")
    assert len(output.lines()) == 1
