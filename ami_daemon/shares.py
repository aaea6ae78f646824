"""Campaigns that share agents: each agent counts for one of them at a time. Pure.

Two pacers that both count on one agent place calls for two. So agents are dealt: whoever begins a call, comes
back from a pause or signs in goes to the campaign that has fewest (of equals: to the one that was dealt to
longest ago), and is counted there until the next call begins. Shares are equal, but nobody gets more than can
be used: what a campaign with few lines, or with no lead to call, cannot use goes to the others.

A queue rings whom it likes, not whom the dealer meant. When a call of one campaign takes an agent of another,
the other gets an agent that is ready in exchange: the calls it has placed keep somebody to talk to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """What a campaign could do with agents."""

    agents: frozenset[str]
    """Those who serve it."""
    most: int
    """As many as it can use at once."""
    under_way: int = 0
    """Its calls that may yet want an agent, or wait for one."""


class Shares:
    """Whose each agent is, from one moment to the next."""

    def __init__(self) -> None:
        self.owner: dict[str, str] = {}
        self.callers: dict[str, str] = {}
        """Inbound callers who wait, by channel, and the campaign in whose share each is counted."""
        self._claims: Mapping[str, Claim] = {}
        self._away: frozenset[str] = frozenset()
        self._turns = 0
        self._dealt: dict[str, int] = {}
        self._joined: dict[str, int] = {}

    def deal(self, claims: Mapping[str, Claim], at_work: Sequence[str], away: Iterable[str] = ()) -> None:
        """Make `owner` fit what is true now.

        `at_work` are agents who are ready or will be, the soonest free first; `away` those who are not ready.
        """
        self._claims = claims
        for agent in self._away.intersection(at_work):
            self.owner.pop(agent, None)  # back from a pause: dealt as one who signs in
        self._away = frozenset(away)
        known = self._away.union(at_work)
        for agent, name in list(self.owner.items()):
            if agent not in known or name not in claims or agent not in claims[name].agents:
                del self.owner[agent]
        self._take_back(at_work)
        self._hand_out(at_work)
        while self._level(at_work):
            self._hand_out(at_work)  # one who moved may have left a place that another fits
        for agent in self._away.difference(self.owner):
            if fit := [name for name, claim in claims.items() if agent in claim.agents]:
                self.owner[agent] = min(fit)

    def began(self, agent: str, channel: str, campaign: str | None, ready: Iterable[str]) -> None:
        """The agent's phone rings for a caller: one whom `campaign` called, or (`None`) who calls us.

        The next deal gives the agent to somebody; `ready` are those who are ready still, longest first.
        """
        whose = self.callers.get(channel) if campaign is None else campaign
        loser = self.owner.pop(agent, None)
        if loser is None or whose is None or whose == loser:
            return
        fit = self._claims[loser].agents if loser in self._claims else frozenset()
        if (paid := next((a for a in ready if self.owner.get(a) == whose and a in fit), None)) is not None:
            self.owner[paid] = loser

    def joined(self, channel: str, agents: frozenset[str]) -> str | None:
        """An inbound caller waits for one of `agents`: in whose share they are counted, if in anyone's."""
        owned = Counter(name for agent, name in self.owner.items() if agent in agents)
        if not owned:
            return None
        waiting = Counter(self.callers.values())
        name = min(owned, key=lambda n: ((waiting[n] + 1) / owned[n], self._joined.get(n, 0), n))
        self._turns += 1
        self._joined[name] = self._turns
        self.callers[channel] = name
        return name

    def left(self, channel: str) -> str | None:
        """The inbound caller waits no more; in whose share they were counted."""
        return self.callers.pop(channel, None)

    # -- the deal's steps ------------------------------------------------------------------------

    def _count(self, at_work: Sequence[str]) -> Counter[str]:
        return Counter(self.owner[agent] for agent in at_work if agent in self.owner)

    def _take_back(self, at_work: Sequence[str]) -> None:
        """What a campaign cannot use: those who will be free last."""
        count = self._count(at_work)
        for agent in reversed(at_work):
            name = self.owner.get(agent)
            if name is not None and count[name] > self._claims[name].most:
                del self.owner[agent]
                count[name] -= 1

    def _hand_out(self, at_work: Sequence[str]) -> None:
        """Who has no campaign goes to the one with fewest; first those who have the least choice."""
        free = [agent for agent in at_work if agent not in self.owner]
        if not free:
            return
        count = self._count(at_work)
        choice = {a: [n for n, claim in self._claims.items() if a in claim.agents] for a in free}
        for agent in sorted(free, key=lambda one: len(choice[one])):
            fit = [name for name in choice[agent] if count[name] < self._claims[name].most]
            if fit:
                name = min(fit, key=lambda one: (count[one], self._dealt.get(one, 0), one))
                self._give(agent, name)
                count[name] += 1

    def _level(self, at_work: Sequence[str]) -> bool:
        """Move agents from who has most to who has fewest, but none that calls under way may count on.

        Those are as many as there are such calls, the soonest free. Whether anybody moved.
        """
        if len(self._claims) < 2:
            return False
        loose: dict[str, list[str]] = {name: [] for name in self._claims}
        for agent in at_work:
            if agent in self.owner:
                loose[self.owner[agent]].append(agent)
        count = Counter({name: len(agents) for name, agents in loose.items()})
        for name, claim in self._claims.items():
            del loose[name][: claim.under_way]
        moved = False
        while (move := self._next_move(count, loose)) is not None:
            moved = True
            agent, rich, poor = move
            loose[rich].remove(agent)
            self._give(agent, poor)
            count[rich] -= 1
            count[poor] += 1
        return moved

    def _next_move(
        self, count: Counter[str], loose: Mapping[str, Sequence[str]]
    ) -> tuple[str, str, str] | None:
        claims = self._claims
        for rich in sorted(claims, key=lambda one: (-count[one], one)):
            for poor in sorted(claims, key=lambda one: (count[one], one)):
                if count[rich] - count[poor] < 2:
                    break
                if count[poor] < claims[poor].most:
                    for agent in reversed(loose[rich]):
                        if agent in claims[poor].agents:
                            return agent, rich, poor
        return None

    def _give(self, agent: str, name: str) -> None:
        self.owner[agent] = name
        self._turns += 1
        self._dealt[name] = self._turns
