"""Who says what came of a talk, and since when that agent has had it: not the robot that spoke before them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

HAD = sa.text("agent IS NOT NULL")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("disposition_by", sa.String(), nullable=True))
    op.add_column("attempts", sa.Column("taken_at", sa.Double(), nullable=True))
    op.execute("UPDATE attempts SET disposition_by = agent WHERE disposition = 'machine'")
    op.execute("UPDATE attempts SET taken_at = connected_at WHERE agent IS NOT NULL")
    op.drop_index("ix_attempts_had", "attempts")
    op.create_index("ix_attempts_taken", "attempts", ["agent", "taken_at"], sqlite_where=HAD, postgresql_where=HAD)
