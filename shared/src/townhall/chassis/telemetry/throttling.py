"""Throttled log lines: what one caller, one topic or one broken part may repeat without end is written a few times.

Metrics count everything; a line says how many were left out.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from typing_extensions import override

from townhall.chassis.telemetry import metrics

PERIOD: Final = 60.0
"""Seconds."""
MAX_LINES: Final = 10
"""Lines of one kind in a period; the others are counted."""
LIBRARY_PERIOD: Final = 10.0
"""A Kafka client without its broker logs some twenty lines a second; one of a kind per this time is written."""
MAX_KINDS: Final = 1000
"""Kinds of lines that are remembered; beyond it the least recent one is forgotten."""

THROTTLED: Final[Mapping[str, tuple[str, ...]]] = {
    "background_task_failed": ("task", "error"),
    "ballot_failed": ("error",),
    "ballot_group_failed": ("error",),
    "event_dead_lettered": ("topic", "reason"),
    "event_failed": ("event_type", "error"),
    "issuer_keys_unavailable": ("outcome",),
    "request_failed": (),
    "request_postponed": (),
    "value_not_storable": (),
    "vote_key_unavailable": (),
}
"""Our log events that are throttled. Lines with the same values of these fields are of one kind."""
_LIBRARIES: Final = ("aiokafka", "faststream")

log = structlog.get_logger(__name__)

Kind = tuple[Any, ...]


@dataclass(slots=True)
class _Count:
    began: float
    lines: int = 0
    suppressed: int = 0


class Throttle(logging.Filter):
    """Passes the first lines of a kind in each period, and counts the others.

    When a period is over, the next line of any kind is preceded by a summary of each kind with suppressed lines.
    """

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._elapsed = elapsed
        self._counts: OrderedDict[Kind, _Count] = OrderedDict()

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == __name__:
            return True
        self._summarize()
        kind, most = _limit(record)
        if not kind:
            return True
        count = self._counts.setdefault(kind, _Count(self._elapsed()))
        if len(self._counts) > MAX_KINDS:
            self._counts.popitem(last=False)
        count.lines += 1
        if count.lines <= most:
            return True
        count.suppressed += 1
        metrics.LOG_LINES_SUPPRESSED.labels(kind[0]).inc()
        return False

    def _summarize(self) -> None:
        """Forget the periods that are over, and write how many lines they left out."""
        now = self._elapsed()
        over = [kind for kind, count in self._counts.items() if now - count.began >= _period(kind)]
        for kind, count in [(kind, self._counts.pop(kind)) for kind in over]:
            if count.suppressed:
                log.warning(
                    "log_lines_suppressed", of=kind[0], kind=list(kind[1:]), suppressed=count.suppressed,
                    seconds=_period(kind),
                )  # fmt: skip


def _limit(record: logging.LogRecord) -> tuple[Kind, int]:
    """Return the kind of a line and how many pass in its period; an empty kind if all do."""
    if record.name.startswith(_LIBRARIES):
        return (_library(record.name), f"{record.pathname.rpartition('/')[2]}:{record.lineno}"), 1
    fields: object = record.msg
    if not isinstance(fields, dict) or fields.get("event") not in THROTTLED:
        return (), 0
    event = fields["event"]
    return (event, *(str(fields.get(name)) for name in THROTTLED[event])), MAX_LINES


def _library(name: str) -> str:
    return next(library for library in _LIBRARIES if name.startswith(library))


def _period(kind: Kind) -> float:
    return LIBRARY_PERIOD if kind[0] in _LIBRARIES else PERIOD
