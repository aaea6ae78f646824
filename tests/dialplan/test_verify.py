from __future__ import annotations

import pytest

from config.models import Site
from dialplan.render import render
from dialplan.verify import verify

SOUNDS = "/snd"


def findings(extensions: str, pjsip: str = "", queues: str = "[q]\n") -> list[str]:
    files = {"extensions.conf": extensions, "pjsip.conf": pjsip, "queues.conf": queues}
    return [finding.code for finding in verify(files, sounds_dir=SOUNDS)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("exten => 1,1,Goto(nowhere,1,1)", "D206"),
        ("exten => 1,1,Goto(2,1)", "D206"),
        ("exten => 1,1,Goto(label)", "D206"),
        ("exten => 1,1,GotoIf($[1 = 1]?c,9,1)\n same => n,Hangup()", "D206"),
        ("exten => 1,1,GotoIf($[1 = 1]?c,1,1:c,9,1)", "D206"),
        ("exten => 1,1,GotoIf($[1 = 1])\n same => n,Hangup()", "D206"),
        ("exten => 1,1,Gosub(c,9,1(a,b))\n same => n,Hangup()", "D206"),
        ("exten => 1,1,Gosub(empty,${PZ_AGENT},1)\n same => n,Hangup()\n[empty]", "D206"),
        ("exten => 1,1,Queue(q,b(c^9^1))\n same => n,Hangup()", "D206"),
        ("exten => 1,1,Queue(unknown)\n same => n,Hangup()", "D210"),
        ("include => nowhere", "D201"),
        ("exten => _.,1,Hangup()", "D202"),
        ("exten => _!,1,Hangup()", "D202"),
        ("exten => 1,1,System(id)\n same => n,Hangup()", "D203"),
        ("exten => 1,1,AGI(/usr/bin/id)\n same => n,Hangup()", "D212"),
        ("exten => 1,1,TryExec(System(id))\n same => n,Hangup()", "D213"),
        ("exten => 1,1,TryExec(AudioSocket(x,192.0.2.1:4574))\n same => n,Hangup()", "D213"),
        ("exten => 1,1,AGI(agi://192.0.2.1:4573/" + "0" * 32 + "/line)\n same => n,Hangup()", "D212"),
        ("exten => 1,1,TrySystem(id)\n same => n,Hangup()", "D203"),
        ("exten => 1,1,NoOp(${SHELL(id)})\n same => n,Hangup()", "D204"),
        ("exten => 1,1,Set(FILE(/etc/x)=y)\n same => n,Hangup()", "D204"),
        ("exten => 1,1,NoOp(${EXTEN})\n same => n,Hangup()", "D205"),
        ("exten => 1,1,NoOp(${CALLERID})\n same => n,Hangup()", "D205"),
        ("exten => 1,2,Hangup()", "D207"),
        ("exten => 1,1,NoOp()", "D208"),
        ("exten => 1,1,NoOp()\nexten => 1,3,Hangup()", "D208"),
        ("exten => 1,1,GotoIf($[1 = 1]?c,1,1)", "D208"),
        ("exten => 1,1,Dial(PJSIP/1@trunk-city)\n same => n,Hangup()", "D209"),
        ("exten => 1,1,Dial(PJSIP/agent-a&PJSIP/1@trunk-city)\n same => n,Hangup()", "D209"),
        ("exten => 1,1,Dial(${PZ_NUMBER})\n same => n,Hangup()", "D209"),
        ("exten => 1,1,AddQueueMember(q,Local/1@c)\n same => n,Hangup()", "D209"),
        ("exten => 1,1,Goto(c,${PZ_X},1)", "D211"),
        ("exten => 1,1,Goto(b,${PZ_X},1)\n[b]\nexten => 2,1,Goto(c,1,1)", "D211"),
        ("exten => 1,1,Goto(b,${PZ_X},1)\n[b]\nexten => 2,1,Hangup()", None),
        (
            'exten => 1,1,GotoIf($["${PZ_X}" = "${EXTEN}"]?o)\n same => n,Goto(c,${PZ_X},1)\n'
            " same => n(o),Hangup()",
            None,
        ),
        (
            'exten => 1,1,GotoIf($["${PZ_Y}" = "${EXTEN}"]?o)\n same => n,Goto(c,${PZ_X},1)\n'
            " same => n(o),Hangup()",
            "D211",
        ),
        ("exten => 1,1,GotoIf($[1 = 1]?c,1,1:end)\n same => n(end),Hangup()", None),
        ("exten => 1,1,Dial(PJSIP/agent-a,30,i)\n same => n,Hangup()", None),
    ],
)
def test_rules(body: str, code: str | None) -> None:
    assert findings(f"[c]\n{body}\n") == ([] if code is None else [code])


