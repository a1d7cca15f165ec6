"""Logs: one JSON object a line on standard output, without personal data, input or secrets.

An exception is logged by its type and its frames. Its message and local variables are left out, since drivers and
validators put their input into them.
"""

import logging
import sys
import traceback
from typing import Any, Final

import structlog
from structlog.types import EventDict, WrappedLogger

from townhall.chassis.telemetry.throttling import Throttle
from townhall.chassis.telemetry.tracing import add_trace_id

_MAX_EVENT: Final = 300


def configure(service: str, level: str = "info") -> None:
    """Send all logs of this process, ours and the libraries', through one formatter; `level` is the root's.

    Granian configures loggers of its own when a server is made; `http/listener.py` keeps it to these.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(service),
        add_trace_id,
        frames_only,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(Throttle())
    handler.setFormatter(_formatter([_first_line, *shared]))
    _install(handler, level.upper())


def _formatter(foreign: list[structlog.typing.Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=foreign,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
        keep_exc_info=False,
        keep_stack_info=False,
    )


def _install(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("_granian", "granian.access", "faststream", "sqlalchemy", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = name != "granian.access"  # Every request is a metric; a line each would be half the work.
    for name in ("sqlalchemy", "aiokafka", "httpx", "httpcore"):
        # Below this level they log statements, payloads and addresses.
        logging.getLogger(name).setLevel(logging.WARNING)


class _Service:
    """Adds the service to each line."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = self._service
        return event


def _first_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # asyncio puts the repr of an unhandled exception into the lines after the first.
    event["event"] = str(event["event"]).split("\n", 1)[0][:_MAX_EVENT]
    return event


def frames_only(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by types and frames of the exception and its causes, the first cause first."""
    raised = _raised(event.pop("exc_info", None))
    if raised is not None:
        event["exception"] = [_rendered(each) for each in _chain(raised)]
    event.pop("stack_info", None)
    return event


def _raised(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    error = exc_info[1] if isinstance(exc_info, tuple) else sys.exc_info()[1] if exc_info else None
    return error if isinstance(error, BaseException) else None


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found:
        found.insert(0, link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found


def _rendered(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    rendered: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, BaseExceptionGroup):
        rendered["of"] = [_rendered(each) for each in error.exceptions]
    # The SQLSTATE names the error without its input.
    if state := getattr(getattr(error, "orig", error), "sqlstate", None):
        rendered["sqlstate"] = str(state)
    return rendered
