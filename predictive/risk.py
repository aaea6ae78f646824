"""The risk of one more call: that persons outnumber the agents who are there for them.

Persons and agents are sums of independent yes-or-no variables (Poisson binomial): each call under way
becomes a person with its own chance, each busy agent is free with theirs. Small sums are replaced by the
binomial of the same mean and variance, large ones by the normal law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from math import erfc, sqrt

LARGE = 12.0
"""Variance from which on the normal law is near enough."""
MOST = 2000
"""Calls that one decision asks for, at most."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of independent yes-or-no variables: its mean and variance."""

    mean: float = 0.0
    variance: float = 0.0


def places(free: int, persons: Sum, certain: Sum, agents: Sum, chance: float, most_risk: float) -> int:
    """How many more calls may be placed while the risk of the last one stays within `most_risk`.

    `free` agents are ready now beyond those that persons wait for already (below zero: persons wait
    for nobody). `persons` are expected from ringing calls and others who may take an agent, `certain`
    from calls in screening, `agents` are busy ones who will be free in time; each call placed becomes a
    person with `chance`. The risk of a call is the chance that without it persons already number all
    agents or more: P(persons >= free + agents).
    """
    variance = persons.variance + certain.variance + agents.variance
    of_law = _normal if variance + 2 * chance * max(free, 0) > LARGE else _exact
    risk = of_law(free, persons, certain, agents, chance)
    low, high = 0, 1  # `low` calls are good, the `high`th is not
    while high < MOST and risk(high - 1) <= most_risk:
        low, high = high, high * 2
    high = min(high, MOST + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if risk(middle - 1) <= most_risk else (low, middle)
    return low


Risk = Callable[[int], float]
"""The risk of one call more, after so many."""


def _normal(free: int, persons: Sum, certain: Sum, agents: Sum, chance: float) -> Risk:
    mean = persons.mean + certain.mean - agents.mean
    variance = persons.variance + certain.variance + agents.variance + 1e-9
    each = chance * (1 - chance)

    def risk(calls: int) -> float:
        sigma = sqrt(2 * (variance + calls * each))
        return 0.5 * erfc((free - 0.5 - mean - calls * chance) / sigma)

    return risk


def _exact(free: int, persons: Sum, certain: Sum, agents: Sum, chance: float) -> Risk:
    not_more = [min(share, 1.0) for share in accumulate(_binomial(agents))]
    """The chance that agents who come number at most 0, 1, 2..."""
    under_way = _binomial(persons)
    if certain.mean > 0:
        under_way = _sum_of(under_way, _binomial(certain))

    def risk(calls: int) -> float:
        placed = Sum(calls * chance, calls * chance * (1 - chance))
        law = _sum_of(under_way, _binomial(placed)) if calls else under_way
        total = 0.0
        for spare, share in enumerate(law[max(free, 0) :], start=max(-free, 0)):
            total += share * (not_more[spare] if spare < len(not_more) else 1.0)
        return total

    return risk


def _binomial(of: Sum) -> list[float]:
    """Chances of 0, 1, 2... by the binomial law (of a real number of trials) of that mean and variance."""
    if of.mean <= 1e-9:
        return [1.0]
    chance = min(max(1 - of.variance / of.mean, 1e-6), 1 - 1e-6)
    trials = of.mean / chance
    odds = chance / (1 - chance)
    # Outwards from the middle: the chance of none may be too small for a number.
    middle = number = int(of.mean)
    share, law = 1.0, [1.0]
    while number < trials - 1e-3 and share > 1e-7:
        share *= (trials - number) / (number + 1) * odds
        number += 1
        law.append(share)
    share, number = 1.0, middle
    below = [0.0] * middle
    while number > 0 and share > 1e-7:
        share *= number / ((trials - number + 1) * odds)
        number -= 1
        below[number] = share
    law = below + law
    total = sum(law)
    return [share / total for share in law]


def _sum_of(one: list[float], other: list[float]) -> list[float]:
    """The law of the sum of two independent numbers, without its negligible end."""
    law = [0.0] * (len(one) + len(other) - 1)
    for second, weight in enumerate(other):
        for first, share in enumerate(one):
            law[first + second] += share * weight
    while law[-1] < 1e-9:
        law.pop()
    return law
