"""Which of two prompts that begin alike is said, on sound that is not whole yet."""

from __future__ import annotations

import audioop

import pytest

from lab.hearing import Prompt, Search, which
from lab.sound import RATE, read
from sounds.catalogue import sounds_dir

FOLDER = sounds_dir() / "ru"


@pytest.mark.parametrize("said", ["agent-signed-in", "agent-signed-out"])
def test_while_the_last_piece_has_not_come_the_likelier_prompt_is_the_surer_one(said: str) -> None:
    both = [Prompt.load(FOLDER / f"{name}.wav") for name in ("agent-signed-in", "agent-signed-out")]
    other = next(prompt for prompt in both if prompt.name != said)
    whole = audioop.alaw2lin(audioop.lin2alaw(read(FOLDER / f"{said}.wav"), 2), 2)
    mistaken = 0
    for heard in range(RATE, len(whole) // 2 + 1, 160):  # a packet more each time
        part = whole[: 2 * heard]
        mistaken += bool(Search(other).update(part, cut_short=True))
        for order in (both, both[::-1]):
            assert [name for name, _ in which(part, order)] == [said], heard / RATE
    assert said == "agent-signed-in" or mistaken, "taken for itself the other one would pass"
