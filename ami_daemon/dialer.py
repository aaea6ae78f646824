"""The dialing loop: which calls to place now, claim and journal, then `Originate`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from ami_daemon.board import Board
from ami_daemon.budget import Budgets
from ami_daemon.call import Call
from ami_daemon.changes import CallEnded, Change
from ami_daemon.limits import Limits
from ami_daemon.link import ActionFailed, ActionTimeout, AmiLink, ConnectionLost, LinkState, NotConnected
from ami_daemon.pacing import Decision, Pacing
from ami_daemon.words import bound
from config.models import Campaign, Mode, Site
from leads.attempt import Attempt
from leads.hours import CallTime, may_call
from leads.lead import Lead, LeadState, Outcome
from leads.orders import plans
from leads.phones import BadPhone, for_trunk, mask
from leads.rules import LeadMove
from store import CampaignState, Store, check_move

log = structlog.get_logger("dialer")

SAID_EVERY = 5.0
"""Seconds between two entries in the journal on what binds a campaign, at least."""

Start = Callable[[Coroutine[Any, Any, None]], object]
"""Runs a piece of work beside the loop, and logs what it raises."""


class Dialer:
    """Places the calls of every running campaign that has no preview.

    One round at a time, so no lead is looked at twice; woken by events, and once a second.
    """

    def __init__(
        self,
        site: Site,
        board: Board,
        limits: Limits,
        link: AmiLink,
        store: Store,
        epoch: int,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        start: Start,
        decided: Callable[[float], None],
    ) -> None:
        self.site, self.board, self.limits, self.link, self.store = site, board, limits, link, store
        self.epoch, self.clock, self.new_id, self._start = epoch, clock, new_id, start
        self._decided = decided
        self.states: dict[str, CampaignState] = {}
        self.budgets = Budgets(site, board, store, clock=clock)
        self.pacing = Pacing(
            site, board, limits, clock=clock, ticks=_ticks, running=self.dials, standing=self.budgets.standing
        )
        self.said: dict[str, tuple[str, float]] = {}
        self._odd: defaultdict[str, set[str]] = defaultdict(set)
        """What was journalled of each campaign last, and when."""
        self.draining = False
        self.rounds = asyncio.Lock()
        """Held from a look at the limits until what they permit is taken."""
        self._wake = asyncio.Event()
        self._state_turn = asyncio.Lock()
        self._looked: dict[str, float] = {}
        self._turn = 0

    async def load(self) -> None:
        """Take the campaigns' states from the store."""
        known = await self.store.campaigns.all()
        self.states = {name: known.get(name, CampaignState.STOPPED) for name in self.site.campaigns}
        await self.budgets.read()

    async def set_state(
        self, name: str, state: CampaignState, why: str, *, only_from: CampaignState | None = None
    ) -> None:
        """Start, pause or stop a campaign; the store keeps it over restarts.

        With `only_from` nothing happens in another state: the dialer's own wish must not undo an order
        that came meanwhile.
        """
        async with self._state_turn:
            if only_from not in (None, self.states[name]):
                return
            if self.states[name] is not state:
                check_move(name, self.states[name], state)
                if state is not CampaignState.RUNNING:
                    self.states[name] = state  # a stop must hold even where the store does not answer
                await self.store.campaigns.set(name, state, self.clock())
                self.states[name] = state
                self.said.pop(name, None)
                self.pacing.starved.discard(name)
                log.info("campaign", campaign=name, state=str(state), why=why)
            await self.store.decisions.add("campaign", name, why, self.clock())
        self.wake()

    async def halt(self, why: str) -> list[str]:
        """Pause every running campaign, all at once; the store is told afterwards."""
        halted = self._pause_all()
        async with self._state_turn:
            halted += self._pause_all()  # a start that was being written when the order came
            for name in halted:
                await self.store.campaigns.set(name, CampaignState.PAUSED, self.clock())
                await self.store.decisions.add("campaign", name, why, self.clock())
        log.warning("halted", campaigns=halted, why=why)
        return halted

    def _pause_all(self) -> list[str]:
        running = [name for name, state in self.states.items() if state is CampaignState.RUNNING]
        self.states.update(dict.fromkeys(running, CampaignState.PAUSED))
        return running

    def wake(self) -> None:
        """Something changed: ask the pacers again."""
        self._wake.set()

    def hear(self, change: Change) -> None:
        """Let the pacers hear a change of the board, and ask them again."""
        if isinstance(change, CallEnded):
            self.budgets.count(change.call, change.outcome, change.at)
        self.pacing.hear(change)
        self.wake()

    def settled(self, call: Call, seen: Call, outcome: Outcome | None, at: float) -> None:
        """A call was over at `at` that the board did not see end; `None`: it was never placed."""
        if outcome is not None:
            self.budgets.count(call, outcome, at)
        self.pacing.settled(call, seen, outcome, at)
        self.wake()

    def dials(self, name: str) -> bool:
        """Whether calls of the campaign may be placed at all."""
        return not self.draining and self.states.get(name) is CampaignState.RUNNING

    def running(self) -> list[str]:
        """Campaigns to dial, each in turn the first."""
        names = [name for name in self.pacing.pacers if self.dials(name)]
        if not names:
            return []
        self._turn = (self._turn + 1) % len(names)
        return names[self._turn :] + names[: self._turn]

    async def run(self) -> None:
        """Dial until cancelled."""
        while True:
            pause = 1.0
            if self.link.state is LinkState.LIVE:
                names = self.running()
                for name in names:
                    await self._feed(name)
                began = time.perf_counter()
                self.pacing.deal()
                dealt = time.perf_counter() - began
                for name in names:
                    async with self.rounds:
                        pause = min(pause, await self._round(name, dealt / len(names)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):  # wait_for can lose a cancellation on Python 3.11
                    await self._wake.wait()
            self._wake.clear()

    async def _feed(self, name: str) -> None:
        """Look once a second whether a campaign that ran out of leads may call somebody again."""
        if name in self.pacing.starved and _ticks() >= self._looked.get(name, 0.0) + 1.0:
            self._looked[name] = _ticks()
            if await self.hopper(name, 1, self.clock()):
                self.pacing.starved.discard(name)
            else:
                await self.stop_if_done(name)

    async def _round(self, name: str, dealt: float = 0.0) -> float:
        """One decision of one campaign; returns how long it may be left alone.

        `dealt` is the seconds that its share of the deal took: they are the decision's too.
        """
        if not self.dials(name):
            return 1.0
        began = time.perf_counter()
        decision = self.pacing.decide(name)
        self._decided(dealt + time.perf_counter() - began)
        fit = 0 if name in self.pacing.starved else decision.fit  # else it would ask at every event
        leads = await self.hopper(name, fit, self.clock()) if fit > 0 else []
        if len(leads) < fit:
            self.pacing.starved.add(name)
            self._looked[name] = _ticks()
        self._log_oddities(name)
        await self._explain(name, decision)
        if leads and self.dials(name):
            await self._place(name, leads)
        elif fit > 0:
            await self.stop_if_done(name)
        return self.pacing.pause(name)

    async def hopper(self, name: str, count: int, now: float) -> list[Lead]:
        """The next leads that may be called now, best first: where it is a lawful hour, and neither whom we
        abandoned too recently nor whom we called too often."""
        campaign = self.site.campaigns[name]
        awake = [
            zone
            for zone in await self.store.leads.zones(campaign.list)
            if self.call_time(name, zone, now).allowed
        ]
        if not awake:
            return []
        lockouts = self.site.lockouts(name)
        caps = self.site.system.frequency
        return await self.store.leads.callable(campaign.list, now, count, awake, lockouts, caps)

    async def claim(self, name: str, leads: Sequence[Lead], ahead_of: float | None = None) -> list[Attempt]:
        """Claim those of the leads that may still be called; with `ahead_of` one that is due only then."""
        return await self.store.attempts.claim(
            self.epoch, name, self.site.campaigns[name].trunk, [lead.id for lead in leads], self.clock(),
            self.new_id, self.site.lockouts(name), self.site.system.frequency, ahead_of,
        )  # fmt: skip

    def call_time(self, name: str, zone: str | None, now: float) -> CallTime:
        """Whether the campaign may call a lead of that zone (`None`: the lead names none)."""
        campaign = self.site.campaigns[name]
        return may_call(zone, campaign.hours, campaign.timezone or self.site.system.timezone, now)

    async def stop_if_done(self, name: str) -> None:
        """Stop the campaign when every lead of its list is final; an empty list is not finished, nor is one
        that missed callers or orders come into."""
        shops = self.site.shops.values()
        fed = {campaign for shop in shops for campaign in (shop.robot, shop.agents, shop.delivery)}
        if name in fed or name in self.site.calls_back():
            return
        counts = await self.store.leads.counts(self.site.campaigns[name].list)
        if 0 < counts[LeadState.FINAL] == sum(counts.values()):
            why = "the list is finished: every lead is final"
            await self.set_state(name, CampaignState.STOPPED, why, only_from=CampaignState.RUNNING)

    async def turn(self, name: str) -> None:
        """Wait until the calls-per-second limits permit one more call of the campaign, and take it."""
        while True:
            async with self.rounds:
                if self.limits.allowance(name, _ticks()) > 0:
                    self.limits.take(name, 1)
                    return
                wait = self.limits.next_at(name) - _ticks()
            await asyncio.sleep(max(0.001, wait))

    async def _explain(self, name: str, decision: Decision) -> None:
        """Journal what binds, once per change; between two of them some time passes."""
        if self.clock() >= self.said.get(name, ("", 0.0))[1] + SAID_EVERY:
            await self.say(name, bound(decision, name in self.pacing.starved))

    def _log_oddities(self, name: str) -> None:
        """What the pacer heard that could not be: each kind once, the count is in the metrics."""
        for kind in self.pacing.pacers[name].oddities.keys() - self._odd[name]:
            self._odd[name].add(kind)
            log.warning("pacer_oddity", campaign=name, kind=kind)

    async def say(self, name: str, text: str) -> None:
        """Keep what was decided for a campaign, where it is not what was decided last."""
        if text != self.said.get(name, ("", 0.0))[0]:
            self.said[name] = text, self.clock()
            await self.store.decisions.add("campaign", name, text, self.clock())

    async def _place(self, name: str, leads: list[Lead]) -> None:
        campaign = self.site.campaigns[name]
        attempts = await self.claim(name, leads)
        self.limits.take(name, len(attempts))
        for attempt in attempts:
            self.board.place(call_of(attempt, campaign))
            self.pacing.dialed(attempt)
            self._start(self.originate(attempt, campaign, "perezvon-answered"))

    async def originate(self, attempt: Attempt, campaign: Campaign, context: str) -> None:
        """Journal that the call may be placed from here on, then ask Asterisk to place it."""
        trunk = self.site.trunks[campaign.trunk]
        try:
            number = for_trunk(attempt.phone, trunk.number_format, trunk.prefix, self.site.system.country)
        except BadPhone as error:
            await self._never_callable(attempt, str(error))
            return
        bound = log.bind(attempt=attempt.id, campaign=attempt.campaign, phone=mask(attempt.phone))
        if not await self.store.attempts.mark_sent(self.epoch, attempt.id, self.clock()):
            self._forget(attempt)
            bound.warning("not_placed", why="the number came on the do-not-call list")
            return
        if attempt.id not in self.board.calls:
            return  # the link was lost meanwhile, and the snapshot has settled it
        try:
            if self.link.state is not LinkState.LIVE:
                raise NotConnected(f"the link is {self.link.state.value}")
            await self.link.action(
                "Originate",
                originate_headers(
                    f"PJSIP/{number}@{self.site.trunk_endpoint(campaign.trunk)}",
                    self.board.prefix + attempt.id,
                    context,
                    attempt.campaign,
                    campaign.ring_time,
                    campaign.caller_id,
                    attempt.id,
                ),
            )
            bound.info("dialing", trunk=campaign.trunk)
        except NotConnected:
            await self._never_placed(attempt, "the link to Asterisk was down")
        except ActionFailed as error:
            await self._never_placed(attempt, f"Asterisk refused: {error}")
            why = f"Asterisk refuses to place calls: {error}"
            await self.set_state(attempt.campaign, CampaignState.PAUSED, why, only_from=CampaignState.RUNNING)
        except (ConnectionLost, ActionTimeout) as error:
            bound.warning("fate_unknown", error=str(error))

    async def _never_placed(self, attempt: Attempt, why: str) -> None:
        if self._forget(attempt):
            await self.store.attempts.release(self.epoch, attempt.id, self.clock())
            log.warning("not_placed", attempt=attempt.id, why=why)

    def _forget(self, attempt: Attempt) -> bool:
        """Take a call away that was never placed; False where somebody else has settled it."""
        call = self.board.calls.get(attempt.id)
        if call is None or not self.board.forget(attempt.id):
            return False
        self.settled(call, call, None, self.clock())
        return True

    async def _never_callable(self, attempt: Attempt, why: str) -> None:
        """The list's rules have changed since the import: the lead is done with, and says why."""
        if self._forget(attempt):
            move = LeadMove(LeadState.FINAL, None, f"failed: {why}")
            await self.store.attempts.finish(
                self.epoch, attempt.id, Outcome.FAILED, self.clock(), None, None, move, why, plans(self.site)
            )
            log.warning("not_placed", attempt=attempt.id, why=why)


def _ticks() -> float:
    """Seconds that never step back, for pacers and rates."""
    return asyncio.get_running_loop().time()


def call_of(attempt: Attempt, campaign: Campaign, *, preview: bool = False) -> Call:
    """The board's record of a claimed attempt."""
    return Call(
        attempt.id, attempt.lead_id, attempt.campaign, campaign.group, attempt.trunk, attempt.phone,
        attempt.claimed_at, preview=preview, robot=campaign.mode is Mode.ROBOT and not preview,
        screened=campaign.screened and not preview,
    )  # fmt: skip


def originate_headers(
    channel: str, channel_id: str, context: str, exten: str, timeout: float, caller_id: str, attempt: str
) -> Mapping[str, str]:
    """Headers of our `Originate`: into our own context, with one variable, and nothing else."""
    return {
        "Channel": channel,
        "ChannelId": channel_id,
        "Context": context,
        "Exten": exten,
        "Priority": "1",
        "Timeout": str(int(timeout * 1000)),
        "CallerID": caller_id,
        "Account": attempt,
        "Async": "true",
        "Variable": f"__PZ_ATTEMPT={attempt}",
    }
