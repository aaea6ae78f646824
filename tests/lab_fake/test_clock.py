"""Virtual time jumps when nothing can happen, and only then."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from lab.fake import VirtualLoop, run_virtual
from lab.fake.clock import LoopClock


def test_an_hour_of_sleep_takes_no_time() -> None:
    async def hour() -> float:
        clock = LoopClock()
        before = clock.now()
        await asyncio.sleep(3600)
        return clock.now() - before

    started = time.perf_counter()
    assert run_virtual(hour()) == pytest.approx(3600)
    assert time.perf_counter() - started < 1


def test_timers_run_in_order_of_their_time() -> None:
    async def main() -> list[int]:
        seen: list[int] = []
        clock = LoopClock()
        for delay in (30, 10, 20):
            clock.later(delay, lambda delay=delay: seen.append(delay))  # type: ignore[misc]  # bound early
        await asyncio.sleep(31)
        return seen

    assert run_virtual(main()) == [10, 20, 30]


def test_clock_starts_at_the_epoch_it_was_given() -> None:
    async def main() -> float:
        await asyncio.sleep(5)
        return LoopClock().now()

    assert run_virtual(main(), epoch=1000.0) == 1005.0


async def test_clock_of_an_ordinary_loop_is_the_wall_clock() -> None:
    assert LoopClock().now() == pytest.approx(time.time(), abs=1)


def test_bytes_between_two_ends_are_read_before_time_jumps() -> None:
    """Each of 200 answers has a deadline of a millisecond: one jump too early and it is missed."""

    async def main() -> float:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                writer.write(data)
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 5038)
        reader, writer = await asyncio.open_connection("127.0.0.1", 5038)
        for size in range(1, 200):
            writer.write(b"x" * size * 1000)
            async with asyncio.timeout(0.001):
                await reader.readexactly(size * 1000)
        writer.close()
        server.close()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 0.0


def test_connecting_to_a_closed_port_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", 5038)

    run_virtual(main())


def test_work_in_an_executor_holds_the_time() -> None:
    async def main() -> float:
        async with asyncio.timeout(1):
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.05)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 0.0


def test_work_of_a_foreign_thread_holds_the_time_where_it_is_told() -> None:
    async def answer_of_a_thread() -> str:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()

        def work() -> None:
            time.sleep(0.05)
            loop.call_soon_threadsafe(done.set_result, "done")

        threading.Thread(target=work).start()
        return await done

    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        held = loop.held_during(answer_of_a_thread)
        async with asyncio.timeout(1):
            assert await held() == "done"
        return loop.time()

    assert run_virtual(main()) == 0.0


def test_a_database_in_a_thread_holds_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to run the daemon with its store: three methods of aiosqlite do all its waiting."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        for name in ("_connect", "_execute", "close"):
            method = getattr(aiosqlite.Connection, name)
            monkeypatch.setattr(aiosqlite.Connection, name, loop.held_during(method))
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'held.db'}")
        async with asyncio.timeout(0.001), engine.begin() as connection:
            await connection.execute(text("CREATE TABLE t (a)"))
            for number in range(50):
                await connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": number})
        await engine.dispose()
        return loop.time()

    assert run_virtual(main()) == 0.0
