"""What the dialplan does with answered calls of campaigns with `screening: on`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.models import Mode, Site, Switch
from dialplan.parser import parse_dialplan
from dialplan.render import AMD, LONGEST_GREETING, LONGEST_SCREENING, QUIET, render
from dialplan.verify import verify
from sounds.ear_limits import EarLimits

GOLDEN = Path(__file__).parent / "golden_screening.conf"
SOUNDS = "/usr/share/perezvon/sounds"


def screened(site: Site, **modes: Mode) -> Site:
    """The site with `screening: on` in these campaigns."""
    changed = {
        name: campaign.model_copy(update={"screening": Switch.ON, "mode": modes[name]})
        for name, campaign in site.campaigns.items()
        if name in modes
    }
    return site.model_copy(update={"campaigns": {**site.campaigns, **changed}})


def steps(files: Mapping[str, str], context: str, exten: str) -> list[str]:
    found = parse_dialplan(files["extensions.conf"]).contexts
    return [str(step) for step in found[context][exten]]


def test_a_site_without_screening_has_nothing_of_it(demo_site: Site) -> None:
    text = render(demo_site, sounds_dir=SOUNDS)["extensions.conf"]
    assert "AudioSocket" not in text
    assert "perezvon-screen" not in text


@pytest.mark.parametrize(
    "context, modes",
    [("perezvon-answered", {"spring": Mode.PREDICTIVE}), ("perezvon-robot", {"order_robot": Mode.ROBOT})],
)
def test_the_screen_comes_before_all_that_is_for_persons(
    demo_site: Site, context: str, modes: dict[str, Mode]
) -> None:
    site = screened(demo_site, **{name.replace("_", "-"): mode for name, mode in modes.items()})
    files = render(site, sounds_dir=SOUNDS)
    assert verify(files, sounds_dir=SOUNDS) == []
    (name,) = (one for one in site.campaigns if site.campaigns[one].screened)
    said = steps(files, context, name)
    limit = f"{site.campaigns[name].max_talk:.0f}"
    assert said[0] == f"Set(TIMEOUT(absolute)={limit})"
    at = said.index(f"Gosub(perezvon-screen,s,1({limit}))")
    assert said[at + 1] == f'GotoIf($["${{PZ_WHO}}" = "machine"]?perezvon-machine,{name},1)'
    assert not any(re.match("Queue|AGI|Playback|UserEvent", step) for step in said[:at])
    assert "AudioSocket" not in "".join(steps(files, context, name))


def test_a_preview_call_is_not_screened(demo_site: Site) -> None:
    files = render(screened(demo_site, visits=Mode.PREVIEW), sounds_dir=SOUNDS)
    assert "perezvon-screen" not in files["extensions.conf"]


def test_the_ear_is_asked_first_then_amd_with_our_figures_and_a_fault_is_a_person(demo_site: Site) -> None:
    files = render(screened(demo_site, spring=Mode.PREDICTIVE), sounds_dir=SOUNDS)
    said = steps(files, "perezvon-screen", "s")
    ear = next(step for step in said if "AudioSocket" in step)
    token = demo_site.ear_token
    assert re.fullmatch(
        rf"TryExec\(AudioSocket\({token[:8]}-{token[8:]}-0001-.*,127\.0\.0\.1:{demo_site.system.ear_port}\)\)",
        ear,
    )
    assert f"TryExec(AMD({','.join(map(str, AMD))}))" in said
    assert said.index(ear) < said.index(f"TryExec(AMD({','.join(map(str, AMD))}))")
    assert said[-1] == "Return()"


def test_a_machine_is_left_the_message_after_its_beep_or_hung_up_on(demo_site: Site) -> None:
    site = screened(demo_site, spring=Mode.PREDICTIVE)
    assert steps(render(site, sounds_dir=SOUNDS), "perezvon-machine", "spring") == ["Hangup()"]
    spring = site.campaigns["spring"].model_copy(update={"voicemail": "abandoned"})
    site = site.model_copy(update={"campaigns": {**site.campaigns, "spring": spring}})
    files = render(site, sounds_dir=SOUNDS)
    assert verify(files, sounds_dir=SOUNDS) == []
    waits, says, left, over = steps(files, "perezvon-machine", "spring")
    assert waits == f"Gosub(perezvon-machine,s,1({spring.max_talk:.0f}))"
    _, _, ear, told, quiet, *_ = steps(files, "perezvon-machine", "s")
    assert re.match(r"TryExec\(AudioSocket\([0-9a-f]{8}-[0-9a-f]{4}-0002-", ear)
    assert told == 'GotoIf($["${PZ_BEEP}" = "over"]?over)'
    assert quiet == f"TryExec(WaitForSilence({','.join(map(str, QUIET))}))"
    assert says == f"Playback({SOUNDS}/ru/abandoned)"
    assert (left, over) == ("UserEvent(PerezvonMessageLeft,Attempt: ${PZ_ID})", "Hangup()")


def test_a_listener_spies_on_its_own_attempt_alone(demo_site: Site) -> None:
    files = render(screened(demo_site, spring=Mode.PREDICTIVE), sounds_dir=SOUNDS)
    (spy, over) = steps(files, "perezvon-early", "listen")
    system = demo_site.system.name
    assert spy == f"ChanSpy(pz-{system}-${{FILTER(0-9a-f,${{PZ_ATTEMPT}})}},quoES)"
    assert over == "Hangup()"


@pytest.mark.parametrize("context", ["perezvon-screen", "perezvon-machine"])
def test_a_limit_of_its_own_ends_the_listening_and_the_campaigns_is_put_back(
    demo_site: Site, context: str
) -> None:
    """Where that limit strikes the call goes on; it is never hung up on."""
    files = render(screened(demo_site, spring=Mode.PREDICTIVE), sounds_dir=SOUNDS)
    said = steps(files, context, "s")
    longest = LONGEST_SCREENING if context == "perezvon-screen" else LONGEST_GREETING
    ear = next(n for n, step in enumerate(said) if "AudioSocket" in step)
    assert said.index(f"Set(TIMEOUT(absolute)={longest})") < ear
    assert said.index("Set(TIMEOUT(absolute)=${ARG1})") > ear
    on = {
        "perezvon-screen": "Goto(s,fault)",
        "perezvon-machine": 'GotoIf($["${PZ_BEEP}" = "awaited"]?s,over)',
    }
    assert steps(files, context, "T")[0] == on[context]


def test_asterisk_waits_longer_than_the_ear_takes() -> None:
    limits = EarLimits()
    assert limits.longest + limits.told <= LONGEST_SCREENING
    assert limits.beep + limits.told < LONGEST_GREETING


def test_what_a_site_with_screening_has_besides_is_as_it_was(demo_site: Site) -> None:
    """Byte for byte, from the screen to the end of its contexts. After a wanted change:
    `PEREZVON_UPDATE_GOLDEN=1`, then read the diff."""
    site = screened(demo_site, spring=Mode.PREDICTIVE, **{"order-robot": Mode.ROBOT})
    spring = site.campaigns["spring"].model_copy(update={"voicemail": "abandoned"})
    site = site.model_copy(update={"campaigns": {**site.campaigns, "spring": spring}})
    text = render(site, sounds_dir=SOUNDS)["extensions.conf"]
    found = text[text.index("[perezvon-answered]") : text.index("[perezvon-abandoned]")]
    if os.environ.get("PEREZVON_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text("utf-8")
