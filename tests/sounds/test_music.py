"""Music on hold: what is in git is what the program makes, and Asterisk plays it."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

import pytest

from lab.behaviour import Behaviour, Kind
from lab.hearing import hear
from lab.pair import Pair
from sounds.catalogue import sounds_dir
from sounds.music import LEVEL, compose
from tests.lab.dialer import Dialer

BUILT = sounds_dir() / "moh/perezvon.wav"


def samples(path: Path) -> array[int]:
    with wave.open(str(path)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        return array("h", sound.readframes(sound.getnframes()))


def test_the_built_file_is_what_the_program_makes() -> None:
    made, built = compose(8000).get_array_of_samples(), samples(BUILT)
    assert len(made) == len(built)
    assert (
        max(abs(one - other) for one, other in zip(made, built, strict=True)) <= 2
    )  # libraries differ by a bit


def test_it_is_quiet_without_pauses_and_repeats_without_a_seam() -> None:
    whole = compose(8000)
    assert 30_000 <= len(whole) <= 60_000
    assert whole.dBFS == pytest.approx(LEVEL, abs=0.2)
    assert whole.max_dBFS < -10
    seconds = [whole[at : at + 1000].dBFS for at in range(0, len(whole) - 1000, 500)]
    assert min(seconds) > LEVEL - 9
    end, begin = whole[-100:].dBFS, whole[:100].dBFS
    assert abs(end - begin) < 12


@pytest.mark.asterisk
async def test_a_person_on_hold_hears_it(pair: Pair) -> None:
    number = "+79161230001"
    await pair.city.behave(number, Behaviour(Kind.LEAVES, 0.0, 5.0))
    async with Dialer(pair) as dialer:
        await dialer.dial(number, application="MusicOnHold", data="default")
    call = pair.city.ledger.to(number)[-1]
    assert call.heard is not None
    await pair.city.whole(call.heard)
    assert hear(BUILT, call.heard)  # the longer one is searched for the shorter one
