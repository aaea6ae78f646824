"""The site of these tests: the demo's, with short times, and campaigns for limits, modes and hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import SOCK_STREAM
from typing import Any

from ruamel.yaml import YAML

from cli.demo_world import demo_site
from lab.ports import free_port
from sounds.catalogue import sounds_dir

SPRING, RATIO, PREVIEW, AUTUMN = "spring", "calls", "visits", "autumn"
PATIENT, NARROW, THIN, NIGHT, LOCAL = "patient", "narrow", "thin", "night", "local"
LISTENED, LETTER = "listened", "unavailable"
"""A campaign whose calls are screened, and the prompt that it leaves on machines."""
PREDICTIVE, GUEST, BACK = "renewal", "guest", "back"
ASKED, SURVEY = "asked", "quality"
"""A line and a campaign whose agents' talks are followed by that survey."""
ASKED_NUMBER = "+74951234573"
ROBOT, DELIVERIES = "order-robot", "delivery"
SCREENED, CHECKED, SCREENED_ROBOT = "screened", "checked", "screened-robot"
"""Campaigns that screen; of the second's machines agents get all."""
HELLO_PROMPT = "callback-number"
"""What persons hear from the third one meanwhile."""
CUT, TALK = "brief-talks", 4.0
"""A campaign whose talks are cut by its limit, after so many seconds, and that calls again soon."""
HELPDESK, CROWD, CALLBACKS = "helpdesk", "crowd", "callbacks"
"""A group that tells places and offers call-backs, one that it helps out, and who calls back."""
HELPLINE, CROWDED = "+74951234581", "+74951234582"
"""The two groups' lines."""
BRIEF, BRIEF_LINE = "brief", "+74951234583"
"""A group with room for one caller, who waits 12 s at most."""

OWN = "+74951234572"
"""The line of the site's own script, `own`, which tests write anew."""

WHOLE_LINES, WHOLE_RATE = 6, 8
TRUNK_LINES, TRUNK_RATE = 3, 3
CAMPAIGN_LINES, CAMPAIGN_RATE = 2, 2
RING = 3.0
"""Seconds that an agent's phone rings."""
WRAP_UP = 2.0
GRACE = 2.0
SHOP, CLOSED = "+74951234570", "+74951234580"
ORDERS_PORT = 18099
HELLO = f"""
def run(agi):
    agi.stream_file("{sounds_dir()}/ru/order-thanks")
    agi.hangup()
"""


