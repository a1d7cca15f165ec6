"""The dashboard of the databases, as the services see them."""

from typing import Final

from deploy.grafana.panels import Dashboard, Panel

_FAILED: Final = 'sum by (service) (rate(http_server_request_duration_seconds_count{status="503"}[1m]))'

DASHBOARD: Final = Dashboard(
    "databases",
    "Townhall: the databases",
    (
        Panel(
            "Ready",
            {"{{service}}": 'min by (service) (townhall_readiness_check{check="database"})'},
            kind="stat",
            about="1: reachable, migrated, writable.",
        ),
        Panel("Connections in use", {"{{service}}": "sum by (service) (townhall_database_pool_in_use)"}),
        Panel("Waiting for a connection", {"{{service}}": "sum by (service) (townhall_database_pool_waiting)"}),
        Panel(
            "Pool in use",
            {"{{service}}": "max by (service) (townhall_database_pool_in_use / townhall_database_pool_size)"},
            "percentunit",
        ),
        Panel("Answers with 503", {"{{service}}": f"{_FAILED} or vector(0)"}, "reqps"),
        Panel(
            "Repeated for the database",
            {"retries": 'sum(rate(townhall_event_retries_total{cause="database"}[1m])) or vector(0)'},
            "ops",
        ),
        Panel(
            "Clock ahead of the database", {"{{service}}": "max by (service) (abs(townhall_clock_skew_seconds))"}, "s"
        ),
        Panel(
            "Commit of a group of ballots, p99",
            {"voting": "histogram_quantile(0.99, sum by (le) (rate(voting_intake_group_seconds_bucket[5m])))"},
            "s",
        ),
        Panel(
            "Groups of ballots that failed",
            {"failed": "sum(rate(voting_intake_group_failures_total[1m])) or vector(0)"},
            "ops",
        ),
    ),
)
