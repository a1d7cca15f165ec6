"""Proposals, support, screening, tasks, referrals, and the timeline.

The statements are frozen: a change is a new migration.
"""

from alembic import op

from townhall.chassis import tables

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE proposal (
        id uuid PRIMARY KEY,
        author text NOT NULL,
        title text NOT NULL,
        problem text NOT NULL,
        remedy text NOT NULL,
        topic text,
        state text NOT NULL,
        submitted_at timestamptz NOT NULL,
        screening_due_at timestamptz NOT NULL,
        overdue_announced_for timestamptz,
        rule_version int NOT NULL,
        rule_article text NOT NULL,
        merged_into uuid REFERENCES proposal,
        supports int NOT NULL,
        CONSTRAINT p7_merged_has_target CHECK ((state = 'merged') = (merged_into IS NOT NULL)),
        CONSTRAINT p7_not_merged_into_itself CHECK (merged_into <> id),
        CONSTRAINT p10_supports_not_negative CHECK (supports >= 0)
    )
    """,
    "CREATE INDEX proposal_by_time ON proposal (submitted_at, id)",
    "CREATE INDEX proposal_by_state ON proposal (state, submitted_at, id)",
    "CREATE INDEX proposal_by_author ON proposal (author, submitted_at)",
    "CREATE INDEX proposal_in_screening ON proposal (screening_due_at) WHERE state = 'screening'",
    "CREATE INDEX ix_proposal_merged_into ON proposal (merged_into)",
    """
    CREATE TABLE screening (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        proposal_id uuid NOT NULL REFERENCES proposal,
        decision text NOT NULL,
        reason text NOT NULL,
        note text NOT NULL,
        body text,
        acted_by text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_screening_proposal_id ON screening (proposal_id)",
    """
    CREATE TABLE support (
        proposal_id uuid NOT NULL REFERENCES proposal,
        supporter text NOT NULL,
        supported_at timestamptz NOT NULL,
        CONSTRAINT p10_one_support_per_citizen PRIMARY KEY (proposal_id, supporter)
    )
    """,
    """
    CREATE TABLE task (
        id uuid PRIMARY KEY,
        title text NOT NULL,
        summary text NOT NULL,
        origin text NOT NULL,
        reason text NOT NULL,
        note text NOT NULL,
        opens_at timestamptz NOT NULL,
        closes_at timestamptz NOT NULL,
        selected_at timestamptz NOT NULL,
        rule_version int NOT NULL,
        rule_article text NOT NULL,
        CONSTRAINT p12_opens_after_selection CHECK (opens_at >= selected_at),
        CONSTRAINT p12_closes_after_opening CHECK (closes_at > opens_at)
    )
    """,
    "CREATE INDEX task_by_time ON task (selected_at, id)",
    """
    CREATE TABLE lineage (
        task_id uuid NOT NULL REFERENCES task,
        proposal_id uuid NOT NULL REFERENCES proposal,
        position int NOT NULL,
        CONSTRAINT p11_named_once_per_task PRIMARY KEY (task_id, proposal_id)
    )
    """,
    "CREATE INDEX ix_lineage_proposal_id ON lineage (proposal_id)",
    """
    CREATE TABLE referral (
        task_id uuid NOT NULL REFERENCES task,
        reason text NOT NULL,
        note text NOT NULL,
        acted_by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT p13_one_referral_per_task PRIMARY KEY (task_id)
    )
    """,
    # Topics aren't ordered against each other: an event about a task may arrive before the task, so no foreign key.
    """
    CREATE TABLE fact (
        event_id uuid NOT NULL,
        task_id uuid NOT NULL,
        source text NOT NULL,
        version bigint NOT NULL,
        at timestamptz NOT NULL,
        type text NOT NULL,
        facts jsonb NOT NULL,
        CONSTRAINT p14_each_fact_once PRIMARY KEY (event_id)
    )
    """,
    "CREATE INDEX fact_of_task ON fact (task_id, at, source, version)",
    "CREATE TABLE task_state (task_id uuid PRIMARY KEY, state text NOT NULL, rank int NOT NULL)",
    "CREATE INDEX task_state_by_state ON task_state (state, task_id)",
)

ARTICLE = "국민제안 및 국민참여 운영규정 제1조 (Rules on citizens' proposals and participation, article 1)"
PARAMETERS = {
    "screening_days": 14,
    "voting_days": 30,
    "longest_voting_days": 90,
    "latest_opening_days": 180,
    "proposals_a_day": 10,
    "referral_while_voting": True,
}


def upgrade() -> None:
    tables.create(op)
    for statement in STATEMENTS:
        op.execute(statement)
    tables.seed_rule(op, ARTICLE, PARAMETERS)
