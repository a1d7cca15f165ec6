"""Logs: one JSON object a line on standard output, with no person, input or secret in any of them.

An exception is logged by its type and its frames. Its message is left out, since drivers and validators write what
they were given into it; so are local variables.
"""

import logging
import sys
import time
import traceback
from typing import Any, Final

import structlog
from structlog.types import EventDict, WrappedLogger
from typing_extensions import override

QUIET_SECONDS: Final = 10.0
"""A client that lost its broker says so some twenty times a second; one line in this time is enough."""
_CHATTY: Final = ("aiokafka", "faststream")
_LONGEST: Final = 300


def configure(service: str, level: str = "info") -> None:
    """Send every log of this process, ours and the libraries', through one formatter.

    Granian configures loggers of its own when a server is made; `http/listener.py` keeps it to these.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(service),
        frames_only,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_Seldom())
    handler.setFormatter(_formatter([_first_line, *shared]))
    _funnel(handler, level.upper())


def _formatter(foreign: list[structlog.typing.Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=foreign,
        processors=[
            _count_suppressed,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
        keep_exc_info=False,
        keep_stack_info=False,
    )


def _funnel(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("_granian", "granian.access", "faststream", "sqlalchemy", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "granian.access"  # Every request is a metric; a line each would be half the work.
    for name in ("sqlalchemy", "aiokafka", "httpx", "httpcore"):
        # Below this they write statements, payloads and addresses.
        logging.getLogger(name).setLevel(logging.WARNING)


class _Service:
    """Names the service in each line."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = self._service
        return event


class _Seldom(logging.Filter):
    """Lets one line of each kind pass in a while, for libraries that repeat themselves, and counts the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_CHATTY):
            return True
        kind = (record.name, f"{record.pathname}:{record.lineno}")
        since, kept_back = self._said.get(kind, (float("-inf"), 0))
        if time.monotonic() - since < QUIET_SECONDS:
            self._said[kind] = (since, kept_back + 1)
            return False
        self._said[kind] = (time.monotonic(), 0)
        record.suppressed = kept_back
        return True


def _count_suppressed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if kept_back := getattr(event.get("_record"), "suppressed", 0):
        event["suppressed"] = kept_back
    return event


def _first_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # asyncio writes the repr of an unhandled exception into the lines below the first.
    event["event"] = str(event["event"]).split("\n", 1)[0][:_LONGEST]
    return event


def frames_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by types and frames, cause before effect."""
    raised = _raised(event.pop("exc_info", None))
    if raised is not None:
        event["exception"] = [_told(each) for each in _chain(raised)]
    event.pop("stack_info", None)
    return event


def _raised(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    return error if isinstance(error, BaseException) else None


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found:
        found.insert(0, link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    told: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, BaseExceptionGroup):
        told["of"] = [_told(each) for each in error.exceptions]
    # SQLSTATE says what PostgreSQL minded, without saying what it was given.
    if state := getattr(getattr(error, "orig", error), "sqlstate", None):
        told["sqlstate"] = str(state)
    return told