def write_site(target: Path) -> Path:
    """Write the site into `target` (missing)."""
    demo_site(target)
    limits = {"lines": WHOLE_LINES, "calls_per_second": WHOLE_RATE}
    edit(target / "system.yaml", limits=limits, api_port=free_port(SOCK_STREAM))
    for group in ("sales", "support"):
        edit(target / f"groups/{group}.yaml", ring_time=f"{RING:g}s")
    edit(target / "groups/sales.yaml", callback=BACK)
    edit(target / "lines/support.yaml", greeting=None)
    _write_lines(target)
    support = _read(target / "lines/support.yaml")
    _write(target / "lines/own.yaml", {**support, "numbers": [OWN], "greeting": "greeting", "script": "own"})
    (target / "scripts/own.py").write_text("def run(agi):\n    agi.answer()\n")
    thin = _read(target / "trunks/city.yaml")
    _write(target / "trunks/thin.yaml", {**thin, "lines": TRUNK_LINES, "calls_per_second": TRUNK_RATE})
    edit(target / f"campaigns/{RATIO}.yaml", ratio=2.0, ring_time="15s", calls_per_second=10)
    edit(target / f"campaigns/{PREVIEW}.yaml", ring_time="15s", calls_per_second=10)
    spring = _read(target / f"campaigns/{SPRING}.yaml")
    spring.update(mode="progressive", calls_per_second=10)
    edit(
        target / f"campaigns/{PREDICTIVE}.yaml",
        mode="predictive", hours=spring["hours"], ring_time="15s", calls_per_second=10,
        attempts=spring["attempts"],
    )  # fmt: skip
    for robot in (ROBOT, DELIVERIES):
        edit(target / f"campaigns/{robot}.yaml", hours={"mon-sun": ["00:00-24:00"]}, calls_per_second=10)
    results = f"http://127.0.0.1:{free_port(SOCK_STREAM)}/results"  # whoever wants to hear them
    hook = {"url": results, "secret": "${file:secrets/hook}"}
    rules = [{"call_me": True, "then": "agents"}, {"then": "robot"}]
    edit(target / "shops/demo.yaml", rules=rules, merge="0s", webhook=hook)
    times = {"ring_time": f"{RING:g}s", "wrap_up": f"{WRAP_UP:g}s"}
    desk = {
        "announce_every": "8s",
        "callback": CALLBACKS,
        "messages": ["queue-info"],
        "messages_every": "25s",
    }
    _write(target / f"groups/{HELPDESK}.yaml", {"title": HELPDESK, **times, **desk})
    surge = {"group": HELPDESK, "waiting": 2}
    _write(target / f"groups/{CROWD}.yaml", {"title": CROWD, **times, "surge": surge})
    brief = {"max_wait": "12s", "max_waiting": 1, "callback": CALLBACKS}
    _write(target / f"groups/{BRIEF}.yaml", {"title": BRIEF, **times, **brief})
    desks = (HELPDESK, HELPLINE, ("gleb", "kira")), (CROWD, CROWDED, ("lev",)), (BRIEF, BRIEF_LINE, ("vera",))
    for group, number, agents in desks:
        line = {"label": group, "numbers": [number], "trunks": ["city"], "group": group}
        _write(target / f"lines/{group}.yaml", line)
        for agent in agents:
            path = target / f"agents/{agent}.yaml"
            edit(path, groups=[*_read(path)["groups"], group])
    others: dict[str, dict[str, Any]] = {
        SPRING: {},
        AUTUMN: {"group": "support"},
        PATIENT: {"grace": "8s", "law": "none"},
        GUEST: {"grace": "8s", "law": "none", "group": "support"},
        NARROW: {"lines": CAMPAIGN_LINES, "calls_per_second": CAMPAIGN_RATE},
        THIN: {"trunk": "thin"},
        NIGHT: {},
        LOCAL: {},
        BACK: {"mode": "preview", "ring_time": "15s"},
        LISTENED: {
            "mode": "ratio",
            "ratio": 4.0,
            "law": "none",
            "ring_time": "20s",
            "screening": "on",
            "voicemail": LETTER,
        },
        SCREENED: {"screening": "on", "attempts": {}},
        CHECKED: {"screening": "on", "screening_check": 1.0, "attempts": {}},
        SCREENED_ROBOT: {
            "screening": "on",
            "mode": "robot",
            "script": "survey",
            "survey": SURVEY,
            "greeting": HELLO_PROMPT,
        },
        ASKED: {"survey": SURVEY, "group": "support"},
        CUT: {"max_talk": f"{TALK:g}s", "attempts": {"retry": {"interrupted": {"after": "20s", "times": 1}}}},
        CALLBACKS: {"mode": "preview", "ring_time": "15s", "group": HELPDESK},
    }
    for name, other in others.items():
        _write(target / f"campaigns/{name}.yaml", {**spring, "list": name, **other})
    (target / "surveys").mkdir(exist_ok=True)
    questions = {"quality": {"prompt": "survey-quality"}, "solved": {"prompt": "survey-solved", "scale": 2}}
    _write(
        target / f"surveys/{SURVEY}.yaml",
        {"title": "Quality", "questions": questions, "comment": {"up_to": 5, "longest": "10s"}},
    )
    support = _read(target / "lines/support.yaml")
    asked = {**support, "numbers": [ASKED_NUMBER], "survey": SURVEY, "label": "Asked"}
    _write(target / f"lines/{ASKED}.yaml", asked)
    return target


def _write_lines(target: Path) -> None:
    """The shop's line is always open, a second one never now; a menu leads to a script of the site's own."""
    edit(target / "schedules/office.yaml", hours={"mon-sun": ["00:00-24:00"]}, holidays=[], exceptions={})
    _write(target / "schedules/later.yaml", {"hours": {in_three_days(): ["10:00-11:00"]}})
    shop = _read(target / "lines/shop.yaml")
    closed = {**shop, "numbers": [CLOSED], "schedule": "later", "callback": PREVIEW}
    _write(target / "lines/closed.yaml", closed)
    menu = _read(target / "menus/shop.yaml")
    keys = {**menu["keys"], "4": "script hello", "6": f"line {ASKED}", "7": "line closed"}
    edit(target / "menus/shop.yaml", timeout="10s", keys=keys)
    edit(target / "menus/delivery.yaml", timeout="10s")
    edit(target / "lookups/order.yaml", url=f"http://127.0.0.1:{ORDERS_PORT}/order")
    (target / "scripts").mkdir(exist_ok=True)
    (target / "scripts/hello.py").write_text(HELLO, encoding="utf-8")


def in_three_days() -> str:
    """A weekday that is today nowhere on Earth, nor in the next minutes."""
    return (datetime.now(UTC) + timedelta(days=3)).strftime("%a").lower()


def edit(path: Path, **values: Any) -> None:
    """Set keys of a YAML file; `None` takes a key away."""
    content = _read(path)
    for key, value in values.items():
        if value is None:
            content.pop(key, None)
        else:
            content[key] = value
    _write(path, content)


def _read(path: Path) -> Any:
    return YAML().load(path.read_text(encoding="utf-8"))


def _write(path: Path, content: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
