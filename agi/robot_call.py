"""A robot's call: what is the same in all of them. Two keys work at any time: a person, and never again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import structlog

from agi.desk import Desk
from agi.session import Place, Session, Utterance
from config.models import Campaign, Site
from leads.attempt import Attempt
from leads.lead import IllegalMove
from leads.orders import Order, Plan, Result, plans
from leads.robot import RobotDisposition
from sounds.phrase import Prompt

log = structlog.get_logger("robot")

OPERATOR, OPT_OUT = "0", "8"


class Over(Exception):
    """All is said: the script ends here."""


@dataclass
class RobotCall:
    """Someone whom the robot has on the line. `pressed`: they have pressed a key, so it is no machine."""

    session: Session
    desk: Desk
    attempt: Attempt
    campaign: Campaign
    pressed: bool = False

    @classmethod
    async def of(cls, session: Session, desk: Desk) -> RobotCall:
        """Raises `LookupError` where the call is none of ours."""
        attempt = await desk.store.attempts.get(session.call.attempt)
        if attempt is None:
            raise LookupError(f"there is no attempt {session.call.attempt!r}")
        return cls(session, desk, attempt, desk.site.campaigns[attempt.campaign])

    @property
    def site(self) -> Site:
        return self.desk.site

    async def note(self, said: RobotDisposition) -> None:
        """Keep at once what came of the call so far."""
        await self.desk.store.attempts.note_disposition(self.attempt.id, said)

    async def tell(self, order: Order, result: Result) -> bool:
        """Keep at once what came of an order; False: it was settled elsewhere meanwhile, and stays so."""
        plan = plans(self.site).get(order.shop, Plan())  # the site may have lost the shop
        try:
            await self.desk.store.orders.tell(order.id, result, "robot", self.desk.clock(), plan)
        except IllegalMove as error:
            log.warning("settled_meanwhile", order=order.id, why=str(error))
            return False
        return True

    async def open(self, *what: Utterance) -> None:
        """Who calls and why: whoever has heard that was reached. Then the way out of all further calls."""
        await self.say(*what)
        await self.note(RobotDisposition.LISTENED)
        await self.say(Prompt("opt-out-key"))

    async def say(self, *what: Utterance) -> None:
        """Play; the two keys interrupt."""
        if key := await self.session.say(*what, keys=OPERATOR + OPT_OUT):
            await self.take(key)

    async def ask(self, *what: Utterance) -> str:
        """A key pressed from now on, none from before; "" for silence. The two keys do their work."""
        key = await self.session.ask(*what, fresh=True)
        if key:
            await self.take(key)
        return key

    async def give_up(self) -> NoReturn:
        """Nothing was decided: say that we call again, and leave it to the rules when."""
        silent = not self.pressed
        await self.end(RobotDisposition.NO_REPLY if silent else RobotDisposition.LATER, Prompt("call-again"))

    async def end(self, said: RobotDisposition, *what: Utterance) -> NoReturn:
        """Keep what came of it, say the last words, hang up."""
        await self.note(said)
        await self.part(*what)

    async def part(self, *what: Utterance) -> NoReturn:
        """The last words, in which the key against further calls still works, then hang up."""
        if await self.session.say(*what, keys=OPT_OUT):
            await self._opt_out()
        await self.session.hang_up()
        raise Over

    async def settled(self) -> NoReturn:
        """Nothing is left to call about."""
        last = Prompt("order-settled"), Prompt("opt-out-key"), Prompt("closed-goodbye")
        await self.end(RobotDisposition.TOLD, *last)

    async def take(self, key: str) -> None:
        """A key was pressed; the two keys do their work."""
        self.pressed = True
        if key == OPERATOR:
            await self.note(RobotDisposition.OPERATOR)
            await self.session.say(Prompt("to-operator"))
            await self.session.go(Place.GROUP, self.campaign.group)
            raise Over
        if key == OPT_OUT:
            await self._opt_out()

    async def _opt_out(self) -> NoReturn:
        now = self.desk.clock()
        note = f"key in a call of campaign {self.attempt.campaign}"
        await self.desk.store.do_not_call.add({self.attempt.phone: note}, "robot", now, plans(self.site))
        await self.note(RobotDisposition.OPTED_OUT)
        await self.session.say(Prompt("opt-out-done"))
        await self.session.hang_up()
        raise Over
