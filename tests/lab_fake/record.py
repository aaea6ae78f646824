"""Record the scenarios on a real Asterisk: `python -m tests.lab_fake.record ASTERISK... [--only NAME]`.

ASTERISK is the command that starts it (with its loader, where it is an unpacked one). Modules and data are
taken from `--modules` and `--data`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import socket
import tempfile
import wave
from pathlib import Path

from lab.fake.cel import COLUMNS

from .driver import Block, Driver
from .scenario import CAMPAIGNS, NUMBER, SECRET, USER, Scenario
from .scenarios import SCENARIOS
from .sip_peer import SipPeer
from .transcript import TRANSCRIPTS, dump

AGENTS = ("ivanov", "petrova")

_QUEUES = """
[general]
shared_lastcall=yes
[sales]
strategy=leastrecent
timeout=2
retry=1
wrapuptime=1
ringinuse=no
autopause=all
autopausebusy=yes
autopauseunavail=yes
autofill=yes
timeoutpriority=app
joinempty=yes
context=perezvon-leave
leavewhenempty=no
"""
_ANSWERED = """
exten => {name},1,Set(TIMEOUT(absolute)={limit})
 same => n,Set(CHANNEL(language)=en)
 same => n,Set(PZ_CAMPAIGN={name})
 same => n,Set(QUEUE_PRIO=10)
 same => n,Queue(sales,irb(perezvon-auto-answer^s^1),,,{timeout})
 same => n,Goto(perezvon-abandoned,${{EXTEN}},1)
"""
_EXTENSIONS = """
[general]
[perezvon-answered]
CAMPAIGNS
exten => T,1,Hangup(102)
[perezvon-abandoned]
exten => _[a-z].,1,UserEvent(PerezvonAbandoned,Attempt: ${FILTER(0-9a-f,${PZ_ATTEMPT})})
 same => n,Playback(tone)
 same => n,Hangup()
exten => T,1,Hangup(102)
[perezvon-leave]
exten => D,1,GotoIf($["${PZ_CAMPAIGN}" = ""]?done)
 same => n,Goto(perezvon-abandoned,${PZ_CAMPAIGN},1)
 same => n(done),Hangup()
[perezvon-in-city]
exten => +74950000001,1,Goto(perezvon-line,office,1)
[perezvon-line]
exten => office,1,Set(CALLERID(num)=${FILTER(0-9+,${CALLERID(num)})})
 same => n,UserEvent(PerezvonCaller,Line: office)
 same => n,Set(CHANNEL(language)=en)
 same => n,Answer()
 same => n,Goto(perezvon-group,sales,1)
[perezvon-group]
exten => sales,1,Queue(sales,irb(perezvon-auto-answer^s^1),,,20)
 same => n,Hangup()
[perezvon-agents]
[perezvon-auto-answer]
exten => s,1,Return()
[perezvon-preview]
exten => spring,1,Set(GROUP(pz-agent)=x)
 same => n,Set(TIMEOUT(absolute)=3600)
 same => n,Playtones(ring)
 same => n,Wait(37)
 same => n,Hangup()
[perezvon-preview-answered]
exten => spring,1,Set(TIMEOUT(absolute)=3600)
 same => n,Set(CHANNEL(language)=en)
 same => n,Bridge(pza-ours-${FILTER(0-9a-f,${PZ_ATTEMPT})},x)
 same => n,GotoIf($["${BRIDGERESULT}" = "SUCCESS"]?done)
 same => n,Goto(perezvon-abandoned,spring,1)
 same => n(done),Hangup()
