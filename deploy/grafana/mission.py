"""The dashboard of the mission: how far proposals come, what waits, and what is overdue."""

from typing import Final

from deploy.grafana.panels import Dashboard, Panel


def _sum(metric: str, matcher: str = "") -> str:
    """Return the sum over states; replicas show the same, so one of them is taken."""
    return f"sum(max by (state) ({metric}{matcher}))"


def _quantiles(metric: str) -> dict[str, str]:
    buckets = f"sum by (le) (rate({metric}_bucket[5m]))"
    return {f"p{q}": f"histogram_quantile(0.{q}, {buckets})" for q in (50, 99)}


_ADOPTED: Final = _sum("committee_cases", '{state=~"adopted.*"}')
FUNNEL: Final = Panel(
    "From proposal to evaluation",
    {
        "proposals": _sum("proposal_proposals"),
        "admitted or merged": _sum("proposal_proposals", '{state=~"admitted|merged"}'),
        "tasks": _sum("proposal_tasks"),
        "votes past their threshold": "max(voting_votes_past_threshold)",
        "cases": _sum("committee_cases"),
        "decided by the Committee": _sum("committee_cases", '{state!~"opened|docketed|in-deliberation|deferred"}'),
        "adopted": _ADOPTED,
        "initiatives": _sum("evaluation_initiatives"),
        "evaluated": _sum("evaluation_initiatives", '{state="evaluated"}'),
    },
    kind="bargauge",
    about="How many came so far. Referred tasks come to the Committee without a threshold.",
    width=12,
)
OVERDUE: Final = Panel(
    "Overdue",
    {
        "screenings": "max(proposal_screenings_overdue)",
        "votes": "max(voting_votes_overdue)",
        "cases waiting for a {{waits_for}}": "max by (waits_for) (committee_cases_overdue)",
        "{{kind}}s": "max by (kind) (evaluation_overdue)",
    },
    about="What is past its due date, by what it waits for.",
    width=12,
)

DASHBOARD: Final = Dashboard(
    "mission",
    "Townhall: the mission",
    (
        FUNNEL,
        OVERDUE,
        Panel("Proposals by state", {"{{state}}": "max by (state) (proposal_proposals)"}),
        Panel("Tasks by state", {"{{state}}": "max by (state) (proposal_tasks)"}),
        Panel("Votes by state", {"{{state}}": "max by (state) (voting_votes)"}),
        Panel("Cases by state", {"{{state}}": "max by (state) (committee_cases)"}),
        Panel("Initiatives by state", {"{{state}}": "max by (state) (evaluation_initiatives)"}),
        Panel("Rounds by state", {"{{state}}": "max by (state) (evaluation_rounds)"}),
        Panel("Ballots by outcome", {"{{outcome}}": "sum by (outcome) (rate(voting_ballots_total[1m]))"}, "reqps"),
        Panel("From crossing to case", _quantiles("committee_crossing_to_case_seconds"), "s"),
        Panel(
            "From decision to agenda",
            _quantiles("committee_decision_to_agenda_seconds"),
            "s",
            about="Long where no strategy meeting was called; what matters is that none waits beside free room.",
        ),
        Panel(
            "Promises not kept",
            {
                "tasks without a vote": f"{_sum('proposal_tasks')} - {_sum('voting_votes')}",
                "crossings without a case": "max(voting_votes_past_threshold) - max(committee_cases_from_threshold)",
                "cases not scheduled": "sum(max by (waits_for) (committee_cases_assignable))",
                "adopted without an initiative": f"{_ADOPTED} - {_sum('evaluation_initiatives')}",
                "votes that differ from their recount": "max(voting_votes_differing_from_recount)",
            },
            kind="stat",
            about="All zero, but for moments while events travel. Each has an alert.",
            width=16,
        ),
        Panel("Recounts of closed votes", {"{{outcome}}": "sum by (outcome) (rate(voting_recounts_total[5m]))"}, "ops"),
    ),
)
