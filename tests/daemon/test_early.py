"""What comes before the answer, and after a machine's: a real Asterisk, a real carrier, real sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from lab.behaviour import Behaviour, Kind
from lab.hearing import hear
from lab.ledger import CityCall
from lab.phones import Answer
from lab.sound import read, write
from leads.attempt import Attempt
from leads.lead import Outcome
from sounds.catalogue import sounds_dir
from tests.daemon.centre import Centre, until
from tests.daemon.site import LETTER, LISTENED, SPRING
from tests.sounds.screening.synthesis import quiet, tone

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="session")]

RINGS, LAW = 20.0, 15.0
"""Seconds that a call of the campaign rings, and that the law wants it to."""
BUSY = (tone(0.35, 425) + quiet(0.35)) * 40
SIT = b"".join(tone(0.33, hertz) for hertz in (950, 1400, 1800))
WORDS = (read(sounds_dir() / "ru/greeting.wav") + quiet(1.0)) * 4
MUSIC = read(sounds_dir() / "moh/perezvon.wav")
GREETING = 6.0
"""Seconds that the machine speaks before its beep."""


@dataclass(frozen=True)
class Case:
    """What the network plays, and what is to come of it. `sound`: none is a machine that answers."""

    sound: bytes
    outcome: Outcome
    note: str
    after: tuple[float, float]
    """Seconds from the call's arrival in the city to its end."""
    ring: float = 0.0
    code: int = 480
    campaign: str = LISTENED


CASES = {
    "busy": Case(BUSY, Outcome.BUSY, "busy: a busy tone before the answer", (1.0, 6.0)),
    "out of service": Case(
        SIT + WORDS,
        Outcome.FAILED,
        "sit: the tones of a number out of service, before the answer",
        (0.3, 5.0),
    ),
    "announced": Case(
        WORDS, Outcome.FAILED, "announcement: words of the network before the answer", (LAW, LAW + 2.5)
    ),
    "rings, with words for a melody": Case(
        WORDS,
        Outcome.NO_ANSWER,
        "announcement: words of the network before the answer",
        (RINGS - 0.5, RINGS + 3),
        ring=0.3,
    ),
    "not screened": Case(BUSY[: 16_000 * 8], Outcome.BUSY, "", (7.5, 12.0), code=486, campaign=SPRING),
    "answers after music": Case(MUSIC[: 16_000 * 5], Outcome.TALKED, "", (6.0, 20.0), code=0),
    "machine": Case(b"", Outcome.MACHINE, "a message was left", (GREETING + 2, GREETING + 14)),
}


@dataclass(frozen=True)
class Came:
    """What came of a case."""

    attempt: Attempt
    call: CityCall
    why: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def dialed(
    running: Centre, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[dict[str, Came], str]]:
    """All cases at once, and the campaign's ledger."""
    await running.begin()
    folder = tmp_path_factory.mktemp("early")
    agents = ("anna", "boris", "gleb", "darya")
    for agent in agents:
        await running.pair.phones.set(agent, Answer(talk=2.0))
    await running.ready(*agents)
    phones: dict[str, str] = {}
    for name, case in CASES.items():
        file = folder / str(len(phones))
        write(file.with_suffix(".wav"), case.sound)
        way = Behaviour(Kind.EARLY, case.ring, 12.0, case.code, sound=str(file))
        phones[name] = await running.person(way if case.sound else Behaviour(Kind.MACHINE, 0.3, GREETING))
    for campaign in (LISTENED, SPRING):
        await running.dial(campaign, [phones[name] for name in CASES if CASES[name].campaign == campaign])
    found = {}
    for name, phone in phones.items():
        attempt = await running.ended(phone, 40.0)
        found[name] = Came(attempt, running.city(phone)[0], await running.why("lead", str(attempt.lead_id)))
    yield found, (await running.cli("ledger", "export", LISTENED))[1]
    await running.clean()


@pytest.fixture(scope="module")
def came(dialed: tuple[dict[str, Came], str]) -> dict[str, Came]:
    return dialed[0]


@pytest.mark.parametrize("name", CASES)
async def test_what_is_heard_before_the_answer_ends_the_call_if_nobody_will(
    came: dict[str, Came], name: str
) -> None:
    case, attempt, call = CASES[name], came[name].attempt, came[name].call
    assert (attempt.outcome, attempt.note) == (case.outcome, case.note)
    assert call.ended_at is not None
    least, most = case.after
    assert least <= call.ended_at - call.arrived_at <= most
    assert (attempt.agent is not None) == (case.outcome is Outcome.TALKED)
    if case.sound and case.outcome is not Outcome.TALKED:
        assert call.answered_at is None and attempt.answered_at is None


async def test_the_leads_history_and_the_ledger_tell_what_was_heard_and_left(
    dialed: tuple[dict[str, Came], str],
) -> None:
    came, ledger = dialed
    assert "the call failed (sit): called again in" in came["out of service"].why
    assert "the call failed (announcement): called again in" in came["announced"].why
    assert "(a message was left)" in came["machine"].why
    (row,) = (line for line in ledger.splitlines() if came["machine"].attempt.id in line)
    assert ";machine;" in row and ";a message was left;" in row


async def test_a_machine_records_the_whole_message_after_its_beep(
    came: dict[str, Came], running: Centre
) -> None:
    heard = came["machine"].call.heard
    assert heard is not None
    await running.pair.city.whole(heard)
    prompt = sounds_dir() / f"ru/{LETTER}.wav"
    message = hear(heard, prompt)
    assert message, message
    # From beginning to end (below). A packet that comes late spoils one piece of ten, and none beside it.
    assert message.share >= 0.9
    assert message.worst > 0.9
    both = heard.with_name(f"{heard.stem}-both.wav")
    await running.pair.city.whole(both)
    beep, message = hear(both, _beep(running)), hear(both, prompt)
    assert beep and beep.at == pytest.approx(GREETING, abs=0.5)
    # Where neither side sends anything the recording stands still, so it shows the order and no pause.
    assert beep.end <= message.at < beep.end + 0.5
    assert message.end - message.at == pytest.approx(len(read(prompt)) / 16_000, abs=0.3)


def _beep(running: Centre) -> Path:
    """The city's own."""
    binary = running.pair.city.instance.binary
    return next((binary.data_dir / "sounds/en").glob("beep.wav"))


async def test_whoever_answers_is_listened_to_no_more(centre: Centre, tmp_path: Path) -> None:
    write(tmp_path / "ring.wav", tone(1.0, 425) + quiet(1.0))
    person = await centre.person(Behaviour(Kind.EARLY, 0, 12.0, 0, sound=str(tmp_path / "ring")))
    await centre.pair.phones.set("anna", Answer(talk=4.0))
    await centre.ready("anna")
    await centre.dial(LISTENED, [person])

    async def listeners() -> str:
        return await centre.pair.ours.console("core show channels concise")

    async def listened() -> bool:
        return "perezvon-early" in await listeners()

    async def alone() -> bool:
        return not await listened()

    await until(listened, "somebody listens while it rings")
    await centre.answered(person)
    await until(alone, "nobody listens any more", 5.0)
    assert not (await centre.arrived(person)).ended_at
    assert (await centre.ended(person, 20.0)).outcome is Outcome.TALKED
