"""Who is listened to before the answer, and what ends a call then: with a link that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ami_daemon import early
from ami_daemon import events as ami
from ami_daemon.board import Board
from ami_daemon.call import Call
from ami_daemon.dialer import Dialer
from ami_daemon.early import Early
from ami_daemon.link import ActionFailed, Message
from cli.demo_world import demo_site
from config.load import load_site
from config.models import Site, Switch
from config.secrets import create_missing
from sounds.ear import Phase, socket_id

NOW = 1000.0
LISTENED, PLAIN = "0123456789abcd01", "0123456789abcd02"


class Link:
    """Keeps what is asked; a channel's state is `state`."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.asked: list[Mapping[str, str]] = []
        self.heard: dict[type, Callable[[Any], None]] = {}

    def on(self, kind: type, handler: Callable[[Any], None]) -> None:
        self.heard[kind] = handler

    async def action(self, name: str, headers: Mapping[str, str]) -> Any:
        self.asked.append({"Action": name, **headers})
        if self.state == "gone":
            raise ActionFailed(name, Message(b"Message: No such channel\r\n"))
        return SimpleNamespace(text=lambda header, default: self.state)


class Room:
    """The board with a call of a campaign that is screened, and one of another's; both are dialed."""

    def __init__(self, site: Site, state: str) -> None:
        spring = site.campaigns["spring"].model_copy(update={"screening": Switch.ON})
        self.site = site.model_copy(update={"campaigns": {**site.campaigns, "spring": spring}})
        self.board = Board(site.system.name, {}, {})
        self.link = Link(state)
        self.works: list[asyncio.Task[None]] = []
        for attempt, campaign in ((LISTENED, "spring"), (PLAIN, "calls")):
            self.place(attempt, campaign)
        dialer = SimpleNamespace(site=self.site, board=self.board, link=self.link, clock=lambda: NOW)
        self.early = Early(cast(Dialer, dialer), start=self._start)

    def place(self, attempt: str, campaign: str = "spring") -> None:
        screened = self.site.campaigns[campaign].screened
        self.board.place(Call(attempt, 1, campaign, "sales", "city", "+79161234567", NOW, screened=screened))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.works.append(asyncio.ensure_future(work))

    async def sounds(self, attempt: str = LISTENED, status: str = "PROGRESS", at: float = NOW) -> None:
        """The network says how the dialing goes on."""
        self.link.heard[ami.DialState](ami.DialState(at, self.board.prefix + attempt, status))
        await self.done()

    async def tells(self, event: ami.Event) -> None:
        for change in self.board.handle(event):
            if (work := self.early.on_change(change)) is not None:
                self._start(work)
        await self.done()

    async def hears(self, heard: str) -> None:
        await self.tells(ami.UserEvent(NOW, "PerezvonEarly", {"Attempt": LISTENED, "Heard": heard}))

    async def is_in(self, state: int) -> None:
        channel = self.board.prefix + LISTENED
        await self.tells(ami.Newstate(NOW, "PJSIP/trunk-1", state, channel, channel))

    async def done(self) -> None:
        while self.works:
            await self.works.pop()

    def asked(self, action: str) -> list[Mapping[str, str]]:
        return [asked for asked in self.link.asked if asked["Action"] == action]


@pytest.fixture
def room(tmp_path: Path) -> Callable[..., Room]:
    folder = demo_site(tmp_path / "site")
    create_missing(folder)
    site = load_site(folder)
    return lambda state="Down": Room(site, state)


async def test_a_call_that_rings_with_sound_is_listened_to_once(room: Callable[..., Room]) -> None:
    here = room()
    await here.sounds(status="RINGING")
    assert here.link.asked == []
    await here.sounds()
    await here.sounds()
    (asked,) = here.link.asked
    named = socket_id(here.site.ear_token, Phase.EARLY, LISTENED)
    assert asked["Channel"] == f"AudioSocket/127.0.0.1:{here.site.system.ear_port}/{named}"
    assert asked["ChannelId"] == f"pze-{here.site.system.name}-{LISTENED}"
    assert (asked["Context"], asked["Variable"]) == ("perezvon-early", f"PZ_ATTEMPT={LISTENED}")
    assert here.early.expects(LISTENED) and not here.early.expects(PLAIN)


async def test_nobody_listens_where_calls_are_not_screened_or_have_been_answered(
    room: Callable[..., Room],
) -> None:
    here = room()
    await here.sounds(PLAIN)
    await here.sounds("0123456789abcd99")
    await here.is_in(6)
    await here.sounds()
    assert here.link.asked == []


async def test_there_are_so_many_listeners_and_no_more_and_ended_calls_make_room(
    room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "AT_ONCE", 2)
    here = room()
    others = ["0123456789abcd03", "0123456789abcd04"]
    for other in others:
        here.place(other)
        await here.sounds(other)
    await here.sounds()
    assert len(here.link.asked) == 2
    here.board.forget(others[0])  # while the link was down: no event told of its end
    await here.sounds()
    assert len(here.link.asked) == 3


@pytest.mark.parametrize(("heard", "cause"), [("busy", "17"), ("sit", "20")])
async def test_tones_that_say_nobody_will_answer_end_the_call_at_once(
    room: Callable[..., Room], heard: str, cause: str
) -> None:
    here = room()
    await here.sounds()
    await here.hears(heard)
    channel = here.board.prefix + LISTENED
    assert here.asked("Hangup") == [{"Action": "Hangup", "Channel": channel, "Cause": cause}]


@pytest.mark.parametrize("state", ["Up", "gone"])
async def test_who_has_answered_in_this_very_moment_or_is_gone_is_left_alone(
    room: Callable[..., Room], state: str
) -> None:
    here = room()
    await here.sounds()
    here.link.state = state
    await here.hears("busy")
    assert here.asked("Hangup") == []


async def test_words_end_a_call_when_it_has_rung_as_long_as_the_law_wants(
    room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    here = room()
    await here.sounds(at=NOW - 6.0)
    await here.hears("machine")
    assert slept == [here.site.campaigns["spring"].rules.ring - 6.0] == [9.0]
    assert [asked["Cause"] for asked in here.asked("Hangup")] == ["20"]


async def test_a_phone_that_rings_after_the_words_is_not_cut_off(
    room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have rung for a second when the law's time since the first sound is over."""
    here = room()

    async def sleep(_: float) -> None:
        channel = here.board.prefix + LISTENED
        here.board.handle(ami.Newstate(NOW + 14.0, "PJSIP/trunk-1", 5, channel, channel))

    monkeypatch.setattr(asyncio, "sleep", sleep)
    await here.sounds()
    await here.hears("machine")
    assert here.asked("Hangup") == []


async def test_words_after_a_phone_was_said_to_ring_are_its_melody(room: Callable[..., Room]) -> None:
    here = room()
    await here.is_in(5)
    await here.sounds()
    await here.hears("machine")
    assert here.asked("Hangup") == []
    await here.hears("busy")
    assert len(here.asked("Hangup")) == 1


async def test_an_answer_sends_the_listener_away_and_voids_what_it_heard(room: Callable[..., Room]) -> None:
    here = room()
    await here.sounds()
    await here.is_in(6)
    listener = f"pze-{here.site.system.name}-{LISTENED}"
    assert here.asked("Hangup") == [{"Action": "Hangup", "Channel": listener}]
    assert not here.early.expects(LISTENED)
    await here.hears("busy")
    assert len(here.asked("Hangup")) == 1
