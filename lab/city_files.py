"""The city's Asterisk configuration as text. All it is made of is the lab's own or checked by the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.models import Site, Trunk
from lab.behaviour import SPECIAL_KINDS, SPECIAL_PREFIX, Behaviour, Mix
from lab.instance import directories
from lab.ledger import FROM_US, TO_PHONE, NumberForm
from lab.provision import AsteriskBinary

PHONES_ADDRESS = "127.0.2.1"
AMI_USER = "lab"
PLACED = "placed"
"""Context of the answered calls that the lab places itself."""
LIVE = "live"
"""Context of those whose sound goes to a party: channel variables `party` and `key_mode`."""

PRESS_MS, PRESS_GAP_MS = 120, 100
"""How long a key is held, and the pause before the next."""

_WITHOUT_PJSIP_HANGUP = {404: 1, 480: 19, 486: 17, 503: 34, 603: 21}
"""SIP code to the cause that makes an older Asterisk send it (603 becomes 403)."""


@dataclass(frozen=True)
class Place:
    """Where the city and we are on the loopback addresses."""

    sip_port: int
    ami_port: int
    ami_secret: str
    ears_port: int
    rtp: tuple[int, int]
    our_host: str
    our_port: int


def trunk_address(index: int) -> str:
    """The carrier's address for the site's trunk of that place in the alphabet: one address for each."""
    return f"127.0.1.{index + 1}"


def render(
    binary: AsteriskBinary,
    folder: Path,
    site: Site,
    place: Place,
    people: Mapping[str, Behaviour],
    mix: Mix,
    seed: int,
    record: bool,
) -> dict[str, str]:
    """All files by name. `people`: behaviours by number (digits without plus)."""
    paths = "".join(f"{name} => {path}\n" for name, path in directories(binary, folder).items())
    return {
        "asterisk.conf": f"[directories]\n{paths}[options]\nsystemname = city\n",
        "modules.conf": "[modules]\nautoload = yes\nnoload = app_voicemail.so\n",
        "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error\n",
        "manager.conf": _manager(place),
        "rtp.conf": f"[general]\nrtpstart = {place.rtp[0]}\nrtpend = {place.rtp[1]}\n",
        "musiconhold.conf": f"[default]\nmode = files\ndirectory = {folder / 'speech'}\nsort = alpha\n",
        "pjsip.conf": _pjsip(binary, site, place),
        "extensions.conf": _extensions(binary, site, place, people, mix, seed, record),
    }


def _manager(place: Place) -> str:
    # A reader of ours that is slow for a moment must not cost the ledger its events: writetimeout.
    return f"""[general]
enabled = yes
bindaddr = 127.0.0.1
port = {place.ami_port}
timestampevents = yes

[{AMI_USER}]
secret = {place.ami_secret}
read = system,call,user
write = all
writetimeout = 10000
"""


def _pjsip(binary: AsteriskBinary, site: Site, place: Place) -> str:
    # Asterisk spreads first registrations over ten seconds; newer ones can be told not to.
    at_once = "max_random_initial_delay = 0\n" if binary.version >= (18, 13) else ""
    us = f"{place.our_host}:{place.our_port}"
    parts = [
        f"""[phones]
type = transport
protocol = udp
bind = {PHONES_ADDRESS}:{place.sip_port}

[carrier]
type = identify
endpoint = carrier
match = {place.our_host}

[carrier]
type = endpoint
context = {FROM_US}
disallow = all
allow = alaw,ulaw,g722,slin16
direct_media = no
rtp_timeout = 60
"""
    ]
    logins = [trunk for trunk in site.trunks.values() if trunk.username]
    if logins:
        parts.append(_carrier_login(logins[0]))
    for index, (name, trunk) in enumerate(sorted(site.trunks.items())):
        address = trunk_address(index)
        parts.append(f"""[to-{name}]
type = transport
protocol = udp
bind = {address}:{place.sip_port}

[to-{name}]
type = endpoint
transport = to-{name}
context = {PLACED}
disallow = all
allow = {",".join(trunk.codecs)}
direct_media = no
media_address = {address}
bind_rtp_to_media_address = yes
""")
    for name, agent in sorted(site.agents.items()):
        parts.append(f"""[phone-{name}]
type = auth
auth_type = userpass
username = agent-{name}
password = {agent.password.get_secret_value()}

