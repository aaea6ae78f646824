"""Does what the dialer says agree with what the city saw? Pure; the demo's and the crash tests' judge."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ami_daemon.hold import SETTLED
from config.laws import LAWS, WINDOWS, LawName
from config.models import Attempts
from leads.attempt import Attempt, AttemptState
from leads.lead import Outcome
from predictive.ledger import Standing

SLACK = 2.0
"""Seconds between our journal and the city's first sight of a call, at most, on one machine."""

AGREES: dict[str, frozenset[Outcome]] = {
    "busy": frozenset({Outcome.BUSY}),
    "no_answer": frozenset({Outcome.NO_ANSWER}),
    "refused": frozenset({Outcome.FAILED, Outcome.NO_ANSWER, Outcome.BUSY}),
    "hangs_up": frozenset({Outcome.HUNG_UP_BEFORE_TALK, Outcome.TALKED}),
    "leaves": frozenset({Outcome.HUNG_UP_BEFORE_TALK, Outcome.TALKED, Outcome.ABANDONED}),
    "answers": frozenset({Outcome.TALKED, Outcome.ABANDONED, Outcome.HUNG_UP_BEFORE_TALK}),
    "talks_on": frozenset({Outcome.TALKED, Outcome.ABANDONED}),
    "machine": frozenset({Outcome.TALKED, Outcome.ABANDONED}),
}
"""By what the subscriber did: the outcomes that can be true."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One call as the city counted it."""

    number: str
    behaviour: str
    arrived_at: float


@dataclass(frozen=True)
class Match:
    """Attempts and the city's calls, paired by number and time."""

    pairs: list[tuple[Attempt, Seen]]
    attempts_unseen: list[Attempt]
    calls_unexplained: list[Seen]

    @property
    def unmatched(self) -> int:
        return len(self.attempts_unseen) + len(self.calls_unexplained)

    @property
    def contradictions(self) -> list[tuple[Attempt, Seen]]:
        """Pairs whose outcome cannot come of what the subscriber did."""
        return [
            (attempt, seen)
            for attempt, seen in self.pairs
            if attempt.outcome not in (None, Outcome.IN_DOUBT, Outcome.INTERRUPTED)
            and seen.behaviour in AGREES
            and attempt.outcome not in AGREES[seen.behaviour]
        ]


def match(attempts: Iterable[Attempt], seen: Iterable[Seen]) -> Match:
    """Pair each placed attempt with a call of the city: same number, arrived while the attempt was open."""
    left = sorted(seen, key=lambda call: call.arrived_at)
    pairs, unseen = [], []
    for attempt in sorted(attempts, key=lambda a: a.sent_at or a.claimed_at):
        if attempt.state is AttemptState.RELEASED or attempt.sent_at is None:
            continue
        until = math.inf if attempt.ended_at is None else attempt.ended_at
        found = next(
            (
                call
                for call in left
                if call.number == attempt.phone
                and attempt.sent_at - SLACK <= call.arrived_at <= until + SLACK
            ),
            None,
        )
        if found is None:
            unseen.append(attempt)
        else:
            left.remove(found)
            pairs.append((attempt, found))
    return Match(pairs, unseen, left)


def shortest_retry(rules: Attempts) -> float:
    """Seconds before which no lead may be dialed again, whatever came of the attempt before; but an agent
    calls back sooner whom a fault cut off from them."""
    return min((retry.after for retry in rules.retry.values()), default=math.inf)


def dialed_twice(matched: Match, attempts: Sequence[Attempt], retry_after: float) -> int:
    """Numbers that the city saw more often than attempts were placed to them, or dialed again too soon.

    Too soon is less than `retry_after` seconds after the placed attempt before; where a fault cut a talk,
    less than `SETTLED` after the cut.
    """
    placed: dict[str, list[tuple[float, float]]] = {}
    for attempt in attempts:
        if attempt.sent_at is not None and attempt.state is not AttemptState.RELEASED:
            again = attempt.sent_at + retry_after
            if attempt.outcome is Outcome.INTERRUPTED and attempt.agent and attempt.ended_at is not None:
                again = attempt.ended_at + SETTLED
            placed.setdefault(attempt.phone, []).append((attempt.sent_at, again))
    seen = Counter(call.number for _, call in matched.pairs)
    seen.update(call.number for call in matched.calls_unexplained)
    twice = {number for number, count in seen.items() if count > len(placed.get(number, ()))}
    for number, times in placed.items():
        if any(later < again for (_, again), (later, _) in pairwise(sorted(times))):
            twice.add(number)
    return len(twice)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank); 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def report(
    *,
    asterisk: str,
    leads: dict[str, int],
    attempts: Sequence[Attempt],
    seen: Sequence[Seen],
    audit: Sequence[str],
    retry_after: float,
    law: LawName,
    standing: Standing,
    wall_s: float,
) -> dict[str, Any]:
    """The demo's report; `reconciles` says whether all of it agrees.

    `retry_after` is the campaign's `shortest_retry`, `standing` where the ledger has it with its law.
    """
    matched = match(attempts, seen)
    placed = [a for a in attempts if a.state is not AttemptState.RELEASED]
    outcomes = Counter(str(a.outcome) for a in placed if a.outcome is not None)
    waits = [
        (a.connected_at - a.answered_at) * 1000
        for a in placed
        if a.connected_at is not None and a.answered_at is not None
    ]
    twice = dialed_twice(matched, placed, retry_after)
    still_open = [a.id for a in placed if a.state is not AttemptState.ENDED]
    wrong = [
        f"attempt {attempt.id}: {attempt.outcome}, but the subscriber's behaviour was {call.behaviour}"
        for attempt, call in matched.contradictions
    ]
    return {
        "asterisk": asterisk,
        "leads": {"total": sum(leads.values()), **leads},
        "attempts": dict(sorted(outcomes.items())),
        "city": dict(sorted(Counter(call.behaviour for call in seen).items())),
        "unmatched": matched.unmatched,
        "dialed_twice": twice,
        "contradictions": wrong,
        "open": still_open,
        "audit": list(audit),
        "connect_ms": {"p50": round(quantile(waits, 0.5), 1), "p99": round(quantile(waits, 0.99), 1)},
        "abandonment": {
            "abandoned": standing.abandoned,
            "live": standing.live,
            "rate": round(standing.rate, 4),
            "law": law.value,
            "limit": standing.limit,
            "kept": standing.left >= 0,
        },
        "wall_s": round(wall_s, 1),
        "reconciles": not (matched.unmatched or twice or wrong or still_open or audit),
    }


def told(key: str, value: Any) -> str:
    """One entry of the report in words."""
    if key == "abandonment":
        shares = f"{value['abandoned']:g} of {value['live']:g} answered calls, {100 * value['rate']:.1f} %"
        if value["limit"] >= 1:
            return f"{shares}; law {value['law']} has no limit"
        over = "" if value["kept"] else " (over it: of so few calls one may be too many)"
        window = WINDOWS[LAWS[LawName(value["law"])].window]
        return f"{shares}; law {value['law']} permits {100 * value['limit']:g} % in {window}{over}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    if isinstance(value, list):
        return ("\n" + 18 * " ").join(map(str, value)) or "none"
    return str(value)
