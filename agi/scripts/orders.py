"""The robot asks a buyer about their orders: all open ones of the number in one call.

Nothing is confirmed by silence, nor by a key from before the question; nothing is cancelled by one key.
Every decision is in the store before the next word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from agi.desk import Desk
from agi.reading import delivered, order_number, readings
from agi.robot_call import Over, RobotCall
from agi.session import Session, Utterance
from leads.attempt import Attempt
from leads.orders import UNCONFIRMED, Order, Result
from leads.robot import RobotDisposition
from sounds.phrase import Prompt

CONFIRM, CANCEL, REPEAT, EACH, NOT_ME = "1", "2", "3", "5", "9"
ROUNDS = 8
"""How often one question is asked, whatever is pressed."""
SILENCES = 2
"""How often it is asked of somebody who says nothing, or presses what it does not offer."""


async def phrases(desk: Desk, attempt: Attempt) -> Sequence[Utterance] | None:
    """What the call will say of this buyer's orders; `None` where none is open."""
    orders = await open_orders(desk, attempt)
    language = desk.site.campaigns[attempt.campaign].language or desk.site.system.language
    return readings(orders, desk.site, language, desk.clock()) if orders else None


async def open_orders(desk: Desk, attempt: Attempt) -> list[Order]:
    """Those that the call is about: they wait on its lead, and are not confirmed."""
    found = await desk.store.orders.of_lead(attempt.lead_id)
    return [order for order in found if order.state in UNCONFIRMED]


async def run(session: Session, desk: Desk) -> None:
    robot = await RobotCall.of(session, desk)
    with suppress(Over):
        await _talk(robot)


async def _talk(robot: RobotCall) -> None:
    orders = await open_orders(robot.desk, robot.attempt)
    if not orders:
        await robot.settled()
    intro = "order-intro" if len(orders) == 1 else "order-intro-many"
    await robot.open(Prompt(robot.campaign.intro or intro))
    await _Questions(robot, orders).ask(orders)
    await robot.part(Prompt("order-thanks"))


class _Questions:
    """The questions of one call, and what was answered to them."""

    def __init__(self, robot: RobotCall, orders: Collection[Order]) -> None:
        self._robot = robot
        self._open = {order.id: order for order in orders}
        self._results: set[Result] = set()

    async def ask(self, orders: Sequence[Order]) -> None:
        """Ask about these orders together until they are decided; who does not answer is let go."""
        robot, many = self._robot, "-all" if len(orders) > 1 else ""
        misses, told = 0, False
        for _ in range(ROUNDS):
            if not told:
                await robot.say(*readings(orders, robot.site, robot.session.language, robot.desk.clock()))
                told = True
            await robot.say(Prompt(f"order-confirm{many}-key"))  # heard to its end before `1` counts
            key = await robot.ask(Prompt(f"order{many}-keys"))
            if key == CONFIRM:
                await self._read_back(orders, await self._decide(orders, Result.CONFIRMED))
                return
            if key == CANCEL:
                if await self._is_sure(many):
                    await self._decide(orders, Result.CANCELLED)
                    await robot.say(Prompt(f"order{many}-cancelled"))
                    return
                await robot.say(Prompt("order-kept"))
            elif key == REPEAT:
                told = False
            elif key == EACH and many:
                for order in orders:
                    await self.ask([order])
                return
            elif key == NOT_ME:
                await self._decide(self._open.values(), Result.WRONG_NUMBER)  # none of them is theirs
                await robot.end(RobotDisposition.WRONG_PERSON, Prompt("order-not-me"))
            elif (misses := misses + 1) == SILENCES:
                break
            else:
                await robot.say(Prompt("wrong-key" if key else "no-key"))
        await robot.give_up()

    async def _is_sure(self, many: str) -> bool:
        """Read back that it is a cancellation, then ask once more; silence is no."""
        await self._robot.say(Prompt(f"order-cancel{many}-check"))
        return await self._robot.ask() == CONFIRM

    async def _read_back(self, orders: Sequence[Order], confirmed: Collection[int]) -> None:
        """What is confirmed, which is told of each order where one was cancelled during the call."""
        robot, said = self._robot, list[Utterance]()
        if len(confirmed) < len(orders):
            for order in orders:
                state = "order-confirmed" if order.id in confirmed else "order-was-cancelled"
                said += [Prompt("order-number"), *order_number(order.number), Prompt(state)]
        elif len(orders) > 1:
            said = [Prompt("order-all-confirmed")]
        else:
            agreed = delivered(orders[0], robot.site, robot.session.language, robot.desk.clock())
            said = [Prompt("order-confirmed"), *agreed]
        await robot.say(*said)

    async def _decide(self, orders: Iterable[Order], result: Result) -> set[int]:
        """Keep it: of each order, and of the call. Gives the ids of orders of which it holds."""
        asked = list(orders)
        holds = {order.id for order in asked if await self._robot.tell(order, result)}
        for order in asked:
            del self._open[order.id]
            self._results.add(result if order.id in holds else Result.CANCELLED)
        if result is not Result.WRONG_NUMBER:
            await self._robot.note(disposition(self._results, bool(self._open)))
        return holds


def disposition(results: Collection[Result], undecided: bool) -> RobotDisposition:
    """What came of a call about several orders: it is made again while one is undecided."""
    if undecided:
        return RobotDisposition.LATER
    one = {
        frozenset({Result.CONFIRMED}): RobotDisposition.CONFIRMED,
        frozenset({Result.CANCELLED}): RobotDisposition.CANCELLED,
    }
    return one.get(frozenset(results), RobotDisposition.CHANGED)