[phone-{name}]
type = registration
transport = phones
outbound_auth = phone-{name}
server_uri = sip:{us}
client_uri = sip:agent-{name}@{us}
contact_user = phone-{name}
endpoint = phone-{name}
line = yes
expiration = 120
retry_interval = 1
fatal_retry_interval = 1
forbidden_retry_interval = 1
auth_rejection_permanent = no
max_retries = 100000
{at_once}
[phone-{name}]
type = endpoint
transport = phones
context = {TO_PHONE}
outbound_auth = phone-{name}
from_user = agent-{name}
from_domain = {place.our_host}
disallow = all
allow = alaw,ulaw,g722
direct_media = no
media_address = {PHONES_ADDRESS}
bind_rtp_to_media_address = yes
""")
    return "\n".join(parts)


def _carrier_login(trunk: Trunk) -> str:
    """The carrier asks for the trunk's login, and takes its registration."""
    password = trunk.password.get_secret_value() if trunk.password else ""
    return f"""[carrier](+type=endpoint)
auth = carrier
aors = {trunk.username}

[carrier]
type = auth
auth_type = userpass
username = {trunk.username}
password = {password}

[{trunk.username}]
type = aor
max_contacts = 5
"""


def _extensions(
    binary: AsteriskBinary,
    site: Site,
    place: Place,
    people: Mapping[str, Behaviour],
    mix: Mix,
    seed: int,
    record: bool,
) -> str:
    form = number_form(site)
    national = (
        '\n same => n,ExecIf($["${number:0:1}${LEN(${number})}" = "811"]?Set(number=7${number:1}))'
        if form.national
        else ""
    )
    globals_ = [f"do_{number} = {way}" for number, way in sorted(people.items())]
    globals_ += [f"mix_{index:02x} = {way}" for index, way in enumerate(mix.table(seed))]
    for digit, (kind, code) in SPECIAL_KINDS.items():
        globals_ += [f"kind_{digit} = {kind}", f"code_{digit} = {code}"]
    # The sound of live calls goes to the test as it came, alaw: Asterisk's own conversion stays mute when our
    # side begins a new stream with a lower number, as it does after each talk.
    # What the city decides it also says, so that the ledger has it from the one who acted.
    return f"""[globals]
{chr(10).join(globals_)}

[{FROM_US}]
exten => _[+0-9].,1,Set(number=${{FILTER(0-9,${{EXTEN:{len(form.prefix)}}})}}){national}
 same => n,Set(do=${{GLOBAL(do_${{number}})}})
 same => n,GotoIf($["${{do}}" != ""]?decided)
 same => n,GotoIf($["${{number:0:4}}${{LEN(${{number}})}}" = "{SPECIAL_PREFIX}11"]?special)
 same => n,Set(do=${{GLOBAL(mix_${{MD5({seed}:${{number}}):0:2}})}})
 same => n,Goto(decided)
 same => n(special),Set(do=${{GLOBAL(kind_${{number:4:1}})}}-$[${{number:5:1}} / 2])
 same => n,Set(do=${{do}}-$[${{number:6:2}} + 0]-${{GLOBAL(code_${{number:4:1}})}})
 same => n(decided),UserEvent(CityCall,Behaviour: ${{do}})
 same => n,Set(record={int(record)})
 same => n,Goto(do,${{CUT(do,,1)}},1)

[{TO_PHONE}]
exten => _[p].,1,Set(do=${{GLOBAL(do_${{EXTEN}})}})
 same => n,ExecIf($["${{do}}" = ""]?Set(do=no_answer-0-0-0))
 same => n,Set(record=0)
 same => n,Goto(do,${{CUT(do,,1)}},1)

[ring]
exten => s,1,GotoIf($[${{CUT(do,,2)}} = 0]?done)
 same => n,Ringing()
 same => n,Wait(${{CUT(do,,2)}})
 same => n(done),Return()

[pick-up]
exten => s,1,Gosub(ring,s,1)
 same => n,Answer(,i)
 same => n,ExecIf($[${{record}}]?MixMonitor(,r(${{UNIQUEID}}.wav)))
 same => n,Return()

[do]
exten => answers,1,Gosub(pick-up,s,1)
 same => n,StartMusicOnHold()
 same => n,Wait(${{CUT(do,,3)}})
 same => n,Hangup(16)

exten => talks_on,1,Gosub(pick-up,s,1)
 same => n,StartMusicOnHold()
 same => n,Wait(36000)
 same => n,Hangup(16)

exten => hangs_up,1,Gosub(pick-up,s,1)
 same => n,Hangup(16)

exten => leaves,1,Gosub(pick-up,s,1)
 same => n,Wait(${{CUT(do,,3)}})
 same => n,Hangup(16)

exten => machine,1,Gosub(pick-up,s,1)
 same => n,ExecIf($[${{record}}]?MixMonitor(${{UNIQUEID}}-both.wav))
 same => n,StartMusicOnHold()
 same => n,Wait(${{CUT(do,,3)}})
 same => n,StopMusicOnHold()
 same => n,Playback(beep)
 same => n,Wait(60)
 same => n,Hangup(16)

exten => busy,1,Gosub(ring,s,1)
{_refusal(binary, 486)}

exten => no_answer,1,Ringing()
 same => n,Wait(36000)
 same => n,Hangup(19)

exten => presses,1,Gosub(pick-up,s,1)
 same => n,Set(keys=${{CUT(do,,5)}})
 same => n,Set(at=0)
 same => n(next),Set(press=${{CUT(keys,/,1)}})
 same => n,Set(keys=${{CUT(keys,/,2-)}})
 same => n,GotoIf($["${{press}}" = ""]?done)
 same => n,Wait($[${{CUT(press,:,1)}} - ${{at}}])
 same => n,SendDTMF(${{CUT(press,:,2)}},{PRESS_GAP_MS},{PRESS_MS})
 same => n,Set(took=$[${{LEN(${{CUT(press,:,2)}})}} * {(PRESS_MS + PRESS_GAP_MS) / 1000}])
 same => n,Set(at=$[${{IF($[${{CUT(press,:,1)}} > ${{at}}]?${{CUT(press,:,1)}}:${{at}})}} + ${{took}}])
 same => n,Goto(next)
 same => n(done),Wait($[${{IF($[${{CUT(do,,3)}} > 0]?${{CUT(do,,3)}}:36000)}} - ${{at}}])
 same => n,Hangup(16)

exten => live,1,Gosub(ring,s,1)
 same => n,Answer(,i)
 same => n,Dial(AudioSocket/127.0.0.1:{place.ears_port}/${{CUT(do,,5-)}}/c(alaw))
 same => n,Hangup(16)

exten => speaks,1,Gosub(pick-up,s,1)
 same => n,Playback(${{CUT(do,,5-)}},noanswer)
 same => n,Wait(${{IF($[${{CUT(do,,3)}} > 0]?${{CUT(do,,3)}}:36000)}})
 same => n,Hangup(16)

exten => early,1,Gosub(ring,s,1)
 same => n,Progress()
 same => n,Playback(${{CUT(do,,5-)}},noanswer)
 same => n,GotoIf($[${{CUT(do,,4)}} = 0]?answers)
{_refusal(binary, None)}
 same => n(answers),Answer(,i)
 same => n,Wait(${{CUT(do,,3)}})
 same => n,Hangup(16)

exten => vanished,1,Wait(36000)
 same => n,Hangup(19)

exten => refused,1,Gosub(ring,s,1)
{_refusal(binary, None)}

[{PLACED}]
exten => s,1,MixMonitor(,r(${{UNIQUEID}}.wav))
 same => n,StartMusicOnHold()
 same => n,Wait(${{seconds}})
 same => n,Hangup(16)

[{LIVE}]
exten => s,1,Set(PJSIP_DTMF_MODE()=${{key_mode}})
 same => n,Dial(AudioSocket/127.0.0.1:{place.ears_port}/${{party}}/c(alaw))
 same => n,Hangup(16)
"""


def _refusal(binary: AsteriskBinary, code: int | None) -> str:
    """Lines that refuse with the code, or with the one in `do`."""
    v = binary.version
    if v >= (21, 1) or (20, 6) <= v < (21,) or (18, 21) <= v < (19,):
        return f" same => n,PJSIPHangup({code or '${CUT(do,,4)}'})"
    if code is not None:
        return f" same => n,Hangup({_WITHOUT_PJSIP_HANGUP[code]})"
    choices = [
        f' same => n,ExecIf($["${{CUT(do,,4)}}" = "{sip}"]?Hangup({cause}))'
        for sip, cause in _WITHOUT_PJSIP_HANGUP.items()
    ]
    return "\n".join([*choices, " same => n,Hangup(21)"])


def number_form(site: Site) -> NumberForm:
    """How the site's trunks write a number for the carrier."""
    forms = {NumberForm(trunk.prefix, trunk.number_format == "national") for trunk in site.trunks.values()}
    if len(forms) > 1:
        raise ValueError("the lab has one carrier: give all trunks the same prefix and number_format")
    return forms.pop() if forms else NumberForm()
