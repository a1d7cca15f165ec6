"""Tables of votes, current and replaced ballots, totals and reached thresholds.

The statements are frozen: a change is a new migration.
"""

from alembic import op

from townhall.chassis import tables

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE vote (
        task_id uuid PRIMARY KEY,
        id int GENERATED ALWAYS AS IDENTITY CONSTRAINT vote_number UNIQUE,
        title text NOT NULL,
        state text NOT NULL CONSTRAINT v1_known_state CHECK (state IN ('scheduled', 'open', 'closed')),
        opens_at timestamptz NOT NULL,
        closes_at timestamptz NOT NULL,
        scheduled_at timestamptz NOT NULL,
        rule_version int REFERENCES rule,
        rule_article text,
        more_than int CONSTRAINT v5_threshold_not_negative CHECK (more_than >= 0),
        ballots_changeable boolean,
        wrapped_key bytea NOT NULL,
        key_version int NOT NULL,
        CONSTRAINT v1_closes_after_it_opens CHECK (opens_at < closes_at),
        CONSTRAINT v2_terms_from_opening_on CHECK (
            num_nonnulls(rule_version, rule_article, more_than, ballots_changeable)
            = CASE state WHEN 'scheduled' THEN 0 ELSE 4 END
        )
    )
    """,
    "CREATE INDEX vote_by_time ON vote (opens_at, task_id)",
    "CREATE INDEX vote_by_state ON vote (state, opens_at, task_id)",
    "CREATE INDEX vote_closing ON vote (closes_at) WHERE state = 'open'",
    # Updated with every group of ballots: free space in the page keeps the updates HOT (no index update).
    """
    CREATE TABLE tally (
        task_id uuid PRIMARY KEY REFERENCES vote,
        yes int NOT NULL,
        no int NOT NULL,
        reached_at timestamptz,
        CONSTRAINT v6_totals_not_negative CHECK (yes >= 0 AND no >= 0)
    ) WITH (fillfactor = 20)
    """,
    "CREATE SEQUENCE ballot_id",
    # Wide columns first: no byte is lost to alignment. Free space in each page keeps changes HOT (no index update).
    # No foreign key: rows are inserted only by counting, which has locked the vote's row.
    """
    CREATE TABLE current_ballot (
        id bigint NOT NULL,
        cast_at timestamptz NOT NULL,
        vote_id int NOT NULL,
        choice boolean NOT NULL,
        voter bytea NOT NULL CONSTRAINT v7_voter_is_a_keyed_hash CHECK (length(voter) = 16),
        CONSTRAINT v3_one_ballot_per_citizen PRIMARY KEY (vote_id, voter)
    ) WITH (fillfactor = 95)
    """,
    """
    CREATE TABLE replaced_ballot (
        id bigint NOT NULL,
        cast_at timestamptz NOT NULL,
        vote_id int NOT NULL,
        choice boolean NOT NULL,
        voter bytea NOT NULL CONSTRAINT v7_voter_is_a_keyed_hash CHECK (length(voter) = 16),
        CONSTRAINT v6_replaced_once PRIMARY KEY (vote_id, id)
    )
    """,
    # For audits and recounts, not for serving: it reads both tables.
    """
    CREATE VIEW accepted_ballot AS
    SELECT ballot.id, vote.task_id, ballot.voter,
        CASE WHEN ballot.choice THEN 'yes' ELSE 'no' END AS choice, ballot.cast_at
    FROM (
        SELECT id, vote_id, voter, choice, cast_at FROM current_ballot
        UNION ALL
        SELECT id, vote_id, voter, choice, cast_at FROM replaced_ballot
    ) AS ballot JOIN vote ON vote.id = ballot.vote_id
    """,
    """
    CREATE TABLE crossing (
        task_id uuid NOT NULL REFERENCES vote,
        rule_version int NOT NULL REFERENCES rule,
        yes int NOT NULL,
        no int NOT NULL,
        reached_at timestamptz NOT NULL,
        CONSTRAINT v5_threshold_once PRIMARY KEY (task_id, rule_version)
    )
    """,
    """
    CREATE FUNCTION refuse_ballot_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'V6: an accepted ballot is never removed' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER v6_never_removed BEFORE DELETE OR TRUNCATE ON current_ballot
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ballot_change()
    """,
    """
    CREATE TRIGGER v6_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON replaced_ballot
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ballot_change()
    """,
    """
    CREATE FUNCTION keep_replaced_ballot() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.id <= OLD.id OR (NEW.vote_id, NEW.voter) IS DISTINCT FROM (OLD.vote_id, OLD.voter) THEN
            RAISE EXCEPTION 'V6: only a later ballot of the same citizen may replace a ballot'
            USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        INSERT INTO replaced_ballot (id, cast_at, vote_id, choice, voter)
        VALUES (OLD.id, OLD.cast_at, OLD.vote_id, OLD.choice, OLD.voter);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER v6_replaced_ballots_are_kept AFTER UPDATE ON current_ballot
    FOR EACH ROW EXECUTE FUNCTION keep_replaced_ballot()
    """,
    """
    CREATE FUNCTION refuse_vote_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (NEW.task_id, NEW.id, NEW.scheduled_at, NEW.wrapped_key, NEW.key_version)
           IS DISTINCT FROM (OLD.task_id, OLD.id, OLD.scheduled_at, OLD.wrapped_key, OLD.key_version) THEN
            RAISE EXCEPTION 'V7: the key of a vote never changes' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF OLD.state <> 'scheduled'
           AND (NEW.opens_at, NEW.closes_at, NEW.rule_version, NEW.rule_article, NEW.more_than, NEW.ballots_changeable)
           IS DISTINCT FROM
           (OLD.opens_at, OLD.closes_at, OLD.rule_version, OLD.rule_article, OLD.more_than, OLD.ballots_changeable) THEN
            RAISE EXCEPTION 'V2: the terms of a vote are fixed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF (OLD.state, NEW.state) NOT IN (('scheduled', 'scheduled'), ('scheduled', 'open'), ('open', 'open'),
                                          ('open', 'closed'), ('closed', 'closed')) THEN
            RAISE EXCEPTION 'V1: no such move of a vote' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER v2_v7_fixed_columns BEFORE UPDATE ON vote
    FOR EACH ROW EXECUTE FUNCTION refuse_vote_change()
    """,
)


def upgrade() -> None:
    """Create the chassis's tables, those of voting, and the first version of the rules."""
    tables.create(op)
    for statement in STATEMENTS:
        op.execute(statement)
    tables.seed_rule(op, "국민포럼 투표 운영 기준 (the voting rules of the Citizens' Forum)", PARAMETERS)


PARAMETERS = {"yes_more_than": 1000, "ballots_changeable": True}
