"""Inbound calls, call-backs, orders, surveys, and whom not to call."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table('caller_classes',
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('caller_class', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('added_at', sa.Double(), nullable=False),
    sa.CheckConstraint("caller_class in ('colleague', 'vip', 'spam')", name=op.f('ck_caller_classes_caller_class')),
    sa.PrimaryKeyConstraint('phone', name=op.f('pk_caller_classes'))
    )
    op.create_table('do_not_call',
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('added_at', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('phone', name=op.f('pk_do_not_call'))
    )
    op.create_table('inbound_calls',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=True),
    sa.Column('caller_class', sa.String(), nullable=False),
    sa.Column('group', sa.String(), nullable=True),
    sa.Column('arrived_at', sa.Double(), nullable=False),
    sa.Column('waiting_at', sa.Double(), nullable=True),
    sa.Column('told_wait', sa.Double(), nullable=True),
    sa.Column('connected_at', sa.Double(), nullable=True),
    sa.Column('talk_ended_at', sa.Double(), nullable=True),
    sa.Column('ended_at', sa.Double(), nullable=True),
    sa.Column('agent', sa.String(), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('note', sa.String(), server_default=sa.text("''"), nullable=False),
    sa.CheckConstraint("outcome in ('talked', 'lost_in_queue', 'left_in_menu', 'after_hours', 'self_served', 'callback_asked', 'refused', 'in_doubt')", name=op.f('ck_inbound_calls_outcome')),
    sa.CheckConstraint('ended_at is null or outcome is not null', name=op.f('ck_inbound_calls_ended')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_calls'))
    )
    op.create_index(op.f('ix_inbound_calls_arrived_at'), 'inbound_calls', ['arrived_at'], unique=False)
    op.create_index(op.f('ix_inbound_calls_line_arrived_at'), 'inbound_calls', ['line', 'arrived_at'], unique=False)
    op.create_index(op.f('ix_inbound_calls_number'), 'inbound_calls', ['number'], unique=False)
    op.create_index('ix_inbound_calls_open', 'inbound_calls', ['arrived_at'], unique=False, sqlite_where=sa.text('ended_at is null'), postgresql_where=sa.text('ended_at is null'))
    op.create_table('missed_rings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('call', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('group', sa.String(), nullable=False),
    sa.Column('at', sa.Double(), nullable=False),
    sa.Column('seconds', sa.Double(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_missed_rings'))
    )
    op.create_index(op.f('ix_missed_rings_at'), 'missed_rings', ['at'], unique=False)
    op.create_index(op.f('ix_missed_rings_call'), 'missed_rings', ['call'], unique=False)
    op.create_table('survey_answers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('survey', sa.String(), nullable=False),
    sa.Column('call', sa.String(), nullable=False),
    sa.Column('question', sa.String(), nullable=False),
    sa.Column('mark', sa.Integer(), nullable=True),
    sa.Column('recording', sa.String(), nullable=True),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('group', sa.String(), nullable=False),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=True),
    sa.Column('at', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_survey_answers')),
    sa.UniqueConstraint('call', 'survey', 'question', name=op.f('uq_survey_answers_call_survey_question'))
    )
    op.create_index(op.f('ix_survey_answers_survey_at'), 'survey_answers', ['survey', 'at'], unique=False)
    op.create_table('callbacks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('campaign', sa.String(), nullable=False),
    sa.Column('lead_id', sa.Integer(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('line', sa.String(), nullable=False),
    sa.Column('group', sa.String(), nullable=False),
    sa.Column('call', sa.String(), nullable=False),
    sa.Column('closed_by', sa.String(), nullable=True),
    sa.Column('created_at', sa.Double(), nullable=False),
    sa.Column('place_since', sa.Double(), nullable=True),
    sa.Column('due_at', sa.Double(), nullable=False),
    sa.Column('closed_at', sa.Double(), nullable=True),
    sa.CheckConstraint("(state = 'open') = (closed_at is null)", name=op.f('ck_callbacks_closed')),
    sa.CheckConstraint("kind in ('missed', 'asked')", name=op.f('ck_callbacks_kind')),
    sa.CheckConstraint("state in ('open', 'done', 'cancelled')", name=op.f('ck_callbacks_state')),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_callbacks_lead_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_callbacks'))
    )
    op.create_index(op.f('ix_callbacks_lead_id'), 'callbacks', ['lead_id'], unique=False)
    op.create_index(op.f('ix_callbacks_state_due_at'), 'callbacks', ['state', 'due_at'], unique=False)
    op.create_index('uq_callbacks_open', 'callbacks', ['phone'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_table('orders',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('shop', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('phones', sa.JSON(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('items', sa.JSON(), nullable=False),
    sa.Column('sum', sa.BigInteger(), nullable=False),
    sa.Column('delivery_date', sa.String(), nullable=True),
    sa.Column('delivery_window', sa.String(), nullable=True),
    sa.Column('posted_delivery', sa.JSON(), nullable=False),
    sa.Column('attributes', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('lead_id', sa.Integer(), nullable=True),
    sa.Column('queued_at', sa.Double(), nullable=True),
    sa.Column('due_at', sa.Double(), nullable=True),
    sa.Column('created_at', sa.Double(), nullable=False),
    sa.Column('changed_at', sa.Double(), nullable=False),
    sa.Column('note', sa.String(), server_default=sa.text("''"), nullable=False),
    sa.CheckConstraint("state in ('robot', 'agents', 'talked', 'confirmed', 'told', 'cancelled', 'not_reached')", name=op.f('ck_orders_state')),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_orders_lead_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('shop', 'key', name=op.f('uq_orders_shop_key'))
    )
    op.create_index(op.f('ix_orders_lead_id'), 'orders', ['lead_id'], unique=False)
    op.create_index(op.f('ix_orders_phone_state'), 'orders', ['phone', 'state'], unique=False)
    op.create_index(op.f('ix_orders_state_id'), 'orders', ['state', 'id'], unique=False)
    op.create_table('order_phones',
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('phone', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_phones_order_id')),
    sa.PrimaryKeyConstraint('order_id', 'place', name=op.f('pk_order_phones'))
    )
    op.create_index(op.f('ix_order_phones_phone'), 'order_phones', ['phone'], unique=False)
    op.create_table('outbox',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('delivery', sa.String(), nullable=False),
    sa.Column('shop', sa.String(), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('event', sa.String(), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.Double(), nullable=False),
    sa.Column('trying_since', sa.Double(), nullable=False),
    sa.Column('due_at', sa.Double(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('error', sa.String(), nullable=False),
    sa.CheckConstraint("state in ('waiting', 'sent', 'given_up')", name=op.f('ck_outbox_state')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_outbox_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('delivery', name=op.f('uq_outbox_delivery'))
    )
    op.create_index(op.f('ix_outbox_order_id'), 'outbox', ['order_id'], unique=False)
    op.create_index(op.f('ix_outbox_state_shop_due_at'), 'outbox', ['state', 'shop', 'due_at'], unique=False)
    op.add_column('attempts', sa.Column('disposition', sa.String(), nullable=True))
    op.create_index('ix_attempts_placed', 'attempts', ['phone', 'claimed_at'], unique=False, sqlite_where=sa.text("state != 'released'"), postgresql_where=sa.text("state != 'released'"))
    op.add_column('leads', sa.Column('reopened_at', sa.Double(), server_default=sa.text('0'), nullable=False))
