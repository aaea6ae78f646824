"""A real Asterisk that plays clips, in real time and many at once, to `AMD()` or over AudioSocket.

The far end of a Local channel plays the clip; the near end is what a dialer has in hand once it is answered.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import sound
from lab.ami import Ami, Event
from lab.instance import Instance, directories
from lab.ports import free_port
from lab.provision import AsteriskBinary

AMD_DEFAULTS: dict[str, int] = {
    "initial_silence": 2500,
    "greeting": 1500,
    "after_greeting_silence": 800,
    "total_analysis_time": 5000,
    "min_word_length": 100,
    "between_words_silence": 50,
    "maximum_number_of_words": 2,
    "silence_threshold": 256,
    "maximum_word_length": 5000,
}
"""`amd.conf.sample` of Asterisk, in the order of the application's arguments: ms, words, mean amplitude."""

_MODULES = (
    *("res_timing_timerfd", "pbx_config", "app_playback", "app_userevent", "app_exec", "app_amd"),
    *("res_audiosocket", "app_audiosocket", "format_wav", "codec_alaw", "codec_ulaw"),
)
_USER = "bench"
_LEAST = 10  # s of sound: longer than any settings of AMD() look at
_DEADLINE = 40.0  # s, for one clip


@dataclass(frozen=True)
class Heard:
    """What Asterisk knew in the end: `status` and `cause`; `seconds` from the answer."""

    status: str
    cause: str
    seconds: float


class Rig:
    def __init__(self, ami_port: int, secret: str, folder: Path) -> None:
        self._folder = folder
        self._ami = Ami(ami_port, _USER, secret, self._take)
        self._began: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[Heard]] = {}
        self._serial = 0

    @staticmethod
    @asynccontextmanager
    async def open(binary: AsteriskBinary, folder: Path) -> AsyncIterator[Rig]:
        """Start it in `folder` (empty or missing), and stop it on leaving. Raises `AsteriskFailed`."""
        port, secret = free_port(socket.SOCK_STREAM), secrets.token_hex(16)
        instance = Instance(binary, folder, _files(binary, folder.resolve(), port, secret))
        (instance.folder / "clips").mkdir()
        rig = Rig(port, secret, instance.folder / "clips")
        try:
            await instance.start()
            await rig._ami.open()
            yield rig
        finally:
            await rig._ami.close()
            await instance.stop()

    def add(self, name: str, file: Path) -> None:
        """Make a clip known by a name of letters and digits. What is short goes on as silence."""
        sound.write(self._folder / f"{name}.wav", sound.read(file).ljust(_LEAST * 2 * sound.RATE, b"\0"))

    async def amd(self, name: str, settings: Mapping[str, int]) -> Heard:
        """What `AMD()` says of the clip. Raises `TimeoutError`, `AmiLost`."""
        return await self._call(name, "amd", {key: str(settings[key]) for key in AMD_DEFAULTS})

    async def ear(self, name: str, uuid: str, address: str) -> Heard:
        """Let the clip be heard over AudioSocket until the other side closes; `status` is `TRYSTATUS`."""
        return await self._call(name, "ear", {"uuid": uuid, "address": address})

    async def _call(self, name: str, exten: str, variables: Mapping[str, str]) -> Heard:
        self._serial += 1
        ident = f"{name}-{self._serial}"
        done: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        self._waiting[ident] = done
        try:
            await self._ami.action(
                {
                    "Action": "Originate",
                    "Channel": f"Local/{name}@far/n",
                    "ChannelId": ident,
                    "OtherChannelId": f"{ident}-far",
                    "Context": "near",
                    "Exten": exten,
                    "Priority": "1",
                    "Codecs": "slin",
                    "Async": "true",
                    "Variable": ",".join(f"{key}={value}" for key, value in variables.items()),
                }
            )
            async with asyncio.timeout(_DEADLINE):
                return await done
        finally:
            del self._waiting[ident]
            self._began.pop(ident, None)

    def _take(self, event: Event) -> None:
        ident = event.get("Uniqueid", "")
        if event["Event"] != "UserEvent" or ident not in self._waiting:
            return
        at = float(event["Timestamp"])
        if event["UserEvent"] == "Answered":
            self._began[ident] = at
        elif event["UserEvent"] == "Heard" and not self._waiting[ident].done():
            heard = Heard(event["Status"], event.get("Cause", ""), at - self._began[ident])
            self._waiting[ident].set_result(heard)


def _files(binary: AsteriskBinary, folder: Path, port: int, secret: str) -> dict[str, str]:
    paths = "".join(f"{name} => {path}\n" for name, path in directories(binary, folder).items())
    modules = "".join(f"load = {name}.so\n" for name in _MODULES)
    arguments = ",".join(f"${{{name}}}" for name in AMD_DEFAULTS)
    amd = "".join(f"{name} = {value}\n" for name, value in AMD_DEFAULTS.items())
    return {
        "asterisk.conf": f"[directories]\n{paths}[options]\nsystemname = rig\n",
        "modules.conf": f"[modules]\nautoload = no\n{modules}",
        "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error\n",
        "amd.conf": f"[general]\n{amd}",
        "manager.conf": f"""[general]
enabled = yes
bindaddr = 127.0.0.1
port = {port}
timestampevents = yes

[{_USER}]
secret = {secret}
read = user
write = all
writetimeout = 10000
""",
        "extensions.conf": f"""[far]
exten => _[0-9a-z].,1,Answer(,i)
 same => n,Playback({folder}/clips/${{EXTEN}})
 same => n,Wait(30)

[near]
exten => amd,1,UserEvent(Answered)
 same => n,AMD({arguments})
 same => n,UserEvent(Heard,Status: ${{AMDSTATUS}},Cause: ${{AMDCAUSE}})
 same => n,Hangup()
exten => ear,1,UserEvent(Answered)
 same => n,TryExec(AudioSocket(${{uuid}},${{address}}))
 same => n,UserEvent(Heard,Status: ${{TRYSTATUS}})
 same => n,Hangup()
exten => h,1,UserEvent(Heard,Status: HANGUP)
""",
    }
