"""Why a campaign dials as it does, in words. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ami_daemon.pacing import Decision
from config.laws import Law
from predictive.ledger import Screening, Standing
from predictive.screening import Marks

NO_LEADS = "no more leads may be called now"
BOUNDS = {
    "nothing known": "nothing is known of this campaign yet: one call for each free agent",
    "no agents": "no agent is ready or will be soon",
    "agents": "as many calls as there are agents for them",
    "risk": "one call more would risk too many abandoned ones",
    "budget": "the budget of abandoned calls is gone: one call for each free agent",
    "nothing": "nothing holds it back",
    "lines": "held back by lines",
    "calls per second": "held back by calls per second",
}
"""What binds a decision: the pacer's own words (`predictive.contract.Bound`), then the daemon's."""


def describe(decision: Decision, starved: bool) -> list[str]:
    """The decision of this moment with its figures: what is wanted and why, what is expected, the budget."""
    floor, why = decision.floor, decision.reasons
    lines = [
        f"now: {decision.wanted} more calls wanted, {decision.fit} may be placed; {bound(decision, starved)}",
        f"its agents: {len(floor.ready)} ready, {len(floor.talking)} talking, "
        f"{len(floor.wrapping)} in wrap-up; "
        f"its calls: {len(floor.ringing)} ringing, {len(floor.waiting)} waiting for an agent",
    ]
    if why is not None:
        lines.append(
            f"expected: {why.under_way:.1f} persons from the calls under way, {why.free:.1f} free agents for "
            f"them; {100 * why.live_rate:.0f} % of calls reach a person; {why.level:.1f} calls per free agent"
        )
        left = (
            f"{why.credit:.1f} are left" if why.credit >= 0 else f"{-why.credit:.1f} too many, to be paid off"
        )
        lines.append(f"abandoned calls of the pacer's own day: {left}")
    return [*lines, _told(decision.standing)]


def _told(standing: Standing) -> str:
    told = f"abandoned: {standing.abandoned:g} of {standing.live:g} answered calls"
    if standing.limit >= 1:
        return f"{told}; its law has no limit"
    left = f"{standing.left:.1f} more may be" if standing.left >= 0 else f"{-standing.left:.1f} too many were"
    told += f" ({100 * standing.rate:.1f} %), {100 * standing.limit:g} % are the limit"
    return f"{told}: {left} abandoned"


def screened(screening: Screening, marks: Marks) -> list[str]:
    """How often the screen is thought to err, and by whose word."""
    lines = [
        f"the screen: {100 * screening.persons_among_machines:.1f} % of those hung up as machines were "
        "persons, who count as abandoned; "
        f"{100 * screening.machines_among_persons:.1f} % of those passed on were machines"
    ]
    if not marks.machines:
        return [*lines, f"by the benchmark alone: agents marked none of {marks.talks} talks as a machine's"]
    sample = f"; of {marks.checked} in the check sample {marks.checked_machines}" if marks.checked else ""
    return [*lines, f"by the benchmark and {marks.machines} marks in {marks.talks} talks{sample}"]


def bound(decision: Decision, starved: bool) -> str:
    """What binds, in one sentence without figures: the same words as long as it is the same."""
    return NO_LEADS if starved else BOUNDS[decision.bound]


def figures(decision: Decision, starved: bool) -> dict[str, Any]:
    """The decision for programs; what only a pacer that predicts knows is left out for the others."""
    known: dict[str, Any] = {"wanted": decision.wanted, "placeable": decision.fit}
    if decision.reasons is not None:
        why = decision.reasons
        known |= {
            "level": round(why.level, 2),
            "persons_expected": round(why.under_way, 2),
            "agents_expected": round(why.free, 2),
            "live_rate": round(why.live_rate, 4),
            "day_credit": round(why.credit, 2),
        }
    return {**known, "bound": "leads" if starved else decision.bound, "why": bound(decision, starved)}


def budget(standing: Standing, law: Law) -> dict[str, Any]:
    """Where a campaign stands with its law, for programs; `limit` and `left` are `None` without a limit."""
    limited = standing.limit < 1
    return {
        "window": law.window,
        "abandoned": round(standing.abandoned, 2),
        "live": round(standing.live, 2),
        "rate": round(standing.rate, 4),
        "limit": standing.limit if limited else None,
        "left": round(standing.left, 2) if limited else None,
    }


def screen_figures(screening: Screening, marks: Marks) -> dict[str, Any]:
    """The screen's estimated errors as shares, and the marks behind them, for programs."""
    shares = {key: round(value, 4) for key, value in asdict(screening).items()}
    return {**shares, "marks": asdict(marks)}
