"""The pacers of a site: what they hear and see, and how many calls may be placed. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ami_daemon.agent import AgentState
from ami_daemon.board import Board
from ami_daemon.call import Call
from ami_daemon.changes import AgentMoved, CallEnded, CallHeard, CallMoved, Change, Inbound
from ami_daemon.floor import (
    FloorNow,
    floor_of,
    pacing_events,
    rung_for,
    settled_events,
    soonest_free,
    under_way,
)
from ami_daemon.limits import Limits
from ami_daemon.shares import Claim, Shares
from config.hours import minutes
from config.models import Campaign, Mode, Site
from leads.attempt import Attempt
from leads.lead import Outcome
from predictive import Event, Pacer, Reasons, create_pacer
from predictive.ledger import Standing, is_gone


@dataclass(frozen=True, slots=True)
class Decision:
    """How many calls were wanted at one moment, how many may be placed, and what held them."""

    floor: FloorNow
    wanted: int
    """The pacer's own word."""
    fit: int
    """What the law's budget, the lines and the calls per second leave of it."""
    bound: str
    """A key of `ami_daemon.words.BOUNDS`."""
    reasons: Reasons | None
    standing: Standing


class Pacing:
    """One pacer for each campaign that dials by itself; agents are dealt to all campaigns.

    `clock` gives the board's epoch seconds, `ticks` the pacers' seconds, which never step back. `running`
    tells which campaigns may place calls, and `standing` where a campaign stands with the law.
    """

    def __init__(
        self,
        site: Site,
        board: Board,
        limits: Limits,
        *,
        clock: Callable[[], float],
        ticks: Callable[[], float],
        running: Callable[[str], bool],
        standing: Callable[[str], Standing],
    ) -> None:
        self._site, self._board, self._limits = site, board, limits
        self._clock, self._ticks, self._running, self._standing = clock, ticks, running, standing
        self._members = {group: frozenset(site.members(group)) for group in site.groups}
        self.pacers: dict[str, Pacer] = {
            name: pacer_of(campaign)
            for name, campaign in site.campaigns.items()
            if campaign.mode not in (Mode.PREVIEW, Mode.ROBOT)
        }
        self.shares = Shares()
        self.starved: set[str] = set()
        """Campaigns that had fewer leads to call than calls to place: others have their agents meanwhile."""
        self.reserved: dict[str, Attempt] = {}
        """Previews whose agent is rung first: each has its line before it is on the board."""
        self.prepared: dict[str, Attempt] = {}
        """Robot's calls whose phrases are made first: they have their lines too."""
        self.last: dict[str, Decision] = {}
        """Each campaign's last decision."""
        self._owed = dict.fromkeys(self.pacers, 0)
        """What its pacer wanted when it spoke last, less what was placed since."""
        self._told: dict[str, str] = {}
        """The campaign that heard of each agent last."""

    # -- hearing ---------------------------------------------------------------------------------

    def hear(self, change: Change) -> None:
        """Tell the pacer whom it concerns: of an agent the one in whose share the agent is counted."""
        name = self._concerned(change)
        events = list(pacing_events(change))
        if isinstance(change, AgentMoved):
            if events:
                events = [*self._introduced(change, name), *events]
            self._called(change)  # afterwards: the call takes the agent out of its share
        if (pacer := self.pacers.get(name or "")) is not None:
            for event in events:
                pacer.on_event(self._ticks(), event)

    def dialed(self, attempt: Attempt) -> None:
        """An attempt is about to be placed."""
        self._owed[attempt.campaign] = max(0, self._owed[attempt.campaign] - 1)
        self.pacers[attempt.campaign].on_event(self._ticks(), Event("dial", attempt.id))

    def settled(self, call: Call, seen: Call, outcome: Outcome | None, at: float) -> None:
        """A call was found to be over since `at`, or (`None`) never to have been placed; `seen` is the call
        as far as it was seen."""
        if (pacer := self.pacers.get(call.campaign)) is not None:
            for event in settled_events(call, seen, outcome, at):
                pacer.on_event(self._ticks(), event)

    def _concerned(self, change: Change) -> str | None:
        match change:
            case CallMoved(call=call) | CallHeard(call=call) | CallEnded(call=call):
                return call.campaign
            case AgentMoved(agent=agent):
                return self.shares.owner.get(agent)
            case Inbound("inbound", group, channel, _, _):
                return self.shares.joined(channel, self._members[group])
            case Inbound(_, _, channel, _, _):
                return self.shares.left(channel)
            case _:
                return None

    def _introduced(self, change: AgentMoved, name: str | None) -> Iterable[Event]:
        """What a pacer must know first of an agent of whom another one heard last.

        Their lengths need nothing. Where an agent is dealt away in the middle of one, the old share has seen
        it up to that age, the new one from there to its end: a life table takes both as they are, as nobody
        is dealt by how long they will take yet.
        """
        agent, before = change.agent, self._told.pop(change.agent, None)
        if name is None:
            return
        if change.new is not AgentState.OFFLINE:
            self._told[agent] = name
        if name != before and change.old is not AgentState.OFFLINE:
            yield Event("login", None, agent)
            if change.old is AgentState.READY:
                yield Event("ready", None, agent)

    def _called(self, change: AgentMoved) -> None:
        """An agent begins to serve a caller."""
        if change.new is not AgentState.RINGING and (
            change.new is not AgentState.TALKING or change.old is AgentState.RINGING
        ):
            return
        channel = self._board.agents[change.agent].call or ""
        call = self._board.calls.get(channel.removeprefix(self._board.prefix))
        ready = [
            name
            for name in soonest_free(self._board)[0]
            if self._board.agents[name].state is AgentState.READY
        ]
        self.shares.began(change.agent, channel, call.campaign if call else None, ready)

    # -- seeing ----------------------------------------------------------------------------------

    def deal(self) -> None:
        """Share out agents and inbound callers as things are now."""
        claims = {name: claim for name in self._site.campaigns if (claim := self._claim(name)).most}
        at_work, away = soonest_free(self._board)
        self.shares.deal(claims, at_work, away)
        inbound = self._board.inbound
        for channel, name in list(self.shares.callers.items()):
            if channel not in inbound or name not in claims:
                self.shares.left(channel)
        for channel, (group, _) in inbound.items():
            if channel not in self.shares.callers:
                self.shares.joined(channel, self._members[group])

    def _claim(self, name: str) -> Claim:
        site, calls = self._site, under_way(self._board, name)
        most = calls
        if self._running(name) and name not in self.starved:
            campaign = site.campaigns[name]
            most = min(campaign.lines, site.trunks[campaign.trunk].lines, site.system.limits.lines)
        return Claim(self._agents(name), most, calls)

    def _agents(self, name: str) -> frozenset[str]:
        return self._members[self._site.campaigns[name].group]

    def floor(self, name: str) -> FloorNow:
        """The campaign's view of the floor, by the last deal."""
        owner, served = self.shares.owner, rung_for(self._board)
        waiting = Counter(n for channel, n in self.shares.callers.items() if channel not in served)
        return floor_of(
            self._board,
            name,
            [agent for agent in self._agents(name) if owner.get(agent) == name],
            waiting[name],
            self.free_lines(name),
            self._limits.allowance(name, self._ticks()),
            self._ticks() - self._clock(),
        )

    def lines(self) -> list[Call | Attempt]:
        """Who has a line, or will have one."""
        return [*self._board.calls.values(), *self.reserved.values(), *self.prepared.values()]

    def free_lines(self, name: str) -> int:
        """Lines that the campaign may still take."""
        return self._limits.free_lines(name, self.lines())

    def can_spare(self, agent: str) -> bool:
        """Whether no call that is on its way, or waits, would miss the agent, who is ready."""
        if (name := self.shares.owner.get(agent)) is None:
            return True
        floor = self.floor(name)
        return floor.free > floor.under_way

    def is_awaited(self, agent: str) -> bool:
        """Whether somebody waits whom the agent may get next."""
        if (name := self.shares.owner.get(agent)) is None:
            return False
        floor = self.floor(name)
        return bool(floor.waiting or floor.inbound_waiting)

    # -- deciding --------------------------------------------------------------------------------

    def decide(self, name: str) -> Decision:
        """How many calls of the campaign to place now."""
        pacer, floor, standing = self.pacers[name], self.floor(name), self._standing(name)
        pacer.spent, before = standing.spent, pacer.reasons
        wanted = pacer.calls_to_place(self._ticks(), floor)
        if pacer.reasons is not None and pacer.reasons is before:
            wanted = self._owed[name]  # it rests: its last word stands
        self._owed[name] = wanted
        bound: str = pacer.reasons.bound if pacer.reasons else "agents" if floor.ready else "no agents"
        fit = wanted
        gone = is_gone(standing.live, standing.abandoned, self._site.campaigns[name].permitted)
        if gone and wanted > (safe := max(0, floor.free - floor.under_way)):
            fit, bound = safe, "budget"
        if fit > (room := min(floor.free_lines, floor.allowance)):
            fit, bound = room, "lines" if floor.free_lines <= floor.allowance else "calls per second"
        self.last[name] = decision = Decision(floor, wanted, fit, bound, pacer.reasons, standing)
        return decision

    def pause(self, name: str) -> float:
        """Seconds for which the campaign may be left alone where nothing happens."""
        if name in self.starved:
            return 1.0
        decision, now = self.last[name], self._ticks()
        at = self.pacers[name].wake_at
        pause = 1.0 if at is None or at <= now else min(1.0, at - now)
        if decision.bound == "calls per second":
            pause = min(pause, self._limits.next_at(name) - now)
        return max(0.001, pause)


def pacer_of(campaign: Campaign) -> Pacer:
    """The pacer of the campaign's mode, with what the contract lets it know beforehand."""
    make = partial(
        create_pacer,
        str(campaign.mode),
        target=campaign.aim,
        grace=campaign.grace,
        ring_timeout=campaign.ring_time,
        day_length=_day_length(campaign),
    )
    return make(level=campaign.ratio) if campaign.mode is Mode.RATIO else make()


def _day_length(campaign: Campaign) -> float:
    """Seconds that the campaign may dial on its longest weekday."""
    return max(
        sum(60.0 * (end - start) for start, end in map(minutes, windows))
        for windows in campaign.hours.values()
    )
