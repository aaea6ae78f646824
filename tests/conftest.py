"""The real Asterisk, for tests of any room that carry `@pytest.mark.asterisk`.

Without one they fail: what is not tested must be seen. `PEREZVON_WITHOUT_ASTERISK=1` skips them instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

from config.models import SpeechEngine
from lab.behaviour import EVERYBODY_TALKS, Behaviour, Mix
from lab.pair import Pair
from lab.provision import AsteriskBinary, NoProgram, default_cache, ensure_asterisk, ensure_speech
from sounds.catalogue import sounds_dir

SITE = Path(__file__).parent.parent / "config/site"

# The same examples in every run, so that a change is blamed for what it does; new ones are looked for with
# `pytest -m hypothesis --hypothesis-profile=hunt`.
settings.register_profile("same", derandomize=True)
settings.register_profile("hunt", derandomize=False, print_blob=True)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """A command that a test runs in its own process sets up logging: the next test has it as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def asterisk_binary() -> AsteriskBinary:
    """A real Asterisk to start; fetched once into the cache."""
    try:
        return ensure_asterisk(default_cache(), lambda line: print(line, file=sys.stderr))
    except NoProgram as reason:
        if os.environ.get("PEREZVON_WITHOUT_ASTERISK") == "1":
            pytest.skip(f"no Asterisk: {reason}")
        pytest.fail(f"no Asterisk: {reason} (PEREZVON_WITHOUT_ASTERISK=1 skips these tests)", pytrace=False)


@pytest.fixture(scope="session")
def espeak() -> SpeechEngine:
    """Real speech: espeak-ng, fetched once into the cache."""
    default = SpeechEngine()
    try:
        program = ensure_speech(default_cache(), lambda line: print(line, file=sys.stderr))
    except NoProgram as reason:
        if os.environ.get("PEREZVON_WITHOUT_ASTERISK") == "1":
            pytest.skip(f"no espeak-ng: {reason}")
        pytest.fail(f"no espeak-ng: {reason}", pytrace=False)
    return default.model_copy(update={"command": [*program, *default.command[1:]]})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the shared pair run in the loop that the pair lives in."""
    for item in items:
        if pytest_asyncio.is_async_test(item) and "pair" in item.fixturenames:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_pair(
    asterisk_binary: AsteriskBinary, espeak: SpeechEngine, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    """One pair with the demo site for the whole session: use `pair`."""
    folder = tmp_path_factory.mktemp("pair")
    async with Pair.open(
        asterisk_binary, SITE, folder, sounds_dir=sounds_dir(), record=True, speech=espeak.command
    ) as pair:
        yield pair


@pytest_asyncio.fixture(loop_scope="session")
async def pair(shared_pair: Pair) -> AsyncIterator[Pair]:
    """The shared pair (demo site; whoever has no special number talks), left without calls and members."""
    yield shared_pair
    await shared_pair.quiet()


class OpenPair(Protocol):
    """`Pair.open` with the binary, the demo site, a folder and the prompts filled in."""

    def __call__(
        self,
        *,
        people: Mapping[str, Behaviour] | None = None,
        mix: Mix = EVERYBODY_TALKS,
        seed: int = 0,
        record: bool = False,
    ) -> AbstractAsyncContextManager[Pair]: ...


@pytest.fixture
def open_pair(asterisk_binary: AsteriskBinary, espeak: SpeechEngine, tmp_path: Path) -> OpenPair:
    """A pair of a test's own: for crashes, and for cities of another mix."""
    folder = tmp_path / "pair"
    return partial(Pair.open, asterisk_binary, SITE, folder, sounds_dir=sounds_dir(), speech=espeak.command)
