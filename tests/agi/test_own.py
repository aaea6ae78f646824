"""An admin's own scripts: plain files in threads, picked up as they change; their faults lose no caller."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from structlog.testing import LogCapture

from agi.own import OwnScripts
from agi.server import AgiServer
from agi.session import Place
from tests.agi.asterisk import TOKEN, calling, opening

DOCS = Path(__file__).parents[2] / "docs/scripts.md"
EXAMPLE, CLASSIC = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
PLACES = {Place.GROUP: ["sales", "support"], Place.LINE: ["main"]}


@pytest.fixture
def log() -> Iterator[LogCapture]:
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    yield capture
    structlog.reset_defaults()


@asynccontextmanager
async def served(
    folder: Path, threads: int = 20, seconds: float = 60.0, failed: int = 0
) -> AsyncIterator[int]:
    """The server's port; at the end so many calls must have failed, and no thread may be left to log."""
    server = AgiServer(TOKEN)
    own = OwnScripts(folder, PLACES, threads=threads, seconds=seconds)
    server.add_route("own", own.serve)
    try:
        yield server.start(0)
        assert server.failed == failed
    finally:
        await server.stop()
        await until(lambda: own._free == threads)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_the_example_of_the_docs_sends_who_presses_1_to_the_group(tmp_path: Path) -> None:
    (tmp_path / "night.py").write_text(EXAMPLE)
    async with served(tmp_path) as port, calling(port, f"{TOKEN}/own/night?line=main") as caller:
        assert await caller.answer(
            "200 result=0", "200 result=49 endpos=800", "200 result=1", "200 result=0"
        ) == [
            "ANSWER",
            'GET OPTION "/usr/share/perezvon/sounds/en/greeting" "1" "5000"',
            'VERBOSE "call pz1-17.1 wants the people on duty" "1"',
            'EXEC Goto "perezvon-group,support,1"',
        ]
        assert await caller.ended()


async def test_the_example_of_the_docs_says_to_all_others_when_we_are_back(tmp_path: Path) -> None:
    (tmp_path / "night.py").write_text(EXAMPLE)
    async with served(tmp_path) as port, calling(port, f"{TOKEN}/own/night?line=main") as caller:
        said = await caller.answer(
            "200 result=0", "200 result=0 endpos=8000", "200 result=0 endpos=9000", "200 result=1"
        )
        assert said[2:] == ['STREAM FILE "/usr/share/perezvon/sounds/en/closed" "" "0"', "HANGUP"]


