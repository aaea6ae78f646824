"""Where the dialplan sends a robot's call: each script by its path, and what follows where it failed."""

from __future__ import annotations

import pytest

from config.models import Mode, Site
from dialplan.render import render


@pytest.mark.parametrize(
    ("script", "path"),
    [("orders", "orders"), ("delivery", "delivery"), ("survey", "survey/quality"), ("mine", "own/mine")],
)
def test_each_script_is_asked_for_by_its_path_and_the_message_and_the_group_stand_behind_it(
    demo_site: Site, script: str, path: str
) -> None:
    spring = demo_site.campaigns["spring"].model_copy(
        update={"mode": Mode.ROBOT, "script": script, "survey": "quality"}
    )
    site = demo_site.model_copy(update={"campaigns": {"spring": spring}})
    text = render(site, sounds_dir="/sounds")["extensions.conf"]
    [_, robot] = text.split("[perezvon-robot]\n")
    steps = robot.partition("\n[")[0].splitlines()
    asked = f"{site.agi_token}/{path}?campaign=spring&attempt=${{FILTER(0-9a-f,${{PZ_ATTEMPT}})}})"
    at = next(n for n, step in enumerate(steps) if step.endswith(asked))
    assert "PerezvonScriptFailed" in steps[at + 1]
    assert steps[at + 2].endswith("Playback(/sounds/ru/abandoned)")
    assert steps[at + 3].endswith("Goto(perezvon-group,sales,1)")
