"""Answered calls are screened: the ear's verdict becomes variables of the call, which its dialplan goes by.

The board learns of it from the dialplan's own event, like anything else that happens to a call.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path

import structlog

from ami_daemon.board import Board
from ami_daemon.early import Early
from ami_daemon.link import AmiLink
from config.models import Campaign, Site
from predictive.screening import is_checked
from sounds.catalogue import sounds_dir
from sounds.ear import RATE, Ear, Listened, Phase
from sounds.evidence import Evidence, screen_version
from sounds.screening import Heard
from store.verdicts import Screened

log = structlog.get_logger("screening")


class Screening:
    """The ear, between Asterisk's sound and Asterisk's dialplan. Made in a running loop.

    `keep` takes each verdict for the store.
    """

    def __init__(
        self,
        site: Site,
        board: Board,
        link: AmiLink,
        early: Early,
        *,
        clock: Callable[[], float],
        keep: Callable[[Screened], None],
    ) -> None:
        self._site, self._board, self._link, self._early = site, board, link, early
        self._clock, self._keep = clock, keep
        kept = site.system.screening
        self.evidence = Evidence(Path(kept.folder), kept.keep, clock)
        self._greetings = {name: self._read(campaign) for name, campaign in site.campaigns.items()}
        self.ear = Ear(site.ear_token, self._expected, self._decided, greeting=self._greeting)

    @property
    def port(self) -> int | None:
        """Where the ear listens; None where no campaign wants it."""
        wanted = any(campaign.screened for campaign in self._site.campaigns.values())
        return self._site.system.ear_port if wanted else None

    def _expected(self, phase: Phase, attempt: str) -> bool:
        if phase is Phase.EARLY:
            return self._early.expects(attempt)
        call = self._board.calls.get(attempt)
        if call is None or not call.screened:
            return False
        # A machine's connection may overtake the event that tells us of the machine.
        return call.heard is None or (phase is Phase.BEEP and call.heard is Heard.MACHINE)

    def _greeting(self, attempt: str) -> bytes:
        call = self._board.calls.get(attempt)
        return self._greetings[call.campaign] if call is not None else b""

    async def _decided(self, listened: Listened) -> None:
        """Tell the dialplan what it asks for. Raises what the link raises."""
        if listened.phase is Phase.BEEP:
            await self._let_know(listened, PZ_BEEP="over")
            return
        checked = listened.phase is Phase.SCREEN and self._checked(listened)
        self.evidence.take(listened)
        self._keep(_screened(listened, checked, self._clock()))
        if listened.phase is Phase.EARLY:
            await self._early.decided(listened)
        else:
            await self._set(listened, Heard.PERSON if checked else listened.verdict.heard)

    def _checked(self, listened: Listened) -> bool:
        """Whether an agent gets this machine, to say whether it is one."""
        call = self._board.calls.get(listened.attempt)
        if call is None or call.robot or listened.verdict.heard is not Heard.MACHINE:
            return False
        return is_checked(call.attempt, self._site.campaigns[call.campaign].screening_check)

    async def _set(self, listened: Listened, heard: Heard) -> None:
        verdict = listened.verdict
        log.info(
            "verdict", attempt=listened.attempt, heard=str(verdict.heard), seconds=round(verdict.seconds, 2),
            confidence=verdict.confidence, why=verdict.why,
        )  # fmt: skip
        # Where nobody knows when the greeting ended, the law's time counts from the answer.
        quiet = "" if verdict.quiet is None else f"{verdict.quiet:.2f}"
        await self._let_know(listened, PZ_QUIET=quiet, PZ_HEARD=str(heard))

    async def _let_know(self, listened: Listened, **wanted: str) -> None:
        """Set variables of the call."""
        channel = self._board.prefix + listened.attempt
        await asyncio.gather(
            *(
                self._link.action("Setvar", {"Channel": channel, "Variable": name, "Value": value})
                for name, value in wanted.items()
            )
        )

    def _read(self, campaign: Campaign) -> bytes:
        """The campaign's greeting as the ear says it; nothing where there is none."""
        if campaign.greeting is None or not campaign.screened:
            return b""
        system = self._site.system
        folder = Path(system.sounds_dir) if system.sounds_dir else sounds_dir()
        path = folder / (campaign.language or system.language) / f"{campaign.greeting}.wav"
        try:
            with wave.open(str(path)) as sound:
                if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE, 1, 2):
                    raise wave.Error("no prompt's format: 8 kHz, mono, 16 bits")
                samples: bytes = sound.readframes(sound.getnframes())
                return samples
        except (OSError, EOFError, wave.Error) as error:
            log.warning("no_greeting", file=str(path), why=str(error))
            return b""


def _screened(listened: Listened, checked: bool, at: float) -> Screened:
    verdict = listened.verdict
    return Screened(
        attempt=listened.attempt,
        early=listened.phase is Phase.EARLY,
        heard=str(verdict.heard),
        confidence=verdict.confidence,
        frame=verdict.frame,
        why=verdict.why,
        screen=screen_version(),
        checked=checked,
        at=at,
    )
