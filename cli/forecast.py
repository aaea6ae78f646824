"""What `perezvon simulate` rests on and what it comes to: from the site and the store to plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

from config.models import Campaign, Site
from leads.attempt import Attempt, AttemptState
from leads.forecast import expected_attempts
from leads.lead import LeadState, Outcome
from predictive.simulator.forecast import Forecast
from predictive.simulator.history import ATTEMPTS, LENGTHS, Learnt, PastAttempt, Spell, learn
from predictive.simulator.scenario import Scenario
from store import Store

RECENT = 20_000
"""The latest attempts that a forecast looks at."""
PACERS = ("predictive", "progressive")
_ENDS = {Outcome.BUSY: "busy", Outcome.FAILED: "failed", Outcome.NO_ANSWER: "no_answer"}


@dataclass(frozen=True, slots=True)
class Past:
    """What the store knows of a campaign."""

    learnt: Learnt
    busy: float
    """Share of busy ones among those that are busy or failed."""
    ready: int
    """Leads never called yet, or put back as if they were not."""
    again: int
    """Leads that wait for another call, or are called just now."""


NOTHING = Past(learn((), (), 1.0), 0.5, 0, 0)
"""Where there is no database yet."""


async def past_of(store: Store, site: Site, name: str) -> Past:
    """The campaign's latest attempts, its agents' time since the first of them, and its list."""
    campaign = site.campaigns[name]
    latest = [one for one in await store.attempts.recent(name, RECENT) if one.state is AttemptState.ENDED]
    attempts = [past for one in latest if (past := _past(one)) is not None]
    spells: list[Spell] = []
    if latest:
        since = min(one.claimed_at for one in latest)
        ended = await store.agent_states.ended(site.members(campaign.group), since)
        spells = [Spell(cast(Any, state), seconds) for state, seconds in ended if state != "offline"]
    failed = [one.end for one in attempts if one.end in ("busy", "failed")]
    counts = await store.leads.counts(campaign.list)
    return Past(
        learn(attempts, spells, campaign.ring_time),
        failed.count("busy") / len(failed) if failed else 0.5,
        counts[LeadState.READY],
        counts[LeadState.SCHEDULED] + counts[LeadState.CLAIMED],
    )


def _past(attempt: Attempt) -> PastAttempt | None:
    """`None` for an attempt of which nothing proves how it ended."""
    placed = attempt.claimed_at if attempt.sent_at is None else attempt.sent_at
    if attempt.outcome in _ENDS and attempt.ended_at is not None:
        return PastAttempt(cast(Any, _ENDS[attempt.outcome]), max(0.0, attempt.ended_at - placed))
    if attempt.answered_at is None or attempt.outcome in (None, Outcome.IN_DOUBT):
        return None
    talk = None
    if (
        attempt.outcome is Outcome.TALKED
        and attempt.connected_at is not None
        and attempt.ended_at is not None
    ):
        talk = max(0.0, attempt.ended_at - attempt.connected_at)
    return PastAttempt("answer", max(0.0, attempt.answered_at - placed), talk, attempt.agent or "")


class TooLittle(ValueError):
    """Neither the past nor the command line tells what a forecast needs."""

    def __init__(self, name: str, learnt: Learnt, missing: Sequence[str]) -> None:
        super().__init__(
            f"campaign {name} has {learnt.attempts} attempts whose end is known and {learnt.talks} talks;"
            f" a forecast needs {ATTEMPTS} and {LENGTHS}"
        )
        self.hint = f"state {' and '.join(missing)}, and any other rate that you know"


@dataclass(frozen=True, slots=True)
class Basis:
    """A scenario, and where each of its rates comes from."""

    scenario: Scenario
    stated: dict[str, Any]
    learnt: dict[str, float]
    assumed: dict[str, Any]


NEEDED = {"answer_rate": "--answer-rate", "talk": "--talk"}


def basis_of(site: Site, name: str, past: Past, stated: Mapping[str, Any], hours: float) -> Basis:
    """What is stated, else what was learnt, else what the site says or the simulator has as usual.

    Raises `TooLittle`, and `ValueError` for rates that no campaign can have.
    """
    campaign = site.campaigns[name]
    learnt = {key: value for key, value in past.learnt.rates.items() if key not in stated}
    missing = [option for key, option in NEEDED.items() if key not in stated and key not in learnt]
    if missing:
        raise TooLittle(name, past.learnt, missing)
    assumed: dict[str, Any] = {
        # No screening is done, and nobody is known to be a machine, unless that is stated.
        "machine_share": 0.0,
        "screening": None,
        "wrap": site.groups[campaign.group].wrap_up,
        "ring": min(Scenario().ring, campaign.ring_time / 2),
        "fast_failed": min(Scenario().fast_failed, 1 - {**learnt, **stated}["answer_rate"]),
    }
    own = {
        "hours": hours,
        "ring_timeout": campaign.ring_time,
        "grace": campaign.grace,
        "calls_per_second": _permitted(site, campaign)[1],
    }
    scenario = Scenario(**{**assumed, **own, **learnt, **stated})
    rest = {
        field.name: getattr(scenario, field.name)
        for field in fields(Scenario)
        if field.name not in {*learnt, *stated, *own, "agents", "changes", "lines", "warm_up", "login_spread"}
    }
    return Basis(scenario, dict(stated), learnt, rest)


def _permitted(site: Site, campaign: Campaign) -> tuple[int, float]:
    """Lines and calls a second, by the tightest limit."""
    limits = (campaign, site.trunks[campaign.trunk], site.system.limits)
    return min(one.lines for one in limits), min(one.calls_per_second for one in limits)


def rows_of(
    forecasts: Sequence[Forecast], basis: Basis, past: Past, campaign: Campaign
) -> list[dict[str, Any]]:
    """Each forecast with how long the list lasts: working hours, and days of that many hours."""
    rows = []
    for one in forecasts:
        attempts = _attempts_left(basis.scenario, one.abandonment, past, campaign)
        lasts = attempts / one.attempts_per_hour if one.attempts_per_hour else None
        days = None if lasts is None else lasts / basis.scenario.hours
        rows.append({**asdict(one), "list_attempts": attempts, "list_hours": lasts, "list_days": days})
    return rows


def _attempts_left(of: Scenario, abandonment: float, past: Past, campaign: Campaign) -> float:
    persons = of.answer_rate * (1 - of.machine_share)
    chances = {
        Outcome.BUSY: of.fast_failed * past.busy,
        Outcome.FAILED: of.fast_failed * (1 - past.busy),
        Outcome.NO_ANSWER: max(0.0, 1 - of.answer_rate - of.fast_failed),
        Outcome.ABANDONED: persons * abandonment,
    }
    fresh = expected_attempts(campaign.attempts, chances)
    again = expected_attempts(campaign.attempts, chances, {Outcome.NO_ANSWER: 1})
    return past.ready * fresh + past.again * again


def notes_of(site: Site, name: str, basis: Basis, past: Past, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the figures rest on and leave out, in sentences."""
    learnt, campaign = past.learnt, site.campaigns[name]
    notes = []
    if basis.learnt:
        notes.append(
            f"learnt from {learnt.attempts} attempts ({learnt.answers} answered, {learnt.talks} talks),"
            f" {learnt.wrap_ups} wrap-ups and {learnt.pauses} pauses in"
            f" {learnt.signed_in / 3600:.0f} signed-in hours: {_told(basis.learnt)}"
        )
    if basis.stated:
        notes.append(f"stated: {_told(basis.stated)}")
    notes.append(f"assumed: {_told(basis.assumed)}")
    lines, calls = _permitted(site, campaign)
    most = max(row["lines_max"] for row in rows)
    if basis.scenario.lines is None and most > lines:
        notes.append(
            f"lines are as many as needed, up to {most}; the site permits {lines}: try --lines {lines}"
        )
    notes.append(f"at most {calls:g} calls a second, as the site permits")
    notes.append(
        f"the list: {past.ready} leads not called yet and {past.again} to be called again; each attempt has"
        " the same chances, retries are as the campaign's rules say, waiting for them is not counted"
    )
    return notes


def _told(rates: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_number(value)}" for key, value in rates.items())


def _number(value: Any) -> str:
    if isinstance(value, int | float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return "none" if value is None else str(value)
