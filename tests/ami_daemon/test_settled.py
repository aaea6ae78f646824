"""A call whose end nobody saw is over since it ended, not since that was found out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ami_daemon.app import Daemon
from ami_daemon.call import Call, CallState
from ami_daemon.dialer import call_of
from ami_daemon.recovery import Fate, Verdict
from leads.lead import NewLead, Outcome
from predictive import Event
from tests.ami_daemon.test_metrics import a_daemon, a_site

NAME = "spring"


async def a_call(daemon: Daemon, placed_at: float) -> Call:
    """One that was placed, rings as far as was seen, and is on the board."""
    site, store = daemon.site, daemon.store
    await store.leads.add(site.campaigns[NAME].list, [NewLead("+79161234567")], 1.0)
    [lead] = await store.leads.page(site.campaigns[NAME].list, limit=1)
    [attempt] = await store.attempts.claim(
        daemon.epoch, NAME, site.campaigns[NAME].trunk, [lead.id], placed_at, lambda: "0123456789abcd01"
    )
    await store.attempts.mark_sent(daemon.epoch, attempt.id, placed_at)
    call = call_of(attempt, site.campaigns[NAME])
    daemon.board.place(call)
    daemon.dialer.pacing.dialed(attempt)
    return call


def listen(daemon: Daemon) -> list[Event]:
    heard: list[Event] = []
    pacer = daemon.dialer.pacing.pacers[NAME]

    def on_event(now: float, event: Event) -> None:
        heard.append(event)

    pacer.on_event = on_event  # type: ignore[method-assign]  # a witness in its place
    return heard


@pytest.mark.parametrize(
    ("verdict", "event"),
    [
        (Verdict(Fate.ENDED, Outcome.NO_ANSWER, 35.0), Event("no_answer", "0123456789abcd01", None, 25.0)),
        (Verdict(Fate.NEVER_PLACED), Event("failed", "0123456789abcd01", None, 0.0)),
    ],
)
async def test_a_call_found_to_be_over_rang_as_long_as_it_rang(
    tmp_path: Path, verdict: Verdict, event: Event
) -> None:
    async with a_daemon(a_site(tmp_path, 1)) as daemon:  # its clock stands at 100.5
        call = await a_call(daemon, 10.0)
        heard = listen(daemon)
        await daemon.reconcile._close(call, verdict, replace(call, state=CallState.RINGING))
        assert heard == [event]


async def test_who_left_in_time_is_not_late_because_it_was_found_out_late(tmp_path: Path) -> None:
    async with a_daemon(a_site(tmp_path, 1)) as daemon:
        call = await a_call(daemon, 10.0)
        call.answered_at, call.state = 20.0, CallState.WAITING
        heard = listen(daemon)
        await daemon.reconcile._close(
            call, Verdict(Fate.ENDED, Outcome.HUNG_UP_BEFORE_TALK, 21.0), replace(call)
        )
        assert heard == [Event("abandon", call.attempt, None, 1.0)]
        standing = daemon.dialer.budgets.standing(NAME)
        assert (standing.abandoned, standing.live) == (0, 1)
