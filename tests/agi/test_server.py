"""The FastAGI server: whatever a script or peer does, the call goes on in the dialplan; the log says why."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import structlog
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import LogCapture

from agi.server import AgiLimits, AgiServer, Endpoint, Request
from agi.session import HungUp
from agi.wire import BadRequest, Replies, Reply, command, opening
from tests.agi.asterisk import TOKEN, calling
from tests.agi.asterisk import opening as opened

BURST = 1000


@pytest.fixture
def log() -> Iterator[LogCapture]:
    capture = LogCapture()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    yield capture
    structlog.reset_defaults()


@asynccontextmanager
async def served(script: Endpoint, limits: AgiLimits | None = None) -> AsyncIterator[AgiServer]:
    server = AgiServer(TOKEN, limits)
    server.add_route("t", script)
    server.start(0)
    try:
        yield server
    finally:
        await server.stop()


def port(server: AgiServer) -> int:
    assert server._listener is not None
    return int(server._listener.getsockname()[1])


def told(log: LogCapture) -> list[tuple[str, str]]:
    return [(entry["event"], entry.get("call", "")) for entry in log.entries if entry["log_level"] != "debug"]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def nothing(request: Request) -> None: ...


async def test_a_script_that_fails_ends_its_call_and_says_which(log: LogCapture) -> None:
    async def script(request: Request) -> None:
        raise KeyError("a fault in a script")

    async with served(script) as server, calling(port(server)) as caller:
        assert await caller.ended()
        assert server.failed == 1
    assert told(log) == [("script_failed", "pz1-17.1")]
    assert log.entries[0]["script"] == "t"


async def test_a_script_that_hangs_is_cancelled(log: LogCapture) -> None:
    ends: list[str] = []

    async def script(request: Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("it could still tidy up")

    async with served(script, AgiLimits(thought=0.05, look=0.02)) as server, calling(port(server)) as caller:
        assert await caller.ended()
        await until(lambda: ends)
    assert told(log) == [("agi_out_of_time", "pz1-17.1")]
    assert log.entries[0]["what"] == "script"


async def test_a_script_that_never_ends_ends_with_the_session(log: LogCapture) -> None:
    async def script(request: Request) -> None:
        while True:
            await request.command("NOOP")

    async with served(script, AgiLimits(session=0.1, look=0.02)) as server, calling(port(server)) as caller:
        with pytest.raises((ConnectionError, EOFError, TimeoutError, AssertionError)):
            await caller.serve(lambda _: "200 result=0")
            raise EOFError
    assert told(log) == [("agi_out_of_time", "pz1-17.1")]
    assert log.entries[0]["what"] == "session"


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (opened(f"{TOKEN}/nonsense"), "there is no script 'nonsense'"),
        (opened(TOKEN), "there is no script ''"),
        (opened("0" * 32 + "/t"), "a wrong token in the request"),
        (opened("t"), "a wrong token in the request"),
        (b"agi_network: yes\n\n", "no agi_network_script"),
        (b"GET / HTTP/1.1\nHost: x\n\n", "lines that are no AGI headers, or one that comes twice"),
        (opened(f"{TOKEN}/t", {f"agi_arg_{n}": "x" for n in range(1, 99)}), "110 headers, of at most 64"),
        (opened(f"{TOKEN}/t") + b"200 result=0\n", "a reply to no command"),
    ],
)
async def test_what_is_no_call_of_ours_is_let_go_at_once(sent: bytes, why: str, log: LogCapture) -> None:
    async with served(nothing) as server, calling(port(server), opened=False) as caller:
        caller.send(sent)
        assert await caller.ended()
        assert server.refused == 1
    assert [entry["why"] for entry in log.entries] == [why]
    assert TOKEN not in str(log.entries)


async def test_a_reply_without_end_is_not_gathered_for_ever(log: LogCapture) -> None:
    async def script(request: Request) -> None:
        await request.command("GET VARIABLE", "X")

    async with served(script, AgiLimits(reply_bytes=10_000)) as server, calling(port(server)) as caller:
        await caller.command()
        caller.send(b"200 result=1 (" + b"x" * 20_000)
        assert await caller.ended()
    assert [entry.get("why") for entry in log.entries if entry["log_level"] == "warning"] == [
        "a reply of more than 10000 bytes"
    ]


async def test_a_script_that_gave_a_command_up_can_send_no_other(log: LogCapture) -> None:
    async def script(request: Request) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(request.command("STREAM FILE", "x", seconds=5), 0.02)
        await request.command("GET VARIABLE", "A")

    async with served(script) as server, calling(port(server)) as caller:
        assert await caller.command() == 'STREAM FILE "x"'
        assert await caller.ended()
    assert told(log) == [("script_failed", "pz1-17.1")]


async def test_after_the_end_no_command_is_sent_and_the_store_can_still_be_written(log: LogCapture) -> None:
    ends: list[str] = []

    async def script(request: Request) -> None:
        try:
            await request.command("STREAM FILE", "x")
        finally:
            await asyncio.sleep(0)
            ends.append("written")
            with pytest.raises(HungUp):
                await request.command("NOOP")

    async with served(script) as server, calling(port(server)) as caller:
        await caller.command()
        caller.hang_up()
        await until(lambda: ends)
    assert told(log) == []


async def test_scripts_are_told_when_the_server_stops_and_new_callers_are_not_taken() -> None:
    ends: list[str] = []

    async def script(request: Request) -> None:
        try:
            await request.command("NOOP")
        except asyncio.CancelledError:
            ends.append("told")
            raise

    server = AgiServer(TOKEN)
    server.add_route("t", script)
    where = server.start(0)
    async with calling(where) as caller:
        await caller.command()
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", where)
        assert ends == []  # who is in a script stays, until the end
        await server.stop()
        assert ends == ["told"]
        assert await caller.ended()


async def test_a_script_that_does_not_heed_the_end_is_left_behind(log: LogCapture) -> None:
    free = asyncio.Event()

    async def script(request: Request) -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    server = AgiServer(TOKEN)
    server.add_route("t", script)
    async with calling(server.start(0)) as caller:
        await until(lambda: any(one.task for one in server.connections.values()))
        await server.stop(within=0.05)
        assert await caller.ended()
    free.set()
    assert told(log) == [("script_does_not_stop", "pz1-17.1")]


async def burst(callers: int) -> tuple[int, AgiServer]:
    """So many calls in one instant, two commands each; how many were served whole."""

    async def script(request: Request) -> None:
        assert (await request.command("GET VARIABLE", "A")).data == "a"
        assert (await request.command("GET VARIABLE", "B")).data == "b"

    async def call(where: int) -> list[str]:
        async with calling(where) as caller:
            return await caller.serve(lambda line: f"200 result=1 ({line[-2].lower()})")

    async with served(script) as server:
        calls = await asyncio.gather(*(call(port(server)) for _ in range(callers)))
        await until(lambda: not server.connections)
        return sum(call == ['GET VARIABLE "A"', 'GET VARIABLE "B"'] for call in calls), server


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_thousand_callers_in_one_instant_are_all_served_on_both_loops(loop: str) -> None:
    factory = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        whole, server = runner.run(burst(BURST))
    assert (whole, server.refused, server.failed) == (BURST, 0, 0)


values = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), max_size=200)


@given(st.lists(values, max_size=4))
def test_a_command_is_one_line_that_gives_its_arguments_back(arguments: list[str]) -> None:
    line = command("SET VARIABLE", *arguments).decode()
    assert line.endswith("\n")
    assert "\n" not in line[:-1]
    found, word, quoted, escaped = [], "", False, False
    for char in line[len("SET VARIABLE") : -1]:  # as res_agi.c takes it apart
        if escaped or (quoted and char not in '\\"'):
            word, escaped = word + char, False
        elif char == "\\":
            escaped = True
        elif char == '"':
            found += [word] if quoted else []
            word, quoted = "", not quoted
    assert found == arguments


def test_a_command_that_is_too_long_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="more than the 2048"):
        command("SET VARIABLE", "A", "я" * 1100)


@given(
    st.lists(
        st.tuples(st.integers(0, 99), values.filter(lambda text: "\x85" not in text)), min_size=1, max_size=5
    ),
    st.data(),
)
def test_replies_are_the_same_however_the_bytes_are_cut(
    said: list[tuple[int, str]], data: st.DataObject
) -> None:
    stream = "".join(f"200 result={result} ({text})\n" for result, text in said).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    replies = Replies(100_000)
    found = [
        reply
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for reply in replies.feed(stream[start:end])
    ]
    assert found == [Reply(str(result), text) for result, text in said]


def test_a_value_of_several_lines_is_one_reply() -> None:
    replies = Replies(1000)
    assert replies.feed(b"200 result=1 (first\nHANGUP\nlast) endpos=3\n200 result=0\n") == [
        Reply("1", "first\nHANGUP\nlast", 3),
        Reply("0"),
    ]


@pytest.mark.parametrize("line", [b"HTTP/1.1 400 Bad Request\n", b"200 OK\n", b"200 result=x\n", b"\n"])
def test_what_is_no_reply_is_told(line: bytes) -> None:
    with pytest.raises(BadRequest, match="no AGI reply"):
        Replies(1000).feed(line)


def test_a_request_is_taken_apart() -> None:
    asked = opening(opened("T/s/a%2Fb/c?line=main&x=", {"agi_arg_1": "one", "agi_arg_2": ""})[:-2], 64)
    assert asked.path == ["T", "s", "a/b", "c"]
    assert asked.query == {"line": "main", "x": ""}
    assert asked.arguments == ("one", "")


async def test_without_file_descriptors_it_waits_and_then_takes_the_call(
    log: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call stands in the listener's queue meanwhile; nothing spins, and the log says it once a pause."""
    monkeypatch.setattr("agi.server.ACCEPT_PAUSE", 0.3)
    began = asyncio.Event()

    async def script(request: Request) -> None:
        began.set()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with served(script) as server:
        with socket.socket() as line:
            line.setblocking(False)
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))  # none but those that are open
            try:
                await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", port(server)))
                await asyncio.sleep(0.2)
                assert told(log) == [("agi_cannot_accept", "")]
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            await asyncio.get_running_loop().sock_sendall(line, opened(f"{TOKEN}/t"))
            async with asyncio.timeout(5):
                await began.wait()
