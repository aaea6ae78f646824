"""The laws of ringing and of lengths, learnt from seeded draws of laws that are known."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, exp, log, sqrt
from random import Random

import pytest

from predictive import laws
from predictive.laws import EDGES, WIDTHS, LengthLaw, RingLaw, age_bin

TIMEOUT = 27.0
FAST = 0.10
"""Share of attempts that are busy or fail after 1 to 3 s."""
Fate = tuple[float, bool]
"""How long a call rings, and whether it is answered then."""


def log_normal(random: Random, mean: float, cv: float) -> float:
    spread = log(1 + cv * cv)
    return random.lognormvariate(log(mean) - spread / 2, sqrt(spread))


def below(age: float, mean: float, cv: float) -> float:
    """The share of a log-normal law that is shorter than `age`."""
    spread = log(1 + cv * cv)
    return 0.5 * (1 + erf((log(age) - log(mean) + spread / 2) / sqrt(2 * spread))) if age > 0 else 0.0


def fate(random: Random, rate: float = 0.25) -> Fate:
    """Of a call of the reference cell."""
    what = random.random()
    if what < rate:
        while (seconds := log_normal(random, 10.5, 0.5)) >= TIMEOUT:
            pass
        return seconds, True
    return (random.uniform(1, 3), False) if what < rate + FAST else (TIMEOUT, False)


def truth(age: float, rate: float = 0.25) -> float:
    """The chance that a call of the reference cell which rings since `age` will be answered."""
    answers = rate * (1 - below(age, 10.5, 0.5) / below(TIMEOUT, 10.5, 0.5))
    fast = FAST * min(1.0, max(0.0, (3 - age) / 2))
    return answers / (answers + fast + 1 - rate - FAST)


class Ringing:
    """Calls that ring, second by second, and a law that looks on."""

    def __init__(self, seed: int, law: RingLaw | None = None) -> None:
        self.random = Random(seed)
        self.law = law or RingLaw(TIMEOUT)
        self.now = 0.0
        self.calls: list[tuple[float, Fate]] = []

    def place(self, number: int, fate: Callable[[Random], Fate] = fate) -> None:
        self.calls += [(self.now, fate(self.random)) for _ in range(number)]

    def second(self) -> None:
        law = self.law
        self.now += 1.0
        ended = [(rings, answered) for at, (rings, answered) in self.calls if at + rings <= self.now]
        self.calls = [call for call in self.calls if call[0] + call[1][0] > self.now]
        for rings, answered in sorted(ended):
            law.add(answered, rings, rings % 1 or 1.0)
        law.pass_time(1.0, law.ages(self.now - 0.5, [at for at, _ in self.calls]))

    def run(self, seconds: int, per_second: int = 2, fate: Callable[[Random], Fate] = fate) -> None:
        for _ in range(seconds):
            self.place(per_second, fate)
            self.second()


def mean_chances(run: Ringing, ages: list[int], looks: int = 25) -> list[float]:
    """The mean of what the law says at several times: each alone has its chance in it."""
    sums = [0.0] * len(ages)
    for _ in range(looks):
        run.run(40)
        chances = run.law.chances()
        sums = [total + chances[age] for total, age in zip(sums, ages, strict=True)]
    return [total / looks for total in sums]


def test_the_law_of_the_reference_cell_is_found() -> None:
    run = Ringing(1)
    run.run(1500)
    ages = [0, 4, 8, 12, 16, 20, 24]
    for age, found in zip(ages, mean_chances(run, ages), strict=True):
        assert found == pytest.approx(truth(age), abs=0.035), age
    assert run.law.chances()[-1] == 0, "who rings longer than can be is lost"
    assert run.law.known > 800


@pytest.mark.parametrize("rate", [0.05, 0.10, 0.40, 0.70])
def test_other_answer_rates_are_found(rate: float) -> None:
    run = Ringing(2)
    run.run(1500, fate=lambda random: fate(random, rate))
    found = run.law.chances()
    assert found[0] == pytest.approx(rate, rel=0.2)
    assert found[12] == pytest.approx(truth(12, rate), rel=0.35)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("before", [300, 1500])
def test_a_burst_misleads_nobody(before: int, seed: int) -> None:
    """Of many calls placed at once the answers come first, and those that ring out all at once."""
    run = Ringing(seed)
    run.run(before)
    run.place(1000)
    for second in range(1, 41):
        run.second()
        if second in (2, 8, 15, 25, 30, 40):
            assert 0.14 < run.law.chances()[0] < 0.37, second


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("calls", [100, 1000])
def test_a_burst_at_the_very_start_is_taken_for_many_answers_rather_than_few(calls: int, seed: int) -> None:
    """What is not known yet is believed to be many answers, and no doubt of the law when they do not come."""
    run = Ringing(seed)
    run.place(calls)
    found = []
    for _ in range(30):
        run.second()
        found.append(run.law.chances()[0])
    assert min(found) > 0.17
    assert min(found[:15]) > 0.35
    assert 0.17 < found[-1] < 0.37


def test_nothing_known_is_caution() -> None:
    chances = RingLaw(TIMEOUT).chances()
    assert chances[0] > 0.5
    assert all(0 <= chance <= 1 for chance in chances)


def test_an_outage_of_two_minutes_says_nothing_of_calls_that_get_through() -> None:
    run = Ringing(3)
    run.run(1500)
    before = run.law.chances()
    run.run(120, per_second=10, fate=lambda random: (random.uniform(0, 1), False))
    after = run.law.chances()
    for age in (2, 4, 8, 12):
        assert after[age] == pytest.approx(before[age], rel=0.3), age
    assert after[0] < 0.8 * before[0], "calls that fail at once are seen, too"
    run.run(60)
    assert run.law.chances()[3] == pytest.approx(truth(3), rel=0.35)


def test_silence_of_two_minutes_never_makes_callers_of_the_reckless() -> None:
    """Nobody can answer while the carrier is silent: half of what was known, no less, is believed."""
    run = Ringing(4)
    run.run(1500)
    before = run.law.chances()[0]
    run.run(120, fate=lambda random: (TIMEOUT, False))
    assert 0.35 * before < run.law.chances()[0] < before


@pytest.mark.parametrize(("was", "becomes"), [(0.10, 0.20), (0.25, 0.50), (0.40, 0.20)])
def test_a_new_answer_rate_is_followed_within_eighty_answers(was: float, becomes: float) -> None:
    found = 0.0
    for seed in range(6):
        run = Ringing(seed)
        run.run(1500, fate=lambda random: fate(random, was))
        run.calls.clear()
        known = run.law.known
        while run.law.known < known + 80:
            run.run(1, fate=lambda random: fate(random, becomes))
        found += run.law.chances()[0] / 6
    assert 0.45 < (found - was) / (becomes - was) < 1.3


def test_doubt_makes_new_answers_weigh_more() -> None:
    def after(doubtful: bool) -> float:
        run = Ringing(6)
        run.run(1500, fate=lambda random: fate(random, 0.1))
        run.calls.clear()
        if doubtful:
            run.law.doubt(10)
        known = run.law.known
        while run.law.known < known + 15:
            run.run(1, fate=lambda random: fate(random, 0.6))
        return run.law.chances()[0]

    assert after(False) + 0.05 < after(True) < 0.75


def test_scaling_the_weights_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def learnt() -> tuple[list[float], list[float], float]:
        run = Ringing(7)
        run.run(600)
        run.law.doubt(10)
        run.run(600)
        lengths = LengthLaw(50, 100.0)
        for _ in range(1000):
            lengths.pass_time(1.0, [2] * len(EDGES))
            lengths.add(log_normal(run.random, 150, 0.9))
        return run.law.chances(), lengths.hazards(), lengths.mean

    plain = learnt()
    monkeypatch.setattr(laws, "MOST", 4.0)
    scaled = learnt()
    assert scaled[0] == pytest.approx(plain[0], rel=1e-9)
    assert scaled[1] == pytest.approx(plain[1], rel=1e-9)
    assert scaled[2] == pytest.approx(plain[2], rel=1e-9)


def test_ages_take_whatever_start_there_is() -> None:
    law = RingLaw(TIMEOUT)
    nan, inf = float("nan"), float("inf")
    counts = law.ages(100.0, [100.0, 99.5, 98.0, 73.0, -1e300, 1e300, nan, inf, -inf])
    assert sum(counts) == 9
    assert (counts[0], counts[2], counts[27], counts[-1]) == (5, 1, 1, 2)


# -- lengths -----------------------------------------------------------------------------------


class Lengths:
    """People at it, second by second, and a law that looks on."""

    def __init__(self, law: LengthLaw, seed: int, mean: float = 150.0, cv: float = 0.9) -> None:
        self.law, self.random = law, Random(seed)
        self.mean, self.cv = mean, cv
        self.going: list[tuple[float, float]] = []
        self.now = 0.0

    def begin(self, number: int) -> None:
        self.going += [(self.now, log_normal(self.random, self.mean, self.cv)) for _ in range(number)]

    def second(self) -> list[float]:
        counts = [0] * len(EDGES)
        for since, _ in self.going:
            counts[age_bin(self.now - since)] += 1
        self.law.pass_time(1.0, counts)
        self.now += 1.0
        ended = [length for since, length in self.going if since + length <= self.now]
        self.going = [one for one in self.going if one[0] + one[1] > self.now]
        for length in ended:
            self.law.add(length)
        return ended


def survival(law: LengthLaw, age: float) -> float:
    place = age_bin(age)
    total = sum(hazard * width for hazard, width in zip(law.hazards()[:place], WIDTHS[:place], strict=True))
    return exp(-total - law.hazards()[place] * (age - EDGES[place]))


def test_a_law_of_lengths_is_found() -> None:
    run = Lengths(LengthLaw(2000, 60.0), 1)
    run.begin(100)
    ended = 0
    while ended < 4000:
        now = len(run.second())
        ended += now
        run.begin(now)
    assert run.law.mean == pytest.approx(150, rel=0.08)
    for age in (15, 40, 90, 150, 300, 600):
        assert survival(run.law, age) == pytest.approx(1 - below(age, 150, 0.9), abs=0.04), age


def test_the_first_to_end_are_short_and_mislead_nobody() -> None:
    """A team begins at once: after half a minute only short talks have ended, and most still go on."""
    run = Lengths(LengthLaw(600, 120.0), 2)
    run.begin(400)
    ended = [length for _ in range(30) for length in run.second()]
    assert len(ended) > 10
    assert sum(ended) / len(ended) < 25
    assert run.law.mean > 90
    assert survival(run.law, 25) == pytest.approx(1 - below(25, 150, 0.9), abs=0.05)


def test_longer_talks_are_followed() -> None:
    run = Lengths(LengthLaw(300, 120.0), 3)
    run.begin(50)
    for mean in (150.0, 300.0):
        run.mean, ended = mean, 0
        while ended < 1200:
            now = len(run.second())
            ended += now
            run.begin(now)
        assert run.law.mean == pytest.approx(mean, rel=0.15)


def test_an_unknown_age_ends_like_all_ages() -> None:
    law = LengthLaw(600, 120.0)
    assert law.mean == 120
    assert law.hazards() == pytest.approx([1 / 120] * len(EDGES))
    for _ in range(30):
        law.pass_time(1.0, [1] + [0] * (len(EDGES) - 1))
        law.add(2.0)
    assert law.hazards()[0] > 0.1
    assert all(0 < hazard <= LengthLaw.FASTEST for hazard in law.hazards())


def test_ends_that_nobody_was_seen_to_reach_have_a_rate_that_is_a_number() -> None:
    law = LengthLaw(600, 20.0)
    for seconds in (0.0, 4000.0, 86399.0) * 300:
        law.add(seconds)
    assert all(0 < hazard <= LengthLaw.FASTEST for hazard in law.hazards())
    assert law.mean > 0


def test_bins_hold_every_age() -> None:
    assert [age_bin(age) for age in (0.0, 2.9, 3.0, 6.0)] == [0, 0, 1, 1]
    assert age_bin(1e300) == age_bin(EDGES[-1]) == len(EDGES) - 1 == len(WIDTHS) - 1
    assert age_bin(float("inf")) == len(EDGES) - 1
