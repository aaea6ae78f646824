"""`perezvon why attempt`: the verdict on a call with its sound, drawn; with no daemon."""

from __future__ import annotations

import asyncio
import json
import re
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageColor
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from cli.attempt import Look, _unscreened, _verdict
from cli.attempt_picture import DECIDED, VOICE
from cli.attempt_text import drawing
from cli.demo_world import demo_site
from cli.main import app
from config.load import load_site
from config.secrets import create_missing
from leads.attempt import Attempt, AttemptState
from leads.lead import LeadState, NewLead, Outcome
from leads.rules import LeadMove
from sounds.catalogue import sounds_dir
from sounds.ear import Listened, Phase
from sounds.evidence import Evidence, screen_version
from sounds.screening import FRAME_BYTES, Frame, Screen
from store import open_store
from store.verdicts import Screened

ATTEMPT, OTHER = "00192aa5c0f12345", "00192aa5c0f12346"
ANSWERED = 1_800_000_000.0


def listened() -> Listened:
    """A prompt of ours, as if somebody had said it after the answer."""
    with wave.open(str(sounds_dir() / "en/agent-ready.wav")) as wav:
        sound = bytes(3200) + wav.readframes(8000) + bytes(32000)
    screen = Screen()
    at, verdict = 0, None
    while verdict is None:
        verdict = screen.push(sound[at : at + FRAME_BYTES])
        at += FRAME_BYTES
    return Listened(ATTEMPT, Phase.SCREEN, verdict, screen.trace, sound[:at])


def screened(heard: Listened, **other: Any) -> Screened:
    verdict = heard.verdict
    known = Screened(
        heard.attempt, False, str(verdict.heard), verdict.confidence, verdict.frame, verdict.why,
        screen_version(), False, ANSWERED + 0.1 + verdict.seconds,
    )  # fmt: skip
    return replace(known, **other)


def edit(path: Path, **values: Any) -> None:
    content = YAML().load(path.read_text("utf-8"))
    content.update(values)
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site in whose store are a call that was screened and one that was not."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'p.db'}"
    folder = demo_site(tmp_path / "site")
    edit(folder / "system.yaml", database=url, screening={"keep": "7d", "folder": str(tmp_path / "kept")})
    create_missing(folder)

    async def write() -> None:
        async with open_store(url) as store:
            epoch = await store.lease.acquire("test", 0.0, 1.0, dead="test")
            await store.leads.add("spring", [NewLead("+79031234567"), NewLead("+79031234568")], 0.0)
            ids = iter((ATTEMPT, OTHER))
            claimed = await store.attempts.claim(epoch, "spring", "city", [1, 2], 0.0, lambda: next(ids))
            done = LeadMove(LeadState.FINAL, None, "done")
            for made in claimed:
                await store.attempts.note_progress(
                    epoch, made.id, answered_at=ANSWERED, connected_at=ANSWERED + 2, agent="anna",
                    heard="person" if made.id == ATTEMPT else None, greeted_at=ANSWERED + 0.5,
                )  # fmt: skip
                await store.attempts.finish(epoch, made.id, Outcome.TALKED, ANSWERED + 9, "16", "anna", done)
            await store.verdicts.put(screened(listened()))

    asyncio.run(write())
    return folder


def kept(site: Path) -> None:
    Evidence(site.parent / "kept", 60.0, lambda: 0.0).save(listened())


def why(site: Path, *args: str) -> Result:
    return CliRunner().invoke(app, ["why", *args, "--site", str(site)])


def shape(told: str) -> list[str]:
    """Without what is different in each call."""
    told = re.sub(r"\| .*|\|\d.*|/\S+", "|", told).replace("person", "machine")
    return re.sub(r"\b[0-9a-f]{8}\b|\d+(\.\d+)?|( in \d+ parts)|(, voice .*)", "", told).splitlines()


def test_the_admins_page_shows_what_the_program_prints(site: Path) -> None:
    kept(site)
    page = (Path(__file__).parent.parent.parent / "docs/evidence.md").read_text("utf-8")
    example = page.partition("```\n")[2].partition("\n```")[0]
    told = why(site, "attempt", ATTEMPT).output
    assert shape(example) == shape(told[told.index("screened:") : told.index("\n\nit came to")])


def test_a_call_is_drawn_with_its_verdict_and_outcome(site: Path) -> None:
    kept(site)
    result = why(site, "attempt", ATTEMPT)
    assert result.exit_code == 0, result.output
    verdict = listened().verdict
    assert f"screened: {verdict.heard}, {round(100 * verdict.confidence)} % sure" in result.output
    assert f"{verdict.seconds + 0.1:.2f} s since the answer" in result.output
    assert f"because: {verdict.why}" in result.output
    assert "voice |" in result.output
    assert "decided |" in result.output
    assert "it came to talked: talked; agent anna" in result.output
    assert "+79031234567" not in result.output, "numbers are masked"


