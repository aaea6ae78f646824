"""What a campaign was like, from its own past: as many of a scenario's rates as it is enough for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, pvariance
from typing import Literal, NamedTuple

ATTEMPTS, LENGTHS, SIGNED_IN = 200, 30, 10 * 3600.0
"""Fewest attempts, talks (and wrap-ups), and seconds signed in, that are believed."""


class PastAttempt(NamedTuple):
    """An attempt whose end is known. Seconds until the answer, or until it ended unanswered."""

    end: Literal["answer", "busy", "failed", "no_answer"]
    ring: float
    talk: float | None = None
    """Seconds; `None`: there was no talk, or it was cut by a fault."""
    agent: str = ""


class Spell(NamedTuple):
    """An agent's time in one state, seconds; an agent who is `offline` has none."""

    state: Literal["ready", "ringing", "talking", "wrap_up", "not_ready"]
    seconds: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """Fields of a `Scenario` by name, and how much they rest on."""

    rates: dict[str, float]
    """What rests on too little is left out."""
    attempts: int
    answers: int
    talks: int
    wrap_ups: int
    pauses: int
    signed_in: float
    """Seconds, of all agents together."""


def learn(attempts: Iterable[PastAttempt], spells: Iterable[Spell], ring_timeout: float) -> Learnt:
    """The rates of the past, for calls that ring at most `ring_timeout` seconds.

    Means and coefficients of variation are the sample's. How agents differ is the variance of their mean
    talks beyond what chance explains (one-way analysis of variance on the logarithms); the rest of the
    talks' variation is `talk_cv`, and likewise of wrap-ups. All that is not ready counts as pauses.
    """
    attempts, spells = list(attempts), list(spells)
    rings = [one.ring for one in attempts if one.end == "answer" and one.ring <= ring_timeout]
    talks = [(one.agent, one.talk) for one in attempts if one.talk is not None]
    wraps = [spell.seconds for spell in spells if spell.state == "wrap_up"]
    pauses = [spell.seconds for spell in spells if spell.state == "not_ready"]
    signed_in = sum(spell.seconds for spell in spells)
    rates: dict[str, float] = {}
    if len(attempts) >= ATTEMPTS:
        failed = sum(one.end in ("busy", "failed") for one in attempts)
        rates |= {"answer_rate": len(rings) / len(attempts), "fast_failed": failed / len(attempts)}
    if len(attempts) >= ATTEMPTS and len(rings) >= LENGTHS and fmean(rings) > 0:
        rates |= {"ring": min(fmean(rings), 0.9 * ring_timeout), "ring_cv": _cv(rings)}
    if len(talks) >= LENGTHS and (mean := fmean(talk for _, talk in talks)) > 0:
        agents = _between(talks)
        rates |= {"talk": mean, "talk_cv": _within([talk for _, talk in talks], agents), "agent_cv": agents}
    if len(wraps) >= LENGTHS:
        # The simulator has agents differ in wrap-up as much as in talk.
        rates |= {"wrap": fmean(wraps), "wrap_cv": _within(wraps, rates.get("agent_cv", 0.0))}
    if signed_in >= SIGNED_IN:
        rates |= {"break_every": 0.0, "pause_every": signed_in / len(pauses) if pauses else 0.0}
        if pauses and sum(pauses) > 0:
            rates["pause_length"] = fmean(pauses)
    return Learnt(
        rates, len(attempts), sum(one.end == "answer" for one in attempts), len(talks), len(wraps),
        len(pauses), signed_in,
    )  # fmt: skip


def _cv(values: Sequence[float]) -> float:
    mean = fmean(values)
    return sqrt(pvariance(values, mean)) / mean if mean > 0 else 0.0


def _within(values: Sequence[float], agents: float) -> float:
    """What is left of the variation when agents' own factors are taken out of it."""
    return sqrt(max(0.0, (1 + _cv(values) ** 2) / (1 + agents**2) - 1))


def _between(talks: Iterable[tuple[str, float]]) -> float:
    """Coefficient of variation of agents' factors on the talk, of the log-normal law."""
    by_agent: dict[str, list[float]] = {}
    for agent, seconds in talks:
        by_agent.setdefault(agent, []).append(log(max(seconds, 1.0)))
    groups = list(by_agent.values())
    count, many = sum(map(len, groups)), len(groups)
    if many < 2 or count <= many:
        return 0.0
    grand = sum(map(sum, groups)) / count
    inside = sum(_squares(group, fmean(group)) for group in groups) / (count - many)
    among = sum(len(group) * (fmean(group) - grand) ** 2 for group in groups) / (many - 1)
    size = (count - sum(len(group) ** 2 for group in groups) / count) / (many - 1)
    return sqrt(exp(max(0.0, (among - inside) / size)) - 1)


def _squares(values: Sequence[float], mean: float) -> float:
    return sum((value - mean) ** 2 for value in values)