def test_the_classic_process_of_the_docs_speaks_with_asterisk(tmp_path: Path) -> None:
    replies = "200 result=0\n200 result=0 endpos=9000\n200 result=53\n200 result=1\n"
    done = subprocess.run(
        [sys.executable, "-c", CLASSIC],
        input=opening("x") + replies.encode(),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().splitlines() == [
        "ANSWER",
        'STREAM FILE "welcome" "" "0"',
        'WAIT FOR DIGIT "5000"',
        'SET VARIABLE "CHOSEN" "5"',
    ]
    assert done.stderr == b""


async def test_a_changed_file_counts_from_the_next_call_on(tmp_path: Path) -> None:
    file = tmp_path / "night.py"
    async with served(tmp_path) as port:
        for n, verb in enumerate(("ANSWER", "HANGUP", "ANSWER")):
            file.write_text(f"def main(agi):\n    agi.execute({verb!r})\n")
            os.utime(file, ns=(n, n))
            async with calling(port, f"{TOKEN}/own/night") as caller:
                assert await caller.answer("200 result=0") == [verb]


@pytest.mark.parametrize(
    ("text", "why", "at"),
    [
        ("def run(agi):\n    agi.answer()\n    {}['x']\n", "KeyError: 'x'", "night.py:3"),
        ("import nonsense_that_is_not_there\n", "ModuleNotFoundError", "night.py:1"),
        ("def run(agi):\n    agi.go('group', 'nobody')\n", "the site has no group 'nobody'", "night.py:2"),
        ("def run(agi):\n    agi.go('hangup', 'now')\n", "the site has no hangup 'now'", "night.py:2"),
        ("def run(agi)\n", r"night.py:1: expected ':'", None),
        ("def start(agi): ...\n", "no function run", None),
        ("async def run(agi): ...\n", "run is async", None),
        (None, "there is no ", None),
    ],
)
async def test_a_fault_is_told_with_its_place_and_the_call_goes_on(
    tmp_path: Path, text: str | None, why: str, at: str | None, log: LogCapture
) -> None:
    if text is not None:
        (tmp_path / "night.py").write_text(text)
    async with served(tmp_path, failed=1) as port, calling(port, f"{TOKEN}/own/night") as caller:
        if text is not None and "agi.answer" in text:
            await caller.answer("200 result=0")
        assert await caller.ended()
    assert [entry["event"] for entry in log.entries] == ["own_script_failed"], log.entries
    (entry,) = log.entries
    assert entry["call"] == "pz1-17.1"
    assert re.search(why, entry["why"])
    assert at is None or entry["at"] == str(tmp_path / at)


@pytest.mark.parametrize("name", ["..%2Fnight", "..%2F..%2Fetc%2Fpasswd", "", "night.py", "a/b"])
async def test_a_request_names_a_script_of_the_folder_and_no_other_file(
    tmp_path: Path, name: str, log: LogCapture
) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "night.py").write_text("def run(agi):\n    agi.answer()\n")
    async with served(tmp_path / "scripts", failed=1) as port, calling(port, f"{TOKEN}/own/{name}") as caller:
        assert await caller.ended()
    assert "there is no" in log.entries[0]["why"]


async def test_a_hangup_is_no_fault_and_finally_still_runs(tmp_path: Path, log: LogCapture) -> None:
    (tmp_path / "night.py").write_text(
        "import pathlib\n\ndef run(agi):\n    try:\n        agi.stream_file('x')\n"
        f"    finally:\n        pathlib.Path({str(tmp_path / 'saved')!r}).touch()\n"
    )
    async with served(tmp_path) as port, calling(port, f"{TOKEN}/own/night") as caller:
        await caller.command()
        caller.hang_up()
        await until((tmp_path / "saved").exists)
    assert [entry for entry in log.entries if entry["log_level"] != "debug"] == []


async def test_sys_exit_ends_a_script_and_nothing_else(tmp_path: Path, log: LogCapture) -> None:
    (tmp_path / "night.py").write_text("import sys\n\ndef run(agi):\n    sys.exit(1)\n")
    async with served(tmp_path) as port, calling(port, f"{TOKEN}/own/night") as caller:
        assert await caller.ended()
    assert log.entries == []


GATE = threading.Event()


async def test_threads_are_few_and_one_that_hangs_loses_its_caller_to_the_dialplan(
    tmp_path: Path, log: LogCapture
) -> None:
    GATE.clear()
    (tmp_path / "night.py").write_text(
        "from tests.agi.test_own import GATE\n\ndef run(agi):\n    GATE.wait(20)\n"
    )
    try:
        async with served(tmp_path, threads=1, seconds=0.2) as port:
            async with (
                calling(port, f"{TOKEN}/own/night") as hangs,
                calling(port, f"{TOKEN}/own/night") as second,
            ):
                assert await second.ended()
                assert await hangs.ended()
            GATE.set()
            (tmp_path / "day.py").write_text("def run(agi):\n    agi.answer()\n")

            async def answered() -> list[str]:
                async with calling(port, f"{TOKEN}/own/day") as caller:
                    return [await caller.command()]

            await until_answered(answered)
    finally:
        GATE.set()
    events = [(entry["event"], entry.get("why")) for entry in log.entries]
    assert events[:2] == [
        ("own_script_refused", "too many calls are in own scripts"),
        ("own_script_out_of_time", None),
    ]


async def until_answered(answered: Callable[[], Awaitable[list[str]]]) -> None:
    """The thread that hung is free again as it ends."""
    async with asyncio.timeout(10):
        while await answered() != ["ANSWER"]:
            await asyncio.sleep(0.02)
