"""Why a campaign dials as it does, in words. Pure."""

from __future__ import annotations

from ami_daemon.pacing import Decision

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
    floor, standing, why = decision.floor, decision.standing, decision.reasons
    lines = [
        f"now: {decision.wanted} more calls wanted, {decision.fit} may be placed; "
        f"{NO_LEADS if starved else BOUNDS[decision.bound]}",
        f"its agents: {len(floor.ready)} ready, {len(floor.talking)} talking, "
        f"{len(floor.wrapping)} in wrap-up; "
        f"its calls: {len(floor.ringing)} ringing, {len(floor.waiting)} waiting for an agent",
    ]
    if why is not None:
        lines.append(
            f"expected: {why.under_way:.1f} persons from the calls under way, {why.free:.1f} free agents for "
            f"them; {100 * why.live_rate:.0f} % of calls reach a person; {why.level:.1f} calls per free agent"
        )
    told = f"abandoned: {standing.abandoned:g} of {standing.live:g} answered calls"
    if standing.limit >= 1:
        return [*lines, f"{told}; its law has no limit"]
    left = f"{standing.left:.1f} more may be" if standing.left >= 0 else f"{-standing.left:.1f} too many were"
    told += f" ({100 * standing.rate:.1f} %), {100 * standing.limit:g} % are the limit"
    return [*lines, f"{told}: {left} abandoned"]
