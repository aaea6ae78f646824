"""Indexes for the abandonment ledger and for the lock-out of abandoned numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ANSWERED = sa.text("outcome IN ('abandoned', 'hung_up_before_talk', 'interrupted', 'talked')")
ABANDONED = sa.text("outcome = 'abandoned'")


def upgrade() -> None:
    op.create_index(
        "ix_attempts_answered",
        "attempts",
        ["campaign", "outcome", "ended_at", "answered_at", "connected_at"],
        sqlite_where=ANSWERED,
        postgresql_where=ANSWERED,
    )
    op.create_index(
        "ix_attempts_abandoned",
        "attempts",
        ["phone", "ended_at"],
        sqlite_where=ABANDONED,
        postgresql_where=ABANDONED,
    )
