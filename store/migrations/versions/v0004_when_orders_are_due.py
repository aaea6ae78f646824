"""Since when an order waits on its lead, and when the call about it is due."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("orders", sa.Column("queued_at", sa.Double(), nullable=True))
    op.add_column("orders", sa.Column("due_at", sa.Double(), nullable=True))
    op.execute(
        "UPDATE orders SET queued_at = changed_at, due_at = coalesce("
        "(SELECT leads.due_at FROM leads WHERE leads.id = orders.lead_id), changed_at) "
        "WHERE lead_id IS NOT NULL"
    )
