"""The dashboard of the bus: what is published, what is consumed, and how far behind."""

from typing import Final

from deploy.grafana.panels import Dashboard, Panel


def _per_service(metric: str) -> dict[str, str]:
    return {"{{service}}": f"max by (service) ({metric})"}


def _p99(metric: str) -> dict[str, str]:
    buckets = f"sum by (le, service) (rate({metric}_bucket[5m]))"
    return {"{{service}}": f"histogram_quantile(0.99, {buckets})"}


DASHBOARD: Final = Dashboard(
    "bus",
    "Townhall: the bus",
    (
        Panel("Oldest unpublished event", _per_service("townhall_outbox_oldest_pending_seconds"), "s"),
        Panel("Unpublished events", _per_service("townhall_outbox_pending")),
        Panel(
            "Events published", {"{{service}}": "sum by (service) (rate(townhall_outbox_published_total[1m]))"}, "ops"
        ),
        Panel(
            "Publish failures", {"{{service}}": "sum by (service) (rate(townhall_outbox_failures_total[1m]))"}, "ops"
        ),
        Panel(
            "Lag in records",
            {"{{service}} on {{topic}}": "sum by (service, topic) (townhall_consumer_lag_records)"},
        ),
        Panel(
            "Lag in time", {"{{service}} on {{topic}}": "max by (service, topic) (townhall_consumer_lag_seconds)"}, "s"
        ),
        Panel(
            "Events consumed by outcome",
            {"{{outcome}}": "sum by (outcome) (rate(townhall_events_consumed_total[1m]))"},
            "ops",
        ),
        Panel("From event to effect, p99", _p99("townhall_event_to_effect_seconds"), "s"),
        Panel("Handling time, p99", _p99("townhall_event_handling_seconds"), "s"),
        Panel("Retries by cause", {"retries": "sum(rate(townhall_event_retries_total[1m])) or vector(0)"}, "ops"),
        Panel(
            "Time since progress",
            {"{{service}}": "time() - max by (service) (townhall_consumer_progress_timestamp_seconds)"},
            "s",
            about="Since the consumer last handled a batch, or had nothing to handle.",
        ),
        Panel("Rebalances", {"{{service}}": "sum by (service) (increase(townhall_consumer_rebalances_total[5m]))"}),
        Panel(
            "Kafka usable", {"{{service}}: {{task}}": "min by (service, task) (townhall_broker_usable)"}, kind="stat"
        ),
        Panel("Consuming", {"{{service}} from {{topic}}": "min by (service, topic) (townhall_consuming)"}, kind="stat"),
        Panel("Dead letters waiting", _per_service("townhall_dead_letters_waiting"), kind="stat"),
        Panel("New dead letters", {"new": "sum(increase(townhall_dead_letters_total[5m])) or vector(0)"}),
    ),
)