def test_programs_get_the_same_as_json(site: Path) -> None:
    kept(site)
    result = why(site, "attempt", ATTEMPT, "--json")
    told = json.loads(result.output)
    heard = listened()
    assert (told["attempt"], told["outcome"], told["agent"]) == (ATTEMPT, "talked", "anna")
    assert (told["heard"], told["greeted_at"], told["note"]) == ("person", ANSWERED + 0.5, "")
    [verdict] = told["verdicts"]
    assert (verdict["heard"], verdict["frame"]) == (heard.verdict.heard, heard.verdict.frame)
    assert verdict["seconds"] == round(heard.verdict.seconds, 2)
    assert [frame["voice"] for frame in verdict["trace"]] == [frame.voice for frame in heard.trace]
    assert Path(verdict["sound"]).name == f"{ATTEMPT}.wav"


def test_the_picture_marks_the_moment_of_decision(site: Path, tmp_path: Path) -> None:
    kept(site)
    png = tmp_path / "why.png"
    assert why(site, "attempt", ATTEMPT, "--png", str(png)).exit_code == 0
    with Image.open(png) as image:
        assert image.format == "PNG"
        colours = {colour for _, colour in image.getcolors(1 << 16) or []}
    assert {ImageColor.getrgb(VOICE), ImageColor.getrgb(DECIDED)} <= colours


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["attempt", "ffffffffffffffff"], "no attempt has the id 'ffffffffffffffff'"),
        (["attempt", "../etc"], "no attempt has the id '../etc'"),
        (["attempt", ATTEMPT, "--png", "why.jpg"], "the picture is PNG: a name that ends in .png"),
        (
            ["attempt", ATTEMPT, "--png", "/nowhere/why.png"],
            "there is nothing to draw: its sound is not kept",
        ),
        (["attempt", OTHER, "--png", "why.png"], "there is nothing to draw: the call was not screened"),
        (["campaign", "spring", "--png", "why.png"], "--png draws an attempt, not a campaign"),
    ],
)
def test_what_cannot_be_is_said_in_words(site: Path, args: list[str], words: str) -> None:
    result = why(site, *args)
    assert result.exit_code == 1
    assert words in " ".join(result.output.split())


def test_a_file_that_cannot_be_written_is_named(site: Path) -> None:
    kept(site)
    result = why(site, "attempt", ATTEMPT, "--png", "/nowhere/why.png")
    assert result.exit_code == 1
    assert "/nowhere/why.png cannot be written: No such file or directory" in result.output


def test_a_call_that_was_not_screened_says_why(site: Path) -> None:
    result = why(site, "attempt", OTHER)
    assert result.exit_code == 0
    assert "not screened: campaign spring has no screening" in result.output


def told_of(**facts: Any) -> Attempt:
    return Attempt(
        OTHER, 1, "spring", "city", 1, "+79031234567", 1, AttemptState.ENDED, ANSWERED, answered_at=ANSWERED,
        **facts,
    )  # fmt: skip


def test_a_call_that_asterisk_itself_screened_says_so_also_when_its_campaign_screens_no_more(
    site: Path,
) -> None:
    said = _unscreened(load_site(site), told_of(heard="machine"))
    assert said.startswith("screened by Asterisk alone: machine;")


def test_a_verdict_that_came_too_late_says_what_the_call_went_on_as() -> None:
    look = Look(replace(screened(listened()), heard="machine"), None)
    late = "this did not reach Asterisk in time: the call went on as a person's"
    assert late in _verdict(told_of(heard="person"), look)
    for attempt, other in (
        (told_of(heard="machine"), look),
        (told_of(heard="person"), replace(look, screened=replace(look.screened, checked=True))),
        (told_of(heard="person"), replace(look, screened=replace(look.screened, early=True))),
    ):
        assert late not in _verdict(attempt, other)


def test_a_verdict_outlives_its_sound(site: Path) -> None:
    result = why(site, "attempt", ATTEMPT)
    assert result.exit_code == 0
    assert f"because: {listened().verdict.why}" in result.output
    assert "its sound is not kept any more, or never was: 7d is the time" in result.output


def test_a_drawing_has_the_decision_under_the_frame_that_decided() -> None:
    trace = (
        [Frame(-100.0, False, "")] * 10 + [Frame(-10.0, True, "")] * 20 + [Frame(-70.0, False, "425")] * 10
    )
    lines = drawing(trace, 34)
    columns = {line.split("|")[0].strip(): line.split("|")[1] for line in lines if "|" in line}
    assert columns["voice"] == " " * 10 + "#" * 20
    assert columns["tone"] == " " * 30 + "~" * 10
    assert columns["decided"].index("^") == 34
    assert columns["s"] == "0" + " " * 24 + "0.5"
    assert lines[-1] == "heard, s: voice 0.20-0.60, 425 Hz 0.60-0.80"
    assert max(map(len, drawing(trace * 20, 700)[:-1])) < 90, "it fits a terminal"
