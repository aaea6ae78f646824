"""Screening: who answered, when their greeting ended (some laws count from there), and machines marked by agents."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ANSWERED = sa.text("outcome IN ('abandoned', 'hung_up_before_talk', 'interrupted', 'talked')")


def upgrade() -> None:
    op.create_table('verdicts',
    sa.Column('attempt', sa.String(), nullable=False),
    sa.Column('early', sa.Boolean(), nullable=False),
    sa.Column('heard', sa.String(), nullable=False),
    sa.Column('confidence', sa.Double(), nullable=False),
    sa.Column('frame', sa.Integer(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('screen', sa.String(), nullable=False),
    sa.Column('checked', sa.Boolean(), nullable=False),
    sa.Column('at', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['attempt'], ['attempts.id'], name=op.f('fk_verdicts_attempt')),
    sa.PrimaryKeyConstraint('attempt', 'early', name=op.f('pk_verdicts'))
    )
    op.create_index('ix_verdicts_checked', 'verdicts', ['attempt'], unique=False, sqlite_where=sa.text("checked"), postgresql_where=sa.text("checked"))
    op.create_index('ix_attempts_machine', 'attempts', ['campaign', 'ended_at'], unique=False, sqlite_where=sa.text("outcome = 'machine'"), postgresql_where=sa.text("outcome = 'machine'"))
    op.create_index('ix_attempts_marked', 'attempts', ['campaign', 'ended_at'], unique=False, sqlite_where=sa.text("disposition = 'machine'"), postgresql_where=sa.text("disposition = 'machine'"))
    op.create_index('ix_attempts_had', 'attempts', ['agent', 'connected_at'], unique=False, sqlite_where=sa.text("agent IS NOT NULL"), postgresql_where=sa.text("agent IS NOT NULL"))
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