def test_a_queues_exit_context_must_exist() -> None:
    assert findings("", queues="[q]\ncontext = nowhere\n") == ["D201"]


DEAD = "set_var = FORWARD_CONTEXT=perezvon-nowhere\n"
TRUNK = f"[trunk-city]\ntype = endpoint\ncontext = perezvon-in-city\n{DEAD}"
AWAY = "[perezvon-nowhere]\n[away]\nexten => 1,1,Dial(PJSIP/1@trunk-city)\n same => n,Hangup()\n"


@pytest.mark.parametrize(
    "way",
    [
        "exten => 1,1,Goto(away,1,1)",
        "exten => 1,1,GotoIf($[1 = 1]?away,1,1:away,1,1)",
        "exten => 1,1,Gosub(away,${PZ_X},1)\n same => n,Hangup()",
        "include => away",
        "exten => 1,1,Queue(q)\n same => n,Hangup()",
        "exten => 1,1,Goto(between,1,1)\n[between]\ninclude => away\nexten => 1,1,Hangup()",
    ],
)
def test_a_way_from_a_caller_to_a_trunk_is_found_with_its_path(way: str) -> None:
    files = {
        "extensions.conf": f"[perezvon-in-city]\n{way}\n{AWAY}",
        "pjsip.conf": TRUNK,
        "queues.conf": "[q]\ncontext = away\n",
    }
    found = [finding for finding in verify(files, sounds_dir=SOUNDS) if finding.code == "D303"]
    assert len(found) == 1
    assert "perezvon-in-city > " in found[0].message
    assert "away reaches Dial(PJSIP/1@trunk-city)" in found[0].message


def test_without_such_a_way_the_trunk_call_elsewhere_is_still_refused_by_the_list() -> None:
    assert findings(f"[perezvon-in-city]\nexten => 1,1,Hangup()\n{AWAY}", TRUNK) == ["D209"]


def test_an_endpoint_in_anothers_context_is_found() -> None:
    assert findings("[perezvon-nowhere]\n[away]\n", TRUNK.replace("perezvon-in-city", "away")) == ["D301"]
    assert findings("[perezvon-nowhere]\n", f"[agent-a]\ntype = endpoint\n{DEAD}") == ["D302", "D301"]


@pytest.mark.parametrize(
    "options", ["", "set_var = FORWARD_CONTEXT=perezvon-in-city\n", f"{DEAD}redirect_method = uri_core\n"]
)
def test_an_endpoint_whose_302_would_be_followed_is_found(options: str) -> None:
    dialplan = "[perezvon-nowhere]\n[perezvon-in-city]\nexten => 1,1,Hangup()\n"
    assert findings(dialplan, TRUNK.replace(DEAD, options)) == ["D304"]


def test_callers_and_agents_of_the_demo_site_have_no_way_out(demo_site: Site) -> None:
    files = render(demo_site, sounds_dir=SOUNDS)
    assert verify(files, sounds_dir=SOUNDS) == []
    broken = files | {
        "extensions.conf": files["extensions.conf"].replace(
            "[perezvon-line]\n",
            "[perezvon-line]\nexten => out,1,Dial(PJSIP/${PZ_X}@trunk-city)\n same => n,Hangup()\n",
        )
    }
    assert {"D209", "D303"} <= {finding.code for finding in verify(broken, sounds_dir=SOUNDS)}
