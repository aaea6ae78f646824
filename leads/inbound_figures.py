"""What the calls of a period amount to: received, handled, missed, and how long people waited. Pure.

`docs/inbound.md` has each figure in words; a call is counted once, by what it came to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from leads.inbound import MISSED, CallOutcome, InboundCall, outcome_of

SHORT = 5.0
"""Seconds: who leaves a queue sooner is a short abandon, which the service level does not count."""

HANDLED = frozenset({CallOutcome.TALKED, CallOutcome.SELF_SERVED})


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the calls that `by` stands for ("" for all). Times are seconds; None where there is nothing to tell.

    `received` is the sum of `handled`, `missed`, `callback_asked`, `refused`, `in_doubt` and `under_way`.
    """

    by: str
    received: int
    handled: int
    missed: int
    handled_per_missed: float | None
    talked: int
    self_served: int
    lost_in_queue: int
    after_hours: int
    left_in_menu: int
    callback_asked: int
    refused: int
    in_doubt: int
    under_way: int
    no_number: int
    offered: int
    lost_share: float | None
    """Lost in the queue ÷ offered."""
    service_level: float | None
    """Talked after at most `within` seconds ÷ (offered − short abandons)."""
    answer_wait: float | None
    """Mean wait of those whom an agent had: the average speed of answer."""
    lost_wait: float | None
    """Mean wait of those who were lost in the queue."""
    longest_wait: float | None


def figures(calls: Iterable[InboundCall], by: str = "", within: float = 20.0) -> Figures:
    """The figures of these calls; `within` is the service level's time."""
    all_calls = list(calls)
    over = [call for call in all_calls if call.ended_at is not None or call.connected_at is not None]
    found = Counter(outcome_of(call) for call in over)
    answered = _waits(over, CallOutcome.TALKED)
    lost = _waits(over, CallOutcome.LOST_IN_QUEUE)
    handled = sum(found[outcome] for outcome in HANDLED)
    missed = sum(found[outcome] for outcome in MISSED)
    offered = sum(call.waiting_at is not None for call in over)
    counted = offered - sum(wait < SHORT for wait in lost)
    return Figures(
        by=by,
        received=len(all_calls),
        handled=handled,
        missed=missed,
        handled_per_missed=handled / missed if missed else None,
        talked=found[CallOutcome.TALKED],
        self_served=found[CallOutcome.SELF_SERVED],
        lost_in_queue=found[CallOutcome.LOST_IN_QUEUE],
        after_hours=found[CallOutcome.AFTER_HOURS],
        left_in_menu=found[CallOutcome.LEFT_IN_MENU],
        callback_asked=found[CallOutcome.CALLBACK_ASKED],
        refused=found[CallOutcome.REFUSED],
        in_doubt=found[CallOutcome.IN_DOUBT],
        under_way=len(all_calls) - len(over),
        no_number=sum(call.number is None for call in all_calls),
        offered=offered,
        lost_share=found[CallOutcome.LOST_IN_QUEUE] / offered if offered else None,
        service_level=sum(wait <= within for wait in answered) / counted if counted else None,
        answer_wait=_mean(answered),
        lost_wait=_mean(lost),
        longest_wait=max([*answered, *lost], default=None),
    )


def report(
    calls: Iterable[InboundCall], by: Callable[[InboundCall], str], within: float = 20.0
) -> list[Figures]:
    """The figures of each part that `by` names, in the order of the names."""
    parts: dict[str, list[InboundCall]] = {}
    for call in calls:
        parts.setdefault(by(call), []).append(call)
    return [figures(part, name, within) for name, part in sorted(parts.items())]


def _waits(over: Iterable[InboundCall], outcome: CallOutcome) -> list[float]:
    return [wait for call in over if outcome_of(call) is outcome and (wait := call.waited) is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
