"""Changes of the board into the store, in order, by one writer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ami_daemon.call import Call, CallState
from ami_daemon.changes import AgentMoved, CallEnded, CallMoved, Change
from config.models import DispositionClass, Site
from leads.attempt import Attempt
from leads.lead import LeadState, Outcome
from leads.orders import plans
from leads.phones import mask
from leads.robot import RobotDisposition, robot_class, robot_outcome
from leads.rules import LeadMove, after_outcome
from store import AlreadyEnded, Store, UnknownAttempt

log = structlog.get_logger("journal")


class Journal:
    """Writes what happened. A crash loses at most what CEL can prove again."""

    def __init__(self, site: Site, store: Store, epoch: int, *, on_outcome: Callable[[], None]) -> None:
        self.site, self.store, self.epoch = site, store, epoch
        self._plans = plans(site)
        self._on_outcome = on_outcome
        self._queue: asyncio.Queue[Change] = asyncio.Queue()

    def put(self, change: Change) -> None:
        """Take a change; it is written soon, after those before it."""
        self._queue.put_nowait(change)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            change = await self._queue.get()
            try:
                await self._write(change)
            except (AlreadyEnded, UnknownAttempt) as error:
                log.error("journal", error=str(error))
            finally:
                self._queue.task_done()

    async def flushed(self) -> None:
        """Return when all that was put is written."""
        await self._queue.join()

    async def _write(self, change: Change) -> None:
        match change:
            case CallMoved(call, old, new, _):
                _log(call, old, new)
                if new is CallState.TALKING:
                    await self.store.attempts.note_progress(
                        self.epoch,
                        call.attempt,
                        ringing_at=call.ringing_at,
                        answered_at=call.answered_at,
                        connected_at=call.connected_at,
                        agent=call.agent,
                    )
            case CallEnded(call, last, outcome, at):
                outcome = await self.finish(call, outcome, at)
                _log(call, last, CallState.ENDED, outcome=str(outcome), cause=call.cause)
                self._on_outcome()
            case AgentMoved(agent, old, _, new, reason, at, _):
                log.info("agent", agent=agent, move=f"{old} -> {new}", reason=reason)
                await self.store.agent_states.enter(agent, str(new), reason, at)
            case _:
                return

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
        move = after_outcome(lead, outcome, self.site.campaigns[call.campaign].attempts, at, disposition)
        await self.store.attempts.note_progress(
            self.epoch,
            call.attempt,
            ringing_at=call.ringing_at,
            answered_at=call.answered_at,
            connected_at=call.script_at or call.connected_at,
            agent=call.agent,
        )
        await self.store.attempts.finish(
            self.epoch, call.attempt, outcome, at, _text(call.cause), call.agent, move, note, self._plans
        )
        return outcome

    async def _robot(self, call: Call, outcome: Outcome) -> tuple[Outcome, DispositionClass | None]:
        """What a call came to with which the robot spoke, and what that means to the lead."""
        attempt = await self.store.attempts.get(call.attempt)
        said = None
        if attempt is not None and attempt.disposition is not None:
            said = RobotDisposition(attempt.disposition)
        talked = call.connected_at is not None
        decided = said not in (None, RobotDisposition.LISTENED)
        if not talked and (decided or outcome is not Outcome.IN_DOUBT):
            outcome = robot_outcome(said, failed=call.script_failed or outcome is Outcome.INTERRUPTED)
        return outcome, robot_class(said, agent=talked)


def _text(cause: int | None) -> str | None:
    return None if cause is None else str(cause)


def _log(call: Call, old: CallState, new: CallState, **facts: object) -> None:
    log.info(
        "call", attempt=call.attempt, campaign=call.campaign, phone=mask(call.phone),
        move=f"{old} -> {new}", agent=call.agent, **facts,
    )  # fmt: skip
