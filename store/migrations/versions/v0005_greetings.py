"""Who answered by the screen, and when their greeting ended: some laws count from there."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ANSWERED = sa.text("outcome IN ('abandoned', 'hung_up_before_talk', 'interrupted', 'talked')")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("heard", sa.String(), nullable=True))
    op.add_column("attempts", sa.Column("greeted_at", sa.Double(), nullable=True))
    op.drop_index("ix_attempts_answered", "attempts")
    op.create_index(
        "ix_attempts_answered",
        "attempts",
        ["campaign", "outcome", "ended_at", "answered_at", "connected_at", "greeted_at"],
        sqlite_where=ANSWERED,
        postgresql_where=ANSWERED,
    )
