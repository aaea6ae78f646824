"""Agents are dealt to the campaigns that share them: each counts once, none is lost, all are of use."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ami_daemon.shares import Claim, Shares

AGENTS = tuple(f"agent{number}" for number in range(8))
ALL = frozenset(AGENTS)


class Floor(RuleBasedStateMachine):
    """Agents who come, go and serve; campaigns that start and stop; a deal after everything."""

    def __init__(self) -> None:
        super().__init__()
        self.shares = Shares()
        self.claims: dict[str, Claim] = {}
        self.ready: list[str] = []
        self.busy: list[str] = []
        self.away: list[str] = []

    @rule(
        name=st.sampled_from("abc"),
        agents=st.frozensets(st.sampled_from(AGENTS)),
        most=st.integers(1, 9),
        under_way=st.integers(0, 9),
    )
    def wants(self, name: str, agents: frozenset[str], most: int, under_way: int) -> None:
        self.claims[name] = Claim(agents, most, under_way)

    @rule(name=st.sampled_from("abc"))
    def stops(self, name: str) -> None:
        self.claims.pop(name, None)

    @rule(agent=st.sampled_from(AGENTS), where=st.sampled_from(["ready", "busy", "away", "gone"]))
    def moves(self, agent: str, where: str) -> None:
        for place in (self.ready, self.busy, self.away):
            if agent in place:
                place.remove(agent)
        if where != "gone":
            getattr(self, where).append(agent)

    @precondition(lambda self: self.ready)
    @rule(data=st.data(), campaign=st.sampled_from(["a", "b", "c", None]))
    def serves(self, data: st.DataObject, campaign: str | None) -> None:
        agent = data.draw(st.sampled_from(self.ready))
        self.ready.remove(agent)
        self.busy.append(agent)
        before = Counter(self.shares.owner.get(other) for other in self.ready)
        loser = self.shares.owner.get(agent)
        self.shares.began(agent, "caller", campaign, self.ready)
        after = Counter(self.shares.owner.get(other) for other in self.ready)
        if after != before:
            assert (after[loser] - before[loser], after[campaign] - before[campaign]) == (1, -1)

    @rule(channel=st.sampled_from("xyz"), agents=st.frozensets(st.sampled_from(AGENTS)))
    def rings_in(self, channel: str, agents: frozenset[str]) -> None:
        name = self.shares.joined(channel, agents)
        owners = {self.shares.owner[agent] for agent in agents if agent in self.shares.owner}
        assert name in owners or (name is None and not owners)
        assert self.shares.left(channel) == name

    @invariant()
    def nobody_is_lost_and_nobody_too_many(self) -> None:
        at_work = self.ready + self.busy
        self.shares.deal(self.claims, at_work, self.away)
        owner = self.shares.owner
        count = Counter(owner[agent] for agent in at_work if agent in owner)
        assert set(owner) <= {*at_work, *self.away}
        for name, claim in self.claims.items():
            assert count[name] <= claim.most
        for agent in at_work + self.away:
            fit = [name for name, claim in self.claims.items() if agent in claim.agents]
            if agent in owner:
                assert owner[agent] in fit
            else:
                assert all(count[name] >= self.claims[name].most for name in fit), f"{agent} is lost"
        again = dict(owner)
        self.shares.deal(self.claims, at_work, self.away)
        assert self.shares.owner == again, "a deal where nothing changed moves nobody"


TestFloor = Floor.TestCase


@given(st.integers(0, 8), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_those_who_want_more_than_there_are_get_as_many_as_each_other(agents: int, lines: list[int]) -> None:
    shares, claims = Shares(), {str(n): Claim(ALL, most) for n, most in enumerate(lines)}
    shares.deal(claims, AGENTS[:agents])
    count = Counter(shares.owner.values())
    for name, claim in claims.items():
        better = max(count[other] for other in claims)
        assert count[name] >= min(claim.most, better - 1)


def test_one_agent_serves_two_campaigns_in_turn() -> None:
    shares, claims, turns = Shares(), {"a": Claim(ALL, 5), "b": Claim(ALL, 5)}, []
    for _ in range(6):
        shares.deal(claims, AGENTS[:1])
        turns.append(shares.owner[AGENTS[0]])
        shares.began(AGENTS[0], "caller", turns[-1], [])
    assert turns == ["a", "b"] * 3


def test_who_takes_an_agent_of_another_campaign_gives_one_back() -> None:
    """Both have a call on its way to each of two agents; a call of `a` is put through to an agent of `b`."""
    claims = {"a": Claim(ALL, 5, 1), "b": Claim(ALL, 5, 1)}
    shares = Shares()
    shares.deal(claims, AGENTS[:2])
    (of_b,) = [agent for agent, name in shares.owner.items() if name == "b"]
    (of_a,) = [agent for agent, name in shares.owner.items() if name == "a"]
    shares.began(of_b, "caller", "a", [of_a])
    claims["a"] = Claim(ALL, 5, 0)
    shares.deal(claims, [of_a, of_b])
    assert shares.owner == {of_a: "b", of_b: "a"}


def test_calls_under_way_keep_the_agents_that_they_may_need() -> None:
    """`b` starts late: it gets who is free of calls, and the others as their next call begins."""
    shares = Shares()
    shares.deal({"a": Claim(ALL, 9, 6)}, AGENTS)
    claims = {"a": Claim(ALL, 9, 6), "b": Claim(ALL, 9)}
    shares.deal(claims, AGENTS)
    assert Counter(shares.owner.values()) == {"a": 6, "b": 2}
    assert {agent for agent, name in shares.owner.items() if name == "b"} == set(AGENTS[-2:])
    shares.began(AGENTS[0], "caller", "a", AGENTS[1:])
    shares.deal(claims, [*AGENTS[1:], AGENTS[0]])
    assert Counter(shares.owner.values()) == {"a": 5, "b": 3}


def test_agents_of_one_who_has_nobody_to_call_go_to_the_other_but_for_its_calls() -> None:
    shares = Shares()
    shares.deal({"a": Claim(ALL, 9), "b": Claim(ALL, 9)}, AGENTS)
    shares.deal({"a": Claim(ALL, 2, 2), "b": Claim(ALL, 9)}, AGENTS)
    assert Counter(shares.owner.values()) == {"a": 2, "b": 6}
    shares.deal({"b": Claim(ALL, 9)}, AGENTS)
    assert set(shares.owner.values()) == {"b"}


def test_an_inbound_caller_counts_in_one_share() -> None:
    shares = Shares()
    shares.deal({"a": Claim(ALL, 9), "b": Claim(ALL, 9)}, AGENTS)
    assert Counter(shares.joined(channel, ALL) for channel in "pqrs") == {"a": 2, "b": 2}
    assert shares.left("p") == "a"
    assert shares.left("p") is None
    assert shares.joined("t", frozenset({"nobody"})) is None


def test_a_place_that_a_move_left_is_taken() -> None:
    shares = Shares()
    wide = {"b": Claim(frozenset(AGENTS[:3]), 2)}
    shares.deal(wide, AGENTS[:3])
    shares.owner = {AGENTS[0]: "b", AGENTS[1]: "b"}
    shares.deal({**wide, "a": Claim(frozenset(AGENTS[:1]), 1)}, AGENTS[:3])
    assert shares.owner == {AGENTS[0]: "a", AGENTS[1]: "b", AGENTS[2]: "b"}
