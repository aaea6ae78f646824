"""The city: a second Asterisk that plays the carrier, its subscribers, and the agents' phones."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from config.models import Site
from lab import city_files, sound
from lab.ami import Ami, AmiRefused
from lab.behaviour import EVERYBODY_TALKS, Behaviour, Kind, Mix
from lab.instance import Instance
from lab.ledger import PLACED_ID, Call, Dialed, Ledger, PhoneCall
from lab.party import Ears, KeyMode, NotAnswered, Party
from lab.ports import free_port
from lab.provision import AsteriskBinary

_SPEECH = ("demo-congrats", "demo-instruct")
_PLACING = 40.0  # seconds from a call's placing to its refusal by all timers of SIP


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
        self._recordings.mkdir(parents=True, exist_ok=True)
        self._place = city_files.Place(
            sip_port=sip_port,
            ami_port=free_port(socket.SOCK_STREAM),
            ami_secret=secrets.token_hex(16),
            rtp=rtp,
            our_host=site.system.sip.bind,
            our_port=site.system.sip.port,
            ears_port=free_port(socket.SOCK_STREAM),
        )
        named = {number.removeprefix("+"): way for number, way in (people or {}).items()}
        files = city_files.render(binary, folder, site, self._place, named, mix, seed, record)
        self.site = site
        self.instance = Instance(binary, folder, files)
        self.ledger = Ledger(city_files.number_form(site), self._recordings if record else None)
        self._ami = Ami(self._place.ami_port, city_files.AMI_USER, self._place.ami_secret, self.ledger.take)
        self._ears = Ears(self._place.ears_port)
        self._serial = itertools.count(1)

    async def start(self) -> None:
        await self._ears.start()
        await self.instance.start()
        await self._ami.open()

    async def stop(self) -> None:
        await self._ami.close()
        await self.instance.stop()
        await self._ears.stop()

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

    async def call_in(
        self,
        did: str,
        caller_id: str,
        seconds: float,
        trunk: str | None = None,
        *,
        keys: Sequence[tuple[float | str, str]] | None = None,
        says: Path | None = None,
        key_mode: KeyMode = KeyMode.RFC4733,
    ) -> Dialed:
        """Somebody calls the line `did` over a trunk, speaks, and hangs up `seconds` after the answer.

        With `keys` they are silent (or say the file `says`), and press: each of `keys` is a moment (seconds
        after the answer, or the name of a prompt that they hear to its end) and the keys pressed then.
        Comes back when the call has ended, by whomever; cancelled, it hangs up. Raises `NotHeard`.
        """
        endpoint = self._endpoint(trunk)
        if keys is None and says is None:
            return await self.place(endpoint, did, caller_id, seconds)
        try:
            async with self._calling(endpoint, did, caller_id, key_mode) as caller:
                speaking = asyncio.create_task(caller.says(says)) if says is not None else None
                await caller.does(keys or (), until=seconds)
                if speaking is not None:
                    await speaking
        except NotAnswered as refused:
            if refused.dialed is None:
                raise
            return refused.dialed
        assert caller.dialed is not None  # noqa: S101 - we have left the call
        return caller.dialed

    def caller(
        self, did: str, caller_id: str, trunk: str | None = None, *, key_mode: KeyMode = KeyMode.RFC4733
    ) -> AbstractAsyncContextManager[Party]:
        """Somebody who calls the line `did`, and does as told when it has answered: see `Party`.

        On leaving they hang up, and `Party.dialed` says how it went. Raises `NotAnswered`.
        """
        return self._calling(self._endpoint(trunk), did, caller_id, key_mode)

    @asynccontextmanager
    async def person(self, number: str, ring: float = 0.0) -> AsyncIterator[Party]:
        """Somebody who answers the next call to `number`, and does as told: see `Party`.

        Await `Party.until_answered` first. On leaving they hang up, and the number is like any other.
        """
        async with self._answering(number.removeprefix("+"), lambda: self.ledger.to(number), ring) as party:
            yield party

    @asynccontextmanager
    async def agent(self, agent: str, ring: float = 0.0) -> AsyncIterator[Party]:
        """An agent who answers the next call to their phone, and does as told: see `person`."""

        def calls() -> list[PhoneCall]:
            return [call for call in self.ledger.phone_calls if call.agent == agent]

        async with self._answering(f"phone-{agent}", calls, ring) as party:
            yield party

    @asynccontextmanager
    async def _answering(
        self, who: str, calls: Callable[[], Sequence[Call]], ring: float
    ) -> AsyncIterator[Party]:
        before = len(calls())
        async with self._live(lambda: next(iter(calls()[before:]), None)) as party:
            await self.remember(who, str(Behaviour(Kind.LIVE, ring, party=str(party.id))))
            try:
                yield party
            finally:
                await self.remember(who, "")

    @asynccontextmanager
    async def _calling(
        self, endpoint: str, number: str, caller_id: str, key_mode: KeyMode
    ) -> AsyncIterator[Party]:
        ident = f"{PLACED_ID}{next(self._serial)}"
        async with self._live(lambda: self.ledger.placed.get(ident)) as party:
            variables = {"party": str(party.id), "key_mode": str(key_mode)}
            await self._originate(ident, endpoint, number, caller_id, city_files.LIVE, variables)
            try:
                call = await self.ledger.until(lambda: self._answered_or_ended(ident), _PLACING)
            except BaseException:
                with suppress(AmiRefused):
                    await self.hang_up(ident)
                raise
            if call.answered_at is None:
                ended = self._dialed(call, None)
                raise NotAnswered(f"{number} refused the call, with cause {ended.cause}", ended)
            await party.until_answered()
            yield party

    @asynccontextmanager
    async def _live(self, call: Callable[[], Call | None]) -> AsyncIterator[Party]:
        """A party whose call `call` finds; on leaving it is ended, and what was heard is written down."""

        async def press(key: str) -> None:
            if (found := call()) is not None:
                duration = str(city_files.PRESS_MS)
                await self._ami.action(
                    {"Action": "PlayDTMF", "Channel": found.channel, "Digit": key, "Duration": duration}
                )

        prompts = Path(self.site.system.sounds_dir or "")
        party = Party(prompts, self.site.system.language, press)
        self._ears.expect(party)
        try:
            yield party
        finally:
            self._ears.forget(party)
            await party.hang_up()
            if party.answered and (found := call()) is not None:
                await self.ledger.until(lambda: found.ended_at)
                party.dialed = self._dialed(found, self._recordings / f"{found.id}.wav")
                sound.write(self._recordings / f"{found.id}.wav", party.all_heard)

    async def place(self, endpoint: str, number: str, caller_id: str, seconds: float) -> Dialed:
        """Place a call to us from one of the city's endpoints; see `call_in`."""
        ident = f"{PLACED_ID}{next(self._serial)}"
        variables = {"seconds": f"{seconds:g}"}
        await self._originate(ident, endpoint, number, caller_id, city_files.PLACED, variables)
        try:
            call = await self.ledger.until(lambda: self._ended(ident), _PLACING + seconds + 10)
        finally:
            if self._ended(ident) is None:
                with suppress(AmiRefused):  # gone in this very moment
                    await self.hang_up(ident)
        recording = self._recordings / f"{ident}.wav" if call.answered_at else None
        if recording is not None:
            await self.whole(recording)
        return self._dialed(call, recording)

    async def _originate(
        self,
        ident: str,
        endpoint: str,
        number: str,
        caller_id: str,
        context: str,
        variables: Mapping[str, str],
    ) -> None:
        us = f"{self._place.our_host}:{self._place.our_port}"
        await self._ami.action(
            {
                "Action": "Originate",
                "Channel": f"PJSIP/{endpoint}/sip:{number}@{us}",
                "ChannelId": ident,
                "Context": context,
                "Exten": "s",
                "Priority": "1",
                "CallerID": caller_id,
                "Timeout": str(int(_PLACING * 1000)),
                "Variable": ",".join(f"{name}={value}" for name, value in variables.items()),
                "Async": "true",
            }
        )

    def _endpoint(self, trunk: str | None) -> str:
        return f"to-{trunk or min(self.site.trunks)}"

    def _answered_or_ended(self, ident: str) -> Call | None:
        call = self.ledger.placed.get(ident)
        return call if call is not None and (call.answered_at or call.ended_at) else None

    @staticmethod
    def _dialed(call: Call, recording: Path | None) -> Dialed:
        assert call.ended_at is not None  # noqa: S101 - callers have waited for the end
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
