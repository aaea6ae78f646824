"""Who is called: every call to a number is decided by a seed, the number, and how often it was called."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from lab.fake import Answer, FakeAsterisk, Reject, Ring, Subscriber


@dataclass(frozen=True)
class Mix:
    """Shares of what a call meets; the rest is not answered. Times are seconds, from and to."""

    talks: float = 0.5
    leaves: float = 0.06
    busy: float = 0.15
    refused: float = 0.09
    machines: float = 0.0
    faxes: float = 0.0
    ring: tuple[float, float] = (0.5, 8.0)
    talk: tuple[float, float] = (5.0, 40.0)


EVERYBODY_TALKS = Mix(talks=1.0, leaves=0.0, busy=0.0, refused=0.0, ring=(1.0, 4.0), talk=(5.0, 20.0))


@dataclass
class Placed:
    """What was true inside Asterisk when a call was placed; the call itself is among `on_the_way`."""

    at: float
    number: str
    on_the_way: int
    free_agents: int


@dataclass
class People:
    """The subscribers of a fake Asterisk, and a witness of every placing."""

    seed: int
    mix: Mix = field(default_factory=Mix)
    fixed: dict[str, Subscriber] = field(default_factory=dict)
    """Numbers that always do the same."""
    fake: FakeAsterisk | None = None
    placed: list[Placed] = field(default_factory=list)
    _times: Counter[str] = field(default_factory=Counter)

    def __call__(self, number: str) -> Subscriber:
        assert self.fake is not None
        if len(self.fake.ledger) > len(self.placed):  # asked again during a talk otherwise
            self._times[number] += 1
            self.placed.append(witness(self.fake, number))
        return self.fixed.get(number) or self.decide(number)

    def decide(self, number: str) -> Subscriber:
        dice, mix = random.Random(f"{self.seed} {number} {self._times[number]}"), self.mix
        ring, share = dice.uniform(*mix.ring), dice.random()
        if (share := share - mix.talks) < 0:
            return Answer(ring, talk=dice.uniform(*mix.talk))
        if (share := share - mix.leaves) < 0:
            return Answer(ring, hang_up_after=dice.choice([0.0, 0.3, 1.5, 5.0]))
        if (share := share - mix.busy) < 0:
            return Reject(486, dice.uniform(0.05, 1.0))
        if (share := share - mix.refused) < 0:
            return Reject(dice.choice([404, 403, 503, 603]), dice.uniform(0.05, 1.0))
        if (share := share - mix.machines) < 0:
            return Answer(ring, heard="machine", screen=dice.uniform(0.5, 2.5))
        if share - mix.faxes < 0:
            return Answer(ring, heard=dice.choice(["fax", "sit"]), screen=dice.uniform(0.5, 2.5))
        return Ring()


def witness(fake: FakeAsterisk, number: str) -> Placed:
    """Calls that want an agent and have none yet, and agents that Asterisk would ring now."""
    switch = fake.switch
    served = {w.channel.uniqueid for q in switch.queues.values() for w in q.waiting if w.legs}
    rung = {m.interface for q in switch.queues.values() for w in q.waiting for m in w.legs.values()}
    on_the_way = [
        call
        for call in switch.live.values()
        if call.bridged_at is None and not call.message and call.channel_id not in served
    ]
    free = {
        member.interface
        for queue in switch.queues.values()
        for member in queue.members.values()
        if queue._free(member) and member.interface not in rung
    }
    return Placed(fake.clock.now(), number, len(on_the_way), len(free))
