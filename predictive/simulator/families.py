"""The families of campaign days on which pacers are judged.

Each is the reference cell (`Scenario`'s defaults) but for what stands here; times from the first login.

| family | what differs |
| --- | --- |
| `reference` | nothing |
| `steady10`, `steady25`, `steady40` | 10, 25 or 40 % of the attempts are answered, all day |
| `halves` | in every hour the answer rate falls to the half at 20 past and is whole again at 40 past |
| `talk_shift` | talks take twice as long from 2.5 h, half as long from 5 h, the usual time from 7 h |
| `agents_change` | half of the agents leave at 2 h and at 5 h; as many others come half an hour later |
| `list_change` | a bad list at 2.5 h (10 % answered, half of them machines, ring 14 s), a good one at 5 h \
(40 %, 15 %, 8 s), the old one at 7 h |
| `outage` | two minutes, five times, 1.5 h apart: attempts fail at once, every other time ring on |
| `few_trunks` | 1.2 lines for each agent, 2 at least: who is present and always busy needs 1.56 |
| `screened` | answers are screened as `predictive.screening.MEASURED` says: other times and errors |
| `blended` | 4 inbound callers per agent-hour: about a fifth of what agents can do |
"""

from __future__ import annotations

from typing import Any

from predictive.screening import MEASURED, Benchmark
from predictive.simulator.scenario import Change, Scenario, ScreeningTimes

HOUR = 3600.0


def screened_by(screen: Benchmark) -> dict[str, Any]:
    """A scenario's keys for answers that are screened so. Errors and times are independent of each other."""
    return {
        "screening": ScreeningTimes(screen.persons.seconds, screen.machines.seconds),
        "machine_error": screen.machines_passed,
        "person_error": screen.persons_lost,
    }


def _halves() -> tuple[Change, ...]:
    base = Scenario().answer_rate
    return tuple(
        Change((hour + third / 3) * HOUR, "answer_rate", rate)
        for hour in range(24)
        for third, rate in ((1, base / 2), (2, base))
    )


def _list(hour: float, answer_rate: float, machine_share: float, ring: float) -> tuple[Change, ...]:
    at = hour * HOUR
    return (
        Change(at, "answer_rate", answer_rate),
        Change(at, "machine_share", machine_share),
        Change(at, "ring", ring),
    )


def _agents_change() -> tuple[Change, ...]:
    leave = tuple(Change(hour * HOUR, "leave", 0.5) for hour in (2, 5))
    return (*leave, *(Change(hour * HOUR, "join", 0.5) for hour in (2.5, 5.5)))


def _outage() -> tuple[Change, ...]:
    return tuple(Change(1.5 * n * HOUR, "outage" if n % 2 else "silence", 120.0) for n in range(1, 6))


_OWN: dict[str, dict[str, Any]] = {
    "reference": {},
    "steady10": {"answer_rate": 0.10},
    "steady25": {},
    "steady40": {"answer_rate": 0.40},
    "halves": {"changes": _halves()},
    "talk_shift": {
        "changes": tuple(Change(h * HOUR, "talk", mean) for h, mean in ((2.5, 300), (5, 75), (7, 150)))
    },
    "agents_change": {"changes": _agents_change()},
    "list_change": {
        "changes": _list(2.5, 0.10, 0.50, 14.0) + _list(5, 0.40, 0.15, 8.0) + _list(7, 0.25, 0.30, 10.5)
    },
    "outage": {"changes": _outage()},
    "few_trunks": {},
    "screened": screened_by(MEASURED),
    "blended": {"inbound": 4.0},
}

FAMILIES = tuple(_OWN)


def scenario_of(family: str, agents: int) -> Scenario:
    """The family's day for a team of this size. Raises `ValueError` for an unknown family."""
    if family not in _OWN:
        raise ValueError(f"no family is called {family!r}; there are {', '.join(FAMILIES)}")
    lines = max(2, round(1.2 * agents)) if family == "few_trunks" else None
    return Scenario(agents, lines=lines, **_OWN[family])
