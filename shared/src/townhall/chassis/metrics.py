"""What operators watch in every service. Labels come from closed sets: never an id, never a person."""

from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import choose_encoder

_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

BUILD = Info("townhall_build", "The service that runs here and its version.")

REQUEST_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Time from a request's first byte to its answer's last, by route template.",
    ["method", "route", "status"],
    buckets=_FAST,
)

CONSUMED = Counter(
    "townhall_events_consumed_total",
    "Messages taken from a topic, by outcome: applied, duplicate, refused, ignored, unknown, parked or dead-letter.",
    ["topic", "type", "outcome"],
)
HANDLING_SECONDS = Histogram(
    "townhall_event_handling_seconds",
    "Time one event's transaction took, retries not counted.",
    ["topic", "type"],
    buckets=_FAST,
)
RETRIES = Counter(
    "townhall_event_retries_total",
    "Attempts at an event that failed and were made again, by whether the database or the handler failed.",
    ["topic", "cause"],
)
EFFECT_SECONDS = Histogram(
    "townhall_event_to_effect_seconds",
    "Time from the announcing transaction to the committed effect here.",
    ["topic", "type"],
    buckets=_SLOW,
)
LAG_RECORDS = Gauge(
    "townhall_consumer_lag_records",
    "Records of a partition that are not yet handled here.",
    ["topic", "partition"],
)
LAG_SECONDS = Gauge(
    "townhall_consumer_lag_seconds",
    "Age of the newest event handled when records wait behind it; 0 when none wait.",
    ["topic"],
)

OUTBOX_PENDING = Gauge("townhall_outbox_pending", "Announced events the broker has not yet acknowledged.")
OUTBOX_OLDEST = Gauge(
    "townhall_outbox_oldest_pending_seconds", "Age of the oldest announced event not yet acknowledged; 0 when none."
)
OUTBOX_PUBLISHED = Counter("townhall_outbox_published_total", "Events the broker acknowledged.")
OUTBOX_FAILURES = Counter("townhall_outbox_failures_total", "Attempts to publish that failed and will be made again.")

ASIDE = Counter("townhall_dead_letters_total", "Dead letters, by reason.", ["topic", "reason"])
DEAD_LETTERS_WAITING = Gauge("townhall_dead_letters_waiting", "Dead letters that no operator has settled.")


def describe_build(service: str, version: str) -> None:
    """Say once, at the start, what runs here."""
    BUILD.info({"service": service, "version": version})


router = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Answer `/metrics` in the form the scraper asks for."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(REGISTRY), media_type=content_type)
