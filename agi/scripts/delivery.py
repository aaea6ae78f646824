"""The robot tells a buyer when their confirmed orders come: all of the number in one call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from agi.desk import Desk
from agi.reading import delivery, order_number, today
from agi.robot_call import Over, RobotCall
from agi.session import Session, Utterance
from config.forms import Language
from config.models import Site
from leads.attempt import Attempt
from leads.orders import Order, OrderState, Plan, Result, is_over, plans
from leads.robot import RobotDisposition
from sounds.phrase import Prompt

REPEAT = "3"
ROUNDS = 4
"""How often the notice is read, at most."""
SILENCES = 2
"""How often it is read to somebody who presses nothing."""


async def phrases(desk: Desk, attempt: Attempt) -> Sequence[Utterance] | None:
    """What the call will say of this buyer's deliveries; `None` where none is to come."""
    orders = await to_come(desk, attempt)
    language = desk.site.campaigns[attempt.campaign].language or desk.site.system.language
    return notice(orders, desk.site, language, desk.clock()) if orders else None


async def to_come(desk: Desk, attempt: Attempt) -> list[Order]:
    """Confirmed orders that wait on the call's lead, with a delivery that is not over."""
    now, known = desk.clock(), plans(desk.site)
    return [
        order
        for order in await desk.store.orders.of_lead(attempt.lead_id)
        if order.state is OrderState.CONFIRMED
        and order.delivery
        and not is_over(order.delivery, now, known.get(order.shop, Plan()))
    ]


def notice(orders: Sequence[Order], site: Site, language: Language, now: float) -> list[Utterance]:
    """Number, day and window of each."""
    said: list[Utterance] = []
    for order in orders:
        said += [*([Prompt("pause")] if said else []), Prompt("order-number"), *order_number(order.number)]
        if order.delivery is not None:
            said += [Prompt("order-delivery"), delivery(order.delivery, language, today(site, now))]
    return said


async def run(session: Session, desk: Desk) -> None:
    robot = await RobotCall.of(session, desk)
    with suppress(Over):
        await _talk(robot)


async def _talk(robot: RobotCall) -> None:
    orders = await to_come(robot.desk, robot.attempt)
    if not orders:
        await robot.settled()
    await robot.open(Prompt(robot.campaign.intro or "delivery-intro"))
    silences = 0
    for _ in range(ROUNDS):
        await robot.say(*notice(orders, robot.site, robot.session.language, robot.desk.clock()))
        if key := await robot.session.ask(Prompt("delivery-keys"), fresh=True):
            # Whatever the key: it was no machine that heard the notice. A delivery that the shop has moved
            # meanwhile is not what they heard: they are called again for it.
            now = {order.id: order.delivery for order in await to_come(robot.desk, robot.attempt)}
            for order in orders:
                if now.get(order.id) == order.delivery:
                    await robot.tell(order, Result.TOLD)
            await robot.note(RobotDisposition.TOLD)
            await robot.take(key)
            if key != REPEAT:
                break
        elif robot.pressed:
            break
        elif (silences := silences + 1) == SILENCES:
            await robot.give_up()
        else:
            await robot.say(Prompt("no-key"))
    await robot.end(RobotDisposition.TOLD, Prompt("order-thanks"))
