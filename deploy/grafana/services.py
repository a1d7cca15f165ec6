"""The dashboards of the services: the same panels for each, and what only one of them has."""

from collections.abc import Mapping, Sequence
from typing import Final

from deploy.grafana.panels import Dashboard, Panel

REQUESTS: Final = "http_server_request_duration_seconds"


def _rate(metric: str, label: str) -> dict[str, str]:
    return {f"{{{{{label}}}}}": f"sum by ({label}) (rate({metric}[1m]))"}


def _quantile(metric: str, matcher: str, by: str) -> str:
    return f"histogram_quantile(0.99, sum by ({by}) (rate({metric}_bucket{{{matcher}}}[1m])))"


def _shared(service: str) -> Sequence[Panel]:
    its = f'service="{service}"'
    by_status = f"sum by (status) (rate({REQUESTS}_count{{{its}}}[1m]))"
    by_route = f"sum by (route) (rate({REQUESTS}_count{{{its}}}[1m]))"
    pool = {name: f"sum(townhall_database_pool_{name}{{{its}}})" for name in ("size", "in_use", "waiting")}
    return (
        Panel("Instances", {"up": f'sum(up{{job="townhall", {its}}})'}, kind="stat"),
        Panel("Checks of readiness", {"{{check}}": f"min by (check) (townhall_readiness_check{{{its}}})"}, kind="stat"),
        Panel("Version", {"{{version}}": f"count by (version) (townhall_build_info{{{its}}})"}, kind="stat"),
        Panel("Requests by status", {"{{status}}": by_status}, "reqps"),
        Panel("Requests by route", {"{{route}}": by_route}, "reqps"),
        Panel(
            "Request time",
            {"p99 of {{route}}": _quantile(REQUESTS, its, "le, route")},
            "s",
            about="99 of a hundred answers were faster, by route.",
        ),
        Panel("Database connections", pool),
        Panel("Event loop lag", {"p99": _quantile("townhall_event_loop_lag_seconds", its, "le")}, "s"),
        Panel(
            "Processor and memory",
            {
                "cores": f'sum(rate(process_cpu_seconds_total{{job="townhall", {its}}}[1m]))',
                "gigabytes": f'sum(process_resident_memory_bytes{{job="townhall", {its}}}) / 1e9',
            },
        ),
    )


_GROUPED: Final = "sum(rate(voting_intake_group_size_sum[1m]))"
OWN: Final[Mapping[str, Sequence[Panel]]] = {
    "proposal": (
        Panel("Submissions", _rate("proposal_submissions_total", "role"), "ops"),
        Panel("Screening decisions", _rate("proposal_screenings_total", "decision"), "ops"),
        Panel("Supports", _rate("proposal_supports_total", "act"), "ops"),
        Panel("Tasks selected", _rate("proposal_tasks_selected_total", "origin"), "ops"),
        Panel("Tasks referred", {"referred": "sum(rate(proposal_tasks_referred_total[1m]))"}, "ops"),
    ),
    "voting": (
        Panel("Ballots by outcome", _rate("voting_ballots_total", "outcome"), "ops"),
        Panel("Ballots waiting", {"queued": "sum(voting_intake_queued)"}),
        Panel(
            "Groups of ballots",
            {"mean size": f"{_GROUPED} / sum(rate(voting_intake_group_size_count[1m]))"},
        ),
        Panel("Time of a group", {"p99": _quantile("voting_intake_group_seconds", "", "le")}, "s"),
        Panel(
            "Groups that failed", {"failed": "sum(rate(voting_intake_group_failures_total[1m])) or vector(0)"}, "ops"
        ),
        Panel("Moves of votes", _rate("voting_vote_moves_total", "move"), "ops"),
    ),
    "committee": (
        Panel("Decisions", _rate("committee_decisions_total", "decision"), "ops"),
        Panel("Outcomes of meetings", _rate("committee_outcomes_total", "outcome"), "ops"),
        Panel("Cases not scheduled", {"{{waits_for}}": "max by (waits_for) (committee_cases_assignable)"}),
    ),
    "evaluation": (
        Panel("Moves of initiatives", _rate("evaluation_initiative_moves_total", "move"), "ops"),
        Panel("Opinions", {"given": "sum(rate(evaluation_opinions_total[1m]))"}, "ops"),
        Panel("Applications", {"made": "sum(rate(evaluation_applications_total[1m]))"}, "ops"),
        Panel("Scores", _rate("evaluation_scores_total", "track"), "ops"),
        Panel("Moves of rounds", _rate("evaluation_round_moves_total", "move"), "ops"),
    ),
}

DASHBOARDS: Final = tuple(
    Dashboard(f"service-{name}", f"Townhall: {name}", (*_shared(name), *own)) for name, own in OWN.items()
)
