"""Every prompt that a script names is one that comes with Perezvon, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import agi
from sounds import catalogue


def test_every_prompt_that_a_script_names_exists() -> None:
    folder = Path(agi.__path__[0])
    named = {
        name
        for file in folder.rglob("*.py")
        for name in re.findall(r'Prompt\("([a-z0-9-]+)"\)', file.read_text("utf-8"))
    }
    assert {"closed-goodbye", "one-moment", "refused"} <= named
    for language, names in catalogue.prompts(catalogue.sounds_dir()).items():
        assert named <= names, language
