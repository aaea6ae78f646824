"""What the dialplan does with answered calls of campaigns with `screening: on`."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from config.models import Mode, Site, Switch
from dialplan.parser import parse_dialplan
from dialplan.render import AMD, LONGEST_BEEP, LONGEST_SCREENING, QUIET, render
from dialplan.verify import verify
from sounds.ear import EarLimits

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
    at = said.index("Gosub(perezvon-screen,s,1)")
    assert said[at + 1] == said[0] == f"Set(TIMEOUT(absolute)={site.campaigns[name].max_talk:g})"
    assert said[at + 2] == f'GotoIf($["${{PZ_HEARD}}" = "machine"]?perezvon-machine,{name},1)'
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
    assert said[0] == f"Set(TIMEOUT(absolute)={LONGEST_SCREENING})"
    assert EarLimits().longest + EarLimits().told < LONGEST_SCREENING, "the ear has its time"
    assert steps(files, "perezvon-screen", "T") == ["Goto(s,fault)"]


def test_a_machine_is_left_the_message_after_its_beep_or_hung_up_on(demo_site: Site) -> None:
    site = screened(demo_site, spring=Mode.PREDICTIVE)
    assert steps(render(site, sounds_dir=SOUNDS), "perezvon-machine", "spring") == ["Hangup()"]
    spring = site.campaigns["spring"].model_copy(update={"voicemail": "abandoned"})
    site = site.model_copy(update={"campaigns": {**site.campaigns, "spring": spring}})
    files = render(site, sounds_dir=SOUNDS)
    assert verify(files, sounds_dir=SOUNDS) == []
    bound, ear, talk, told, quiet, says, left, over = steps(files, "perezvon-machine", "spring")
    assert bound == f"Set(TIMEOUT(absolute)={LONGEST_BEEP})", "no line is held by an ear that hangs"
    assert EarLimits().beep + EarLimits().told < LONGEST_BEEP
    assert talk == f"Set(TIMEOUT(absolute)={spring.max_talk:g})"
    assert re.match(r"TryExec\(AudioSocket\([0-9a-f]{8}-[0-9a-f]{4}-0002-", ear)
    assert told == 'GotoIf($["${TRYSTATUS}" = "SUCCESS"]?leave)'
    assert quiet == f"TryExec(WaitForSilence({','.join(map(str, QUIET))}))"
    assert says == f"Playback({SOUNDS}/ru/abandoned)"
    assert (left, over) == ("UserEvent(PerezvonMessageLeft,Attempt: ${PZ_ID})", "Hangup()")


def test_a_listener_spies_on_its_own_attempt_alone(demo_site: Site) -> None:
    files = render(screened(demo_site, spring=Mode.PREDICTIVE), sounds_dir=SOUNDS)
    (spy, over) = steps(files, "perezvon-early", "listen")
    system = demo_site.system.name
    assert spy == f"ChanSpy(pz-{system}-${{FILTER(0-9a-f,${{PZ_ATTEMPT}})}},quoES)"
    assert over == "Hangup()"
