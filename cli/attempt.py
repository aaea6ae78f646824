"""`perezvon why attempt`: what the screen heard of a call, and what it made of it. Needs no daemon."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cli.attempt_picture import picture
from cli.attempt_text import drawing
from cli.session import ask_store, fail, out, show
from config.forms import written
from config.models import Site
from leads.attempt import Attempt, AttemptState
from leads.phones import mask
from leads.rules import WORDS
from sounds.ear import Phase
from sounds.evidence import Evidence, Kept
from sounds.screening import FRAME_S
from store import Store
from store.verdicts import Screened


@dataclass(frozen=True, slots=True)
class Look:
    """One verdict with what is kept of its sound, or why nothing is."""

    screened: Screened
    kept: Kept | None
    missing: str = ""

    @property
    def title(self) -> str:
        when = "before the answer" if self.screened.early else "since the answer"
        return f"{self.screened.heard}, {round(100 * self.screened.confidence)} % sure, s {when}"


def why_attempt(site: Site, id: str, png: Path | None, as_json: bool) -> None:
    """Print it, as text or JSON, and write the picture where one is wanted; exit code 1: it cannot be."""
    if png is not None and png.suffix != ".png":
        fail("the picture is PNG: a name that ends in .png")

    async def ask(store: Store) -> tuple[Attempt | None, list[Screened]]:
        return await store.attempts.get(id), await store.verdicts.of(id)

    attempt, verdicts = ask_store(site.system, ask)
    if attempt is None:
        fail(
            f"no attempt has the id {id!r}",
            "16 hex digits; `perezvon calls` shows calls under way, `perezvon ledger export` those answered",
        )
    looks = [_look(site, screened) for screened in verdicts]
    if as_json:
        show(_figures(attempt, looks), True)
    else:
        for line in _told(site, attempt, looks):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    if png is not None:
        _draw(png, attempt, looks)


def _look(site: Site, screened: Screened) -> Look:
    settings = site.system.screening
    evidence = Evidence(Path(settings.folder), settings.keep, lambda: 0.0)
    try:
        kept = evidence.find(screened.attempt, Phase.EARLY if screened.early else Phase.SCREEN)
    except OSError as error:
        told = f"its sound cannot be read ({error.strerror}): {settings.folder} is the daemon's alone"
        return Look(screened, None, f"{told}; ask as its user, or as root")
    if kept is not None:
        return Look(screened, kept)
    if not settings.keep:
        return Look(screened, None, "its sound was not kept: system.screening.keep is 0s")
    return Look(
        screened, None, f"its sound is not kept any more, or never was: {written(settings.keep)} is the time"
    )


def _told(site: Site, attempt: Attempt, looks: list[Look]) -> list[str]:
    zone = ZoneInfo(site.system.timezone)
    lines = [
        f"attempt {attempt.id} of campaign {attempt.campaign}, lead {attempt.lead_id}, {mask(attempt.phone)}"
    ]
    if attempt.answered_at is not None:
        lines.append(f"answered {datetime.fromtimestamp(attempt.answered_at, zone):%Y-%m-%d %H:%M:%S}")
    for look in looks:
        lines += ["", *_verdict(attempt, look), ""]
        lines += drawing(look.kept.trace, look.screened.frame) if look.kept else [look.missing]
    if not looks:
        lines.append(_unscreened(site, attempt))
    return [*lines, "", _end(attempt)]


def _verdict(attempt: Attempt, look: Look) -> list[str]:
    said = look.screened
    lines = [f"screened before the answer: {said.heard}" if said.early else f"screened: {said.heard}"]
    lines[0] += f", {round(100 * said.confidence)} % sure"
    if said.frame >= 0:
        seconds = (said.frame + 1) * FRAME_S
        lines[0] += f", after {seconds:.2f} s of sound"
        if attempt.answered_at is not None and not said.early:
            lines[0] += f", {said.at - attempt.answered_at:.2f} s since the answer"
    lines.append(f"because: {said.why}")
    if said.checked:
        lines.append("taken for a machine, and passed to an agent all the same: it is in the check sample")
    elif not said.early and attempt.heard not in (None, said.heard):
        lines.append(f"this did not reach Asterisk in time: the call went on as a {attempt.heard}'s")
    lines.append(f"by screen {said.screen}")
    if look.kept is not None:
        lines.append(f"sound: {look.kept.sound}")
    return lines


def _unscreened(site: Site, attempt: Attempt) -> str:
    """Why there is no verdict."""
    campaign = site.campaigns.get(attempt.campaign)
    if attempt.answered_at is None:
        return "not screened: nobody has answered"
    if attempt.heard is not None:
        return f"screened by Asterisk alone: {attempt.heard}; its AMD() said so, or nobody could be asked"
    if campaign is None or not campaign.screened:
        return f"not screened: campaign {attempt.campaign} has no screening"
    return "not screened: no word came from the ear; such calls go on as a person's"


def _end(attempt: Attempt) -> str:
    if attempt.state is not AttemptState.ENDED or attempt.outcome is None:
        return f"it is {attempt.state}: no outcome yet"
    told = f"it came to {attempt.outcome}: {WORDS[attempt.outcome]}"
    if attempt.note:
        told += f" ({attempt.note})"
    if attempt.agent is not None:
        told += f"; agent {attempt.agent}"
    if attempt.disposition is None:
        return told
    return f"{told}; {attempt.disposition_by or 'the robot'} says: {attempt.disposition}"


def _figures(attempt: Attempt, looks: list[Look]) -> dict[str, Any]:
    times = "answered_at", "greeted_at", "connected_at", "taken_at", "ended_at"
    told = *times, "heard", "agent", "disposition", "disposition_by", "outcome", "note"
    return {
        "attempt": attempt.id,
        "campaign": attempt.campaign,
        "lead": attempt.lead_id,
        "state": attempt.state,
        **{key: getattr(attempt, key) for key in told},
        "verdicts": [
            {
                **{key: value for key, value in asdict(look.screened).items() if key != "attempt"},
                "seconds": round((look.screened.frame + 1) * FRAME_S, 2),
                "sound": str(look.kept.sound) if look.kept else None,
                "trace": [asdict(frame) for frame in look.kept.trace] if look.kept else None,
                "missing": look.missing or None,
            }
            for look in looks
        ],
    }


def _draw(png: Path, attempt: Attempt, looks: list[Look]) -> None:
    drawn = [
        (look.title, look.screened.why, look.kept.trace, look.screened.frame) for look in looks if look.kept
    ]
    if not drawn:
        fail(f"there is nothing to draw: {looks[0].missing if looks else 'the call was not screened'}")
    try:
        picture(f"attempt {attempt.id}: {attempt.outcome or attempt.state}", drawn).save(png)
    except OSError as error:
        fail(f"{png} cannot be written: {error.strerror}")
