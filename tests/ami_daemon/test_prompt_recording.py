"""What comes of a phone that rang to record a prompt, in whatever order Asterisk tells it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from ami_daemon.agent import AgentState
from ami_daemon.agent_orders import BadOrder
from ami_daemon.board import Board
from ami_daemon.events import Event, Hangup, OriginateResponse, UserEvent
from ami_daemon.link import AmiLink
from ami_daemon.prompt_recording import PromptRecording
from config.load import load_site
from config.models import Site
from config.secrets import create_missing
from tests.conftest import SITE

ID = "1a2199e721276d8d"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("demo") / "site"
    shutil.copytree(SITE, folder)
    create_missing(folder)
    return load_site(folder)


class Link:
    """Keeps the handlers and what was asked of Asterisk."""

    def __init__(self) -> None:
        self.handlers: dict[type[Event], Callable[[Any], None]] = {}
        self.asked: list[Mapping[str, str]] = []

    def on(self, kind: type[Event], handler: Callable[[Any], None]) -> None:
        self.handlers[kind] = handler

    async def action(self, name: str, headers: Mapping[str, str]) -> None:
        assert name == "Originate"
        self.asked.append(headers)

    def tell(self, event: Event) -> None:
        self.handlers[type(event)](event)


def studio(site: Site) -> tuple[PromptRecording, Link]:
    link = Link()
    board = Board(site.system.name, {name: frozenset() for name in site.agents}, {})
    return PromptRecording(site, board, cast(AmiLink, link), lambda: ID), link


def channel(site: Site) -> str:
    return f"pzr-{site.system.name}-{ID}"


def response(site: Site, word: str) -> OriginateResponse:
    return OriginateResponse(1.0, word, 4, channel(site))


def hangup(site: Site) -> Hangup:
    return Hangup(2.0, "PJSIP/agent-anna-1", "", "", channel(site), channel(site), 16, "")


def kept(ident: str = ID) -> UserEvent:
    return UserEvent(1.5, "PerezvonRecorded", {"Recording": ident, "File": "/spool/a.wav16"})


@pytest.mark.parametrize(
    ("story", "result"),
    [
        ("answer keep hangup", {"outcome": "kept", "file": "/spool/a.wav16"}),
        ("answer hangup", {"outcome": "given_up"}),
        ("refuse hangup", {"outcome": "not_answered"}),
        ("hangup refuse", {"outcome": "not_answered"}),
        ("other answer hangup", {"outcome": "given_up"}),
    ],
)
async def test_the_end_is_told_whatever_comes_first(site: Site, story: str, result: dict[str, str]) -> None:
    recording, link = studio(site)
    asked = asyncio.create_task(recording.record("anna"))
    await asyncio.sleep(0)
    events = {
        "answer": response(site, "Success"), "refuse": response(site, "Failure"), "hangup": hangup(site),
        "keep": kept(), "other": kept("0000000000000000"),
    }  # fmt: skip
    for word in story.split():
        link.tell(events[word])
    assert await asked == result
    assert link.asked[0]["Channel"] == "PJSIP/agent-anna"
    assert link.asked[0]["ChannelId"] == channel(site)
    assert (link.asked[0]["Context"], link.asked[0]["Variable"]) == ("perezvon-record", f"__PZ_ATTEMPT={ID}")


async def test_a_phone_in_use_is_not_rung(site: Site) -> None:
    recording, link = studio(site)
    recording.board.agents["anna"].state = AgentState.TALKING
    with pytest.raises(BadOrder, match="wait for the end of the call"):
        await recording.record("anna")
    assert link.asked == []