"""
_MANAGER = """
[general]
enabled=yes
webenabled=no
bindaddr=127.0.0.1
port={ami}
timestampevents=yes
[{user}]
secret={secret}
read=system,call,agent,user,reporting
write=originate,call,agent,user,reporting
"""
_EVENTS = "CHAN_START,CHAN_END,ANSWER,HANGUP,APP_START,APP_END,BRIDGE_ENTER,BRIDGE_EXIT"
_CEL = {
    "cel.conf": f"[general]\nenable=yes\napps=queue,playback,bridge\nevents={_EVENTS}\ndateformat=%s.%3q\n",
    "cel_custom.conf": "[mappings]\nperezvon.csv => "
    + ",".join(f"${{CSV_QUOTE(${{{column}}})}}" for column in COLUMNS)
    + "\n",
}


def extensions(home: Path) -> str:
    """The dialplan, in the shape that ours has."""
    answered = [
        _ANSWERED.format(name=name, timeout=campaign.timeout, limit=campaign.max_talk or 3600)
        for name, campaign in CAMPAIGNS.items()
    ]
    text = _EXTENSIONS.replace("CAMPAIGNS\n", "".join(answered))
    return text.replace("Playback(tone)", f"Playback({home}/tone)")


def pjsip(sip: int, peer: int) -> str:
    """One trunk to the peer, and agents whose phones register from it."""
    text = f"[transport-udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{sip}\n"
    text += f"[trunk-city]\ntype=aor\ncontact=sip:127.0.0.1:{peer}\n"
    text += "[trunk-city]\ntype=endpoint\naors=trunk-city\ncontext=perezvon-in-city\n"
    text += "disallow=all\nallow=alaw\ndirect_media=no\n"
    text += "[trunk-city]\ntype=identify\nendpoint=trunk-city\nmatch_header=From: /.*<sip:[+].*/\n"
    for agent in AGENTS:
        text += f"[agent-{agent}]\ntype=aor\nmax_contacts=1\nremove_existing=yes\n"
        text += f"[agent-{agent}]\ntype=endpoint\naors=agent-{agent}\ncontext=perezvon-agents\n"
        text += "disallow=all\nallow=alaw\ndirect_media=no\n"
    return text


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def configure(home: Path, modules: str, data: str, sip: int, ami: int, peer: int) -> None:
    """Write every configuration file that the scenarios need."""
    conf = home / "etc"
    for name in ("etc", "db", "log/cel-custom", "spool", "run", "data", "keys"):
        (home / name).mkdir(parents=True, exist_ok=True)
    with wave.open(str(home / "tone.wav"), "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(8000)
        tone.writeframes(bytes(16000))
    directories = {
        "astetcdir": conf, "astmoddir": modules, "astvarlibdir": home / "data", "astdbdir": home / "db",
        "astkeydir": home / "keys", "astdatadir": data, "astagidir": home / "data",
        "astspooldir": home / "spool",
        "astrundir": home / "run", "astlogdir": home / "log", "astsbindir": home,
    }  # fmt: skip
    files = {
        "asterisk.conf": "[directories]\n"
        + "".join(f"{k} => {v}\n" for k, v in directories.items())
        + "[options]\nsystemname=ours\n",
        "modules.conf": "[modules]\nautoload=yes\n",
        "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error\n",
        "extensions.conf": extensions(home),
        "queues.conf": _QUEUES,
        "pjsip.conf": pjsip(sip, peer),
        "manager.conf": _MANAGER.format(ami=ami, user=USER, secret=SECRET),
        "features.conf": "[general]\n",
        "indications.conf": "[general]\ncountry=us\n"
        "[us]\ndescription=US\nringcadence=2000,4000\nring=440+480/2000,0/4000\n",
        "cdr.conf": "[general]\nenable=no\n",
        **_CEL,
    }
    for name, text in files.items():
        (conf / name).write_text(text)


def clean(block: Block) -> Block:
    """No challenge, key, host or path of the recording machine."""
    secret = {"Challenge": "424242", "Key": "0" * 32, "Secret": "secret"}
    fields = [(k, secret.get(k, re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:5060", v))) for k, v in block.fields]
    return Block(block.sent, fields)


async def play(scenario: Scenario, port: int, peer: SipPeer) -> list[Block]:
    """One scenario on a link of its own, from a clean floor to a clean floor."""
    peer.behaviours = {NUMBER: scenario.number} | {f"agent-{a}": p for a, p in scenario.phones.items()}
    d = await Driver.connect(port)
    try:
        if scenario.login:
            d.recording = False
            await d.ask("Login", Username=USER, Secret=SECRET)
            for agent in scenario.phones:
                peer.register(f"agent-{agent}", 600)
            await asyncio.sleep(0.3)
            for agent, reason in scenario.members.items():
                paused = {"Paused": "true", "Reason": reason} if reason else {}
                await d.ask(
                    "QueueAdd", Queue="sales", Interface=f"PJSIP/agent-{agent}", MemberName=agent, **paused
                )
            await asyncio.sleep(0.3)
            d.recording = True
        await scenario.play(d, peer)
        d.recording = False
        if scenario.login:
            for agent in scenario.members:
                await d.ask("QueueRemove", Queue="sales", Interface=f"PJSIP/agent-{agent}")
            for agent in scenario.phones:
                peer.register(f"agent-{agent}", 0)
            await asyncio.sleep(0.3)
        return d.log
    finally:
        await d.close()


async def record(command: list[str], modules: str, data: str, only: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        sip, ami = free_port(socket.SOCK_DGRAM), free_port()
        peer = SipPeer({})
        configure(home, modules, data, sip, ami, await peer.start(sip))
        process = await asyncio.create_subprocess_exec(*command, "-C", str(home / "etc/asterisk.conf"), "-f")
        try:
            async with asyncio.timeout(30):
                while True:
                    try:
                        d = await Driver.connect(ami)
                        await d.ask("Login", Username=USER, Secret=SECRET)
                        await d.event("FullyBooted")
                        await d.close()
                        break
                    except ConnectionError:
                        await asyncio.sleep(0.2)
            await asyncio.sleep(1)
            cel = home / "log/cel-custom/perezvon.csv"
            for name, scenario in SCENARIOS.items():
                if only is None or re.fullmatch(only, name):
                    print(name, flush=True)
                    before = len(cel.read_bytes()) if cel.exists() else 0
                    try:
                        log = [clean(block) for block in await play(scenario, ami, peer)]
                        (TRANSCRIPTS / f"{name}.txt").write_text(dump(log))
                        if cel.exists() and (rows := cel.read_bytes()[before:]):
                            (TRANSCRIPTS / f"{name}.csv").write_bytes(
                                rows.replace(bytes(home / "tone"), b"message")
                            )
                    except TimeoutError:
                        print("  timed out")
        finally:
            print((home / "log/full").read_text()[-3000:])
            process.terminate()
            await process.wait()
            peer.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--only")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    asyncio.run(record(given.command, given.modules, given.data, given.only))


if __name__ == "__main__":
    main()
