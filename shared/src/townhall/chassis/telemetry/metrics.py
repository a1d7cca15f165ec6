"""The metrics every service has. Labels come from closed sets: never an id, never a person."""

from functools import cache
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import choose_encoder

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

BUILD = Info("townhall_build", "The service of this process and its version.")

REQUEST_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Time from the head of a request to the end of its answer, by route template.",
    ["method", "route", "status"],
    buckets=_FAST,
)

CONSUMED = Counter(
    "townhall_events_consumed_total",
    "Messages consumed, by outcome: applied, duplicate, refused, ignored, unknown, parked or dead-letter.",
    ["topic", "type", "outcome"],
)
HANDLING_SECONDS = Histogram(
    "townhall_event_handling_seconds",
    "Time an event's transaction took, divided by its events; failed attempts not counted.",
    ["topic", "type"],
    buckets=_FAST,
)
RETRIES = Counter(
    "townhall_event_retries_total",
    "Failed attempts at an event that were repeated, by cause: database (transient) or handler.",
    ["topic", "cause"],
)
EFFECT_SECONDS = Histogram(
    "townhall_event_to_effect_seconds",
    "Time from the announcing transaction to the committed effect here.",
    ["topic", "type"],
    buckets=_SLOW,
)
CONSUMING = Gauge("townhall_consuming", "1 while the service consumes this topic, 0 while it is stopped.", ["topic"])
CONSUMER_STOPPED = Gauge(
    "townhall_consumer_stopped",
    "1 while consuming is stopped for this reason: not-joined (broker away or service starting) or dead-letters.",
    ["reason"],
)
LAG_RECORDS = Gauge(
    "townhall_consumer_lag_records",
    "Records of an assigned partition that are not yet fetched.",
    ["topic", "partition"],
)
LAG_SECONDS = Gauge(
    "townhall_consumer_lag_seconds",
    "Time since an assigned partition was last without lag, or since its newest handled event; 0 without lag.",
    ["topic", "partition"],
)

OUTBOX_PENDING = Gauge("townhall_outbox_pending", "Events of the outbox that the broker has not acknowledged yet.")
OUTBOX_OLDEST = Gauge("townhall_outbox_oldest_pending_seconds", "Age of the oldest of these; 0 if there is none.")
OUTBOX_PUBLISHED = Counter("townhall_outbox_published_total", "Events the broker acknowledged.")
OUTBOX_FAILURES = Counter(
    "townhall_outbox_failures_total", "Batches the broker did not acknowledge; they are sent again."
)

DEAD_LETTERS = Counter(
    "townhall_dead_letters_total",
    "Messages that became dead letters, by reason: handler-failed, or what the contract of events refuses.",
    ["topic", "reason"],
)

ISSUER_KEY_FETCHES = Counter(
    "townhall_issuer_key_fetches_total",
    "Attempts to fetch the issuer's keys, by outcome: fetched, unreachable, or unusable (it answered no key set).",
    ["outcome"],
)
ISSUER_KEYS_FETCHED = Gauge(
    "townhall_issuer_keys_fetched_timestamp_seconds",
    "When the issuer's keys were last fetched; 0 before the first time. Tokens are refused once they are too old.",
)

LOG_LINES_SUPPRESSED = Counter(
    "townhall_log_lines_suppressed_total",
    "Log lines left out because one of their kind repeated too often, by log event or library.",
    ["event"],
)

BROKER_USABLE = Gauge(
    "townhall_broker_usable",
    "0 from an attempt of the task (relay or consumer) to use the Kafka cluster that failed to one that succeeded.",
    ["task"],
)
BROKER_ERRORS = Counter(
    "townhall_broker_errors_total",
    "Attempts that the Kafka cluster refused or that did not reach it, by task and cause, such as login-refused.",
    ["task", "cause"],
)

DEAD_LETTERS_WAITING = Gauge("townhall_dead_letters_waiting", "Dead letters that wait for an operator.")


def describe_build(service: str, version: str) -> None:
    """Set the labels of `townhall_build`; called once at the start."""
    BUILD.info({"service": service, "version": version})


def consumed(labels: tuple[str, str], outcome: str) -> None:
    """Count a message by its outcome; `labels` are topic and type."""
    _consumed(labels, outcome).inc()


def applied(labels: tuple[str, str], handling_seconds: float, effect_seconds: float) -> None:
    """Count an event that had its effect, with the time that took and its age at the commit."""
    _consumed(labels, "applied").inc()
    handling, effect = _durations(labels)
    handling.observe(handling_seconds)
    effect.observe(max(effect_seconds, 0.0))


@cache
def _consumed(labels: tuple[str, str], outcome: str) -> Counter:
    """Look a time series up once; all labels come from closed sets."""
    return CONSUMED.labels(*labels, outcome)


@cache
def _durations(labels: tuple[str, str]) -> tuple[Histogram, Histogram]:
    return HANDLING_SECONDS.labels(*labels), EFFECT_SECONDS.labels(*labels)


router = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Answer `/metrics` in the format the scraper accepts."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(REGISTRY), media_type=content_type)
