"""What must survive a crash. Times are epoch seconds, UTC.

A change needs a migration beside the others in `migrations/versions`; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from config.models import MISSED_MACHINE
from leads.attempt import AttemptState
from leads.lead import LIVE, Outcome
from leads.orders import OrderState

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

lists = Table(
    "lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
)

leads = Table(
    "leads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("list_id", Integer, ForeignKey("lists.id"), nullable=False),
    Column("phone", String, nullable=False),
    Column("name", String, nullable=False),
    Column("company", String, nullable=False),
    Column("timezone", String),
    Column("priority", Integer, nullable=False),
    Column("state", String, nullable=False),
    # A claimed lead keeps its due_at, so that a release can put it back as it was.
    Column("due_at", Double),
    Column("extra", JSON, nullable=False),
    Column("added_at", Double, nullable=False),
    # Attempts before this do not count: a call-back's lead is opened anew by the next missed call.
    Column("reopened_at", Double, nullable=False, server_default=text("0")),
    # The phone first: the same index finds a number in all lists.
    UniqueConstraint("phone", "list_id"),
    CheckConstraint("state in ('ready', 'scheduled', 'claimed', 'final')", name="state"),
    CheckConstraint("state <> 'ready' or due_at is null", name="ready"),
    CheckConstraint("state <> 'scheduled' or due_at is not null", name="scheduled"),
)

# Covers the hopper's two questions (LeadRepository.callable), the counts and the next due time.
Index(
    "ix_leads_hopper",
    leads.c.list_id,
    leads.c.state,
    leads.c.due_at,
    leads.c.priority.desc(),
    leads.c.id,
    leads.c.timezone,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String, primary_key=True),
    Column("lead_id", Integer, ForeignKey("leads.id"), nullable=False),
    Column("campaign", String, nullable=False),
    Column("trunk", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("phone", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("claimed_at", Double, nullable=False),
    Column("sent_at", Double),
    Column("ringing_at", Double),
    Column("answered_at", Double),
    Column("connected_at", Double),  # somebody speaks with them, if only the robot
    Column("taken_at", Double),  # an agent has them
    Column("ended_at", Double),
    Column("agent", String),
    Column("disposition", String),  # the robot's where no agent is named
    Column("disposition_by", String),
    Column("outcome", String),
    Column("cause", String),
    Column("note", String, nullable=False),
    Column("heard", String),  # who answered, by the screen (sounds.screening.Heard)
    Column("greeted_at", Double),
    UniqueConstraint("lead_id", "number"),
    CheckConstraint("state in ('intent', 'sent', 'ended', 'released')", name="state"),
    CheckConstraint("(state = 'ended') = (outcome is not null)", name="outcome"),
    Index(None, "campaign", "ended_at"),
    Index(None, "campaign", "id"),
)

# The ledger's counts (LedgerRepository.counts), from the answered calls alone.
_answered = attempts.c.outcome.in_(sorted(LIVE))
Index(
    "ix_attempts_answered",
    attempts.c.campaign,
    attempts.c.outcome,
    attempts.c.ended_at,
    attempts.c.answered_at,
    attempts.c.connected_at,
    attempts.c.greeted_at,
    sqlite_where=_answered,
    postgresql_where=_answered,
)

# Whom we abandoned, by number (store.leads.locked_out).
_abandoned = attempts.c.outcome == Outcome.ABANDONED
Index(
    "ix_attempts_abandoned",
    attempts.c.phone,
    attempts.c.ended_at,
    sqlite_where=_abandoned,
    postgresql_where=_abandoned,
)

# Whom the screen took for machines, whom agents marked as such, and an agent's last talk.
for _name, _columns, _where in (
    ("machine", ("campaign", "ended_at"), attempts.c.outcome == Outcome.MACHINE),
    ("marked", ("campaign", "ended_at"), attempts.c.disposition == MISSED_MACHINE),
    ("taken", ("agent", "taken_at"), attempts.c.agent.is_not(None)),
):
    _of = [attempts.c[column] for column in _columns]
    Index(f"ix_attempts_{_name}", *_of, sqlite_where=_where, postgresql_where=_where)

# How often a number was called lately, by whatever campaign (store.frequency).
_placed = attempts.c.state != AttemptState.RELEASED
Index(
    "ix_attempts_placed",
    attempts.c.phone,
    attempts.c.claimed_at,
    sqlite_where=_placed,
    postgresql_where=_placed,
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("changed_at", Double, nullable=False),
    CheckConstraint("state in ('stopped', 'running', 'paused')", name="state"),
)

agent_states = Table(
    "agent_states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("agent", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double),
    # Why the row ended where no next state did: the daemon stopped, for one.
    Column("closed_by", String),
    Index(None, "agent", "until"),
    Index(None, "until"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("text", String, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("at", Double, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("kind", "subject", "text"),
    CheckConstraint("kind in ('lead', 'agent', 'campaign')", name="kind"),
    Index(None, "at"),
)

# One row, made by the migration, so that taking a lease is always an update.
leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("holder", String, nullable=False),
    Column("expires_at", Double, nullable=False),
)

# A call that came in on a line. The id is its channel's.
inbound_calls = Table(
    "inbound_calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("line", String, nullable=False),
    Column("number", String),
    Column("caller_class", String, nullable=False),
    Column("group", String),
    Column("arrived_at", Double, nullable=False),
    # The first time in a queue, and the wait that the caller was told then, in seconds.
    Column("waiting_at", Double),
    Column("told_wait", Double),
    Column("connected_at", Double),
    Column("talk_ended_at", Double),
    Column("ended_at", Double),
    Column("agent", String),
    # While the call goes on: what it comes to if nothing else happens.
    Column("outcome", String),
    Column("note", String, nullable=False, server_default=text("''")),
    CheckConstraint(
        "outcome in ('talked', 'lost_in_queue', 'left_in_menu', 'after_hours', 'self_served',"
        " 'callback_asked', 'refused', 'in_doubt')",
        name="outcome",
    ),
    CheckConstraint("ended_at is null or outcome is not null", name="ended"),
    Index(None, "line", "arrived_at"),
    Index(None, "arrived_at"),
    Index(None, "number"),
    Index(
        "ix_inbound_calls_open",
        "arrived_at",
        sqlite_where=text("ended_at is null"),
        postgresql_where=text("ended_at is null"),
    ),
)

# A call that an agent's phone rang for and that was not taken, and why.
missed_rings = Table(
    "missed_rings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("group", String, nullable=False),
    Column("at", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("reason", String, nullable=False),
    Index(None, "at"),
    Index(None, "call"),
)

# Somebody to be called back: who was missed, and who asked for it while waiting. One open per number.
callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("campaign", String, nullable=False),
    Column("lead_id", Integer, ForeignKey("leads.id"), nullable=False),
    Column("phone", String, nullable=False),
    Column("line", String, nullable=False),
    Column("group", String, nullable=False),
    # The call that it came from, and the one that closed it.
    Column("call", String, nullable=False),
    Column("closed_by", String),
    Column("created_at", Double, nullable=False),
    # Since when the caller has their place in the queue; none: they were missed.
    Column("place_since", Double),
    Column("due_at", Double, nullable=False),
    Column("closed_at", Double),
    CheckConstraint("kind in ('missed', 'asked')", name="kind"),
    CheckConstraint("state in ('open', 'done', 'cancelled')", name="state"),
    CheckConstraint("(state = 'open') = (closed_at is null)", name="closed"),
    Index(
        "uq_callbacks_open",
        "phone",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index(None, "lead_id"),
    Index(None, "state", "due_at"),
)

# Who is no ordinary client.
caller_classes = Table(
    "caller_classes",
    metadata,
    Column("phone", String, primary_key=True),
    Column("caller_class", String, nullable=False),
    Column("note", String, nullable=False),
    Column("added_at", Double, nullable=False),
    CheckConstraint("caller_class in ('colleague', 'vip', 'spam')", name="caller_class"),
)

# Whom nobody calls, whatever the campaign.
do_not_call = Table(
    "do_not_call",
    metadata,
    Column("phone", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("note", String, nullable=False),
    Column("added_at", Double, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("shop", String, nullable=False),
    # The shop's own key: the same order twice is one.
    Column("key", String, nullable=False),
    Column("number", String, nullable=False),
    # All of them, which order_phones finds it by, and the one that is called now.
    Column("phones", JSON, nullable=False),
    Column("phone", String, nullable=False),
    Column("name", String, nullable=False),
    Column("items", JSON, nullable=False),
    # In hundredths of the currency.
    Column("sum", BigInteger, nullable=False),
    Column("delivery_date", String),
    Column("delivery_window", String),
    # As the shop posted it, to know the same order when it comes again.
    Column("posted_delivery", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("state", String, nullable=False),
    # The lead that it waits on (none: no call is to come), since when, and when the call about it is due.
    Column("lead_id", Integer, ForeignKey("leads.id")),
    Column("queued_at", Double),
    Column("due_at", Double),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("note", String, nullable=False, server_default=text("''")),
    UniqueConstraint("shop", "key"),
    CheckConstraint(f"state in ({', '.join(repr(str(state)) for state in OrderState)})", name="state"),
    Index(None, "phone", "state"),
    Index(None, "state", "id"),
    Index(None, "lead_id"),
)

# By which of its phones an order is found: a buyer may call from any.
order_phones = Table(
    "order_phones",
    metadata,
    Column("order_id", Integer, ForeignKey("orders.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("phone", String, nullable=False),
    Index(None, "phone"),
)

# Results on their way to a shop: written in the transaction that made them, tried until taken or given up.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    # The same at every try, so that the shop knows what it has already.
    Column("delivery", String, nullable=False, unique=True),
    Column("shop", String, nullable=False),
    # Results of one order are sent one after the other.
    Column("order_id", Integer, ForeignKey("orders.id"), nullable=False),
    Column("event", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Double, nullable=False),
    # Since when it is tried: since it was made, or since somebody had it tried again.
    Column("trying_since", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("error", String, nullable=False),
    CheckConstraint("state in ('waiting', 'sent', 'given_up')", name="state"),
    Index(None, "state", "shop", "due_at"),
    Index(None, "order_id"),
)

# One mark, or one spoken comment, of one call.
survey_answers = Table(
    "survey_answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("survey", String, nullable=False),
    Column("call", String, nullable=False),
    Column("question", String, nullable=False),
    Column("mark", Integer),  # None: 0 was pressed or nothing, or it is the comment
    Column("recording", String),
    Column("line", String, nullable=False),
    Column("group", String, nullable=False),
    Column("campaign", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("number", String),
    Column("at", Double, nullable=False),
    UniqueConstraint("call", "survey", "question"),
    Index(None, "survey", "at"),
)
