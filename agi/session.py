"""A caller on the line, as call scripts see them: speak, ask, record, send on.

Keys. A key that the caller presses during a prompt is never lost. One that the running verb listens for
ends the prompt and is the answer; any other is *typed ahead*: it waits for the next `ask`, which takes it
in place of its prompt (so who knows the menus types "129" through three of them) and drops what does not
fit it. `ask(fresh=True)` forgets everything typed ahead: for questions where a key too many must not decide
anything.

Hang-ups. When the caller is gone every verb raises `HungUp`, at once and from then on. A script needs to
catch nothing: the server takes it for a normal end. `finally` blocks may still write to the store.

A verb is not to be cancelled by a time limit around it: Asterisk goes on with it, and the session is then
only good for its end.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config.forms import Language
from config.models import Site
from sounds.catalogue import LANGUAGES
from sounds.phrase import Utterance as Utterance

KEYS = "0123456789*#"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VALUE = re.compile(r"[A-Za-z0-9_.:+-]{0,128}")


class HungUp(Exception):
    """The caller is gone."""


def spoken(name: str) -> Language | None:
    """The language of that name, if it is spoken here."""
    return next((language for language in LANGUAGES if language == name), None)


class Place(StrEnum):
    """Contexts of the dialplan that a script may send a caller to; the extension is an object's id."""

    GROUP = "perezvon-group"
    LINE = "perezvon-line"
    SCRIPT = "perezvon-own"
    """A script of the site's own that a menu leads to; after it the dialed line's group."""


def places(site: Site) -> dict[Place, Collection[str]]:
    """Where callers of this site may be sent."""
    return {Place.GROUP: site.groups, Place.LINE: site.lines, Place.SCRIPT: site.menu_scripts}


class Variable(StrEnum):
    """Channel variables that scripts may write and read."""

    LANGUAGE = "CHANNEL(language)"
    PRIORITY = "QUEUE_PRIO"
    """Who waits with a higher one is served first; callers have 20."""
    CALLER_CLASS = "PZ_CLASS"
    LINE = "PZ_LINE"
    """The line that the caller is on."""
    LABEL = "PZ_LABEL"
    """What that line serves: the site's own text."""
    CALLER_NAME = "CALLERID(name)"
    """What an agent's phone shows: the label."""
    SURVEY = "PZ_SURVEY"
    """What the caller is asked after the talk."""
    GROUP = "PZ_GROUP"
    ATTEMPT = "PZ_ATTEMPT"
    AGENT = "MEMBERNAME"
    """Who had the caller last, from `Queue()`."""
    PLACE = "PZ_PLACE"
    """Where the caller stands on coming back into a queue."""
    QUEUE_STATUS = "QUEUESTATUS"
    """Why `Queue()` let the caller go: TIMEOUT, FULL, JOINEMPTY, LEAVEEMPTY, CONTINUE..."""


@dataclass(frozen=True)
class CallFacts:
    """What is known of a call when its script starts. Ids are "" where there is none."""

    channel: str
    """Asterisk's unique id of the channel."""
    line: str = ""
    campaign: str = ""
    attempt: str = ""
    group: str = ""
    agent: str = ""
    """Whose phone it is, where an agent calls."""
    number: str | None = None
    """The caller's number, E.164 with plus; None when it is withheld or no number."""
    language: Language = "ru"
    args: tuple[str, ...] = ()
    """Further parts of the request's path."""


