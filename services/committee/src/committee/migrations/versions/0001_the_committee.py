"""Cases, sittings, decisions, strategy meetings and directives.

The statements are frozen: a change is a new migration.
"""

from alembic import op

from townhall.chassis import tables

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE meeting (
        meeting_id uuid PRIMARY KEY,
        meets_at timestamptz NOT NULL,
        capacity int NOT NULL,
        taken int NOT NULL,
        state text NOT NULL,
        CONSTRAINT c12_never_more_items_than_capacity CHECK (taken BETWEEN 0 AND capacity)
    )
    """,
    "CREATE INDEX meeting_by_time ON meeting (meets_at, meeting_id)",
    """
    CREATE TABLE sitting (
        sitting_id uuid PRIMARY KEY,
        sits_at timestamptz NOT NULL,
        capacity int NOT NULL,
        taken int NOT NULL,
        place text NOT NULL,
        state text NOT NULL,
        present int NOT NULL,
        ends_at timestamptz,
        rule_version int NOT NULL,
        CONSTRAINT c3_never_more_cases_than_capacity CHECK (taken BETWEEN 0 AND capacity),
        CONSTRAINT c11_every_sitting_ends CHECK ((ends_at IS NULL) = (state IN ('closed', 'lapsed')))
    )
    """,
    "CREATE INDEX sitting_by_time ON sitting (sits_at, sitting_id)",
    "CREATE INDEX sitting_ending ON sitting (ends_at) WHERE ends_at IS NOT NULL",
    """
    CREATE TABLE attendance (
        sitting_id uuid NOT NULL REFERENCES sitting,
        person text NOT NULL,
        arrived_at timestamptz NOT NULL,
        CONSTRAINT c5_each_member_once PRIMARY KEY (sitting_id, person)
    )
    """,
    """
    CREATE TABLE "case" (
        case_id uuid PRIMARY KEY,
        task_id uuid NOT NULL,
        title text NOT NULL,
        cause text NOT NULL,
        opened_at timestamptz NOT NULL,
        state text NOT NULL,
        sitting_id uuid REFERENCES sitting,
        meeting_id uuid REFERENCES meeting,
        later_than timestamptz,
        due_at timestamptz,
        due_rule_version int,
        overdue_announced boolean NOT NULL,
        CONSTRAINT c1_one_case_per_task UNIQUE (task_id),
        CONSTRAINT c2_docketed_on CHECK (state NOT IN ('docketed', 'in-deliberation') OR sitting_id IS NOT NULL),
        CONSTRAINT c12_on_agenda_at CHECK (state <> 'on-agenda' OR meeting_id IS NOT NULL),
        CONSTRAINT c17_waiting_until CHECK
            (state NOT IN ('opened', 'deferred', 'deliberated', 'on-agenda') OR due_at IS NOT NULL)
    )
    """,
    'CREATE INDEX case_by_state ON "case" (state, opened_at, case_id)',
    'CREATE INDEX case_by_time ON "case" (opened_at, case_id)',
    'CREATE INDEX case_due ON "case" (due_at) WHERE NOT overdue_announced',
    'CREATE INDEX case_of_sitting ON "case" (sitting_id)',
    """
    CREATE TABLE agenda_item (
        case_id uuid NOT NULL REFERENCES "case",
        meeting_id uuid NOT NULL REFERENCES meeting,
        position int NOT NULL,
        CONSTRAINT c12_one_agenda_item_per_case PRIMARY KEY (case_id),
        CONSTRAINT c12_one_case_per_position UNIQUE (meeting_id, position)
    )
    """,
    """
    CREATE TABLE cause (
        case_id uuid NOT NULL REFERENCES "case",
        cause text NOT NULL,
        rule_version int NOT NULL,
        article text NOT NULL,
        reason text NOT NULL,
        note text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT c1_each_cause_once PRIMARY KEY (case_id, cause, rule_version)
    )
    """,
    """
    CREATE TABLE decision (
        case_id uuid NOT NULL REFERENCES "case",
        sitting_id uuid NOT NULL REFERENCES sitting,
        decision text NOT NULL,
        reasons text[] NOT NULL,
        note text NOT NULL,
        in_favour int NOT NULL,
        against int NOT NULL,
        abstained int NOT NULL,
        recused int NOT NULL,
        rule_version int NOT NULL,
        article text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT c9_one_decision_per_case PRIMARY KEY (case_id)
    )
    """,
    """
    CREATE TABLE deferral (
        case_id uuid NOT NULL REFERENCES "case",
        sitting_id uuid NOT NULL REFERENCES sitting,
        reasons text[] NOT NULL,
        note text NOT NULL,
        acted_by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT c11_one_deferral_per_sitting PRIMARY KEY (case_id, sitting_id)
    )
    """,
    """
    CREATE TABLE directive (
        directive_id uuid PRIMARY KEY,
        case_id uuid NOT NULL REFERENCES "case",
        task_id uuid NOT NULL,
        title text NOT NULL,
        responsible_body text NOT NULL,
        instruction text NOT NULL,
        due_on date NOT NULL,
        outcome text NOT NULL,
        issued_at timestamptz NOT NULL,
        CONSTRAINT c15_one_directive_per_case UNIQUE (case_id)
    )
    """,
    "CREATE INDEX directive_by_time ON directive (issued_at, directive_id)",
    """
    CREATE TABLE docket (
        sitting_id uuid NOT NULL REFERENCES sitting,
        case_id uuid NOT NULL REFERENCES "case",
        position int NOT NULL,
        CONSTRAINT c2_once_per_case_and_sitting PRIMARY KEY (sitting_id, case_id),
        CONSTRAINT c2_one_case_per_position UNIQUE (sitting_id, position)
    )
    """,
    "CREATE INDEX ix_docket_case_id ON docket (case_id)",
    """
    CREATE TABLE outcome (
        case_id uuid NOT NULL REFERENCES "case",
        meeting_id uuid NOT NULL REFERENCES meeting,
        position int NOT NULL,
        outcome text NOT NULL,
        reason text NOT NULL,
        note text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT c14_one_outcome_per_meeting PRIMARY KEY (case_id, meeting_id)
    )
    """,
    "CREATE UNIQUE INDEX c14_one_final_outcome_per_case ON outcome (case_id) WHERE outcome <> 'deferred'",
    "CREATE INDEX outcome_of_meeting ON outcome (meeting_id)",
    """
    CREATE TABLE position (
        case_id uuid NOT NULL REFERENCES "case",
        sitting_id uuid NOT NULL,
        person text NOT NULL,
        stance text NOT NULL,
        note text NOT NULL,
        taken_at timestamptz NOT NULL,
        CONSTRAINT c8_one_position_per_member PRIMARY KEY (case_id, sitting_id, person),
        CONSTRAINT c8_only_attendees FOREIGN KEY(sitting_id, person) REFERENCES attendance (sitting_id, person)
    )
    """,
    """
    CREATE TABLE recusal (
        case_id uuid NOT NULL REFERENCES "case",
        person text NOT NULL,
        reason text NOT NULL,
        recused_at timestamptz NOT NULL,
        CONSTRAINT c7_one_recusal_per_member PRIMARY KEY (case_id, person)
    )
    """,
)

ARTICLE = "정부혁신추진위원회 운영훈령 제1조 (Instruction on the Committee and strategy meeting, article 1)"
PARAMETERS = {
    "quorum": 3,
    "decision_quorum": 2,
    "early_hours": 24,
    "lapse_hours": 24,
    "longest_sitting_hours": 24,
    "docketing_days": 30,
    "agenda_days": 30,
    "outcome_days": 7,
}


def upgrade() -> None:
    tables.create(op)
    for statement in STATEMENTS:
        op.execute(statement)
    tables.seed_rule(op, ARTICLE, PARAMETERS)
