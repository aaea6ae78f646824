"""Who does what in the city, as Python decides it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.behaviour import DRAWN, EVERYBODY_TALKS, Behaviour, Kind, Mix, decide, slot, special

HUNDREDTHS = st.integers(0, 60_000).map(lambda n: n / 100)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("74990112345", Behaviour(Kind.ANSWERS, 0.5, 12)),
        ("74991000001", Behaviour(Kind.BUSY)),
        ("74992400001", Behaviour(Kind.NO_ANSWER, 2.0)),
        ("74993000001", Behaviour(Kind.REFUSED, code=404)),
        ("74994000001", Behaviour(Kind.REFUSED, code=480)),
        ("74995000001", Behaviour(Kind.REFUSED, code=503)),
        ("74996000001", Behaviour(Kind.REFUSED, code=603)),
        ("74997103001", Behaviour(Kind.MACHINE, 0.5, 3)),
        ("74998902001", Behaviour(Kind.LEAVES, 4.5, 2)),
        ("74999000001", Behaviour(Kind.TALKS_ON)),
        ("74951234567", None),
        ("7499011234", None),
        ("749901123456", None),
    ],
)
def test_special_numbers_spell_their_behaviour(number: str, expected: Behaviour | None) -> None:
    assert special(number) == expected


@given(st.sampled_from(Kind), HUNDREDTHS, HUNDREDTHS, st.integers(0, 699))
def test_a_behaviour_survives_its_way_through_the_dialplan(
    kind: Kind, ring: float, seconds: float, code: int
) -> None:
    way = Behaviour(kind, ring, seconds, code)
    assert Behaviour.parse(str(way)) == way


def test_keys_a_partys_id_and_a_sound_survive_it_too() -> None:
    for way in (
        Behaviour(Kind.PRESSES, 0.5, 9, keys=((0.5, "12"), (2.25, "*#AD"))),
        Behaviour(Kind.LIVE, 0.5, party="0a1b2c3d-0000-4000-8000-0123456789ab"),
        Behaviour(Kind.EARLY, 0.5, 2, 480, sound="/tmp/some-where/busy"),
    ):
        assert Behaviour.parse(str(way)) == way


def test_a_mix_has_its_shares_exactly() -> None:
    people = Mix(answers=2, busy=1, no_answer=0.5, refused=0.5).table(seed=7)
    assert Counter(way.kind for way in people) == {
        Kind.ANSWERS: 128,
        Kind.BUSY: 64,
        Kind.NO_ANSWER: 32,
        Kind.REFUSED: 32,
    }


WEIGHTS = st.fixed_dictionaries({kind.value: st.floats(0, 100) for kind in DRAWN})


@given(WEIGHTS.filter(lambda weights: sum(weights.values()) > 0), st.integers())
def test_a_mix_is_always_256_people_and_the_same_for_a_seed(weights: dict[str, Any], seed: int) -> None:
    mix = Mix(**weights)
    assert len(mix.table(seed)) == 256
    assert mix.table(seed) == mix.table(seed)


def test_the_times_stay_in_their_ranges() -> None:
    mix = Mix(answers=1, leaves=1, ring=(0.3, 0.4), talk=(5, 6), patience=(1, 2))
    for way in mix.table(seed=1):
        assert 0.3 <= way.ring <= 0.4
        assert (5 <= way.seconds <= 6) if way.kind is Kind.ANSWERS else (1 <= way.seconds <= 2)


@pytest.mark.parametrize("mix", [Mix(), Mix(answers=1, busy=-0.1)])
def test_a_mix_without_people_is_refused(mix: Mix) -> None:
    with pytest.raises(ValueError, match="a mix needs shares"):
        mix.table(seed=0)


def test_another_seed_makes_other_people() -> None:
    numbers = [f"7916{n:07}" for n in range(200)]
    assert [slot(1, number) for number in numbers] != [slot(2, number) for number in numbers]


def test_a_named_number_comes_before_a_special_one_and_that_before_the_mix() -> None:
    named = {"74991000001": Behaviour(Kind.HANGS_UP)}
    assert decide("74991000001", named, EVERYBODY_TALKS, 0) == Behaviour(Kind.HANGS_UP)
    assert decide("74991000002", named, EVERYBODY_TALKS, 0) == Behaviour(Kind.BUSY)
    assert decide("79161234567", named, EVERYBODY_TALKS, 0).kind is Kind.ANSWERS
