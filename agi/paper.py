"""A call on paper: a script runs without Asterisk. Keys go in, a table of what the caller heard comes out.

caller = PaperSession(CallFacts("paper", line="main"), places(site), answers=["2", "", HANGS_UP])
await run(caller, desk)
assert caller.heard == ["menu-main", "menu-orders", ...]
"""

from __future__ import annotations

import wave
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agi.session import CallFacts, HungUp, Place, Session, Utterance, Variable
from sounds.phrase import Prompt

HANGS_UP = "hangs up"
"""An answer: the caller is gone instead of pressing anything."""


@dataclass(frozen=True)
class Row:
    """What happened `at` a second: `say`, `key`, `silence`, `record`, `put`, `go`, `hang up`, or `gone`."""

    at: float
    did: str
    what: str = ""


class PaperSession(Session):
    """A caller whose doings are written down before.

    `answers` are given in order: one to each `ask` (keys, "" for silence, or `HANGS_UP`), as soon as it
    speaks.

    A `say` that listens takes the next answer when that begins with one of its keys. When the
    answers are used up the caller is silent. `during` is what is pressed while an utterance (by the name in
    `heard`) plays for the first time, whether the script listens or not. `hang_up_at` is the step (from 1;
    each prompt, wait for a key, recording or other verb is one) at which the caller goes. `speaks` are the
    seconds that they speak into each recording, made as silent files in `folder` if that is given. The
    clock begins at `start` and goes on by prompts' `length`s and waits. `speech` stands for the engine.
    """

    def __init__(
        self,
        call: CallFacts,
        places: Mapping[Place, Collection[str]],
        answers: Iterable[str] = (),
        *,
        during: Mapping[str, str] | None = None,
        hang_up_at: int | None = None,
        start: float = 0.0,
        length: Callable[[Utterance], float] = lambda _: 2.0,
        speaks: float = 3.0,
        folder: Path | None = None,
        variables: Mapping[Variable, str] | None = None,
        speech: Callable[[Sequence[Utterance]], Awaitable[bool]] | None = None,
    ) -> None:
        super().__init__(call, places)
        self.now = start
        self.steps = 0
        self.table: list[Row] = []
        self.variables = dict(variables or {})
        self.went: tuple[Place, str] | None = None
        self._answers = list(answers)
        self._during = dict(during or {})
        self._hang_up_at = hang_up_at
        self._length, self._speaks, self._folder = length, speaks, folder
        self._speech = speech
        self.gone = False
        """Whether the call has ended."""

    @property
    def heard(self) -> list[str]:
        """What was said, by name (prompts), as text or as a number, without the times."""
        return [row.what for row in self.table if row.did == "say"]

    def clock(self) -> float:
        """Seconds since the epoch, on paper."""
        return self.now

    def _now(self) -> float:
        return self.now

    def _step(self, did: str, what: str = "") -> None:
        """One more thing happens, unless the caller goes now or went before."""
        self.steps += 1
        if self.steps == self._hang_up_at:
            self._leave()
        if self.gone:
            raise HungUp
        self.table.append(Row(self.now, did, what))

    def _leave(self) -> None:
        self.gone = True
        self.table.append(Row(self.now, "gone"))

    async def prepare(self, *what: Utterance) -> bool:
        return self._speech is None or await self._speech(what)

    async def _play(self, what: Sequence[Utterance], keys: str, *, keep: bool) -> str:
        pressed = self._answer(keys, asked=not keep)
        if pressed == HANGS_UP:
            self._hang_up_at = self.steps + 1
        elif not what and (key := self._press(pressed, keys, keep=keep)):
            return key
        for one in what:
            self._step("say", named(one))
            if key := self._press(pressed + self._during.pop(named(one), ""), keys, keep=keep):
                return key
            pressed = ""
            self.now += self._length(one)
        return ""

    def _press(self, pressed: str, keys: str, *, keep: bool) -> str:
        """The first of the pressed keys that is in `keys`; what comes after it is typed ahead."""
        for i, key in enumerate(pressed):
            self.table.append(Row(self.now, "key", key))
            if key in keys:
                self._ahead += pressed[i + 1 :]
                return key
            self._ahead += key if keep else ""
        return ""

    def _answer(self, keys: str, *, asked: bool) -> str:
        if not keys or not self._answers:
            return ""
        head = self._answers[0]
        return self._answers.pop(0) if asked or head == HANGS_UP or (head and head[0] in keys) else ""

    async def _key(self, seconds: float) -> str:
        self._step("silence")
        self.now += max(0.0, seconds)
        return ""

    async def _record(self, name: str, longest: float, silence: float) -> Path | None:
        self._step("record", name)
        leaves = self._answers[:1] == [HANGS_UP]
        spoken = min(longest, self._speaks)
        self.now += spoken if leaves or spoken == longest else min(longest, spoken + silence)
        path = (self._folder or Path()) / f"{name}.wav"
        if self._folder is not None and spoken:
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(bytes(16000 * int(spoken)))
        if leaves:
            self._leave()
        return path if spoken else None

    async def _go(self, place: Place, name: str) -> None:
        self._step("go", f"{place.name.lower()} {name}")
        self.went = (place, name)

    async def _put(self, name: Variable, value: str) -> None:
        self._step("put", f"{name.name.lower()} {value}")
        self.variables[name] = value

    async def _get(self, name: Variable) -> str:
        self._step("get", name.name.lower())
        return self.variables.get(name, "")

    async def _hang_up(self) -> None:
        self._step("hang up")
        self.gone = True


def named(what: Utterance) -> str:
    """An utterance in one word or sentence: a prompt's name, a text, or digits."""
    return what.name if isinstance(what, Prompt) else what.text
