"""A small menu of the tests' own on our side of the pair, to prove the lab's callers on."""

from __future__ import annotations

import re
from pathlib import Path

from lab.pair import Pair

MENU, KEYS, SPEECH = "+74950000001", "+74950000002", "+74950000003"
"""A menu: `agent-ready`, one key, then `agent-signed-in` (1), `agent-signed-out` (2) or `agent-bad-code`;
one that takes keys for three seconds after the last; one that records what the caller says."""


async def add_menu(pair: Pair) -> None:
    """Put the menu beside the site's own dialplan."""
    prompts = Path(pair.site.system.sounds_dir or "") / pair.site.system.language
    text = f"""
[perezvon-in-{min(pair.site.trunks)}](+)
exten => {MENU},1,Goto(lab-menu,s,1)
exten => {KEYS},1,Goto(lab-keys,s,1)
exten => {SPEECH},1,Goto(lab-speech,s,1)

[lab-menu]
exten => s,1,Answer()
 same => n,Wait(0.3)
 same => n,Read(key,{prompts}/agent-ready,1,,1,3)
 same => n,Goto(key-${{key}},1)
exten => key-1,1,Playback({prompts}/agent-signed-in)
 same => n,Hangup(16)
exten => key-2,1,Playback({prompts}/agent-signed-out)
 same => n,Hangup(16)
exten => _key-!,1,Playback({prompts}/agent-bad-code)
 same => n,Hangup(16)

[lab-keys]
exten => s,1,Answer()
 same => n,Set(GLOBAL(lab_keys)=)
 same => n(more),WaitDigit(3)
 same => n,GotoIf($["${{WAITDIGITSTATUS}}" != "DTMF"]?done)
 same => n,Set(GLOBAL(lab_keys)=${{GLOBAL(lab_keys)}}${{WAITDIGITRESULT}})
 same => n,Goto(more)
 same => n(done),Hangup(16)

[lab-speech]
exten => s,1,Answer()
 same => n,Record({recorded(pair)},0,4,q)
 same => n,Hangup(16)
"""
    with (pair.ours.etc / "extensions.conf").open("a") as file:
        file.write(text)
    for module in ("app_read", "app_record"):
        await pair.ours.console(f"module load {module}")
    await pair.ours.console("dialplan reload")


def recorded(pair: Pair) -> Path:
    """Where `SPEECH` records to."""
    return pair.ours.folder / "spool/speech.wav"


async def keys(pair: Pair) -> str:
    """What the last caller of `KEYS` has pressed."""
    shown = await pair.ours.console("dialplan show globals")
    found = re.search(r"^\s*lab_keys=(.*)$", shown, re.MULTILINE)
    return found[1].strip() if found else ""
