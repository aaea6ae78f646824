"""Calls that came in: who called, how it ended, and whether somebody is owed a call back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from config.models import Line, Site
from leads.phones import BadPhone, parse_phone
from leads.schedule import hours_of


class CallerClass(StrEnum):
    """Who calls: a client, unless a list says otherwise. Decided as the call arrives, and kept on it."""

    CLIENT = "client"
    COLLEAGUE = "colleague"
    VIP = "vip"
    SPAM = "spam"


COUNTED = frozenset({CallerClass.CLIENT, CallerClass.VIP})
"""Whose calls the figures are about."""


class CallOutcome(StrEnum):
    """How a call that came in ended."""

    TALKED = "talked"
    """An agent had the caller."""
    LOST_IN_QUEUE = "lost_in_queue"
    """The caller asked for an agent and left, or was let go, without one."""
    LEFT_IN_MENU = "left_in_menu"
    """The caller left before asking for an agent."""
    AFTER_HOURS = "after_hours"
    """The line was closed."""
    SELF_SERVED = "self_served"
    """A menu or an order script gave the caller what they wanted."""
    CALLBACK_ASKED = "callback_asked"
    """The caller asked to be called back; no loss."""
    REFUSED = "refused"
    """The caller is on the list of spam."""
    IN_DOUBT = "in_doubt"
    """Nothing proves how it ended."""


TOLD = frozenset(
    {CallOutcome.AFTER_HOURS, CallOutcome.SELF_SERVED, CallOutcome.CALLBACK_ASKED, CallOutcome.REFUSED}
)
"""Outcomes that only a call script knows of."""

MISSED = frozenset({CallOutcome.LOST_IN_QUEUE, CallOutcome.LEFT_IN_MENU, CallOutcome.AFTER_HOURS})
"""Outcomes of a caller who wanted somebody and reached nobody."""


class RingReason(StrEnum):
    """Why an agent whose phone rang did not take the call."""

    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    BUSY = "busy"
    PHONE_UNREACHABLE = "phone_unreachable"
    CALLER_LEFT = "caller_left"
    """The caller was quicker to leave than the agent to answer."""


@dataclass(frozen=True, slots=True)
class InboundCall:
    """A row of the books. Times are epoch seconds, None while it has not happened.

    `waiting_at` is the first time that the caller asked for an agent; `group` the last one asked, or the one
    whose agent had them; `told_wait` the seconds of waiting that the caller was told. While the call goes on,
    `outcome` is what is known so far.
    """

    id: str
    line: str
    number: str | None
    caller_class: CallerClass
    group: str | None
    arrived_at: float
    waiting_at: float | None = None
    told_wait: float | None = None
    connected_at: float | None = None
    talk_ended_at: float | None = None
    ended_at: float | None = None
    agent: str | None = None
    outcome: CallOutcome | None = None
    note: str = ""

    @property
    def waited(self) -> float | None:
        """Seconds from asking for an agent until one came, or the call ended; None: not asked, or not yet."""
        if self.waiting_at is None or (until := self.connected_at or self.ended_at) is None:
            return None
        return max(0.0, until - self.waiting_at)


def outcome_of(call: InboundCall) -> CallOutcome:
    """What a call that is over came to."""
    if call.connected_at is not None:
        return CallOutcome.TALKED
    if call.outcome is not None:
        return call.outcome
    return CallOutcome.LEFT_IN_MENU if call.waiting_at is None else CallOutcome.LOST_IN_QUEUE


def caller_number(text: str, country: str) -> str | None:
    """A number as a carrier presents it, in E.164; None where it is withheld or none that may be called."""
    try:
        return parse_phone(text, country)
    except BadPhone:
        return None


class CallbackKind(StrEnum):
    """Why somebody is called back."""

    MISSED = "missed"
    ASKED = "asked"


class CallbackState(StrEnum):
    """A task to call back: open until somebody has talked with the number, or it is given up."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class NewCallback:
    """Somebody to be called back, by `campaign`, which calls the leads of `list`.

    `phone` is E.164; `label` is what the agent is shown: the line's. `call` is the id of the call that it
    comes from. `place_since`: since when the caller has their place in the queue. A higher `priority` is
    called first.
    """

    kind: CallbackKind
    campaign: str
    list: str
    phone: str
    line: str
    label: str
    group: str
    call: str
    due_at: float
    place_since: float | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Callback:
    """A row of the tasks. `closed_by` is the call or attempt that closed it, or who cancelled it."""

    id: int
    kind: CallbackKind
    state: CallbackState
    campaign: str
    lead_id: int
    phone: str
    line: str
    group: str
    call: str
    closed_by: str | None
    created_at: float
    place_since: float | None
    due_at: float
    closed_at: float | None


def callback_campaign(site: Site, line: Line, group: str | None = None) -> str | None:
    """The campaign that calls back who was missed on a line: its own, else the group's (that one, or the
    line's)."""
    return line.callback or site.groups[group if group in site.groups else line.group].callback


def due_at(site: Site, line: Line, now: float) -> float:
    """When the line may call back: now, or at its next opening. A line that never opens leaves it to the
    hours of the campaign."""
    schedule = site.schedules[line.schedule] if line.schedule is not None else None
    hours = hours_of(schedule, site.system.timezone, now)
    return now if hours.opens is None else hours.opens.timestamp()


def missed_callback(site: Site, call: InboundCall, now: float) -> NewCallback | None:
    """The task that a call which is over makes, if any: due now where its line is open, else at its next
    opening."""
    line = site.lines.get(call.line)
    if line is None or call.number is None or call.caller_class not in COUNTED:
        return None
    if call.outcome not in MISSED or str(call.outcome) not in line.callback_after:
        return None
    if (name := callback_campaign(site, line, call.group)) is None:
        return None
    return NewCallback(
        kind=CallbackKind.MISSED,
        campaign=name,
        list=site.campaigns[name].list,
        phone=call.number,
        line=call.line,
        label=line.label,
        group=call.group or line.group,
        call=call.id,
        due_at=due_at(site, line, now),
    )
