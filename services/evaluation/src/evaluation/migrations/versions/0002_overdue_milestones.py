"""Column `milestone.overdue`: whether the milestone was announced as overdue.

The statements are frozen: a change is a new migration.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    "ALTER TABLE milestone ADD COLUMN overdue boolean NOT NULL DEFAULT false",
    "CREATE INDEX milestone_due ON milestone (due_on) WHERE reached_at IS NULL AND NOT overdue",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
