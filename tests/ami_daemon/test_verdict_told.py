"""What the dialplan is told of a verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ami_daemon.screening import Screening
from sounds.ear import Listened, Phase
from sounds.screening import Heard, Verdict


@pytest.mark.parametrize(("quiet", "told"), [(0.24, "0.24"), (0.0, "0.00"), (None, "")])
async def test_a_greeting_of_which_nobody_knows_the_end_has_none_told(quiet: float | None, told: str) -> None:
    """Else the law's two seconds would begin anew with a fault."""
    said: dict[str, str] = {}

    async def action(name: str, headers: dict[str, str]) -> None:
        assert (name, headers["Channel"]) == ("Setvar", "pz-a-00000000000000a1")
        said[headers["Variable"]] = headers["Value"]

    screening: Any = object.__new__(Screening)
    screening._board, screening._link = SimpleNamespace(prefix="pz-a-"), SimpleNamespace(action=action)
    verdict = Verdict(Heard.PERSON, 0.5, 40, "why", quiet)
    await screening._set(Listened("00000000000000a1", Phase.SCREEN, verdict, [], b""), Heard.PERSON)
    assert said == {"PZ_HEARD": "person", "PZ_QUIET": told}
