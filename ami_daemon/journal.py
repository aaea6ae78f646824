"""Changes of the board into the store, in order, by one writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ami_daemon.call import UNANSWERED, Call, CallState
from ami_daemon.caller import Caller, CallerState, Ring
from ami_daemon.changes import (
    AgentMoved,
    CallEnded,
    CallerEnded,
    CallerMoved,
    CallHeard,
    CallMoved,
    Change,
    RingMissed,
)
from config.models import DispositionClass, Site
from leads.attempt import Attempt
from leads.inbound import InboundCall, caller_number, missed_callback
from leads.lead import LeadState, Outcome
from leads.orders import plans
from leads.phones import mask
from leads.robot import RobotDisposition, robot_class, robot_outcome
from leads.rules import LeadMove, after_outcome, saying
from sounds.screening import Heard
from store import AlreadyEnded, MissedRing, Store, UnknownAttempt, UnknownCall
from store.verdicts import Screened

log = structlog.get_logger("journal")

EARLY_NOTES = {
    Heard.BUSY: "busy: a busy tone before the answer",
    Heard.SIT: "sit: the tones of a number out of service, before the answer",
    Heard.MACHINE: "announcement: words of the network before the answer",
}


class Journal:
    """Writes what happened. A crash loses at most what CEL can prove again."""

    def __init__(self, site: Site, store: Store, epoch: int, *, on_outcome: Callable[[], None]) -> None:
        self.site, self.store, self.epoch = site, store, epoch
        self._plans = plans(site)
        self._on_outcome = on_outcome
        self._queue: asyncio.Queue[Change | Screened] = asyncio.Queue()

    def put(self, change: Change | Screened) -> None:
        """Take a change; it is written soon, after those before it."""
        self._queue.put_nowait(change)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            change = await self._queue.get()
            try:
                await self._write(change)
            except (AlreadyEnded, UnknownAttempt, UnknownCall) as error:
                log.error("journal", error=str(error))
            finally:
                self._queue.task_done()

    async def flushed(self) -> None:
        """Return when all that was put is written."""
        await self._queue.join()

    async def _write(self, change: Change | Screened) -> None:
        match change:
            case Screened():
                await self.store.verdicts.put(change)
            case CallMoved(call, old, new, _):
                _log(call, old, new)
                if new is CallState.TALKING:
                    await self.store.attempts.note_progress(
                        self.epoch,
                        call.attempt,
                        ringing_at=call.ringing_at,
                        answered_at=call.answered_at,
                        connected_at=call.script_at or call.connected_at,
                        taken_at=call.connected_at,
                        agent=call.agent,
                        heard=call.heard,
                        greeted_at=call.greeted_at,
                    )
            case CallHeard(call, heard, _):
                log.info("heard", attempt=call.attempt, campaign=call.campaign, heard=str(heard))
            case CallEnded(call, last, outcome, at):
                outcome = await self.finish(call, outcome, at, _note(call, last))
                _log(call, last, CallState.ENDED, outcome=str(outcome), cause=call.cause)
                self._on_outcome()
            case AgentMoved(agent, old, _, new, reason, at, _):
                log.info("agent", agent=agent, move=f"{old} -> {new}", reason=reason)
                await self.store.agent_states.enter(agent, str(new), reason, at)
            case CallerMoved(caller, new, at):
                await self._caller_moved(caller, new, at)
            case CallerEnded(caller, at):
                await self.end_caller(caller.channel, at)
            case RingMissed(call, ring):
                log.info("ring_missed", call=call, agent=ring.agent, reason=str(ring.reason))
                await self.write_ring(call, ring)
            case _:
                return

    # -- calls that came in ----------------------------------------------------------------------

    async def _caller_moved(self, caller: Caller, new: CallerState, at: float) -> None:
        if new is CallerState.ARRIVED:
            await self._arrive(caller)
        elif new is CallerState.WAITING and caller.group is not None:
            await self.store.inbound.wait(caller.channel, caller.group, at)
        elif new is CallerState.TALKING and caller.agent is not None:
            await self.store.inbound.connect(caller.channel, caller.agent, at, caller.group)
        elif new is CallerState.AFTER_TALK:
            await self.store.inbound.talk_over(caller.channel, at)
        log.info("caller", call=caller.channel, line=caller.line, state=str(new), agent=caller.agent)

    async def _arrive(self, caller: Caller) -> None:
        number = caller_number(caller.number, self.site.system.country)
        call = await self.store.inbound.arrive(caller.channel, caller.line, number, caller.arrived_at)
        caller.caller_class = str(call.caller_class)

    async def write_caller(self, caller: Caller, known: InboundCall | None) -> None:
        """Note how far a caller came whom nobody saw, or not all the way: `known` is what is in the books."""
        await self._arrive(caller)
        if caller.waiting_at is not None and (known is None or known.waiting_at is None):
            await self._caller_moved(caller, CallerState.WAITING, caller.waiting_at)
        if caller.connected_at is not None and (known is None or known.connected_at is None):
            await self._caller_moved(caller, CallerState.TALKING, caller.connected_at)
        if caller.talk_ended_at is not None:
            await self._caller_moved(caller, CallerState.AFTER_TALK, caller.talk_ended_at)

    async def end_caller(self, call: str, at: float, note: str = "", *, in_doubt: bool = False) -> None:
        """End a call in the books; a missed one becomes a task to call back, in the same write."""
        ended = await self.store.inbound.end(
            call, at, lambda ended: missed_callback(self.site, ended, at), in_doubt=in_doubt, note=note
        )
        if ended is not None:
            log.info("caller_ended", call=call, line=ended.line, outcome=str(ended.outcome))

    async def write_ring(self, call: str, ring: Ring) -> None:
        """Note that an agent's phone rang in vain."""
        await self.store.inbound.miss(
            MissedRing(call, ring.agent, ring.group, ring.at, ring.seconds, ring.reason)
        )

    # -- calls that we made ----------------------------------------------------------------------

    async def give_up(self, attempt: Attempt, at: float, note: str) -> None:
        """End an attempt that nobody can follow any more as in doubt; its lead is not called again."""
        move = LeadMove(LeadState.FINAL, None, f"in doubt: {note}")
        await self.store.attempts.finish(
            self.epoch, attempt.id, Outcome.IN_DOUBT, at, None, attempt.agent, move, note, self._plans
        )

    async def finish(self, call: Call, outcome: Outcome, at: float, note: str = "") -> Outcome:
        """Note the call's times; then, in one write, end the attempt and move its lead by the rules.

        Returns the outcome: of a robot's call it depends on what its script kept in the store.
        """
        lead = await self.store.leads.get(call.lead)
        if lead is None:
            raise LookupError(f"attempt {call.attempt} is of lead {call.lead}, which is not in the store")
        disposition = None
        if call.script_at is not None:
            outcome, disposition = await self._robot(call, outcome)
        rules = self.site.campaigns[call.campaign].attempts
        move = after_outcome(lead, outcome, rules, at, disposition, _detail(call, outcome))
        await self.store.attempts.note_progress(
            self.epoch,
            call.attempt,
            ringing_at=call.ringing_at,
            answered_at=call.answered_at,
            connected_at=call.script_at or call.connected_at,
            taken_at=call.connected_at,
            agent=call.agent,
            heard=call.heard,
            greeted_at=call.greeted_at,
        )
        await self.store.attempts.finish(
            self.epoch, call.attempt, outcome, at, _text(call.cause), call.agent, move, note, self._plans,
            lambda said: saying(self.site, at)(call.campaign, said, lead),
        )  # fmt: skip
        return outcome

    async def _robot(self, call: Call, outcome: Outcome) -> tuple[Outcome, DispositionClass | None]:
        """What a call came to with which the robot spoke, and what that means to the lead."""
        attempt = await self.store.attempts.get(call.attempt)
        said = None
        if attempt is not None and attempt.disposition is not None and attempt.disposition_by is None:
            said = RobotDisposition(attempt.disposition)
        talked = call.connected_at is not None
        decided = said not in (None, RobotDisposition.LISTENED)
        if not talked and (decided or outcome is not Outcome.IN_DOUBT):
            outcome = robot_outcome(said, failed=call.script_failed or outcome is Outcome.INTERRUPTED)
        return outcome, robot_class(said, agent=talked)


def _text(cause: int | None) -> str | None:
    return None if cause is None else str(cause)


def _detail(call: Call, outcome: Outcome) -> str:
    """What the lead's history says of it besides."""
    if outcome is Outcome.FAILED and call.early is not None and call.heard is None:
        return EARLY_NOTES[call.early].partition(":")[0]
    if outcome is Outcome.FAILED:
        return str(call.heard or "")
    return "a message was left" if outcome is Outcome.MACHINE and call.message_left else ""


def _note(call: Call, last: CallState) -> str:
    """What a call's outcome does not say."""
    if call.early is not None and last in UNANSWERED:
        return EARLY_NOTES[call.early]
    if last is CallState.NO_PERSON and call.heard not in (Heard.MACHINE, Heard.FAX):
        return f"{call.heard}: a tone after the answer"
    return "a message was left" if call.message_left else ""


def _log(call: Call, old: CallState, new: CallState, **facts: object) -> None:
    log.info(
        "call", attempt=call.attempt, campaign=call.campaign, phone=mask(call.phone),
        move=f"{old} -> {new}", agent=call.agent, **facts,
    )  # fmt: skip
