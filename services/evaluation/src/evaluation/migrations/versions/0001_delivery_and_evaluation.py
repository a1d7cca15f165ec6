"""Tables of initiatives, milestones, delays, reports, opinions, rounds, applications, scores and results.

The statements are frozen: a change is a new migration.
"""

from alembic import op

from townhall.chassis import tables

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE initiative (
        id uuid PRIMARY KEY,
        task_id uuid NOT NULL CONSTRAINT e1_one_initiative_per_task UNIQUE,
        directive_id uuid NOT NULL CONSTRAINT e1_one_initiative_per_directive UNIQUE,
        title text NOT NULL,
        responsible_body text NOT NULL,
        due_on date NOT NULL,
        state text NOT NULL,
        opened_at timestamptz NOT NULL,
        started_at timestamptz,
        overdue_for date
    )
    """,
    "CREATE INDEX initiative_by_time ON initiative (opened_at, id)",
    "CREATE INDEX initiative_by_state ON initiative (state, opened_at, id)",
    "CREATE INDEX initiative_due ON initiative (due_on) WHERE state IN ('planned', 'started', 'delayed')",
    """
    CREATE TABLE milestone (
        id uuid PRIMARY KEY,
        initiative_id uuid NOT NULL REFERENCES initiative,
        title text NOT NULL,
        due_on date NOT NULL,
        planned_at timestamptz NOT NULL,
        reached_at timestamptz,
        note text NOT NULL
    )
    """,
    "CREATE INDEX ix_milestone_initiative_id ON milestone (initiative_id)",
    """
    CREATE TABLE delay (
        initiative_id uuid NOT NULL REFERENCES initiative,
        was_due_on date NOT NULL,
        due_on date NOT NULL,
        reason text NOT NULL,
        note text NOT NULL,
        acted_by text NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT e3_one_delay_per_due_date PRIMARY KEY (initiative_id, was_due_on),
        CONSTRAINT e3_due_date_later CHECK (due_on > was_due_on)
    )
    """,
    """
    CREATE TABLE report (
        initiative_id uuid PRIMARY KEY REFERENCES initiative,
        outcome text NOT NULL,
        reason text,
        note text NOT NULL,
        acted_by text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE verification (
        initiative_id uuid PRIMARY KEY REFERENCES initiative,
        note text NOT NULL,
        acted_by text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE opinion (
        id uuid PRIMARY KEY,
        initiative_id uuid NOT NULL REFERENCES initiative,
        citizen text NOT NULL,
        stance text NOT NULL,
        text text NOT NULL,
        given_at timestamptz NOT NULL,
        CONSTRAINT e6_one_opinion_per_citizen UNIQUE (initiative_id, citizen)
    )
    """,
    "CREATE INDEX opinion_by_time ON opinion (initiative_id, given_at, id)",
    """
    CREATE TABLE round (
        id uuid PRIMARY KEY,
        title text NOT NULL,
        state text NOT NULL,
        panel_size int NOT NULL,
        seed_commitment text NOT NULL,
        applications_close_at timestamptz NOT NULL,
        opened_at timestamptz NOT NULL,
        rule_version int NOT NULL,
        rule_article text NOT NULL,
        due_at timestamptz,
        overdue_for timestamptz,
        seed text,
        frame_sha256 text,
        published_at timestamptz,
        cancel_reason text,
        cancel_note text,
        cancelled_by text,
        cancelled_at timestamptz,
        CONSTRAINT e10_seed_and_frame CHECK ((seed IS NULL) = (frame_sha256 IS NULL)),
        CONSTRAINT e10_seed_after_draw CHECK (seed IS NOT NULL OR state IN ('applying', 'cancelled'))
    )
    """,
    "CREATE INDEX round_by_time ON round (opened_at, id)",
    "CREATE INDEX round_due ON round (due_at) WHERE due_at IS NOT NULL",
    """
    CREATE TABLE round_initiative (
        round_id uuid NOT NULL REFERENCES round,
        initiative_id uuid NOT NULL REFERENCES initiative,
        position int NOT NULL,
        released boolean NOT NULL,
        CONSTRAINT e8_initiative_once_per_round PRIMARY KEY (round_id, initiative_id)
    )
    """,
    "CREATE UNIQUE INDEX e8_one_round_per_initiative ON round_initiative (initiative_id) WHERE NOT released",
    """
    CREATE TABLE application (
        round_id uuid NOT NULL REFERENCES round,
        citizen text NOT NULL,
        ticket text NOT NULL,
        region text NOT NULL,
        age_band text NOT NULL,
        sex text NOT NULL,
        drawn boolean NOT NULL,
        CONSTRAINT e9_one_application_per_citizen PRIMARY KEY (round_id, citizen),
        CONSTRAINT e9_one_citizen_per_ticket UNIQUE (round_id, ticket)
    )
    """,
    """
    CREATE TABLE score (
        round_id uuid NOT NULL REFERENCES round,
        initiative_id uuid NOT NULL REFERENCES initiative,
        citizen text NOT NULL,
        track text NOT NULL,
        score int NOT NULL,
        given_at timestamptz NOT NULL,
        CONSTRAINT e11_one_score_per_citizen PRIMARY KEY (round_id, initiative_id, citizen),
        CONSTRAINT e11_score_from_0_to_100 CHECK (score BETWEEN 0 AND 100)
    )
    """,
    """
    CREATE TABLE result (
        round_id uuid NOT NULL REFERENCES round,
        initiative_id uuid NOT NULL REFERENCES initiative,
        panel_score numeric(5, 2) NOT NULL,
        panel_size int NOT NULL,
        panel_count int NOT NULL,
        open_score numeric(5, 2),
        open_count int NOT NULL,
        weighted_score numeric(5, 2) NOT NULL,
        rule_version int NOT NULL,
        rule_article text NOT NULL,
        published_at timestamptz NOT NULL,
        CONSTRAINT e12_one_result_per_round PRIMARY KEY (round_id, initiative_id)
    )
    """,
    "CREATE INDEX ix_result_initiative_id ON result (initiative_id)",
)

ARTICLE = "국민평가단 운영규정 제1조 (Rules on delivery and public evaluation, article 1)"
PARAMETERS = {
    "panel_weight": 7,
    "open_weight": 3,
    "panel_size": 120,
    "minimum_scores": 3,
    "draw_days": 7,
    "scoring_days": 60,
    "regions": (
        *("서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기"),
        *("강원", "충북", "충남", "전북", "전남", "경북", "경남", "제주"),
    ),
    "age_bands": ("under-20", "20-39", "40-59", "60+"),
    "sexes": ("female", "male", "unspecified"),
    "time_zone": "Asia/Seoul",
}


def upgrade() -> None:
    tables.create(op)
    for statement in STATEMENTS:
        op.execute(statement)
    tables.seed_rule(op, ARTICLE, PARAMETERS)
