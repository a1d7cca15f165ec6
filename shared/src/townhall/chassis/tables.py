"""The tables every service's database has. The first migration of each service makes them.

The statements are frozen: a change to one of these tables is a new function here and a new migration in each service.
"""

import json
from collections.abc import Mapping
from typing import Protocol

FIRST = (
    # The last version of each key: locked while the next is announced, so that the order of a key is commit order.
    "CREATE TABLE stream (key text PRIMARY KEY, version bigint NOT NULL)",
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL,
        key text,
        event_id uuid NOT NULL CONSTRAINT one_announcement_per_event UNIQUE,
        headers jsonb NOT NULL,
        payload bytea NOT NULL,
        announced_at timestamptz NOT NULL,
        sent_at timestamptz
    )
    """,
    "CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL",
    "CREATE TABLE inbox (event_id uuid PRIMARY KEY, taken_at timestamptz NOT NULL DEFAULT now())",
    """
    CREATE TABLE dead_letter (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL,
        partition int NOT NULL,
        position bigint NOT NULL,
        digest bytea NOT NULL,
        key text,
        reason text NOT NULL,
        attempts int NOT NULL DEFAULT 1,
        claimed boolean NOT NULL DEFAULT false,
        headers jsonb NOT NULL,
        value bytea,
        status text NOT NULL DEFAULT 'waiting'
            CONSTRAINT known_status CHECK (status IN ('waiting', 'requeued', 'applied', 'dropped')),
        dead_lettered_at timestamptz NOT NULL DEFAULT now(),
        settled_at timestamptz,
        CONSTRAINT one_row_per_message UNIQUE (topic, partition, position, digest)
    )
    """,
    "CREATE INDEX dead_letter_open ON dead_letter (topic, key, id) WHERE status IN ('waiting', 'requeued')",
    """
    CREATE TABLE rule (
        version int PRIMARY KEY,
        article text NOT NULL,
        parameters jsonb NOT NULL,
        effective_from timestamptz NOT NULL,
        enacted_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE receipt (
        person text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        status int NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT one_effect_per_key PRIMARY KEY (person, key)
    )
    """,
    # Which pseudonym a person has, whichever version of the person key their pseudonym here is of.
    "CREATE TABLE person_alias (pseudonym text PRIMARY KEY, key_version int NOT NULL, person text NOT NULL)",
    "CREATE TABLE person_key (version int PRIMARY KEY, proof bytea NOT NULL)",
    # The identity of this database; a new one reads every topic from the beginning.
    "CREATE TABLE incarnation (id uuid NOT NULL, since timestamptz NOT NULL DEFAULT now())",
    "INSERT INTO incarnation (id) VALUES (gen_random_uuid())",
)


class Operations(Protocol):
    """What is needed of Alembic's `op`, or of anything else that executes one statement."""

    def execute(self, statement: str) -> object:
        """Run the statement in the migration's transaction."""


def create(op: Operations) -> None:
    """Make the chassis tables; called by each service's first migration."""
    for statement in FIRST:
        op.execute(statement)


def seed_rule(op: Operations, article: str, parameters: Mapping[str, object]) -> None:
    """Enact version 1, in force since the beginning of time, so that no act is ever without a rule."""
    values = json.dumps(dict(parameters)).replace("'", "''")
    title = article.replace("'", "''")
    op.execute(
        "INSERT INTO rule (version, article, parameters, effective_from) "  # noqa: S608  literals of a migration
        f"VALUES (1, '{title}', '{values}', '-infinity')"
    )
