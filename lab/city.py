"""The city: a second Asterisk that plays the carrier, its subscribers, and the agents' phones."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.models import Site
from lab import city_files
from lab.ami import Ami, AmiRefused
from lab.behaviour import EVERYBODY_TALKS, Behaviour, Mix
from lab.instance import Instance
from lab.ledger import PLACED_ID, Call, Ledger
from lab.ports import free_port
from lab.provision import AsteriskBinary

_SPEECH = ("demo-congrats", "demo-instruct")
_PLACING = 40.0  # seconds from a call's placing to its refusal by all timers of SIP


@dataclass(frozen=True)
class Dialed:
    """A call that the lab placed to us, after its end. Times are epoch seconds."""

    answered_at: float | None
    ended_at: float
    cause: int
    recording: Path | None
    """What the one who dialed heard: a whole WAV file; `None` where nobody answered."""

    @property
    def answered(self) -> bool:
        return self.answered_at is not None

    @property
    def seconds(self) -> float:
        """From answer to end."""
        return self.ended_at - self.answered_at if self.answered_at is not None else 0.0


class City:
    """The carrier of `site`'s trunks and the phones of its agents, beside us at `site.system.sip`.

    `people` says what named numbers do (E.164 with plus); special numbers (`lab.behaviour`) spell it; all
    others are drawn from `mix` by `seed`. With `record`, what each subscriber heard is kept as a file.
    """

    def __init__(
        self,
        binary: AsteriskBinary,
        folder: Path,
        site: Site,
        rtp: tuple[int, int],
        sip_port: int,
        people: Mapping[str, Behaviour] | None = None,
        mix: Mix = EVERYBODY_TALKS,
        seed: int = 0,
        record: bool = False,
    ) -> None:
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # the phones' passwords are in it
        _copy_speech(binary, folder / "speech", site.system.language)
        self._recordings = folder / "spool/monitor"
        self._place = city_files.Place(
            sip_port=sip_port,
            ami_port=free_port(socket.SOCK_STREAM),
            ami_secret=secrets.token_hex(16),
            rtp=rtp,
            our_host=site.system.sip.bind,
            our_port=site.system.sip.port,
        )
        named = {number.removeprefix("+"): way for number, way in (people or {}).items()}
        files = city_files.render(binary, folder, site, self._place, named, mix, seed, record)
        self.site = site
        self.instance = Instance(binary, folder, files)
        self.ledger = Ledger(city_files.number_form(site), self._recordings if record else None)
        self._ami = Ami(self._place.ami_port, city_files.AMI_USER, self._place.ami_secret, self.ledger.take)
        self._serial = itertools.count(1)

    async def start(self) -> None:
        await self.instance.start()
        await self._ami.open()

    async def stop(self) -> None:
        await self._ami.close()
        await self.instance.stop()

    def ensure_whole(self) -> None:
        """Raise `AmiLost` where the ledger may have missed something."""
        self._ami.ensure_live()

    async def behave(self, number: str, way: Behaviour) -> None:
        """From now on a call to `number` (E.164 with plus) meets `way`."""
        await self.remember(number.removeprefix("+"), str(way))

    async def remember(self, who: str, way: str) -> None:
        """Set the behaviour text of a number or phone in the city's dialplan."""
        await self._ami.action({"Action": "Setvar", "Variable": f"do_{who}", "Value": way})

    async def registration(self, agent: str, wanted: bool) -> None:
        """Let the agent's phone register, or take its registration back."""
        verb = "PJSIPRegister" if wanted else "PJSIPUnregister"
        await self._ami.action({"Action": verb, "Registration": f"phone-{agent}"})

    async def call_in(self, did: str, caller_id: str, seconds: float, trunk: str | None = None) -> Dialed:
        """Somebody calls the line `did` over a trunk, speaks, and hangs up `seconds` after the answer.

        Comes back when the call has ended, by whomever; cancelled, it hangs up.
        """
        names = sorted(self.site.trunks)
        trunk = trunk or names[0]
        return await self.place(f"to-{trunk}", did, caller_id, seconds)

    async def place(self, endpoint: str, number: str, caller_id: str, seconds: float) -> Dialed:
        """Place a call to us from one of the city's endpoints; see `call_in`."""
        us = f"{self._place.our_host}:{self._place.our_port}"
        ident = f"{PLACED_ID}{next(self._serial)}"
        await self._ami.action(
            {
                "Action": "Originate",
                "Channel": f"PJSIP/{endpoint}/sip:{number}@{us}",
                "ChannelId": ident,
                "Context": city_files.PLACED,
                "Exten": "s",
                "Priority": "1",
                "CallerID": caller_id,
                "Timeout": str(int(_PLACING * 1000)),
                "Variable": f"seconds={seconds:g}",
                "Async": "true",
            }
        )
        try:
            call = await self.ledger.until(lambda: self._ended(ident), _PLACING + seconds + 10)
        finally:
            if self._ended(ident) is None:
                with suppress(AmiRefused):  # gone in this very moment
                    await self.hang_up(ident)
        assert call.ended_at is not None  # noqa: S101 - that is what _ended() found
        recording = self._recordings / f"{ident}.wav" if call.answered_at else None
        if recording is not None:
            await self.whole(recording)
        return Dialed(call.answered_at, call.ended_at, call.cause or 0, recording)

    def _ended(self, ident: str) -> Call | None:
        call = self.ledger.placed.get(ident)
        return call if call is not None and call.ended_at is not None else None

    async def whole(self, recording: Path, deadline: float = 5.0) -> None:
        """Wait until Asterisk has closed a recording: only then its WAV header tells its length."""
        async with asyncio.timeout(deadline):
            while not recording.is_file() or self.instance.holds(recording):
                await asyncio.sleep(0.02)

    async def hang_up(self, channel: str) -> None:
        """Hang up a channel by name or id, or several by `/pattern/`."""
        await self._ami.action({"Action": "Hangup", "Channel": channel})


def _copy_speech(binary: AsteriskBinary, folder: Path, language: str) -> None:
    """What people say: some of Asterisk's own recorded speech."""
    folder.mkdir(exist_ok=True)
    sounds = binary.data_dir / "sounds"
    spoken = sounds / language if (sounds / language).is_dir() else sounds / "en"
    for name in _SPEECH:
        for source in spoken.glob(f"{name}.*"):
            shutil.copy(source, folder / source.name)
