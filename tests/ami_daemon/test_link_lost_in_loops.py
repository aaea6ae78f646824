"""The loops over all groups and agents outlive a link that is lost, or slow, in the middle of a step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ami_daemon.agent import AgentState
from ami_daemon.link import ActionTimeout, ConnectionLost, LinkError, NotConnected
from ami_daemon.preview import Preview
from ami_daemon.waiting import OTHER_GROUP, Waiting

LINK_ERRORS = [ActionTimeout, ConnectionLost, NotConnected]


class LostLink:
    """Every action fails so."""

    def __init__(self, error: type[LinkError]) -> None:
        self._error = error
        self.asked: list[str] = []

    def on(self, *_: object) -> None: ...

    async def action(self, name: str, *_: object) -> None:
        self.asked.append(name)
        raise self._error("the link is gone")

    async def pause(self, agent: str, paused: bool, _reason: str) -> None:
        self.asked.append(f"{'pause' if paused else 'unpause'} {agent}")
        if not paused:
            raise self._error("the link is gone")


def daemon(link: LostLink, **more: Any) -> Any:
    board = SimpleNamespace(
        lines=SimpleNamespace(place=lambda *_: 1, queues={"sales": ["c1"]}, first={"c1": 0.0}),
        agents={"anna": SimpleNamespace(state=AgentState.TALKING)},
        reserve=lambda *_: None,
    )
    site = SimpleNamespace(system=SimpleNamespace(name="t"), groups={})
    pacing = SimpleNamespace(reserved={})
    return SimpleNamespace(
        site=site, board=board, link=link, store=None, pacing=pacing, clock=lambda: 0.0, new_id=str, **more
    )


@pytest.mark.parametrize("error", LINK_ERRORS)
async def test_a_surge_whose_link_is_lost_leaves_the_caller_where_they_are(error: type[LinkError]) -> None:
    hold: Any = SimpleNamespace(calls_back=None, kept=None)
    speech: Any = None
    link = LostLink(error)
    waiting = Waiting(daemon(link), hold, speech, start=lambda work: work.close())
    await waiting._lead_out("c1", OTHER_GROUP, "sales", "support")
    assert link.asked == ["Setvar"], "no key was pressed"


@pytest.mark.parametrize("error", LINK_ERRORS)
async def test_an_agent_who_cannot_be_unpaused_does_not_end_the_preview_loop(error: type[LinkError]) -> None:
    """The queue rang them in the moment in which they were to be kept for somebody with a place in line."""
    link = LostLink(error)

    async def serve() -> dict[str, str]:
        return {"anna": "a1"}

    hold: Any = SimpleNamespace(serve=serve)
    orders: Any = link
    preview = Preview(daemon(link), orders, hold, clock=lambda: 0.0, start=lambda work: work.close())
    await preview._serve_kept()
    assert link.asked == ["pause anna", "unpause anna"]
