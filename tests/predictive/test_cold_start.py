"""The first minutes of a campaign of which nothing is known."""

from __future__ import annotations

from predictive import create_pacer
from predictive.laws import RingLaw
from predictive.simulator import Scenario, simulate


def test_a_first_burst_that_contradicts_the_prior_alone_does_not_halve_the_answer_rate() -> None:
    """Thirty calls at once, nine answered within 9 s, the rest rings out at 15 s: far less than the prior."""
    law = RingLaw(15.0)
    ringing = 30
    for second in range(15):
        counts = [0] * law.size
        counts[second] = ringing
        law.pass_time(1.0, counts)
        if second < 9:
            law.add(True, second + 0.9)
            ringing -= 1
    for _ in range(ringing):
        law.add(False, 15.0)
    assert law.chances()[0] >= 9 / 30


def test_thirty_agents_who_begin_together_are_not_flooded() -> None:
    """Seeds of which each abandoned 10 to 22 of its first persons while first answers were read as few."""
    begin = Scenario(
        agents=30, hours=2 / 60, warm_up=0.0, login_spread=1.0, answer_rate=0.4, ring=4.0, ring_timeout=15.0,
        machine_share=0.0, screening=None, talk=20.0, talk_cv=0.5, wrap=4.5, agent_cv=0.0, break_every=0.0,
        pause_every=0.0,
    )  # fmt: skip
    days = [simulate(begin, create_pacer("predictive", ring_timeout=15.0), n) for n in (2, 13, 31, 39, 48)]
    assert sum(day.abandoned for day in days) <= 0.06 * sum(day.persons for day in days)