class Session(ABC):
    """The verbs. How keys are gathered is decided here; what Asterisk does for it stands in the subclass."""

    def __init__(self, call: CallFacts, places: Mapping[Place, Collection[str]]) -> None:
        self.call = call
        self.language = call.language
        self._places = places
        self._ahead = ""

    async def say(self, *what: Utterance, keys: str = "") -> str:
        """Play one after another. A key in `keys` interrupts and is returned, else ""."""
        if self._ahead and self._ahead[0] in keys:
            return self._take_ahead()
        return await self._play(what, keys, keep=True)

    async def ask(
        self,
        *what: Utterance,
        length: int = 1,
        keys: str = KEYS,
        first: float = 5.0,
        between: float = 2.0,
        end: str = "#",
        fresh: bool = False,
    ) -> str:
        """Play `what`, which any of `keys` interrupts, and gather up to `length` of them.

        More than one are gathered until `end`, which is not returned, or until `between` seconds pass
        without a next. Returns "" after `first` seconds of silence. Keys that are not in `keys` are
        ignored.
        """
        wanted = keys + end if length > 1 else keys
        if fresh:
            self._ahead = ""
        self._ahead = self._ahead.lstrip("".join(set(KEYS + "ABCD") - set(wanted)))
        if self._ahead:
            key = self._take_ahead()
        else:
            key = await self._play(what, wanted, keep=False) or await self._wait(wanted, first)
        got = ""
        while key and not (length > 1 and key == end):
            got += key
            if len(got) == length:
                break
            key = await self._wait(wanted, between)
        return got

    async def record(self, name: str, longest: float, silence: float) -> Path | None:
        """Record the caller into `name`.wav, which is replaced; None when nothing was recorded.

        Ends after `longest` seconds, after `silence` seconds of it, by any key, or when the caller hangs
        up: then what was said is returned, and the next verb raises `HungUp`. `name` is made of ids alone;
        else `ValueError`.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a recording: small letters, digits, - and _")
        return await self._record(name, longest, silence)

    async def go(self, place: Place, name: str) -> None:
        """When the script ends, the dialplan goes on there. `ValueError` for what the site does not have."""
        if place not in self._places or name not in self._places[place]:
            raise ValueError(f"the site has no {place.name.lower()} {name!r} to send a caller to")
        await self._go(place, name)

    async def put(self, name: Variable, value: str) -> None:
        """Set a variable of the channel. `ValueError` for a value that is more than a word."""
        if name is Variable.LANGUAGE:
            if (language := spoken(value)) is None:
                raise ValueError(f"{value!r} is no language that is spoken here: {', '.join(LANGUAGES)}")
            self.language = language
        elif name in (Variable.LABEL, Variable.CALLER_NAME):
            if not value.isprintable():
                raise ValueError(f"{name}: {value!r} is no single line of text")
        elif not _VALUE.fullmatch(value):
            raise ValueError(f"{name}: {value!r} holds more than letters, digits and _ . : + -")
        await self._put(name, value)

    async def get(self, name: Variable) -> str:
        """A variable of the channel, "" when it is not set."""
        return await self._get(name)

    @abstractmethod
    async def prepare(self, *what: Utterance) -> bool:
        """Have texts spoken before they are said; False where one cannot be. It may take long, but is no
        verb: it may run beside one, and be cancelled."""

    async def hang_up(self) -> None:
        """End the call. Every further verb raises `HungUp`."""
        await self._hang_up()

    def _take_ahead(self) -> str:
        key, self._ahead = self._ahead[0], self._ahead[1:]
        return key

    async def _wait(self, wanted: str, seconds: float) -> str:
        """The next wanted key, typed ahead or within `seconds`; "" without one."""
        until = self._now() + seconds
        while True:
            key = self._take_ahead() if self._ahead else await self._key(until - self._now())
            if not key or key in wanted:
                return key

    # -- what a subclass does; each raises `HungUp` when the caller is gone ----------------------------

    @abstractmethod
    def _now(self) -> float:
        """Seconds of a clock that only runs on."""

    @abstractmethod
    async def _play(self, what: Sequence[Utterance], keys: str, *, keep: bool) -> str:
        """Play until the end or a key in `keys`, which is returned; `keep` adds other keys to `_ahead`."""

    @abstractmethod
    async def _key(self, seconds: float) -> str:
        """Any key pressed within `seconds` (0 or less: none), else ""."""

    @abstractmethod
    async def _record(self, name: str, longest: float, silence: float) -> Path | None: ...

    @abstractmethod
    async def _go(self, place: Place, name: str) -> None: ...

    @abstractmethod
    async def _put(self, name: Variable, value: str) -> None: ...

    @abstractmethod
    async def _get(self, name: Variable) -> str: ...

    @abstractmethod
    async def _hang_up(self) -> None: ...
